// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Every call of the driver in a session's life fails once, in every way that matters.
#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaFailures : public Cuda {};

// What can be told apart afterwards.
struct Outcome {
  mlc_status_code_t code = MLC_STATUS_OK;
  std::string message;
  uint64_t calls = 0;        // before anything was asked afterwards
  bool opened = false;       // device and session were there before the failure
  bool usable = false;       // the session gives right answers after it
  bool others_work = false;  // a new session on the same device does
};

bool GivesRightAnswers(mlc::Session& session) {
  std::vector<float> x{1, 2}, y{2, 4};
  std::vector<int64_t> at{7, 0};
  session.SetInput(0, TensorOf(x));
  session.SetInput(1, TensorOf(at));
  session.Run();
  return ValuesOf<float>(session.Output(0)) == y &&
         ValuesOf<int64_t>(session.Output(2)) == std::vector<int64_t>{4} &&
         ValuesOf<int64_t>(session.Output(3)) == std::vector<int64_t>{2};
}

// Tensors on both sides, growing shapes, profile, streams, a second session.
void Live(const mlc::Plan& plan, const mlc::Device& device, mlc::Session& session) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(GivesRightAnswers(session));
  mlc::Session second = mlc::Session::Create(plan, device);
  EXPECT_TRUE(GivesRightAnswers(second));
  second = mlc::Session();
  const mlc::Tensor x = OnDevice<float>(device, std::vector<float>(40, 1.0f));
  const mlc::Tensor at = OnDevice<int64_t>(device, {7, 0});
  const mlc::Tensor y = mlc::Tensor::Create(device, MLC_DTYPE_FLOAT32, {40});
  session.SetInput(0, x);
  session.SetInput(1, at);
  session.SetOutput(0, y);
  const mlc::Stream a = mlc::Stream::Create(device), b = mlc::Stream::Create(device);
  for (const mlc::Stream* stream : {&a, &b, &a}) session.Enqueue(*stream);
  session.Wait();
  EXPECT_EQ(FromDevice<float>(y), std::vector<float>(40, 2.0f));
  session.SetOutput(0, mlc::Tensor());
  mlc::Check(mlc_session_set_profile(session.get(), 1));
  EXPECT_TRUE(GivesRightAnswers(session));
}

Outcome LiveWith(const sim::Options& options) {
  sim::Reset(options);
  Outcome outcome;
  AlignedBytes bytes = EverythingPlan(PlanKind::Cuda).BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  mlc::Device device;
  mlc::Session session;
  auto works = [](auto body) {
    try {
      return body();
    } catch (const mlc::Error&) {
      return false;
    }
  };
  try {
    mlc_device_options_t device_options = DeviceOptions();
    device_options.log_level = MLC_LOG_ERROR;
    device = OpenSim(device_options);
    session = mlc::Session::Create(plan, device);
    outcome.opened = true;
    Live(plan, device, session);
  } catch (const mlc::Error& error) {
    outcome.code = error.code();
    outcome.message = error.what();
  }
  outcome.calls = sim::Calls();
  if (outcome.opened) {
    outcome.usable = works([&] {
      session.SetOutput(0, mlc::Tensor());
      return GivesRightAnswers(session);
    });
    outcome.others_work = works([&] {
      mlc::Session other = mlc::Session::Create(plan, device);
      return GivesRightAnswers(other);
    });
  }
  return outcome;
}

// A call that destroys something leaves it behind when it fails.
bool LeavesSomething(const std::string& call) {
  for (const char* text : {"Destroy", "Free", "Release", "Unload", "Unmap"})
    if (call.find(text) != std::string::npos) return true;
  return false;
}

TEST_F(CudaFailures, EveryCallFailsOnceWithoutACrashOrLeak) {
  const uint64_t calls = LiveWith({}).calls;
  ASSERT_GT(calls, 200u);
  for (CUresult error : {CUDA_ERROR_UNKNOWN, CUDA_ERROR_OUT_OF_MEMORY}) {
    for (uint64_t k = 1; k <= calls; ++k) {
      const Outcome outcome = LiveWith({.fail_call = k, .fail_with = error});
      const std::string call = sim::FailedCall();
      SCOPED_TRACE("call " + std::to_string(k) + ", " + call + ", error " + std::to_string(error) +
                   ": " + outcome.message);
      EXPECT_EQ(sim::TakeViolations(), std::vector<std::string>());
      if (!LeavesSomething(call)) {
        EXPECT_EQ(sim::CountLive().total(), 0u);
      }
      if (!outcome.opened) continue;
      EXPECT_TRUE(outcome.others_work);
      // As runtime.h has it: after OUT_OF_MEMORY the session is usable, after DEVICE_FAILED in a
      // run it says that it is not.
      if (outcome.code != MLC_STATUS_DEVICE_FAILED) {
        EXPECT_TRUE(outcome.usable);
      }
      EXPECT_TRUE(outcome.code == MLC_STATUS_OK || outcome.code == MLC_STATUS_DEVICE_FAILED ||
                  outcome.code == MLC_STATUS_OUT_OF_MEMORY)
          << outcome.code;
      if (outcome.code != MLC_STATUS_OK && call.find("Alloc") == std::string::npos) {
        EXPECT_NE(outcome.message.find(call), std::string::npos);
      }
      if (HasFailure()) return;
    }
  }
  sim::Reset();
}

TEST_F(CudaFailures, AFaultOfAKernelLosesTheDevice) {
  for (uint64_t k = 1; k <= 12; ++k) {
    const Outcome outcome = LiveWith({.fault_kernel = k});
    SCOPED_TRACE("kernel " + std::to_string(k));
    EXPECT_EQ(outcome.code, MLC_STATUS_DEVICE_FAILED);
    EXPECT_NE(outcome.message.find("CUDA_ERROR_ILLEGAL_ADDRESS (700)"), std::string::npos)
        << outcome.message;
    EXPECT_NE(outcome.message.find("the device is lost to this process"), std::string::npos);
    EXPECT_FALSE(outcome.usable);
    EXPECT_FALSE(outcome.others_work);
    sim::TakeViolations();
  }
  sim::Reset();  // a lost context gives nothing back
}

TEST_F(CudaFailures, TooLittleMemoryLeavesTheSessionUsable) {
  sim::Reset({.memory_bytes = 64 << 20});
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 64 << 20);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t t = b.Temp(b.buffer(x).size);
  const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n});
  b.Launch("add_f32", {x, x, t}, n);
  b.Launch("add_f32", {t, x, y}, n);
  CudaOpened plan(b);
  for (int round = 0; round < 2; ++round) {
    std::vector<float> big(8 << 20), small{1, 2};
    plan.session.SetInput(0, TensorOf(big));
    EXPECT_FAILS(plan.session.Run(), MLC_STATUS_OUT_OF_MEMORY, "no memory");
    plan.session.SetInput(0, TensorOf(small));
    plan.session.Run();
    EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{3, 6}));
  }
}

}  // namespace
}  // namespace mlc::runtime::cuda
