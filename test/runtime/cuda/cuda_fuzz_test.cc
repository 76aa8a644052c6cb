// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Plans for CUDA with damaged metadata whose checksums fit: an error or a run, no crash. What
// kernels and copies would do outside of memory is refused by the simulated device.
#include <random>

#include "runtime/plan/format.h"
#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaFuzz : public Cuda {};

PlanBuilder FuzzedPlan() {
  PlanBuilder builder = EverythingPlan(PlanKind::Cuda);
  builder.AddTarget("compute_80", plan::SegmentKind::Ptx, ".version 8.0\n");
  builder.Last().stream = 1;
  return builder;
}

// `bind` gives the inputs, which it keeps.
template <typename Bind>
mlc_status_code_t LoadAndRun(const std::string& bytes, Bind bind) {
  try {
    AlignedBytes aligned(bytes);
    const mlc::Plan plan = mlc::Plan::OpenMemory(aligned.data(), aligned.size());
    mlc_device_options_t options = DeviceOptions();
    options.log_level = MLC_LOG_ERROR;
    options.memory_limit_bytes = 64 << 20;
    mlc_session_options_t session_options;
    mlc_session_options_init(&session_options);
    session_options.max_loop_iterations = 50;
    mlc::Session session = mlc::Session::Create(plan, OpenSim(options), &session_options);
    bind(session);
    for (int i = 0; i < 3; ++i) session.Run();
    return MLC_STATUS_OK;
  } catch (const mlc::Error& error) {
    return error.code();
  }
}

template <typename Bind>
void Fuzz(const std::string& original, Bind bind) {
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, original.data() + 16, sizeof header_bytes);
  std::mt19937_64 random(1);
  std::map<mlc_status_code_t, int> outcomes;
  for (int i = 0; i < 4000; ++i) {
    std::string bytes = original;
    for (uint64_t flips = 1 + random() % 4; flips > 0; --flips)
      bytes[kPreambleBytes + random() % header_bytes] ^= static_cast<char>(1 << random() % 8);
    Reseal(bytes);
    ++outcomes[LoadAndRun(bytes, bind)];
    ASSERT_EQ(sim::CountLive().total(), 0u);
  }
  sim::TakeViolations();
  EXPECT_GT(outcomes[MLC_STATUS_OK], 0);
  EXPECT_GT(outcomes[MLC_STATUS_BAD_PLAN], 0);
}

TEST_F(CudaFuzz, DamagedMetadataNeverCrashes) {
  std::vector<float> x{1, 2};
  std::vector<int64_t> at{2, 0};
  Fuzz(FuzzedPlan().Build(), [&](mlc::Session& session) {
    session.SetInput(0, TensorOf(x));
    session.SetInput(1, TensorOf(at));
  });
}

TEST_F(CudaFuzz, DamagedProductsNeverCrash) {
  std::vector<float> x(2 * 15, 1.0f), w(2 * 20, 1.0f), c(4, 1.0f);
  Fuzz(ProductPlan({.batch = 2, .bias = true}).Build(), [&](mlc::Session& session) {
    session.SetInput(0, TensorOf(x));
    session.SetInput(1, TensorOf(w));
    session.SetInput(2, TensorOf(c));
  });
}

}  // namespace
}  // namespace mlc::runtime::cuda
