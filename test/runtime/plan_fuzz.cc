// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// usage: plan_fuzz bytes|metadata COUNT [SEED [PLAN]]
//   bytes     COUNT random byte flips and every truncation of a plan, all checksums verified: an
//             error, or a run with identical results.
//   metadata  COUNT flips of one to four bytes of the metadata with the checksums made to fit,
//             through load, validation, bind and two runs: an error or success, no crash. Every
//             byte of the host code returns at once, so kernels are stubs at any offset. Prints how
//             often each check was reached and failed.
// PLAN is a file; without one it is plan_builder's plan that has one of everything. Run it under
// ASan and UBSan.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "runtime/plan/crc32c.h"
#include "runtime/plan/format.h"
#include "runtime/plan/plan_file.h"
#include "test/runtime/session_fixture.h"

namespace mlc::runtime {
namespace {

constexpr char kReturn = static_cast<char>(0xc3);

struct Outcome {
  mlc_status_code_t code = MLC_STATUS_OK;
  std::vector<std::string> outputs;
};

mlc_device_options_t FuzzDevice() {
  mlc_device_options_t options = WithThreads(1);
  options.memory_limit_bytes = 64 << 20;  // sizes that flips blow up end here
  return options;
}

// Inputs that fit the signature, with symbols at 2.
std::vector<mlc::Tensor> InputsFor(const mlc::Device& device, const mlc::Signature& signature) {
  std::vector<mlc::Tensor> inputs;
  for (size_t i = 0; i < signature.num_inputs(); ++i) {
    const mlc_tensor_info_t& info = signature.input(i);
    std::vector<int64_t> dims(info.dims, info.dims + info.rank);
    for (int64_t& dim : dims) dim = dim < 0 ? 2 : dim;
    inputs.push_back(mlc::Tensor::Create(device, info.dtype, dims));
    auto* bytes = inputs.back().data<char>();
    std::fill(bytes, bytes + inputs.back().size_bytes(), 0);
    if (info.dtype == MLC_DTYPE_INT64 && inputs.back().size_bytes() >= 8)
      *inputs.back().data<int64_t>() = 2;
  }
  return inputs;
}

Outcome LoadAndRun(const std::string& bytes, int runs) {
  Outcome outcome;
  try {
    AlignedBytes aligned(bytes);
    mlc_plan_options_t plan_options;
    mlc_plan_options_init(&plan_options);
    plan_options.verify_all = 1;
    const mlc_device_options_t device_options = FuzzDevice();
    mlc::Plan plan = mlc::Plan::OpenMemory(aligned.data(), aligned.size(), &plan_options);
    mlc::Device device = mlc::Device::Open("host", &device_options);
    mlc_session_options_t session_options;
    mlc_session_options_init(&session_options);
    session_options.max_loop_iterations = 100;
    mlc::Session session = mlc::Session::Create(plan, device, &session_options);
    const mlc::Signature signature = session.signature();
    const std::vector<mlc::Tensor> inputs = InputsFor(device, signature);
    for (size_t i = 0; i < inputs.size(); ++i) session.SetInput(i, inputs[i]);
    for (int i = 0; i < runs; ++i) session.Run();
    for (size_t i = 0; i < signature.num_outputs(); ++i) {
      const mlc::Tensor output = session.Output(i);
      outcome.outputs.emplace_back(output.data<char>(), output.size_bytes());
    }
  } catch (const mlc::Error& error) {
    outcome.code = error.code();
  }
  return outcome;
}

std::string ReadPlan(const char* path) {
  if (path == nullptr) return EverythingPlan().Build();
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Fills the host code of a plan that is valid with returns.
void StubKernels(std::string& bytes) {
  plan::Plan* plan = plan::GetMutablePlan(bytes.data() + kPreambleBytes);
  for (uint32_t i = 0; i < plan->segments()->size(); ++i) {
    plan::Segment* segment = plan->mutable_segments()->GetMutableObject(i);
    if (segment->kind() != plan::SegmentKind::HostCode) continue;
    char* code = bytes.data() + segment->offset();
    std::fill(code, code + segment->size(), kReturn);
    segment->mutate_crc32c(Crc32c(code, segment->size()));
  }
  Reseal(bytes);
}

bool FuzzBytes(const std::string& plan, uint64_t count, uint64_t seed) {
  const Outcome wanted = LoadAndRun(plan, 1);
  std::mt19937_64 random(seed);
  uint64_t refused = 0, wrong = 0;
  auto check = [&](const std::string& bytes) {
    const Outcome outcome = LoadAndRun(bytes, 1);
    refused += outcome.code != MLC_STATUS_OK;
    wrong += outcome.code == MLC_STATUS_OK && outcome.outputs != wanted.outputs;
  };
  for (size_t size = 0; size < plan.size(); ++size) check(plan.substr(0, size));
  const uint64_t truncations = refused;
  for (uint64_t i = 0; i < count; ++i) {
    std::string bytes = plan;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    check(bytes);
  }
  std::printf(
      "truncations: %llu of %zu refused\nflips: %llu of %llu refused, %llu harmless, %llu wrong\n",
      static_cast<unsigned long long>(truncations), plan.size(),
      static_cast<unsigned long long>(refused - truncations),
      static_cast<unsigned long long>(count),
      static_cast<unsigned long long>(count - (refused - truncations) - wrong),
      static_cast<unsigned long long>(wrong));
  return wrong == 0 && truncations == plan.size() && wanted.code == MLC_STATUS_OK;
}

// Half of the flips hit anywhere, half of them small numbers where indices and types are.
void Damage(std::string& bytes, uint64_t header_bytes, std::mt19937_64& random) {
  const uint64_t flips = 1 + random() % 4;
  for (uint64_t i = 0; i < flips; ++i) {
    char& byte = bytes[kPreambleBytes + random() % header_bytes];
    if (random() % 2 == 0)
      byte = static_cast<char>(byte ^ 1 << random() % 8);
    else
      byte = static_cast<char>(random() % 8);
  }
}

bool FuzzMetadata(std::string plan, uint64_t count, uint64_t seed) {
  StubKernels(plan);
  const uint64_t header_bytes =
      DecodePreamble(reinterpret_cast<const unsigned char*>(plan.data()), plan.size())
          ->header_bytes;
  std::mt19937_64 random(seed);
  PlanCheckCounts counts;
  uint64_t by_code[18] = {};
  for (uint64_t i = 0; i < count; ++i) {
    std::string bytes = plan;
    Damage(bytes, header_bytes, random);
    Reseal(bytes);
    AlignedBytes aligned(bytes);
    (void)PlanFile::OpenMemory(aligned.data(), aligned.size(), {.counts = &counts}).TakeStatus();
    ++by_code[LoadAndRun(bytes, 2).code];
  }
  std::printf("%-24s %12s %10s\n", "check", "reached", "failed");
  for (size_t i = 0; i < kNumPlanChecks; ++i)
    std::printf("%-24s %12llu %10llu\n", PlanCheckName(static_cast<PlanCheck>(i)),
                static_cast<unsigned long long>(counts.reached[i]),
                static_cast<unsigned long long>(counts.failed[i]));
  for (int code = 0; code < 18; ++code)
    if (by_code[code] > 0)
      std::printf("ended with %-20s %llu\n",
                  mlc_status_code_name(static_cast<mlc_status_code_t>(code)),
                  static_cast<unsigned long long>(by_code[code]));
  return by_code[MLC_STATUS_INTERNAL] == 0 && LoadAndRun(plan, 2).code == MLC_STATUS_OK;
}

}  // namespace
}  // namespace mlc::runtime

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const std::string plan = mlc::runtime::ReadPlan(argc > 4 ? argv[4] : nullptr);
  if (mode == "bytes") return mlc::runtime::FuzzBytes(plan, count, seed) ? 0 : 1;
  if (mode == "metadata") return mlc::runtime::FuzzMetadata(plan, count, seed) ? 0 : 1;
  std::fprintf(stderr, "usage: plan_fuzz bytes|metadata COUNT [SEED [PLAN]]\n");
  return 2;
}
