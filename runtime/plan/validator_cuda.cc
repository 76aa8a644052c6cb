// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// CUDA targets: what the driver is asked to load and launch.
#include <cstring>

#include "runtime/cuda/kernel_abi.h"
#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

constexpr uint32_t kMaxThreads = 1024;
constexpr uint32_t kMaxSharedBytes = 227 << 10;  // of a block, compute capability 9.0
constexpr uint32_t kMaxCluster = 16;
constexpr uint32_t kMaxMapRank = 4, kMaxMapBox = 256, kMaxMapPixels = 1024, kMaxMapStep = 8;
constexpr uint32_t kMapColumns = 64;  // 128 bytes of halves, one row of the swizzle

bool IsIdentifier(const flatbuffers::String& name) {
  auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  };
  if (name.size() == 0 || !is_letter(name.c_str()[0])) return false;
  for (char c : name.string_view())
    if (!is_letter(c) && !(c >= '0' && c <= '9')) return false;
  return true;
}

// `prefix`, digits, and nothing or one letter.
bool IsArch(const char* arch, const char* prefix) {
  const size_t length = std::strlen(prefix);
  if (std::strncmp(arch, prefix, length) != 0) return false;
  const size_t digits = std::strspn(arch + length, "0123456789");
  const char* suffix = arch + length + digits;
  return digits >= 2 && digits <= 3 && std::strspn(suffix, "af") == std::strlen(suffix) &&
         std::strlen(suffix) <= 1;
}

// What a map may say, whatever the sizes turn out to be: cuTensorMapEncode* refuses the rest.
bool IsTensorMap(const plan::TensorMap& map, const plan::Kernel& kernel) {
  const uint32_t rank = Count(map.dims()), box = Count(map.box()), steps = Count(map.steps());
  const bool has_windows = Count(map.lower()) > 0;
  bool valid = map.buffer() < Count(kernel.params()) && rank >= 2 && rank <= kMaxMapRank &&
               Count(map.strides()) + 1 == rank && (steps == 0 || steps == rank) &&
               Count(map.lower()) == Count(map.upper()) &&
               (has_windows ? rank == 4 && box == 2 && Count(map.lower()) == 2 : box == rank);
  auto all = [&](const auto* numbers, auto least, auto most) {
    for (uint32_t i = 0; valid && i < Count(numbers); ++i)
      valid = numbers->Get(i) >= least && numbers->Get(i) <= most;
  };
  if (kernel.num_scalars() == 0) return false;
  all(map.dims(), 0u, kernel.num_scalars() - 1);
  all(map.strides(), 0u, kernel.num_scalars() - 1);
  all(map.box(), 1u, has_windows ? kMaxMapPixels : kMaxMapBox);
  all(map.steps(), 1u, kMaxMapStep);
  all(map.lower(), -128, 127);
  all(map.upper(), -128, 127);
  return valid && map.box()->Get(0) == kMapColumns;
}

}  // namespace

bool HasFeature(const plan::Plan& plan, const char* name) {
  for (const flatbuffers::String* feature : Items(plan.features()))
    if (std::strcmp(feature->c_str(), name) == 0) return true;
  return false;
}

bool IsCuda(const plan::Target& target) {
  return std::strcmp(Text(target.triple()), MLC_CUDA_TRIPLE) == 0;
}

Status ValidateCudaTarget(const ValidatorContext& context, const plan::Target& target,
                          const plan::Segment* segment) {
  const char* arch = Text(target.arch());
  MLC_CHECK(cuda_feature, HasFeature(context.plan, "cuda"), "target '%.64s'", arch);
  const bool is_ptx = segment && segment->kind() == plan::SegmentKind::Ptx;
  const bool fits = segment ? IsArch(arch, is_ptx ? "compute_" : "sm_")
                            : IsArch(arch, "compute_") || IsArch(arch, "sm_");
  MLC_CHECK(cuda_arch, fits, "target '%.64s'", arch);
  for (const plan::Kernel* kernel : Items(target.kernels())) {
    if (kernel->product()) continue;  // ValidateProduct
    MLC_CHECK(cuda_kernel_name, IsIdentifier(*kernel->name()), "target '%.64s', kernel '%.64s'",
              arch, Text(kernel->name()));
    MLC_CHECK(cuda_launch,
              kernel->threads() >= 1 && kernel->threads() <= kMaxThreads &&
                  kernel->shared_bytes() <= kMaxSharedBytes && kernel->cluster() >= 1 &&
                  kernel->cluster() <= kMaxCluster,
              "target '%.64s', kernel '%.64s'", arch, Text(kernel->name()));
    for (const plan::TensorMap* map : Items(kernel->tensor_maps()))
      MLC_CHECK(cuda_tensor_map, HasFeature(context.plan, "tensor_maps") && IsTensorMap(*map, *kernel),
                "target '%.64s', kernel '%.64s'", arch, Text(kernel->name()));
  }
  return Ok();
}

}  // namespace mlc::runtime
