// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What code is made for: an x86-64 level or this machine, written out as a feature string so that it means the same everywhere.
#ifndef MLC_BACKENDS_HOST_HOSTTARGET_H
#define MLC_BACKENDS_HOST_HOSTTARGET_H

#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace mlc::host {

struct HostTarget {
  std::string arch;                  // "x86-64-v3", or "host" resolved to the level it fits
  std::string triple = "x86_64-unknown-linux-gnu";
  std::vector<std::string> features; // LLVM names, sorted, all that the CPU must have
  int rank = 0;                      // higher is better; the runtime takes the highest that fits
  int64_t vectorBits = 128;          // widest registers worth using
  bool fma = false;

  int64_t width() const { return vectorBits / 32; }
  /// Rows and 16-channel panels of the GEMM register tile: what fills the register file without spilling.
  int64_t tileRows() const { return vectorBits == 128 ? 3 : vectorBits == 256 ? 6 : 7; }
  int64_t tilePanels() const { return vectorBits == 512 ? 2 : 1; }
};

/// Whether `arch` is `host`, `x86-64-v2`, `x86-64-v3` or `x86-64-v4`.
bool isHostArch(llvm::StringRef arch);
/// What one of these means; `host` fails on a CPU below x86-64-v2.
llvm::Expected<HostTarget> parseTarget(llvm::StringRef arch);

} // namespace mlc::host

#endif
