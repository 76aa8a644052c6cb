// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/NodeNames.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

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

static std::optional<PatternTag> tagOf(FusedLoc fused) {
  auto pair = dyn_cast_or_null<ArrayAttr>(fused.getMetadata());
  if (!pair || pair.size() != 2 || !isa<StringAttr>(pair[0]) || !isa<IntegerAttr>(pair[1]))
    return std::nullopt;
  return PatternTag{cast<StringAttr>(pair[0]).getValue(), cast<IntegerAttr>(pair[1]).getInt()};
}

Location withPattern(Location loc, PatternTag tag) {
  MLIRContext *context = loc.getContext();
  Attribute pair[] = {StringAttr::get(context, tag.name), IntegerAttr::get(IntegerType::get(context, 64), tag.number)};
  return FusedLoc::get(context, loc, ArrayAttr::get(context, pair));
}

Location withoutPatterns(Location loc) {
  auto fused = dyn_cast<FusedLoc>(loc);
  if (!fused)
    return loc;
  SmallVector<Location> inner = llvm::map_to_vector(fused.getLocations(), withoutPatterns);
  return FusedLoc::get(loc.getContext(), inner, tagOf(fused) ? Attribute() : fused.getMetadata());
}

void collectPatterns(Location loc, SmallVectorImpl<PatternTag> &tags) {
  auto fused = dyn_cast<FusedLoc>(loc);
  if (!fused)
    return;
  if (auto tag = tagOf(fused); tag && !llvm::is_contained(tags, *tag))
    tags.push_back(*tag);
  for (Location inner : fused.getLocations())
    collectPatterns(inner, tags);
}

} // namespace mlc::graph
