// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From uses of buffers to their lifetimes. Time counts the instructions of a program in the order
// of its text, nested blocks included; a Loop takes one step before its body and one after it.
#ifndef MLC_RUNTIME_MEMORY_LIFETIMES_H
#define MLC_RUNTIME_MEMORY_LIFETIMES_H

#include <cstdint>
#include <vector>

namespace mlc::runtime {

struct BufferUse {
  uint32_t buffer;
  uint32_t time;
};

// The steps of a Loop: [begin, end] closed, body and both own steps included. Inner loops are
// listed before the loops around them.
struct LoopSteps {
  uint32_t begin;
  uint32_t end;
};

struct Lifetime {
  uint32_t first = UINT32_MAX;
  uint32_t last = 0;
  bool used() const { return first <= last; }
};

// The lifetime of each buffer; roots[b] is the buffer whose memory b is part of (b itself when
// none), and a use of b counts for its root only. A buffer that lives inside and outside of a loop
// lives through all of it, since the next iteration may need it again.
std::vector<Lifetime> ComputeLifetimes(const std::vector<uint32_t>& roots,
                                       const std::vector<BufferUse>& uses,
                                       const std::vector<LoopSteps>& loops);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_MEMORY_LIFETIMES_H
