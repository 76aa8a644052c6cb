// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Files of this folder as strings; embed.cmake generates them.
#ifndef MLC_TOOLS_MLC_INSPECT_EMBEDDED_H
#define MLC_TOOLS_MLC_INSPECT_EMBEDDED_H

namespace mlc::tools {

extern const char kPeaksJson[];
extern const char kPageHtml[];

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_EMBEDDED_H
