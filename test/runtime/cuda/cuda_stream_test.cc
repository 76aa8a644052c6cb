// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Runs on the caller's streams: what waits for what, and what nobody waits for.
#include <numeric>
#include <thread>

#include "runtime/cuda/context.h"
#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaStreams : public Cuda {};

// y = 4 x.
PlanBuilder TwoSteps(PlanKind kind = PlanKind::Cuda) {
  PlanBuilder b(kind);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 1 << 20);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t t = b.Temp(b.buffer(x).size);
  b.Launch("add_f32", {x, x, t}, n);
  b.Launch("add_f32", {t, t, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  return b;
}

uint64_t Waits() {
  return sim::Calls("cuStreamSynchronize") + sim::Calls("cuEventSynchronize") +
         sim::Calls("cuMemFree");
}

TEST_F(CudaStreams, EnqueueWaitsForNothing) {
  CudaOpened plan(TwoSteps());
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  const mlc::Tensor x = mlc::Tensor::CreateHost(plan.device, MLC_DTYPE_FLOAT32, {2});
  const mlc::Tensor y = mlc::Tensor::CreateHost(plan.device, MLC_DTYPE_FLOAT32, {2});
  x.data<float>()[0] = 1, x.data<float>()[1] = 2;
  y.data<float>()[0] = -1;
  plan.session.SetInput(0, x);
  plan.session.SetOutput(0, y);
  for (int i = 0; i < 4; ++i) {
    const uint64_t waits = Waits();
    plan.session.Enqueue(stream);
    EXPECT_EQ(Waits(), waits);
    if (i == 0) {
      EXPECT_EQ(y.data<float>()[0], -1);
    }
  }
  stream.Synchronize();
  EXPECT_EQ(ValuesOf<float>(y), (std::vector<float>{4, 8}));
  plan.session.Wait();
}

TEST_F(CudaStreams, RunsOfOneSessionFollowEachOtherOnAnyStreams) {
  CudaOpened plan(TwoSteps());
  const mlc::Stream a = mlc::Stream::Create(plan.device), b = mlc::Stream::Create(plan.device);
  const mlc::Stream wrapped = mlc::Stream::Wrap(plan.device, b.native());
  EXPECT_EQ(wrapped.native(), b.native());
  std::vector<mlc::Tensor> inputs, outputs;
  for (int i = 0; i < 6; ++i) {
    inputs.push_back(OnDevice<float>(plan.device, std::vector<float>(5, static_cast<float>(i))));
    outputs.push_back(mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {5}));
  }
  for (int i = 0; i < 6; ++i) {
    plan.session.SetInput(0, inputs[i]);
    plan.session.SetOutput(0, outputs[i]);
    plan.session.Enqueue(i % 3 == 0 ? a : i % 3 == 1 ? b : wrapped);
  }
  plan.session.Run();  // and on the session's own
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(FromDevice<float>(outputs[i]), std::vector<float>(5, 4.0f * static_cast<float>(i)));
}

TEST_F(CudaStreams, TwoSessionsAreOrderedByTheCallersEventsOrNotAtAll) {
  for (bool ordered : {true, false}) {
    CudaOpened first(TwoSteps());
    mlc::Session second = mlc::Session::Create(first.plan, first.device);
    const mlc::Stream a = mlc::Stream::Create(first.device), b = mlc::Stream::Create(first.device);
    const mlc::Tensor x = OnDevice<float>(first.device, {1, 2});
    const mlc::Tensor between = mlc::Tensor::Create(first.device, MLC_DTYPE_FLOAT32, {2});
    const mlc::Tensor y = mlc::Tensor::Create(first.device, MLC_DTYPE_FLOAT32, {2});
    first.session.SetInput(0, x);
    first.session.SetOutput(0, between);
    second.SetInput(0, between);
    second.SetOutput(0, y);
    first.session.Enqueue(a);
    if (ordered) {
      auto driver = sim::Load();
      CUcontext context = nullptr;
      CUevent event = nullptr;
      (*driver)->cuCtxPushCurrent(context);
      (*driver)->cuEventCreate(&event, 0);
      (*driver)->cuEventRecord(event, static_cast<CUstream>(a.native()));
      (*driver)->cuStreamWaitEvent(static_cast<CUstream>(b.native()), event, 0);
      (*driver)->cuEventDestroy(event);
      (*driver)->cuCtxPopCurrent(&context);
    }
    second.Enqueue(b);
    second.Wait();
    first.session.Wait();
    EXPECT_EQ(sim::TakeViolations().empty(), ordered);
    if (ordered) {
      EXPECT_EQ(FromDevice<float>(y), (std::vector<float>{16, 32}));
    }
  }
}

TEST_F(CudaStreams, ReplacedTensorsLastUntilTheirRunHasEnded) {
  CudaOpened plan(TwoSteps());
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  const mlc::Tensor y = mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {100});
  plan.session.SetOutput(0, y);
  for (int i = 0; i < 300; ++i) {
    // The allocator would give the memory of the last input to this one.
    plan.session.SetInput(
        0, OnDevice<float>(plan.device, std::vector<float>(100, static_cast<float>(i))));
    plan.session.Enqueue(stream);
  }
  plan.session.Wait();
  EXPECT_EQ(FromDevice<float>(y), std::vector<float>(100, 4.0f * 299));
}

TEST_F(CudaStreams, GrowingArenasWaitForNobody) {
  CudaOpened plan(TwoSteps());
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  std::vector<mlc::Tensor> inputs, outputs;
  for (int64_t n : {10, 3000, 90000}) {
    inputs.push_back(OnDevice<float>(plan.device, std::vector<float>(n, 1.0f)));
    outputs.push_back(mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {n}));
  }
  const uint64_t waits = Waits();
  for (size_t i = 0; i < 3; ++i) {
    plan.session.SetInput(0, inputs[i]);
    plan.session.SetOutput(0, outputs[i]);
    plan.session.Enqueue(stream);
  }
  EXPECT_EQ(Waits(), waits);
  plan.session.Wait();
  for (const mlc::Tensor& y : outputs)
    EXPECT_EQ(FromDevice<float>(y), std::vector<float>(y.dims()[0], 4.0f));
}

TEST_F(CudaStreams, NobodyGetsAnOldArenaBeforeItsRunsHaveEnded) {
  CudaOpened plan(TwoSteps());
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  std::vector<mlc::Tensor> inputs, outputs, others;
  for (int64_t n : {10, 3000, 90000, 200000}) {
    inputs.push_back(OnDevice<float>(plan.device, std::vector<float>(n, 1.0f)));
    outputs.push_back(mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {n}));
  }
  for (size_t i = 0; i < 4; ++i) {
    plan.session.SetInput(0, inputs[i]);
    plan.session.SetOutput(0, outputs[i]);
    plan.session.Enqueue(stream);
    // Of the arena's size before it grew, written on another stream.
    if (i > 0)
      others.push_back(
          OnDevice<float>(plan.device, std::vector<float>(inputs[i - 1].dims()[0], 7.0f)));
  }
  plan.session.Wait();
}

TEST_F(CudaStreams, MayBeReleasedRightAfterEnqueueing) {
  CudaOpened plan(TwoSteps());
  std::vector<mlc::Tensor> outputs;
  for (int64_t n : {10, 3000, 90000}) {  // growing, so that the arena asks for the last stream
    const mlc::Stream stream = mlc::Stream::Create(plan.device);
    outputs.push_back(mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {n}));
    plan.session.SetInput(0, OnDevice<float>(plan.device, std::vector<float>(n, 1.0f)));
    plan.session.SetOutput(0, outputs.back());
    plan.session.Enqueue(stream);
  }
  plan.session.Wait();
  for (const mlc::Tensor& y : outputs)
    EXPECT_EQ(FromDevice<float>(y), std::vector<float>(y.dims()[0], 4.0f));
}

TEST_F(CudaStreams, FaultsShowAtTheWait) {
  PlanBuilder builder(PlanKind::Cuda);
  const uint32_t three = builder.Const(3), one = builder.Const(1);
  const uint32_t data = builder.Input("data", MLC_DTYPE_FLOAT32, {three});
  const uint32_t index = builder.Input("index", MLC_DTYPE_INT64, {one});
  builder.Launch("gather_f32", {data, index, builder.Output("y", MLC_DTYPE_FLOAT32, {one})}, one,
                 {three});
  CudaOpened plan(builder);
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  plan.session.SetInput(0, OnDevice<float>(plan.device, {1, 2, 3}));
  plan.session.SetInput(1, OnDevice<int64_t>(plan.device, {7}));
  plan.session.Enqueue(stream);
  EXPECT_FAILS(plan.session.Wait(), MLC_STATUS_DATA_FAULT, "node 'node_gather_f32'");
  EXPECT_FAILS(plan.session.Output(0), MLC_STATUS_INVALID_ARGUMENT, "before a successful run");
  plan.session.SetInput(1, OnDevice<int64_t>(plan.device, {1}));
  plan.session.Enqueue(stream);
  plan.session.Wait();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), std::vector<float>{2});
}

TEST_F(CudaStreams, ReportPageableMemory) {
  static std::vector<std::string> logged;
  logged.clear();
  mlc_device_options_t options = DeviceOptions();
  options.log_level = MLC_LOG_INFO;
  options.log = [](void*, mlc_log_level_t, const char* message) { logged.push_back(message); };
  CudaOpened plan(TwoSteps(), options);
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  std::vector<float> x{1, 2};
  plan.session.SetInput(0, TensorOf(x));
  for (int i = 0; i < 2; ++i) plan.session.Enqueue(stream);
  plan.session.Wait();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{4, 8}));
  size_t reports = 0;
  for (const std::string& line : logged)
    reports += line.find("input 'x' lies in host memory") != std::string::npos;
  EXPECT_EQ(reports, 1u);
}

TEST_F(CudaStreams, BelongToADevice) {
  CudaOpened cuda(TwoSteps());
  Opened host(TwoSteps(PlanKind::Host));
  std::vector<float> x{1, 2};
  for (mlc::Session* session : {&cuda.session, &host.session}) session->SetInput(0, TensorOf(x));
  const mlc::Stream on_host = mlc::Stream::Create(host.device);
  EXPECT_FAILS(cuda.session.Enqueue(on_host), MLC_STATUS_INVALID_ARGUMENT,
               "the stream is one of host, the session runs on cuda:0");
  EXPECT_FAILS(mlc::Stream::Wrap(host.device, &x), MLC_STATUS_INVALID_ARGUMENT,
               "no native streams");
  host.session.Enqueue(on_host);
  on_host.Synchronize();
  host.session.Wait();
  EXPECT_EQ(ValuesOf<float>(host.session.Output(0)), (std::vector<float>{4, 8}));
}

TEST_F(CudaStreams, SessionsOfManyThreadsShareADevice) {
  CudaOpened plan(TwoSteps());
  auto serve = [&](int seed) {
    std::vector<mlc::Session> sessions;
    for (int i = 0; i < 4; ++i) sessions.push_back(mlc::Session::Create(plan.plan, plan.device));
    const mlc::Stream stream = mlc::Stream::Create(plan.device);
    for (int i = 0; i < 100; ++i) {
      mlc::Session& session = sessions[static_cast<size_t>(i) % 4];
      std::vector<float> x(static_cast<size_t>(1 + (seed * 31 + i * 7) % 50), 1.0f);
      session.SetInput(0, TensorOf(x));
      if (i % 2) {
        session.Run();
      } else {
        session.Enqueue(stream);
        session.Wait();
      }
      EXPECT_EQ(ValuesOf<float>(session.Output(0)), std::vector<float>(x.size(), 4.0f));
    }
  };
  std::vector<std::thread> threads;
  for (int seed = 0; seed < 8; ++seed) threads.emplace_back(serve, seed);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mlc::runtime::cuda
