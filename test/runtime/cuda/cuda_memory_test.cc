// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Device memory over a session's life.
#include <algorithm>
#include <random>

#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaMemory : public Cuda {};

mlc_device_options_t With(const char* alloc_conf) {
  mlc_device_options_t options = DeviceOptions();
  options.alloc_conf = alloc_conf;
  return options;
}

// y = 8 x over two temporaries of n floats.
PlanBuilder ThreeSteps() {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 1 << 24);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = b.buffer(x).size;
  const uint32_t s = b.Temp(size), t = b.Temp(size);
  b.Launch("add_f32", {x, x, s}, n);
  b.Launch("add_f32", {s, s, t}, n);
  b.Launch("add_f32", {t, t, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  return b;
}

TEST_F(CudaMemory, ServesTwoSessionsOfManyShapes) {
  for (const char* config : {"expandable_segments:on", "expandable_segments:on,limit_mb:24",
                             "expandable_segments:off"}) {
    AlignedBytes bytes = ThreeSteps().BuildAligned();
    const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
    const mlc::Device device = OpenSim(With(config));
    mlc::Session sessions[2] = {mlc::Session::Create(plan, device),
                                mlc::Session::Create(plan, device)};
    std::mt19937 random(3);
    std::deque<mlc::Tensor> held;
    for (int i = 0; i < 400; ++i) {
      const auto n = static_cast<int64_t>(1 + random() % (i % 4 ? 2000 : 300000));
      mlc::Session& session = sessions[random() % 2];
      std::vector<float> ones(static_cast<size_t>(n), 1.0f);
      const mlc::Tensor x = OnDevice<float>(device, ones);
      const mlc::Tensor y = mlc::Tensor::Create(device, MLC_DTYPE_FLOAT32, {n});
      session.SetInput(0, x);
      session.SetOutput(0, y);
      session.Run();
      held.push_back(y);
      if (held.size() > 8) held.pop_front();
      const std::vector<float> values = FromDevice<float>(held.front());
      EXPECT_EQ(std::count(values.begin(), values.end(), 8.0f),
                static_cast<std::ptrdiff_t>(values.size()));
    }
    EXPECT_EQ(device.memory_stats().num_failures, 0u);
  }
}

TEST_F(CudaMemory, WorksWithoutVirtualMemory) {
  sim::MutableOptions().missing = {"cuMemMap"};
  CudaOpened plan(ThreeSteps());
  std::vector<float> x{1, 2};
  plan.session.SetInput(0, TensorOf(x));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{8, 16}));
  EXPECT_GT(sim::Calls("cuMemAlloc"), 0u);
  EXPECT_EQ(sim::Calls("cuMemCreate"), 0u);
}

TEST_F(CudaMemory, TakesTheApplicationsAllocator) {
  static uint64_t taken = 0;
  const mlc_allocator_t hooks = {nullptr,
                                 [](void*, size_t size, size_t alignment) {
                                   CUdeviceptr memory = 0;
                                   EXPECT_EQ(alignment, 512u);
                                   auto driver = sim::Load();
                                   CUcontext context;
                                   (*driver)->cuDevicePrimaryCtxRetain(&context, 0);
                                   (*driver)->cuCtxPushCurrent(context);
                                   (*driver)->cuMemAlloc(&memory, size);
                                   (*driver)->cuCtxPopCurrent(&context);
                                   (*driver)->cuDevicePrimaryCtxRelease(0);
                                   taken += size;
                                   return reinterpret_cast<void*>(memory);
                                 },
                                 [](void*, void* memory, size_t size) {
                                   auto driver = sim::Load();
                                   CUcontext context = nullptr;
                                   (*driver)->cuCtxPushCurrent(context);
                                   (*driver)->cuMemFree(reinterpret_cast<CUdeviceptr>(memory));
                                   (*driver)->cuCtxPopCurrent(&context);
                                   taken -= size;
                                 }};
  {
    mlc_device_options_t options = DeviceOptions();
    options.allocator = &hooks;
    CudaOpened plan(ThreeSteps(), options);
    std::vector<float> x{1, 2};
    plan.session.SetInput(0, TensorOf(x));
    plan.session.Run();
    EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{8, 16}));
    EXPECT_EQ(plan.device.memory_stats().reserved_bytes, taken);
  }
  EXPECT_EQ(taken, 0u);
}

TEST_F(CudaMemory, GivesASessionsPartBack) {
  const mlc::Device device = OpenSim();
  AlignedBytes bytes = ThreeSteps().BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  mlc::Session first = mlc::Session::Create(plan, device);
  std::vector<float> x(1 << 20);
  first.SetInput(0, TensorOf(x));
  first.Run();
  const uint64_t before = device.memory_stats().allocated_bytes;
  {
    mlc::Session second = mlc::Session::Create(plan, device);
    second.SetInput(0, TensorOf(x));
    second.Run();
    EXPECT_GT(device.memory_stats().allocated_bytes, before);
  }
  EXPECT_EQ(device.memory_stats().allocated_bytes, before);
  first = mlc::Session();
  EXPECT_EQ(device.memory_stats().allocated_bytes, 0u);
  mlc_device_trim(device.get(), 0);
  EXPECT_EQ(device.memory_stats().reserved_bytes, 0u);
  EXPECT_EQ(sim::DeviceBytes(), 0u);
}

TEST_F(CudaMemory, RefusesAConfigurationItDoesNotKnow) {
  EXPECT_FAILS(OpenSim(With("garbage_collection:on")), MLC_STATUS_INVALID_ARGUMENT,
               "'garbage_collection:on' is none of");
}

TEST_F(CudaMemory, NothingIsAllocatedAfterWarmUp) {
  auto allocations = [] {
    uint64_t total = 0;
    for (const char* call : {"cuMemAlloc", "cuMemCreate", "cuMemHostAlloc", "cuStreamCreate",
                             "cuEventCreate", "cuGraphCreate", "cuGraphInstantiateWithFlags"})
      total += sim::Calls(call);
    return total;
  };
  for (bool ahead : {false, true}) {
    CudaOpened plan(EverythingPlan(PlanKind::Cuda), DeviceOptions(), SessionOptions(ahead));
    std::vector<float> x{1, 2};
    std::vector<int64_t> at{7, 0};
    plan.session.SetInput(0, TensorOf(x));
    plan.session.SetInput(1, TensorOf(at));
    for (int i = 0; i < 3; ++i) plan.session.Run();
    const uint64_t before = allocations();
    for (int i = 0; i < 20; ++i) plan.session.Run();
    EXPECT_EQ(allocations(), before);
  }
}

}  // namespace
}  // namespace mlc::runtime::cuda
