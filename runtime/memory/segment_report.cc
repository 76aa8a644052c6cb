// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the segment allocator tells and is told: statistics, the snapshot, its configuration.
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "runtime/memory/segment_allocator.h"

namespace mlc::runtime {
namespace {

[[gnu::format(printf, 2, 3)]] void Append(std::string& text, const char* format, ...) {
  char part[768];
  va_list args;
  va_start(args, format);
  std::vsnprintf(part, sizeof part, format, args);
  va_end(args);
  text += part;
}

Status Unknown(std::string_view item) {
  return Error(MLC_STATUS_INVALID_ARGUMENT,
               "allocator configuration: '%.*s' is none of expandable_segments:on|off, "
               "max_split_size_mb:N, limit_mb:N",
               static_cast<int>(item.size()), item.data());
}

// A number of MiB as bytes; false for anything else.
bool ParseMegabytes(std::string_view text, uint64_t* out_bytes) {
  uint64_t value = 0;
  if (text.empty() || text.size() > 9) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  *out_bytes = value << 20;
  return true;
}

}  // namespace

Result<AllocatorConfig> AllocatorConfig::Parse(const char* text) {
  AllocatorConfig config;
  std::string_view rest = text ? text : "";
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    const size_t colon = item.find(':');
    if (colon == std::string_view::npos) return Unknown(item);
    const std::string_view key = item.substr(0, colon), value = item.substr(colon + 1);
    if (key == "expandable_segments" && (value == "on" || value == "off"))
      config.expandable_segments = value == "on";
    else if (key == "max_split_size_mb" && ParseMegabytes(value, &config.max_split_bytes))
      continue;
    else if (key == "limit_mb" && ParseMegabytes(value, &config.limit_bytes))
      continue;
    else
      return Unknown(item);
  }
  return config;
}

mlc_memory_stats_t SegmentAllocator::Stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void SegmentAllocator::ResetPeak() {
  std::lock_guard lock(mutex_);
  stats_.peak_allocated_bytes = stats_.allocated_bytes;
  stats_.peak_active_bytes = stats_.active_bytes;
  stats_.peak_reserved_bytes = stats_.reserved_bytes;
}

std::string SegmentAllocator::Snapshot() const {
  constexpr const char* kStates[] = {"free", "used", "waiting", "unmapped"};
  std::lock_guard lock(mutex_);
  std::string json;
  const double fragmentation = stats_.reserved_bytes > 0
                                   ? 1 - static_cast<double>(stats_.active_bytes) /
                                             static_cast<double>(stats_.reserved_bytes)
                                   : 0;
  Append(json,
         "{\"schema_version\":1,\"allocated_bytes\":%" PRIu64 ",\"active_bytes\":%" PRIu64
         ",\"reserved_bytes\":%" PRIu64 ",\"peak_allocated_bytes\":%" PRIu64
         ",\"peak_active_bytes\":%" PRIu64 ",\"peak_reserved_bytes\":%" PRIu64
         ",\"fragmentation\":%.4f,\"limit_bytes\":%" PRIu64 ",\"max_split_bytes\":%" PRIu64
         ",\"num_allocations\":%" PRIu64 ",\"num_system_allocations\":%" PRIu64
         ",\"num_retries\":%" PRIu64 ",\"num_failures\":%" PRIu64 ",\"segments\":[",
         stats_.allocated_bytes, stats_.active_bytes, stats_.reserved_bytes,
         stats_.peak_allocated_bytes, stats_.peak_active_bytes, stats_.peak_reserved_bytes,
         fragmentation, config_.limit_bytes, config_.max_split_bytes, stats_.num_allocations,
         stats_.num_system_allocations, stats_.num_retries, stats_.num_failures);
  const char* between_segments = "";
  for (const Segment& segment : segments_) {
    Append(json, "%s{\"address\":%" PRIu64 ",\"pool\":\"%s\",\"expandable\":%s,\"blocks\":[",
           between_segments, segment.address, segment.pool->is_small ? "small" : "large",
           segment.is_expandable ? "true" : "false");
    between_segments = ",";
    const char* between = "";
    for (const Block* block = segment.first; block; block = block->next) {
      if (block->state == State::Unmapped) continue;
      Append(json,
             "%s{\"address\":%" PRIu64 ",\"size_bytes\":%" PRIu64
             ",\"state\":\"%s\",\"requested_bytes\":%" PRIu64 "}",
             between, block->address, block->size, kStates[static_cast<int>(block->state)],
             block->requested);
      between = ",";
    }
    json += "]}";
  }
  return json + "]}";
}

}  // namespace mlc::runtime
