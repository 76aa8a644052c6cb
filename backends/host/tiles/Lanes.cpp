// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/Lanes.h"

using namespace mlir;
using mlc::reference::Emitter;

namespace mlc::host {

void splitTail(int64_t width, int64_t count, llvm::function_ref<void(int64_t, int64_t)> body) {
  int64_t start = 0;
  for (int64_t lanes = width / 2; lanes >= kFewestLanes; lanes /= 2) {
    if (count - start < lanes)
      continue;
    body(start, lanes);
    start += lanes;
  }
  for (; start < count; ++start)
    body(start, 1);
}

void forLanes(Emitter &e, Value low, Value high, std::optional<int64_t> count, llvm::function_ref<void(Value, bool)> body, bool pairs) {
  pairs = pairs && e.width > 1 && 2 * e.width <= kMostLanes && (!count || *count >= 2 * e.width);
  if (pairs) {
    int64_t width = 2 * e.width;
    Value step = e.i64(width), stop = e.add(low, e.mul(e.div(e.sub(high, low), step), step));
    {
      LaneWidth wide(e, width);
      e.loop(low, stop, step, [&](Value i) { body(i, true); });
    }
    low = stop;
    if (count)
      *count %= width;
    if (count && !*count)
      return;
  }
  Value rest = low;
  if (e.width > 1 && (!count || *count >= e.width)) {
    Value width = e.i64(e.width);
    rest = e.add(low, e.mul(e.div(e.sub(high, low), width), width));
    e.loop(low, rest, width, [&](Value i) { body(i, true); });
  }
  if (!count || e.width == 1) {
    e.loop(rest, high, e.i64(1), [&](Value i) { body(i, false); });
    return;
  }
  int64_t tail = *count % e.width, singles = 0;
  splitTail(e.width, tail, [&](int64_t start, int64_t lanes) {
    if (lanes == 1) {
      ++singles;
      return;
    }
    Emitter::Scope scope(e);
    LaneWidth narrow(e, lanes);
    body(e.add(rest, e.i64(start)), true);
  });
  if (singles)
    e.loop(e.sub(high, e.i64(singles)), high, e.i64(1), [&](Value i) { body(i, false); });
}

} // namespace mlc::host
