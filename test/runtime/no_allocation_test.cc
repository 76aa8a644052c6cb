// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// After the first run of a shape nothing is allocated: not by operator new, not by the device's
// allocator. This program replaces operator new, so it stands alone.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "test/runtime/session_fixture.h"

namespace {

std::atomic<uint64_t> allocations{0};

}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  std::abort();
}
void* operator new(size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto a = static_cast<size_t>(alignment);
  if (void* memory = std::aligned_alloc(a, (size + a - 1) / a * a)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace mlc::runtime {
namespace {

void* CountingAllocate(void* count, size_t size_bytes, size_t alignment) {
  ++*static_cast<std::atomic<uint64_t>*>(count);
  return std::aligned_alloc(alignment, (size_bytes + alignment - 1) / alignment * alignment);
}

void Release(void*, void* memory, size_t) { std::free(memory); }

TEST(NoAllocation, AfterTheFirstRunOfAShape) {
  std::atomic<uint64_t> hook_calls{0};
  const mlc_allocator_t hooks = {&hook_calls, CountingAllocate, Release};
  mlc_device_options_t options = WithThreads(2);
  options.allocator = &hooks;
  Opened plan(EverythingPlan(), options);
  std::vector<float> small(2), large(60);
  std::vector<int64_t> at{7, 0};
  mlc::Tensor small_x = TensorOf(small), large_x = TensorOf(large);
  plan.session.SetInput(1, TensorOf(at));
  mlc_session_t* session = plan.session.get();

  auto run = [&](const mlc::Tensor& x) {
    ASSERT_EQ(mlc_session_set_input(session, 0, x.get()), nullptr);
    ASSERT_EQ(mlc_session_run(session), nullptr);
    mlc_tensor_t* y = nullptr;
    ASSERT_EQ(mlc_session_get_output(session, 0, &y), nullptr);
    mlc_tensor_release(y);
  };
  mlc_memory_stats_t before = plan.device.memory_stats();
  for (const mlc::Tensor* x : {&small_x, &large_x}) {
    run(*x);
    before = plan.device.memory_stats();
    const uint64_t new_before = allocations, hooks_before = hook_calls;
    for (int i = 0; i < 100; ++i) run(*x);
    EXPECT_EQ(allocations, new_before);
    EXPECT_EQ(hook_calls, hooks_before);
    EXPECT_EQ(plan.device.memory_stats().num_allocations, before.num_allocations);
  }

  // Back to a shape that was planned before: its outputs are new, its plan is not.
  run(small_x);
  const uint64_t new_before = allocations;
  run(small_x);
  EXPECT_EQ(allocations, new_before);
}

}  // namespace
}  // namespace mlc::runtime
