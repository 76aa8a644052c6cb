// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The C++ layer from C++17. usage: consumer [RELU.plan]: opens the host device, meets an error, and runs the plan if one is given.
#include <algorithm>
#include <cstdio>
#include <mlc/runtime.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  mlc::Device device = mlc::Device::Open("host");
  try {
    mlc::Plan::OpenFile("/nonexistent.plan");
    return 1;
  } catch (const mlc::Error& e) {
    if (e.code() != MLC_STATUS_NOT_FOUND) return 1;
  }
  if (argc < 2) return 0;
  mlc::Session session = mlc::Session::Create(mlc::Plan::OpenFile(argv[1]), device);
  for (int64_t rows : {2, 5}) {
    mlc::Tensor input = mlc::Tensor::Create(device, MLC_DTYPE_FLOAT32, {rows, 4});
    for (int64_t i = 0; i < rows * 4; ++i) input.data<float>()[i] = i % 2 ? static_cast<float>(i) : -static_cast<float>(i);
    session.SetInput("x", input);
    session.Run();
    mlc::Tensor output = session.Output("y");
    if (output.dims() != std::vector<int64_t>{rows, 4}) return 1;
    for (int64_t i = 0; i < rows * 4; ++i)
      if (output.data<float>()[i] != std::max(0.0f, input.data<float>()[i])) return 1;
  }
  std::printf("ran for %s\n", session.target());
  return 0;
}
