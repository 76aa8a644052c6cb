// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// usage: write_plan OUT.plan [cuda]: the sample plan of tools_test.sh, y = (x + w) + x for x of n
// elements and a constant w, for this machine or the simulated CUDA device.
#include <fstream>
#include <iostream>

#include "mlc/runtime.h"
#include "test/runtime/plan_builder.h"

namespace mlc::runtime {
namespace {

std::string SamplePlan(PlanKind kind) {
  PlanBuilder builder(kind);
  const uint32_t n = builder.DimSymbol("n", 0, 0, 1, 8);
  const uint32_t x = builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {n});
  const float w[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const uint32_t constant = builder.Constant(MLC_DTYPE_FLOAT32, {8}, w, sizeof w);
  const uint32_t sum = builder.Temp(builder.buffer(x).size);
  builder.Launch("add_f32", {x, constant, sum}, n);
  builder.Last().flops = n;
  builder.Launch("add_f32", {sum, x, y}, n);
  auto author = std::make_unique<plan::KeyValueT>();
  author->key = "author";
  author->value = "someone";
  builder.plan.metadata.push_back(std::move(author));
  return builder.Build();
}

}  // namespace
}  // namespace mlc::runtime

int main(int argc, char** argv) {
  using mlc::runtime::PlanKind;
  const bool is_cuda = argc == 3 && std::string(argv[2]) == "cuda";
  if (argc != 2 && !is_cuda) {
    std::cerr << "usage: write_plan OUT.plan [cuda]\n";
    return 2;
  }
  std::ofstream(argv[1], std::ios::binary)
      << mlc::runtime::SamplePlan(is_cuda ? PlanKind::Cuda : PlanKind::Host);
  return 0;
}
