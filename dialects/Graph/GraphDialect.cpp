// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/Graph.h"
#include "dialects/Graph/ShapeFacts.h"

using namespace mlir;

#include "dialects/Graph/GraphInterfaces.cpp.inc"

#include "dialects/Graph/GraphDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Graph/GraphAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Graph/GraphOps.cpp.inc"

namespace mlc::graph {

void GraphDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Graph/GraphAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Graph/GraphOps.cpp.inc"
      >();
}

Operation *GraphDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return ConstantOp::create(b, loc, elements);
}

DimsAttr DimsAttr::get(MLIRContext *context, ArrayRef<DimExpr> dims) {
  SmallVector<StringAttr> exprs;
  for (const DimExpr &d : dims)
    exprs.push_back(StringAttr::get(context, d.str()));
  return get(context, exprs);
}

Dims DimsAttr::getDims() const {
  Dims dims;
  for (StringAttr e : getExprs())
    dims.push_back(*DimExpr::parse(e.getValue())); // verified
  return dims;
}

LogicalResult DimsAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> exprs) {
  for (StringAttr e : exprs)
    if (!DimExpr::parse(e.getValue()))
      return emitError() << "'" << e.getValue() << "' is not a dim expression";
  return success();
}

Attribute DimsAttr::parse(AsmParser &parser, Type) {
  SmallVector<StringAttr> exprs;
  auto element = [&]() -> ParseResult {
    int64_t number;
    std::string text;
    if (auto parsed = parser.parseOptionalInteger(number); parsed.has_value()) {
      if (failed(*parsed))
        return failure();
      text = std::to_string(number);
    } else if (parser.parseString(&text)) {
      return failure();
    }
    auto e = DimExpr::parse(text);
    if (!e)
      return parser.emitError(parser.getCurrentLocation()) << "'" << text << "' is not a dim expression";
    exprs.push_back(StringAttr::get(parser.getContext(), e->str()));
    return success();
  };
  if (parser.parseLess() || parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, element) || parser.parseGreater())
    return {};
  return get(parser.getContext(), exprs);
}

void DimsAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getExprs(), printer, [&](StringAttr e) {
    int64_t number;
    if (!e.getValue().getAsInteger(10, number))
      printer << e.getValue();
    else
      printer << '"' << e.getValue() << '"';
  });
  printer << "]>";
}

} // namespace mlc::graph
