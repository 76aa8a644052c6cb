// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/NodeNames.h"

using namespace mlir;

namespace mlc::graph {

void collectNames(Location loc, SmallVectorImpl<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    if (!llvm::is_contained(names, name.getName().getValue()))
      names.push_back(name.getName());
  } else if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location l : fused.getLocations())
      collectNames(l, names);
  }
}

StringRef firstName(Location loc) {
  SmallVector<StringRef> names;
  collectNames(loc, names);
  return names.empty() ? StringRef() : names.front();
}

} // namespace mlc::graph
