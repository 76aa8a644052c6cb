// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Loops whose body works on a vector of neighbours, down to single elements where they end.
#ifndef MLC_BACKENDS_HOST_TILES_LANES_H
#define MLC_BACKENDS_HOST_TILES_LANES_H

#include "backends/reference/Emitter.h"

namespace mlc::host {

/// Sets the emitter's width for a while.
class LaneWidth {
public:
  LaneWidth(reference::Emitter &e, int64_t width) : e(e), before(e.width) { e.width = width; }
  ~LaneWidth() { e.width = before; }

private:
  reference::Emitter &e;
  int64_t before;
};

/// The least number of lanes worth a vector.
inline constexpr int64_t kFewestLanes = 4;
/// The most lanes that the math support has functions for.
inline constexpr int64_t kMostLanes = 16;

/// Calls body(start, lanes) for the parts of a tail of `count` elements: halves of `width` while they fit, single elements (lanes = 1) after that.
void splitTail(int64_t width, int64_t count, llvm::function_ref<void(int64_t start, int64_t lanes)> body);

/// body(i, lane) over [low, high), where e.width may be less in the last calls, and twice as much in the first ones with `pairs`. `count`, when known, is high - low.
void forLanes(reference::Emitter &e, mlir::Value low, mlir::Value high, std::optional<int64_t> count, llvm::function_ref<void(mlir::Value i, bool lane)> body, bool pairs = false);

} // namespace mlc::host

#endif
