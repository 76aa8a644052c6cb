// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The metadata comes first in the file but names the checksums of what follows, so its place is
// left empty, the segments are streamed, and preamble and metadata are written last. Checksum,
// offset and size are stored with fixed width (ForceDefaults), so completing them does not move a
// byte.
#include "runtime/plan/plan_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/plan/crc32c.h"
#include "runtime/plan/format.h"

namespace mlc::runtime {
namespace {

uint64_t AlignmentOf(plan::SegmentKind kind) {
  return kind == plan::SegmentKind::HostCode ? kCodeAlignment : kWeightsAlignment;
}

// A file or string that is appended to and whose start is overwritten at the end.
class Output {
 public:
  virtual Status Append(const void* data, size_t size_bytes) = 0;
  virtual Status Overwrite(uint64_t offset, const void* data, size_t size_bytes) = 0;

 protected:
  ~Output() = default;
};

class StringOutput final : public Output {
 public:
  explicit StringOutput(std::string& bytes) : bytes_(bytes) { bytes_.clear(); }

  Status Append(const void* data, size_t size_bytes) override {
    bytes_.append(static_cast<const char*>(data), size_bytes);
    return Ok();
  }

  Status Overwrite(uint64_t offset, const void* data, size_t size_bytes) override {
    std::memcpy(bytes_.data() + offset, data, size_bytes);
    return Ok();
  }

 private:
  std::string& bytes_;
};

class NoOutput final : public Output {
 public:
  Status Append(const void*, size_t) override { return Ok(); }
  Status Overwrite(uint64_t, const void*, size_t) override { return Ok(); }
};

// Writes a temporary file in the folder of the final one. Removes it unless Commit succeeds.
class FileOutput final : public Output {
 public:
  explicit FileOutput(std::string path) : path_(std::move(path)), temporary_(path_ + ".XXXXXX") {}
  FileOutput(const FileOutput&) = delete;
  ~FileOutput() {
    if (fd_ >= 0) ::close(fd_);
    if (created_) ::unlink(temporary_.c_str());
  }

  Status Open() {
    fd_ = ::mkstemp(temporary_.data());
    if (fd_ < 0) return SystemError("create", temporary_);
    created_ = true;
    const mode_t mask = ::umask(0);  // mkstemp ignores it and makes private files
    ::umask(mask);
    return ::fchmod(fd_, 0666 & ~mask) == 0 ? Ok() : SystemError("set the mode of", temporary_);
  }

  Status Append(const void* data, size_t size_bytes) override {
    return Overwrite(std::exchange(end_, end_ + size_bytes), data, size_bytes);
  }

  Status Overwrite(uint64_t offset, const void* data, size_t size_bytes) override {
    auto* bytes = static_cast<const char*>(data);
    while (size_bytes > 0) {
      const ssize_t written = ::pwrite(fd_, bytes, size_bytes, static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return SystemError("write", temporary_);
      bytes += written;
      offset += static_cast<uint64_t>(written);
      size_bytes -= static_cast<size_t>(written);
    }
    return Ok();
  }

  Status Commit() {
    if (::close(std::exchange(fd_, -1)) != 0) return SystemError("write", temporary_);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
      return SystemError("rename into place", path_);
    created_ = false;
    return Ok();
  }

 private:
  static Status SystemError(const char* verb, const std::string& path) {
    return Error(MLC_STATUS_IO, "cannot %s '%s': %s", verb, path.c_str(), std::strerror(errno));
  }

  std::string path_;
  std::string temporary_;
  bool created_ = false;
  int fd_ = -1;
  uint64_t end_ = 0;
};

// Counts, checksums and forwards the bytes of one segment.
class SegmentSink final : public ByteSink {
 public:
  explicit SegmentSink(Output& output) : output_(output) {}

  Status Write(const void* data, size_t size_bytes) override {
    crc_ = Crc32c(data, size_bytes, crc_);
    size_bytes_ += size_bytes;
    return output_.Append(data, size_bytes);
  }

  uint32_t crc() const { return crc_; }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  Output& output_;
  uint32_t crc_ = 0;
  uint64_t size_bytes_ = 0;
};

Status AppendZeros(Output& output, uint64_t count) {
  static constexpr char kZeros[kCodeAlignment] = {};
  for (; count > 0; count -= std::min<uint64_t>(count, sizeof kZeros))
    MLC_TRY(output.Append(kZeros, std::min<uint64_t>(count, sizeof kZeros)));
  return Ok();
}

Status WritePlan(Output& output, const std::vector<PlanWriter::Segment>& segments,
                 flatbuffers::FlatBufferBuilder& builder) {
  uint8_t* header = builder.GetBufferPointer();
  auto* tables = plan::GetMutablePlan(header)->mutable_segments();
  if (segments.size() != (tables ? tables->size() : 0))
    return Error(MLC_STATUS_INVALID_ARGUMENT,
                 "the plan's metadata must hold the vector that BuildSegments returned");

  Preamble preamble;
  preamble.header_bytes = builder.GetSize();
  uint64_t end = kPreambleBytes + preamble.header_bytes;
  MLC_TRY(AppendZeros(output, end));
  for (uint32_t i = 0; i < segments.size(); ++i) {
    const PlanWriter::Segment& segment = segments[i];
    const uint64_t alignment = AlignmentOf(segment.kind);
    const uint64_t offset = (end + alignment - 1) / alignment * alignment;
    MLC_TRY(AppendZeros(output, offset - end));
    SegmentSink sink(output);
    MLC_TRY(segment.source(sink));
    if (sink.size_bytes() != segment.size_bytes)
      return Error(MLC_STATUS_INTERNAL, "segment %u was announced with %llu bytes but has %llu", i,
                   static_cast<unsigned long long>(segment.size_bytes),
                   static_cast<unsigned long long>(sink.size_bytes()));
    tables->GetMutableObject(i)->mutate_offset(offset);
    tables->GetMutableObject(i)->mutate_crc32c(sink.crc());
    end = offset + segment.size_bytes;
  }

  preamble.file_bytes = end;
  preamble.header_crc32c = Crc32c(header, preamble.header_bytes);
  unsigned char preamble_bytes[kPreambleBytes];
  EncodePreamble(preamble, preamble_bytes);
  MLC_TRY(output.Overwrite(0, preamble_bytes, sizeof preamble_bytes));
  return output.Overwrite(kPreambleBytes, header, preamble.header_bytes);
}

}  // namespace

uint32_t PlanWriter::AddSegment(plan::SegmentKind kind, uint64_t size_bytes, SegmentSource source) {
  segments_.push_back({kind, size_bytes, std::move(source)});
  return static_cast<uint32_t>(segments_.size() - 1);
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<plan::Segment>>>
PlanWriter::BuildSegments(flatbuffers::FlatBufferBuilder& builder) const {
  builder.ForceDefaults(true);
  std::vector<flatbuffers::Offset<plan::Segment>> tables;
  for (const Segment& segment : segments_)
    tables.push_back(plan::CreateSegment(builder, segment.kind, 0, segment.size_bytes, 0));
  builder.ForceDefaults(false);
  return builder.CreateVector(tables);
}

Status PlanWriter::WriteFile(const std::string& path, flatbuffers::FlatBufferBuilder& builder) {
  FileOutput file(path);
  MLC_TRY(file.Open());
  MLC_TRY(WritePlan(file, segments_, builder));
  return file.Commit();
}

Status PlanWriter::Complete(flatbuffers::FlatBufferBuilder& builder) {
  NoOutput output;
  return WritePlan(output, segments_, builder);
}

Status PlanWriter::WriteBytes(flatbuffers::FlatBufferBuilder& builder, std::string* out_bytes) {
  StringOutput output(*out_bytes);
  return WritePlan(output, segments_, builder);
}

}  // namespace mlc::runtime
