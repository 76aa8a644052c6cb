// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What a CUDA module says about its kernels: a cubin is an ELF file whose sections .text.<kernel>, .nv.shared.<kernel> and
// .nv.info hold code, static shared memory and the assembler's figures; PTX is text.
#ifndef MLC_TOOLS_COMMON_CUBIN_H
#define MLC_TOOLS_COMMON_CUBIN_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mlc::tools {

struct CubinKernel {
  uint64_t code_bytes = 0;
  uint32_t registers = 0;            // of a thread
  uint32_t local_bytes = 0;          // of a thread: its stack frame, where spilled registers lie too
  uint64_t static_shared_bytes = 0;  // of a block, beside what a launch asks for
};

// By name. Kernels of a file that is no cubin, or damaged, are left out: this is for people to
// read, and reads nothing outside of `cubin`.
std::map<std::string, CubinKernel> ReadCubin(std::string_view cubin);

// Bytes of text of every kernel of a PTX module.
std::map<std::string, uint64_t> ReadPtx(std::string_view ptx);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_CUBIN_H
