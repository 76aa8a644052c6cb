// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Opening devices and choosing code.
#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

constexpr char kPtx[] = ".version 8.0\n.target sm_80\n";

class CudaDeviceTest : public Cuda {};

// sm_90 and sm_80 machine code and the forward path.
PlanBuilder ThreeTargets() {
  PlanBuilder builder = DoublePlan(2, PlanKind::Cuda);
  builder.AddTarget("sm_80", plan::SegmentKind::Cubin, std::string("SIM sm_80") + '\0');
  builder.AddTarget("compute_80", plan::SegmentKind::Ptx, kPtx);
  return builder;
}

std::vector<std::string> logged;

mlc_device_options_t Logging() {
  mlc_device_options_t options = DeviceOptions();
  logged.clear();
  options.log = [](void*, mlc_log_level_t, const char* message) { logged.push_back(message); };
  return options;
}

std::string TargetOf(const PlanBuilder& builder,
                     const mlc_device_options_t& options = DeviceOptions()) {
  CudaOpened plan(builder, options);
  std::vector<float> x{1, 2};
  plan.session.SetInput(0, TensorOf(x));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{2, 4}));
  return mlc_session_target(plan.session.get());
}

TEST_F(CudaDeviceTest, SaysWhyItCannotOpen) {
  EXPECT_FAILS(OpenSim(DeviceOptions(), 1), MLC_STATUS_DEVICE_UNAVAILABLE,
               "no device 'cuda:1': the driver shows 1");
  sim::Reset({.driver_version = 11080});
  EXPECT_FAILS(OpenSim(), MLC_STATUS_DEVICE_UNAVAILABLE,
               "the driver supports up to CUDA 11.8, but CUDA 12.0 (driver 525)");
  sim::Reset({.num_devices = 0});
  EXPECT_FAILS(OpenSim(), MLC_STATUS_DEVICE_UNAVAILABLE, "cuInit failed with");
  sim::Reset({.missing = {"cuGraphLaunch"}});
  EXPECT_FAILS(OpenSim(), MLC_STATUS_DEVICE_UNAVAILABLE, "no function cuGraphLaunch");
  sim::Reset({.driver_version = 11080, .missing = {"cuLaunchKernelEx"}});
  EXPECT_FAILS(OpenSim(), MLC_STATUS_DEVICE_UNAVAILABLE, "CUDA 11.8");
  for (const char* name : {"cuda:", "cuda:x", "cuda:-1", "cuda:1x", "gpu"})
    EXPECT_FAILS(mlc::Device::Open(name), MLC_STATUS_INVALID_ARGUMENT, "use 'host' or 'cuda:N'");
}

TEST_F(CudaDeviceTest, DescribesItself) {
  const mlc::Device device = OpenSim();
  EXPECT_STREQ(device.name(), "cuda:0");
  EXPECT_EQ(mlc_device_kind(device.get()), MLC_DEVICE_CUDA);
  EXPECT_STREQ(mlc_device_features(device.get()), "sm_90,cuda13.0");
  EXPECT_EQ(device.num_threads(), 1u);
}

TEST_F(CudaDeviceTest, TakesTheNearestMachineCode) {
  EXPECT_EQ(TargetOf(ThreeTargets()), "sm_90");
  sim::MutableOptions().capability = 86;
  EXPECT_EQ(TargetOf(ThreeTargets()), "sm_80");
  sim::MutableOptions().capability = 120;
  EXPECT_EQ(TargetOf(ThreeTargets()), "compute_80");
  sim::MutableOptions().capability = 90;
  PlanBuilder exact = ThreeTargets();
  exact.AddTarget("sm_90a", plan::SegmentKind::Cubin, std::string("SIM sm_90a") + '\0');
  EXPECT_EQ(TargetOf(exact), "sm_90a");
}

TEST_F(CudaDeviceTest, ForcesTheForwardPath) {
  mlc_device_options_t options = DeviceOptions();
  options.cuda_force_ptx = 1;
  EXPECT_EQ(TargetOf(ThreeTargets(), options), "compute_80");
}

TEST_F(CudaDeviceTest, TakesTheForwardPathOnAnOlderDriverAndSaysSo) {
  PlanBuilder builder = ThreeTargets();
  builder.target().min_cuda = 13000;
  sim::MutableOptions().driver_version = 12040;
  EXPECT_EQ(TargetOf(builder, Logging()), "compute_80");
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_NE(logged[0].find("sm_90 needs a driver for CUDA 13.0 (this one is for CUDA 12.4)"),
            std::string::npos)
      << logged[0];
}

TEST_F(CudaDeviceTest, FallsThroughWhenTheDriverRefusesCode) {
  for (CUresult refusal : {CUDA_ERROR_INVALID_IMAGE, CUDA_ERROR_NO_BINARY_FOR_GPU,
                           CUDA_ERROR_UNSUPPORTED_PTX_VERSION}) {
    sim::Reset({.refuse_cubin = refusal});
    EXPECT_EQ(TargetOf(ThreeTargets(), Logging()), "compute_80");
    ASSERT_EQ(logged.size(), 1u);
    EXPECT_NE(logged[0].find("(" + std::to_string(refusal) + ")"), std::string::npos) << logged[0];
    EXPECT_NE(logged[0].find("simulated compiler log"), std::string::npos) << logged[0];
  }
}

TEST_F(CudaDeviceTest, ListsWhatEachTargetLacks) {
  PlanBuilder builder = ThreeTargets();
  sim::Reset({.capability = 75});
  EXPECT_FAILS(CudaOpened plan(builder), MLC_STATUS_NO_TARGET,
               "sm_90 needs a device of compute capability 9.0 or a later minor; sm_80 needs");
  EXPECT_FAILS(CudaOpened plan(DoublePlan(2)), MLC_STATUS_NO_TARGET, "another kind of device");
  sim::Reset({.ptx_version = 75, .refuse_cubin = CUDA_ERROR_NO_BINARY_FOR_GPU});
  EXPECT_FAILS(CudaOpened plan(builder, Logging()), MLC_STATUS_NO_TARGET, "(222)");
  EXPECT_FAILS(Opened plan(builder), MLC_STATUS_NO_TARGET, "another instruction set");
}

TEST_F(CudaDeviceTest, RefusesCodeWithoutItsKernels) {
  PlanBuilder builder = DoublePlan(2, PlanKind::Cuda);
  builder.target().kernels[0]->name = "not_there";
  EXPECT_FAILS(CudaOpened plan(builder), MLC_STATUS_BAD_PLAN, "has no kernel 'not_there'");
}

}  // namespace
}  // namespace mlc::runtime::cuda
