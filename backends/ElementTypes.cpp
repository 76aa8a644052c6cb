// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/ElementTypes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

/// Types that kernels compute with: bool, integers of 8 to 64 bits, f16, bf16, f32, f64.
static bool isSupported(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto i = dyn_cast<IntegerType>(element))
    return llvm::is_contained({1, 8, 16, 32, 64}, i.getWidth());
  return element.isF16() || element.isBF16() || element.isF32() || element.isF64();
}

LogicalResult checkElementTypes(func::FuncOp func, StringRef target) {
  auto check = [&](Operation *op, Type type) -> LogicalResult {
    if (isSupported(type))
      return success();
    return op->emitError() << target << ": a result of " << op->getName().stripDialect() << " has elements of type " << getElementTypeOrSelf(type) << ", which this target does not support";
  };
  for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
    if (!isSupported(type))
      return func.emitError() << target << ": input '" << func.getArgAttrOfType<StringAttr>(i, kNameAttr).getValue() << "' has elements of type " << getElementTypeOrSelf(type) << ", which this target does not support";
  auto result = func.walk([&](Operation *op) -> WalkResult {
    for (Type type : op->getResultTypes())
      if (isa<ShapedType>(type) && failed(check(op, type)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

} // namespace mlc
