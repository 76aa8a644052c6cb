// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/fatbin.h"

#include <charconv>
#include <cstdint>
#include <cstring>

#include "tools/common/error.h"

namespace mlc::tools {
namespace {

constexpr uint32_t kMagic = 0xba55ed50;
constexpr uint16_t kPtxKind = 1, kCubinKind = 2;
constexpr uint64_t k64Bit = 0x1, kLinux = 0x10, kArchSpecific = 0x100000;  // the 'a' of sm_90a

struct Head {
  uint32_t magic;
  uint16_t version, head_bytes;
  uint64_t body_bytes;
};
static_assert(sizeof(Head) == 16);

struct EntryHead {
  uint16_t kind, version;
  uint32_t head_bytes;
  uint64_t body_bytes;
  uint32_t compressed_bytes, options_offset;  // 0: not there
  uint16_t minor, major;                      // of the entry's own format
  uint32_t capability;
  uint32_t name_offset, name_bytes;  // 0: none
  uint64_t flags, reserved, raw_bytes;
};
static_assert(sizeof(EntryHead) == 64);

// Behind the head of PTX: where the text of options for the assembler lies, here an empty one.
struct Options {
  uint64_t text_offset;
  char text[8];
};
constexpr Options kNoOptions = {sizeof(EntryHead) + sizeof(uint64_t), {}};

template <typename T>
void Append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// 80 of "sm_80", 90 and `specific` of "sm_90a".
uint32_t CapabilityOf(const std::string& arch, bool& specific) {
  uint32_t number = 0;
  const size_t start = arch.find('_') + 1;  // 0 without one
  const char* end = arch.data() + arch.size();
  const auto parsed = std::from_chars(arch.data() + start, end, number);
  specific = parsed.ptr + 1 == end && *parsed.ptr == 'a';
  if (start == 0 || parsed.ec != std::errc() || (parsed.ptr != end && !specific))
    throw ToolError(kModelFault, "'" + arch + "' is no CUDA architecture, which a fatbin is for");
  return number;
}

// PTX says its version in its first line; a cubin is format 1 with its ELF's ABI version.
void SetFormat(std::string_view bytes, bool is_ptx, EntryHead& head) {
  constexpr std::string_view kVersion = ".version ";
  constexpr size_t kAbiVersion = 8;  // of e_ident
  head.major = 1;
  if (!is_ptx && bytes.size() > kAbiVersion)
    head.minor = static_cast<unsigned char>(bytes[kAbiVersion]);
  const size_t at = is_ptx ? bytes.find(kVersion) : std::string_view::npos;
  if (at == std::string_view::npos) return;
  const char* end = bytes.data() + bytes.size();
  const auto major = std::from_chars(bytes.data() + at + kVersion.size(), end, head.major);
  if (major.ptr != end) std::from_chars(major.ptr + 1, end, head.minor);
}

std::string FormatEntry(const FatbinEntry& entry) {
  const bool is_ptx = entry.arch.rfind("compute_", 0) == 0;
  bool specific = false;
  EntryHead head{};
  head.kind = is_ptx ? kPtxKind : kCubinKind;
  head.version = 0x101;
  head.head_bytes = sizeof head + (is_ptx ? sizeof kNoOptions : 0);
  head.options_offset = is_ptx ? sizeof head : 0;
  SetFormat(entry.bytes, is_ptx, head);
  head.capability = CapabilityOf(entry.arch, specific);
  head.flags = k64Bit | kLinux | (specific ? kArchSpecific : 0);
  std::string body(entry.bytes);
  if (is_ptx) body += '\0';  // text ends with a zero
  body.resize((body.size() + 7) / 8 * 8, '\0');
  head.body_bytes = body.size();
  std::string out;
  Append(out, head);
  if (is_ptx) Append(out, kNoOptions);
  return out + body;
}

}  // namespace

std::string FormatFatbin(const std::vector<FatbinEntry>& entries) {
  std::string body;
  for (const FatbinEntry& entry : entries) body += FormatEntry(entry);
  std::string out;
  Append(out, Head{kMagic, 1, sizeof(Head), body.size()});
  return out + body;
}

}  // namespace mlc::tools
