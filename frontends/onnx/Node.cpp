// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "frontends/onnx/Node.h"
#include "frontends/onnx/GraphImporter.h"
#include <cmath>

using namespace mlir;
using ::onnx::AttributeProto;

namespace mlc::importer {

Node::Node(GraphImporter &importer, const ::onnx::NodeProto &proto, int64_t version, Location loc, ArrayRef<Value> operands)
    : version(version), loc(loc), b(importer.builder), facts(importer.facts), importer(importer), proto(proto), operands(operands) {}

LogicalResult Node::fail(const Twine &message) {
  importer.note(message);
  return failure();
}

LogicalResult Node::require(size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (!has(i))
      return fail("its input " + Twine(i) + " is missing");
  return success();
}

// ---- operands

FailureOr<Dims> Node::exprs(size_t i, StringRef what) {
  if (!has(i))
    return fail("it has no " + what);
  auto elements = facts.elements(in(i));
  if (!elements)
    return fail("its " + what + " ('" + proto.input(i) + "') depends on data, is too large an expression, or is no integer tensor of at most 256 elements");
  return Dims(*elements);
}

FailureOr<SmallVector<int64_t>> Node::numbers(size_t i, StringRef what) {
  auto e = exprs(i, what);
  if (failed(e))
    return failure();
  SmallVector<int64_t> out;
  for (const DimExpr &x : *e) {
    auto c = x.constant();
    if (!c)
      return fail("its " + what + " ('" + proto.input(i) + "') is not constant: " + x.str());
    out.push_back(*c);
  }
  return out;
}

std::optional<SmallVector<double>> Node::floats(Value v) { return importer.floats.constants(v, facts); }

std::optional<Dims> Node::integers(Value v) { return importer.floats.integers(v, facts); }

FailureOr<int64_t> Node::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return fail("its axis " + Twine(axis) + " is outside the " + Twine(rank) + " dims of its input");
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> Node::axes(ArrayRef<int64_t> given, int64_t rank) {
  SmallVector<int64_t> out;
  for (int64_t a : given) {
    auto fixed = axis(a, rank);
    if (failed(fixed))
      return failure();
    if (llvm::is_contained(out, *fixed))
      return fail("its axis " + Twine(a) + " is given twice");
    out.push_back(*fixed);
  }
  return out;
}

// ---- attributes

const AttributeProto *Node::find(StringRef name) const {
  for (const AttributeProto &a : proto.attribute())
    if (a.name() == name)
      return a.ref_attr_name().empty() ? &a : importer.callAttribute(a.ref_attr_name());
  return nullptr;
}

const AttributeProto *Node::find(StringRef name, AttributeProto::AttributeType type) {
  const AttributeProto *a = find(name);
  if (!a || a->type() == type)
    return a;
  // Files of IR version 1 and 2 may leave the type out.
  bool unset = a->type() == AttributeProto::UNDEFINED;
  if (unset && ((type == AttributeProto::INT && a->has_i()) || (type == AttributeProto::FLOAT && a->has_f()) || (type == AttributeProto::STRING && a->has_s()) ||
                (type == AttributeProto::INTS && a->ints_size()) || (type == AttributeProto::FLOATS && a->floats_size())))
    return a;
  if (fits)
    (void)fail("its attribute '" + name + "' has type " + AttributeProto::AttributeType_Name(a->type()) + ", expected " + AttributeProto::AttributeType_Name(type));
  fits = false;
  return nullptr;
}

int64_t Node::intAttr(StringRef name, int64_t otherwise) {
  auto *a = find(name, AttributeProto::INT);
  return a ? a->i() : otherwise;
}
float Node::floatAttr(StringRef name, float otherwise) {
  auto *a = find(name, AttributeProto::FLOAT);
  return a ? a->f() : otherwise;
}
std::string Node::stringAttr(StringRef name, StringRef otherwise) {
  auto *a = find(name, AttributeProto::STRING);
  return a ? a->s() : otherwise.str();
}
std::optional<SmallVector<int64_t>> Node::intsAttr(StringRef name) {
  auto *a = find(name, AttributeProto::INTS);
  if (!a)
    return std::nullopt;
  return SmallVector<int64_t>(a->ints().begin(), a->ints().end());
}
std::optional<SmallVector<float>> Node::floatsAttr(StringRef name) {
  auto *a = find(name, AttributeProto::FLOATS);
  if (!a)
    return std::nullopt;
  return SmallVector<float>(a->floats().begin(), a->floats().end());
}
std::vector<std::string> Node::stringsAttr(StringRef name) {
  auto *a = find(name, AttributeProto::STRINGS);
  return a ? std::vector<std::string>(a->strings().begin(), a->strings().end()) : std::vector<std::string>();
}
const ::onnx::TensorProto *Node::tensorAttr(StringRef name) {
  auto *a = find(name, AttributeProto::TENSOR);
  return a ? &a->t() : nullptr;
}
const ::onnx::GraphProto *Node::graphAttr(StringRef name) {
  auto *a = find(name, AttributeProto::GRAPH);
  return a ? &a->g() : nullptr;
}

FailureOr<SmallVector<NamedAttribute>> Node::attributes(ArrayRef<StringRef> but) {
  SmallVector<NamedAttribute> out;
  for (const AttributeProto &given : proto.attribute()) {
    if (llvm::is_contained(but, given.name()))
      continue;
    if (given.name().empty() || llvm::any_of(out, [&](const NamedAttribute &a) { return a.getName() == given.name(); }))
      return fail("its attribute '" + given.name() + "' has no name or is given twice");
    const AttributeProto *a = find(given.name());
    if (!a)
      continue;
    switch (a->type()) {
    case AttributeProto::INT: out.push_back(attr(given.name(), a->i())); break;
    case AttributeProto::FLOAT: out.push_back(real(given.name(), a->f())); break;
    case AttributeProto::STRING: out.push_back(text(given.name(), a->s())); break;
    case AttributeProto::INTS: out.push_back(attr(given.name(), ArrayRef<int64_t>(a->ints().data(), a->ints_size()))); break;
    case AttributeProto::FLOATS: out.push_back(attr(given.name(), b.getDenseF32ArrayAttr(ArrayRef<float>(a->floats().data(), a->floats_size())))); break;
    default: return fail("its attribute '" + given.name() + "' has type " + AttributeProto::AttributeType_Name(a->type()) + ", which does not fit");
    }
  }
  return out;
}

// ---- building

Operation *Node::makeOp(StringRef name, ValueRange values, ArrayRef<NamedAttribute> attrs, unsigned numResults, ArrayRef<int32_t> segments) {
  for (Value v : values)
    if (!v)
      return nullptr;
  return importer.create(loc, name, values, attrs, numResults, segments);
}

FailureOr<ElementsAttr> Node::attributeOf(const ::onnx::TensorProto &tensor) { return importer.attributeOf(tensor); }

Value Node::constant(ElementsAttr value) { return importer.constant(value, loc); }

int64_t saturated(double value) {
  if (std::isnan(value))
    return 0;
  return value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : static_cast<int64_t>(value);
}

Value Node::scalar(Type type, double value) {
  auto tensor = RankedTensorType::get({}, type);
  if (isa<FloatType>(type))
    return constant(DenseElementsAttr::get(tensor, b.getFloatAttr(type, value).getValue()));
  return constant(DenseElementsAttr::get(tensor, APInt(type.getIntOrFloatBitWidth(), saturated(value), true, true)));
}

Value Node::ints(ArrayRef<int64_t> values, ArrayRef<int64_t> shape) {
  return constant(DenseElementsAttr::get(RankedTensorType::get(shape, b.getI64Type()), values));
}

Value Node::reshape(Value x, const Dims &dims) {
  if (!x || this->dims(x) == dims)
    return x;
  return make<graph::ReshapeOp>(x, attr("dims", dims));
}

Value Node::transpose(Value x, ArrayRef<int64_t> perm) {
  if (!x || llvm::equal(perm, llvm::seq<int64_t>(0, rank(x))))
    return x;
  return make<graph::TransposeOp>(x, attr("perm", perm));
}

Value Node::expand(Value x, const Dims &dims) {
  if (!x || this->dims(x) == dims)
    return x;
  return make<graph::ExpandOp>(x, attr("dims", dims));
}

Value Node::cast(Value x, Type type) {
  if (!x || elementType(x) == type)
    return x;
  return make<graph::CastOp>(x, attr("to", TypeAttr::get(type)));
}

Value Node::slice(Value x, int64_t axis, const DimExpr &start, const DimExpr &size) {
  if (!x)
    return x;
  Dims out = dims(x), starts(out.size(), DimExpr(0));
  SmallVector<int64_t> steps(out.size(), 1);
  if (start.isConstant(0) && out[axis] == size)
    return x;
  starts[axis] = start;
  out[axis] = size;
  return make<graph::SliceOp>(x, {attr("starts", starts), attr("steps", ArrayRef<int64_t>(steps)), attr("dims", out)});
}

// ---- ending

LogicalResult Node::done(ValueRange values) {
  if (!fits)
    return failure();
  for (Value v : values)
    if (!v)
      return failure();
  outputs.assign(values.begin(), values.end());
  return success();
}

} // namespace mlc::importer
