// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"

using namespace mlir;

namespace mlc::graph {

RankedTensorType typeOf(Type elementType, ArrayRef<DimExpr> dims) {
  SmallVector<int64_t> shape;
  for (const DimExpr &d : dims)
    shape.push_back(d.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, elementType);
}

std::string describe(ArrayRef<DimExpr> dims) {
  std::string out = "[";
  llvm::raw_string_ostream os(out);
  llvm::interleave(dims, os, [&](const DimExpr &d) { os << d.str(); }, ", ");
  return out + "]";
}

LogicalResult ShapeFacts::readSymbols(func::FuncOp func) {
  if (func.isExternal())
    return func.emitError("has no body");
  if (auto dict = func->getAttrOfType<DictionaryAttr>(kSymbolsAttr))
    for (NamedAttribute entry : dict) {
      auto v = dyn_cast<DenseI64ArrayAttr>(entry.getValue());
      if (!v || v.size() != 4 || v[0] > v[2] || v[3] < 1)
        return func.emitError() << kSymbolsAttr << " gives '" << entry.getName().getValue() << "' " << entry.getValue() << ", expected array<i64: min, opt, max, divisor>";
      symbols[entry.getName().getValue()] = {v[0], v[1], v[2], v[3]};
    }
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(func.getArgument(i).getType());
    auto dims = func.getArgAttrOfType<DimsAttr>(i, kDimsAttr);
    if (!type)
      return func.emitError() << "has an argument of type " << func.getArgument(i).getType() << ", expected a ranked tensor";
    if (dims && typeOf(type.getElementType(), dims.getDims()) != type)
      return func.emitError() << "has an argument of type " << type << " with " << kDimsAttr << " " << describe(dims.getDims());
  }
  return success();
}

ShapeFacts::ShapeFacts(func::FuncOp func) {
  ok = succeeded(readSymbols(func));
  if (!ok)
    return;
  for (auto [i, arg] : llvm::enumerate(func.getArguments())) {
    if (auto dims = func.getArgAttrOfType<DimsAttr>(i, kDimsAttr))
      set(arg, cast<RankedTensorType>(arg.getType()).getElementType(), dims.getDims());
    if (auto elements = func.getArgAttrOfType<DimsAttr>(i, kElementsAttr))
      setElements(arg, elements.getDims());
  }
  for (Operation &op : func.getBody().front())
    if (failed(infer(&op))) {
      ok = false;
      return;
    }
}

DimExpr ShapeFacts::freshSymbol(StringRef stem) {
  std::string name;
  do
    name = (stem + "#" + llvm::Twine(fresh++)).str();
  while (symbols.contains(name));
  symbols[name] = SymbolInfo{.min = 0};
  return DimExpr::symbol(name);
}

ArrayRef<DimExpr> ShapeFacts::dims(Value v) {
  auto it = dimsOf.find(v);
  if (it != dimsOf.end())
    return it->second;
  Dims dims;
  if (auto type = dyn_cast<RankedTensorType>(v.getType()))
    for (int64_t d : type.getShape())
      dims.push_back(ShapedType::isDynamic(d) ? freshSymbol("d") : DimExpr(d));
  return dimsOf[v] = dims;
}

Type ShapeFacts::elementType(Value v) { return cast<ShapedType>(v.getType()).getElementType(); }

std::optional<ArrayRef<DimExpr>> ShapeFacts::elements(Value v) {
  auto it = elementsOf.find(v);
  if (it == elementsOf.end())
    return std::nullopt;
  return ArrayRef<DimExpr>(it->second);
}

std::optional<SmallVector<int64_t>> ShapeFacts::constantElements(Value v) {
  auto exprs = elements(v);
  if (!exprs)
    return std::nullopt;
  SmallVector<int64_t> out;
  for (const DimExpr &e : *exprs) {
    auto c = e.constant();
    if (!c)
      return std::nullopt;
    out.push_back(*c);
  }
  return out;
}

void ShapeFacts::set(Value v, Type elementType, ArrayRef<DimExpr> dims) {
  Dims copy(dims);
  // A static dim already in the type is a fact too (an earlier, sharper inference).
  auto type = typeOf(elementType, copy);
  if (v.getType() != type)
    v.setType(type);
  for (const DimExpr &d : copy)
    require(v.getDefiningOp(), Requirement::Kind::AtMost, 0, d); // numbers below 0 are the verifiers' matter
  dimsOf[v] = std::move(copy);
  elementsOf.erase(v); // what an earlier inference, or an erased value of this address, had
}

void ShapeFacts::setElements(Value v, ArrayRef<DimExpr> elements) {
  // A reshape may give a tensor whose count is known dims that are not; its elements are then not tracked any further.
  auto type = cast<RankedTensorType>(v.getType());
  if (!type.hasStaticShape() || type.getNumElements() != static_cast<int64_t>(elements.size()) || llvm::any_of(elements, [](const DimExpr &e) { return e.tooLarge(); }))
    return;
  elementsOf[v] = std::vector<DimExpr>(elements.begin(), elements.end());
}

void ShapeFacts::forget(Operation *op) {
  for (Value v : op->getResults()) {
    dimsOf.erase(v);
    elementsOf.erase(v);
  }
}

LogicalResult ShapeFacts::infer(Operation *op) {
  if (auto shaped = dyn_cast<ShapeInterface>(op))
    return shaped.inferShapes(*this);
  return success();
}

Operation *ShapeFacts::create(OpBuilder &b, Location loc, StringRef name, ValueRange operands,
                              ArrayRef<NamedAttribute> attrs, unsigned numResults, ArrayRef<int32_t> segments) {
  OperationState state(loc, name);
  state.addOperands(operands);
  SmallVector<NamedAttribute> all(attrs);
  if (!segments.empty())
    all.push_back(b.getNamedAttr("operandSegmentSizes", b.getDenseI32ArrayAttr(segments)));
  state.addAttributes(all);
  state.addTypes(SmallVector<Type>(numResults, RankedTensorType::get({}, b.getI1Type())));
  Operation *op = b.create(state);
  if (succeeded(infer(op)))
    return op;
  forget(op);
  op->erase();
  return nullptr;
}

namespace {

/// The block that decides whether an op runs: regions run with the block they are in.
Block *scopeOf(Operation *op) {
  Block *block = op->getBlock();
  while (block && isa_and_nonnull<RegionOp>(block->getParentOp()))
    block = block->getParentOp()->getBlock();
  return block;
}

bool isSymmetric(Requirement::Kind kind) { return kind == Requirement::Kind::Equal || kind == Requirement::Kind::Broadcast; }

std::string textOf(Requirement::Kind kind, const DimExpr &left, const DimExpr &right) {
  std::string a = left.str(), b = right.str();
  if (isSymmetric(kind) && b < a)
    std::swap(a, b);
  return std::to_string(static_cast<int>(kind)) + a + " and " + b;
}

} // namespace

bool ShapeFacts::holds(Requirement::Kind kind, const DimExpr &left, const DimExpr &right) const {
  auto isOne = [&](const DimExpr &e) { return e.bounds(symbols) == std::pair<int64_t, int64_t>(1, 1); };
  switch (kind) {
  case Requirement::Kind::AtMost: return DimExpr::max(left, right, symbols) == right;
  case Requirement::Kind::Broadcast:
    if (isOne(right))
      return true;
    [[fallthrough]];
  case Requirement::Kind::BroadcastTo:
    if (isOne(left))
      return true;
    [[fallthrough]];
  case Requirement::Kind::Equal: return left == right || (left - right).bounds(symbols) == std::pair<int64_t, int64_t>(0, 0);
  }
  return false;
}

bool ShapeFacts::require(Operation *op, Requirement::Kind kind, const DimExpr &left, const DimExpr &right) {
  if (holds(kind, left, right))
    return true;
  if (left.constant() && right.constant())
    return false;
  // NOTE: what is over the bounds of DimExpr cannot be checked; sizes of buffers, which can, still are.
  if (!op || left.tooLarge() || right.tooLarge())
    return true;
  auto &scopes = requiredIn[textOf(kind, left, right)];
  const auto equal = requiredIn.find(textOf(Requirement::Kind::Equal, left, right));
  Block *scope = scopeOf(op);
  for (Block *outer = scope; outer; outer = outer->getParentOp() ? outer->getParentOp()->getBlock() : nullptr)
    if (llvm::is_contained(scopes, outer) || (equal != requiredIn.end() && llvm::is_contained(equal->second, outer)))
      return true;
  scopes.push_back(scope);
  required.push_back({kind, left, right, op->getLoc(), op->getName(), scope});
  return true;
}

std::optional<DimExpr> ShapeFacts::broadcastDim(Operation *op, const DimExpr &a, const DimExpr &b) {
  if (a == b || b.isConstant(1))
    return a;
  if (a.isConstant(1))
    return b;
  if (!require(op, Requirement::Kind::Broadcast, a, b))
    return std::nullopt;
  // A number other than 1 decides: the symbolic side is either that or 1.
  if (a.constant())
    return a;
  if (b.constant())
    return b;
  DimExpr larger = DimExpr::max(a, b, symbols);
  if (a.bounds(symbols).first >= 1 && b.bounds(symbols).first >= 1)
    return larger;
  // None against one is none.
  return larger * DimExpr::min(DimExpr::min(a, b, symbols), 1, symbols);
}

FailureOr<Dims> ShapeFacts::broadcast(Operation *op, ValueRange operands) {
  size_t rank = 0;
  for (Value v : operands)
    rank = std::max(rank, dims(v).size());
  Dims result(rank, DimExpr(1));
  for (Value v : operands) {
    auto d = dims(v);
    for (size_t i = 0; i < d.size(); ++i) {
      DimExpr &r = result[rank - d.size() + i];
      auto common = broadcastDim(op, r, d[i]);
      if (!common)
        return op->emitOpError() << "cannot broadcast its operands: " << describe(dims(operands[0])) << " against " << describe(d);
      r = *common;
    }
  }
  return result;
}

} // namespace mlc::graph
