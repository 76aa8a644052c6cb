// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Writes plan files. Segments are streamed, so weights never have to be in memory together:
//
//   PlanWriter writer;
//   uint32_t code = writer.AddSegment(plan::SegmentKind::HostCode, image.size(), [&](ByteSink&
//   sink) {
//     return sink.Write(image.data(), image.size());
//   });
//   auto segments = writer.BuildSegments(builder);   // then into the Plan table
//   plan::FinishPlanBuffer(builder, ...);
//   Status status = writer.WriteFile("model.plan", builder);
//
// The bytes depend on nothing but the metadata and the segments.
#ifndef MLC_RUNTIME_PLAN_PLAN_WRITER_H
#define MLC_RUNTIME_PLAN_PLAN_WRITER_H

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// Where a segment's bytes go, in order.
class ByteSink {
 public:
  virtual Status Write(const void* data, size_t size_bytes) = 0;

 protected:
  ~ByteSink() = default;
};

class PlanWriter {
 public:
  using SegmentSource = std::function<Status(ByteSink&)>;

  // Registers a segment of exactly size_bytes bytes, which `source` produces once, during the
  // write. Returns its index in Plan.segments, which is also its order in the file.
  uint32_t AddSegment(plan::SegmentKind kind, uint64_t size_bytes, SegmentSource source);

  // The vector for Plan.segments, with room for the offsets and checksums that the write fills in.
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<plan::Segment>>> BuildSegments(
      flatbuffers::FlatBufferBuilder& builder) const;

  // Writes beside `path` and renames, so a file of that name is complete or absent. `builder` is
  // finished with a Plan that holds this writer's segments; its bytes are completed in place.
  Status WriteFile(const std::string& path, flatbuffers::FlatBufferBuilder& builder);

  // Completes the metadata as a write would (offsets, sizes, checksums) and keeps nothing else.
  Status Complete(flatbuffers::FlatBufferBuilder& builder);

  // WriteFile into memory.
  Status WriteBytes(flatbuffers::FlatBufferBuilder& builder, std::string* out_bytes);

  struct Segment {
    plan::SegmentKind kind;
    uint64_t size_bytes;
    SegmentSource source;
  };

 private:
  std::vector<Segment> segments_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_PLAN_WRITER_H
