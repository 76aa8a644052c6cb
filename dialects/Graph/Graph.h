// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The graph dialect: its ops, its attribute and the record that each op carries for the frontends. See README.md.
#ifndef MLC_DIALECTS_GRAPH_GRAPH_H
#define MLC_DIALECTS_GRAPH_GRAPH_H

#include "dialects/Graph/DimExpr.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlc::graph {

class ShapeFacts;

/// What a record says beyond ODS: the ONNX operator it imports (empty: none by record alone), the versions it covers, comma-separated, and the tolerated relative error.
struct OpRecord {
  const char *onnxName;
  const char *onnxSince;
  double tolerance;
};

/// y[i] = f(operands[i]) with numpy broadcasting.
template <typename Op> class Pointwise : public mlir::OpTrait::TraitBase<Op, Pointwise> {};
/// Reduces its operand over `axes`.
template <typename Op> class Reduction : public mlir::OpTrait::TraitBase<Op, Reduction> {};

/// Function attribute: dictionary from symbol name to [min, opt, max, divisor].
inline constexpr const char *kSymbolsAttr = "graph.symbols";
/// Function argument and result attributes: the tensor's name and dims.
inline constexpr const char *kNameAttr = "graph.name";
inline constexpr const char *kDimsAttr = "graph.dims";
/// Function argument attribute: the symbols that stand for the elements of a small integer input, when shapes depend on them.
inline constexpr const char *kElementsAttr = "graph.elements";
/// Module attribute: dictionary of the model's own metadata.
inline constexpr const char *kMetadataAttr = "graph.metadata";

} // namespace mlc::graph

#include "dialects/Graph/GraphInterfaces.h.inc"

#include "dialects/Graph/GraphDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Graph/GraphAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Graph/GraphOps.h.inc"

#endif
