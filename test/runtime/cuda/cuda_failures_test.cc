// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Every call of the driver in a session's life fails once, in every way that matters.
#include <algorithm>

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

// y = 4 x and its copy z, over launches on three streams, one with much shared memory, one in
// clusters that are not portable.
PlanBuilder StreamsPlan() {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 1 << 20);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = b.buffer(x).size;
  const uint32_t left = b.Temp(size), right = b.Temp(size), copied = b.Temp(size);
  const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n});
  b.Copy(x, copied);
  b.Launch("add_f32", {x, x, left}, n);
  b.Last().stream = 1;
  b.Launch("add_f32", {copied, x, right}, n);
  b.Last().stream = 2;
  b.Launch("nothing", {}, b.Const(16));
  b.Launch("add_f32", {left, right, y}, n);
  AddBoxKernel(b);
  const uint32_t rows = b.Const(4), row = b.Const(256), boxes = b.Const(1024);
  b.Launch("copy_boxes_f32", {b.Temp(boxes), b.Temp(boxes)}, rows, {rows, row});
  b.Copy(y, b.Output("z", MLC_DTYPE_FLOAT32, {n}));
  for (auto& kernel : b.target().kernels) {
    if (kernel->name == "add_f32") kernel->shared_bytes = 64 << 10;
    if (kernel->name == "nothing") kernel->cluster = 16;
  }
  return b;
}

// Pinned tensors on the caller's streams, shapes that grow while runs are pending, graphs that are
// made, updated and prepared, memory that goes back.
void LiveOnStreams(const mlc::Device& device, const mlc::Plan& plan,
                   const mlc_session_options_t& session_options) {
  mlc::Session session = mlc::Session::Create(plan, device, &session_options);
  const mlc::Stream a = mlc::Stream::Create(device), b = mlc::Stream::Create(device);
  std::vector<mlc::Tensor> inputs, outputs, copies;
  const std::vector<int64_t> sizes = {3, 3, 5, 3000, 20000, 4};
  for (size_t i = 0; i < sizes.size(); ++i) {
    inputs.push_back(mlc::Tensor::CreateHost(device, MLC_DTYPE_FLOAT32, {sizes[i]}));
    outputs.push_back(mlc::Tensor::CreateHost(device, MLC_DTYPE_FLOAT32, {sizes[i]}));
    copies.push_back(mlc::Tensor::Create(device, MLC_DTYPE_FLOAT32, {sizes[i]}));
    std::fill_n(inputs[i].data<float>(), sizes[i], static_cast<float>(i));
    session.SetInput(0, inputs[i]);
    session.SetOutput(0, outputs[i]);
    session.SetOutput(1, copies[i]);
    session.Enqueue(i % 2 ? a : b);
    if (i > 0) OnDevice<float>(device, std::vector<float>(sizes[i - 1], 1.0f));  // asks for memory
  }
  session.Wait();
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::vector<float> wanted(static_cast<size_t>(sizes[i]), 4.0f * static_cast<float>(i));
    EXPECT_EQ(ValuesOf<float>(outputs[i]), wanted);
    EXPECT_EQ(FromDevice<float>(copies[i]), wanted);
  }
  session.Prepare({6});
  session = mlc::Session();
  inputs.clear(), outputs.clear(), copies.clear();
  mlc_device_trim(device.get(), 0);
}

// A product of a library, on the stream, as a graph, with other sizes, as a graph that is made
// again.
void LiveWithLibrary(const mlc::Device& device, const mlc::Plan& plan) {
  mlc::Session session = mlc::Session::Create(plan, device);
  for (int64_t m : {2, 2, 3, 30}) {
    std::vector<int64_t> size{m};
    std::vector<float> x(static_cast<size_t>(m) * 2 * 70, 1.0f), w(2 * 70 * 20, 1.0f), c(20, 5.0f);
    session.SetInput(0, TensorOf(size));
    session.SetInput(1, TensorOf(x));
    session.SetInput(2, TensorOf(w));
    session.SetInput(3, TensorOf(c));
    session.Run();
    EXPECT_EQ(ValuesOf<float>(session.Output(0)),
              std::vector<float>(static_cast<size_t>(m) * 2 * 20, 2 * (2 * 70.0f + 5)));
  }
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
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(GivesRightAnswers(session));  // its three turns
}

Outcome LiveWith(const sim::Options& options, bool inputs_ahead = false) {
  sim::Reset(options);
  Outcome outcome;
  AlignedBytes streams_bytes = StreamsPlan().BuildAligned();
  const mlc::Plan streams = mlc::Plan::OpenMemory(streams_bytes.data(), streams_bytes.size());
  AlignedBytes library_bytes =
      ProductPlan({.batch = 2, .m = 0, .n = 20, .k = 70, .bias = true}).BuildAligned();
  const mlc::Plan library = mlc::Plan::OpenMemory(library_bytes.data(), library_bytes.size());
  AlignedBytes bytes = EverythingPlan(PlanKind::Cuda).BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  const mlc_session_options_t session_options = SessionOptions(inputs_ahead);
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
    session = mlc::Session::Create(plan, device, &session_options);
    outcome.opened = true;
    Live(plan, device, session);
    LiveOnStreams(device, streams, session_options);
    LiveWithLibrary(device, library);
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

// Those that a life with virtual memory makes; what looks up an error's text is no call that
// fails, and pushing a context is never made to (sim_api.cc).
TEST_F(CudaFailures, ALifeMakesEveryCall) {
  const std::set<std::string> others = {"cuGetErrorName",  "cuGetErrorString", "cuCtxPushCurrent",
                                        "cuCtxPopCurrent", "cuMemAlloc",       "cuMemFree"};
  const Outcome outcome = LiveWith({});
  EXPECT_EQ(outcome.code, MLC_STATUS_OK) << outcome.message;
  for (const char* name : {
#define MLC_CUDA_FUNCTION(name, exported, ...) #name,
#define MLC_CUDA_OPTIONAL MLC_CUDA_FUNCTION
#include "runtime/cuda/symbols.def"
#undef MLC_CUDA_FUNCTION
#undef MLC_CUDA_OPTIONAL
       })
    if (!others.count(name)) {
      EXPECT_GT(sim::Calls(name), 0u) << name;
    }
  for (const char* name : {
#define MLC_CUBLASLT_FUNCTION(name, ...) #name,
#include "runtime/cuda/cublaslt_symbols.def"
#undef MLC_CUBLASLT_FUNCTION
       })
    EXPECT_GT(sim::Calls(name), 0u) << name;
  LiveWith({.missing = {"cuMemMap"}});
  EXPECT_GT(sim::Calls("cuMemAlloc"), 0u);
  EXPECT_GT(sim::Calls("cuMemFree"), 0u);
}

// With virtual memory and without, with inputs in their turn and ahead.
void FailEveryCall(const std::set<std::string>& missing, std::initializer_list<CUresult> errors,
                   bool inputs_ahead = false) {
  const uint64_t calls = LiveWith({.missing = missing}, inputs_ahead).calls;
  ASSERT_GT(calls, 300u);
  for (CUresult error : errors) {
    for (uint64_t k = 1; k <= calls; ++k) {
      const Outcome outcome =
          LiveWith({.fail_call = k, .fail_with = error, .missing = missing}, inputs_ahead);
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
      if (testing::Test::HasFailure()) return;
    }
  }
  sim::Reset();
}

TEST_F(CudaFailures, EveryCallFailsOnceWithoutACrashOrLeak) {
  FailEveryCall({}, {CUDA_ERROR_UNKNOWN, CUDA_ERROR_OUT_OF_MEMORY});
}

TEST_F(CudaFailures, WithoutVirtualMemoryToo) {
  FailEveryCall({"cuMemMap"}, {CUDA_ERROR_OUT_OF_MEMORY});
}

TEST_F(CudaFailures, WithInputsAheadToo) {
  FailEveryCall({}, {CUDA_ERROR_UNKNOWN, CUDA_ERROR_OUT_OF_MEMORY}, true);
}

TEST_F(CudaFailures, AFaultOfAKernelLosesTheDevice) {
  for (bool ahead : {false, true})
    for (uint64_t k = 1; k <= 12; ++k) {
      const Outcome outcome = LiveWith({.fault_kernel = k}, ahead);
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
