// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A plan's flat host image as an ELF file with symbols, for objdump, gdb and perf. Written by hand
// with <elf.h>: four sections and a table do not pay for a library.
#ifndef MLC_TOOLS_MLC_INSPECT_ELF_H
#define MLC_TOOLS_MLC_INSPECT_ELF_H

#include <string>
#include <string_view>
#include <vector>

namespace mlc::tools {

struct ElfSymbol {
  std::string name;
  uint64_t offset;  // from the image's start
  uint64_t size_bytes;
};

// x86-64, position-independent: .text is the whole image (code, then the kernels' read-only data)
// at address 0, so addresses are offsets into the mapped image, as in the plan. Each symbol is a
// global function.
std::string FormatElf(std::string_view image, const std::vector<ElfSymbol>& symbols);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_ELF_H
