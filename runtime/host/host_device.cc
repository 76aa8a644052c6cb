// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/host_device.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/exec/tensor.h"
#include "runtime/host/cpu_budget.h"
#include "runtime/host/host_executor.h"
#include "runtime/memory/segment_allocator.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

#if defined(__x86_64__)
constexpr const char kTriplePrefix[] = "x86_64";
#elif defined(__aarch64__)
constexpr const char kTriplePrefix[] = "aarch64";
#endif

// What keeps this CPU from running the target, "" when nothing does.
std::string MissingFor(const plan::Target& target, const CpuFeatures& features) {
  if (std::strncmp(Text(target.triple()), kTriplePrefix, sizeof kTriplePrefix - 1) != 0)
    return std::string("another instruction set, ") + Text(target.triple());
  if (target.code_segment() == kNone && Count(target.kernels()) > 0) return "host code";
  std::string missing;
  for (const flatbuffers::String* feature : Items(target.features())) {
    if (features.Has(feature->string_view())) continue;
    if (!missing.empty()) missing += ", ";
    missing += feature->string_view();
  }
  return missing;
}

constexpr long kMaxThreads = 1024;

// The option, else MLC_THREADS, else what the process may use.
Result<uint32_t> ThreadCount(const mlc_device_options_t& options) {
  const char* text = std::getenv("MLC_THREADS");
  if (options.num_threads == 0 && !text) return UsableCpus();
  char* end = nullptr;
  const long count = options.num_threads > 0 ? static_cast<long>(options.num_threads)
                                             : std::strtol(text, &end, 10);
  if (count < 1 || count > kMaxThreads || (end && *end))
    return Error(MLC_STATUS_INVALID_ARGUMENT, "the number of threads must be 1 to %ld%s%s",
                 kMaxThreads, end ? ", MLC_THREADS is " : "", end ? text : "");
  return static_cast<uint32_t>(count);
}

// Work on it is done when it is enqueued.
class HostStream final : public mlc_stream {
 public:
  using mlc_stream::mlc_stream;
  Status Synchronize() override { return Ok(); }
  void* native() const override { return nullptr; }
};

}  // namespace

HostDevice::HostDevice(const mlc_device_options_t& options, uint64_t limit_bytes,
                       uint32_t num_threads)
    : mlc_device(MLC_DEVICE_HOST, "host", options),
      features_(CpuFeatures::Detect()),
      allocator_(options.allocator, limit_bytes),
      threads_(num_threads,
               std::span(options.cpu_list, options.cpu_list ? options.cpu_list_count : 0)) {}

Result<Ref<mlc_device>> HostDevice::Open(const mlc_device_options_t& options) {
  MLC_TRY_ASSIGN(const uint32_t num_threads, ThreadCount(options));
  MLC_TRY_ASSIGN(const AllocatorConfig config, AllocatorConfig::Parse(options.alloc_conf));
  const uint64_t limit =
      options.memory_limit_bytes > 0 ? options.memory_limit_bytes : config.limit_bytes;
  return Ref<mlc_device>::Adopt(new HostDevice(options, limit, num_threads));
}

Result<std::unique_ptr<Executor>> HostDevice::MakeExecutor(mlc_plan& plan, const plan::Entry& entry,
                                                           const mlc_session_options_t&) {
  return HostExecutor::Create(plan, entry, *this);
}

Status HostDevice::Copy(mlc_tensor& dst, const mlc_tensor& src) {
  if (dst.size_bytes > 0) std::memmove(dst.data, src.data, dst.size_bytes);
  return Ok();
}

Result<Ref<mlc_stream>> HostDevice::MakeStream(void* native) {
  if (native) return Error(MLC_STATUS_INVALID_ARGUMENT, "the host has no native streams to wrap");
  return Ref<mlc_stream>::Adopt(new HostStream(*this));
}

Result<uint32_t> ChooseHostTarget(const plan::Plan& plan, const plan::Entry& entry,
                                  const CpuFeatures& features) {
  uint32_t best = kNone;
  int32_t best_rank = 0;
  std::string refused;
  for (const plan::Program* program : Items(entry.programs())) {
    if (Count(program->bucket()) > 0) continue;  // behind the generic one of its target
    const plan::Target& target = *plan.targets()->Get(program->target());
    const std::string missing = MissingFor(target, features);
    if (!missing.empty()) {
      refused +=
          std::string(refused.empty() ? "" : "; ") + Text(target.arch()) + " needs " + missing;
    } else if (best == kNone || target.rank() > best_rank) {
      best = program->target();
      best_rank = target.rank();
    }
  }
  if (best != kNone) return best;
  return Error(MLC_STATUS_NO_TARGET,
               "nothing in the plan runs on this CPU: %s; compile with an --arch for it",
               refused.empty() ? "it has no host program" : refused.c_str());
}

}  // namespace mlc::runtime
