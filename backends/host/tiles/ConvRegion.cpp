// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/ConvRegion.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::host {

bool ConvRegion::match(KernelBuilder &k) {
  for (Operation &op : k.body().without_terminator()) {
    if (auto c = dyn_cast<ConvOp>(op)) {
      if (conv)
        return false;
      conv = c;
    } else if (reference::nest(&op)) {
      return false;
    }
  }
  if (!conv || !conv.getChannelsLast() || conv.getBias() || !k.facts.elementType(conv.getY()).isF32())
    return false;
  x = Dims(k.facts.dims(conv.getX()));
  y = Dims(k.facts.dims(conv.getY()));
  return y.size() == 4 && llvm::all_of(k.region.getResults(), [&](Value r) { return Dims(k.facts.dims(r)) == y; });
}

} // namespace mlc::host
