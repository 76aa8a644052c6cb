// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Plan, simulated device and session of one test.
#ifndef MLC_TEST_RUNTIME_CUDA_CUDA_FIXTURE_H
#define MLC_TEST_RUNTIME_CUDA_CUDA_FIXTURE_H

#include <gtest/gtest.h>

#include <optional>

#include "runtime/cuda/cuda_device.h"
#include "test/runtime/cuda/sim_driver.h"
#include "test/runtime/session_fixture.h"

namespace mlc::runtime::cuda {

inline mlc_device_options_t DeviceOptions() {
  mlc_device_options_t options;
  mlc_device_options_init(&options);
  options.cuda_force_ptx = 0;
  return options;
}

inline mlc_session_options_t SessionOptions(bool inputs_ahead) {
  mlc_session_options_t options;
  mlc_session_options_init(&options);
  options.cuda_inputs_ahead = inputs_ahead;
  return options;
}

// "cuda:<ordinal>" of the simulated driver; throws mlc::Error.
inline mlc::Device OpenSim(const mlc_device_options_t& options = DeviceOptions(), int ordinal = 0) {
  auto driver = sim::Load();
  if (!driver.ok()) mlc::Check(driver.TakeStatus().Release());
  auto device = CudaDevice::Open(std::move(*driver), ordinal, options);
  if (!device.ok()) mlc::Check(device.TakeStatus().Release());
  return mlc::Device(device->Detach());
}

struct CudaOpened {
  explicit CudaOpened(const PlanBuilder& builder,
                      const mlc_device_options_t& options = DeviceOptions(),
                      const mlc_session_options_t& session_options = SessionOptions(false))
      : bytes(builder.BuildAligned()),
        plan(mlc::Plan::OpenMemory(bytes.data(), bytes.size())),
        device(OpenSim(options)),
        session(mlc::Session::Create(plan, device, &session_options)) {}

  AlignedBytes bytes;
  mlc::Plan plan;
  mlc::Device device;
  mlc::Session session;
};

template <typename T>
mlc::Tensor OnDevice(const mlc::Device& device, std::vector<T> values) {
  mlc::Tensor tensor =
      mlc::Tensor::Create(device, DtypeOf<T>(), {static_cast<int64_t>(values.size())});
  mlc::Check(mlc_tensor_copy(tensor.get(), TensorOf(values).get()));
  return tensor;
}

template <typename T>
std::vector<T> FromDevice(const mlc::Tensor& tensor) {
  std::vector<T> values(tensor.size_bytes() / sizeof(T));
  mlc::Check(mlc_tensor_copy(TensorOf(values).get(), tensor.get()));
  return values;
}

// A fresh simulated driver; at the end nothing is left and nothing went wrong.
class Cuda : public testing::Test {
 protected:
  void SetUp() override { sim::Reset(); }
  void TearDown() override {
    EXPECT_EQ(sim::TakeViolations(), std::vector<std::string>());
    EXPECT_EQ(sim::CountLive().total(), 0u);
  }
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_TEST_RUNTIME_CUDA_CUDA_FIXTURE_H
