// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Arithmetic and selection that is more than one record: n-ary ops, Clip, Pow, Cast.
#include "frontends/onnx/Registry.h"
#include "frontends/onnx/Tensors.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// Min, Max, Sum of any number of operands: a chain of the binary op.
template <typename Op> Value chain(Node &n) {
  Value sum = n.in(0);
  for (size_t i = 1; i < n.numInputs(); ++i)
    sum = n.make<Op>({sum, n.in(i)});
  return sum;
}

template <typename Op> LogicalResult importNary(Node &n) {
  if (n.numInputs() == 0 || failed(n.require(n.numInputs())))
    return n.fail("it needs inputs");
  return n.done(chain<Op>(n));
}

LogicalResult importMean(Node &n) {
  if (n.numInputs() == 0 || failed(n.require(n.numInputs())))
    return n.fail("it needs inputs");
  Value sum = chain<graph::AddOp>(n);
  return n.done(sum ? n.make<graph::DivOp>({sum, n.scalar(n.elementType(sum), n.numInputs())}) : Value());
}

LogicalResult importPow(Node &n) {
  if (failed(n.require(2)))
    return failure();
  return n.done(n.make<graph::PowOp>({n.in(0), n.in(1)}));
}

/// minimum(maximum(x, low), high); bounds are attributes below 11, inputs since.
LogicalResult importClip(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Value x = n.in(0);
  Type type = n.elementType(x);
  Value low = n.in(1), high = n.in(2);
  if (n.version < 11) {
    low = n.hasAttr("min") ? n.scalar(type, n.floatAttr("min", 0)) : Value();
    high = n.hasAttr("max") ? n.scalar(type, n.floatAttr("max", 0)) : Value();
  }
  if (low)
    x = n.make<graph::MaximumOp>({x, n.reshape(low, {})});
  if (high)
    x = n.make<graph::MinimumOp>({x, n.reshape(high, {})});
  return n.done(x);
}

LogicalResult castTo(Node &n, int64_t onnxType) {
  Type type = elementTypeOf(onnxType, n.b.getContext());
  if (!type)
    return n.fail("it casts to " + nameOfElementType(onnxType) + ", which is not supported");
  if (n.intAttr("saturate", 1) != 1)
    return n.fail("casting without saturation is not supported");
  return n.done(n.cast(n.in(0), type));
}

LogicalResult importCast(Node &n) {
  if (failed(n.require(1)))
    return failure();
  if (n.version >= 6)
    return castTo(n, n.intAttr("to", 0));
  ::onnx::TensorProto::DataType type;
  std::string name = n.stringAttr("to", "");
  if (!::onnx::TensorProto::DataType_Parse(name, &type))
    return n.fail("it casts to '" + name + "', which is no type");
  return castTo(n, type);
}

LogicalResult importCastLike(Node &n) {
  if (failed(n.require(2)))
    return failure();
  if (n.intAttr("saturate", 1) != 1)
    return n.fail("casting without saturation is not supported");
  return n.done(n.cast(n.in(0), n.elementType(n.in(1))));
}

} // namespace

void addArithmetic(Registry &r) {
  r.add({{"Min", 1, importNary<graph::MinimumOp>},
         {"Max", 1, importNary<graph::MaximumOp>},
         {"Sum", 1, importNary<graph::AddOp>},
         {"Mean", 1, importMean},
         {"Pow", 7, importPow},
         {"Clip", 1, importClip},
         {"Cast", 1, importCast},
         {"CastLike", 15, importCastLike}});
}

} // namespace mlc::importer
