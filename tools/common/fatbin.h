// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// NVIDIA's container of code for several architectures, as `fatbinary --compress-mode=none` of CUDA 13 writes it (a test
// compares the entries where that tool is): a head (magic ba55ed50, version 1, the head's size 16, bytes behind it), then for each
// entry a head of 64 bytes (kind, version 1.1, the head's size, padded bytes behind it, the capability, flags) and its
// bytes, padded with zeros to 8; behind the head of PTX lie 16 bytes of options. `cuobjdump` lists and dumps it, cuModuleLoadFatBinary takes it.
#ifndef MLC_TOOLS_COMMON_FATBIN_H
#define MLC_TOOLS_COMMON_FATBIN_H

#include <string>
#include <string_view>
#include <vector>

namespace mlc::tools {

struct FatbinEntry {
  std::string arch;  // as plans name it: "sm_80", "sm_90a", "compute_80"; the last is PTX
  std::string_view bytes;
};

// One container of all entries, in their order. ToolError for an arch that is not CUDA's.
std::string FormatFatbin(const std::vector<FatbinEntry>& entries);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_FATBIN_H
