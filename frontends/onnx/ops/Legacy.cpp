// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Forms of opsets below 7: `consumed_inputs`, and the `broadcast` and `axis` attributes of binary ops.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// The record of the operator's first modern version.
const RecordImport *modern(Node &n) {
  for (int64_t version = 6; version <= kNewestOpset; ++version)
    if (const OpImport *import = Registry::get().lookup(n.op(), version); import && import->record)
      return import->record;
  return nullptr;
}

LogicalResult importUnary(Node &n) { return importByRecord(n, *modern(n), {"consumed_inputs"}); }

/// b aligned with a's dims from `axis` on: trailing dims of 1 make numpy's rule do the same.
Value alignedOperand(Node &n) {
  Value a = n.in(0), b = n.in(1);
  if (!n.intAttr("broadcast", 0) || !n.hasAttr("axis"))
    return b;
  auto axis = n.axis(n.intAttr("axis", 0), n.rank(a));
  if (failed(axis))
    return {};
  Dims dims = n.dims(b);
  for (int64_t i = *axis + n.rank(b); i < n.rank(a); ++i)
    dims.push_back(1);
  return n.reshape(b, dims);
}

LogicalResult importBinary(Node &n) {
  if (failed(n.require(2)))
    return failure();
  Operation *op = n.makeOp(modern(n)->graphOp, {n.in(0), alignedOperand(n)}, {});
  return n.done(op ? op->getResult(0) : Value());
}

/// One slope per channel lies along dim 1.
LogicalResult importPRelu(Node &n) {
  if (failed(n.require(2)))
    return failure();
  Value slope = n.in(1);
  if (Dims own = n.dims(slope); own.size() == 1 && !own[0].isConstant(1)) {
    own.append(std::max<int64_t>(0, n.rank(n.in(0)) - 2), DimExpr(1));
    slope = n.reshape(slope, own);
  }
  return n.done(n.make<graph::PReluOp>({n.in(0), slope}));
}

LogicalResult importPow(Node &n) {
  if (failed(n.require(2)))
    return failure();
  return n.done(n.make<graph::PowOp>({n.in(0), alignedOperand(n)}));
}

} // namespace

void addLegacy(Registry &r) {
  for (const char *name : {"Abs", "Neg", "Ceil", "Floor", "Sqrt", "Reciprocal", "Exp", "Log", "Tanh", "Relu", "Sigmoid", "LeakyRelu", "Elu", "Selu", "HardSigmoid", "InstanceNormalization"})
    r.add({{name, 1, importUnary}});
  for (const char *name : {"Add", "Sub", "Mul", "Div", "And", "Or", "Xor", "Equal", "Less", "Greater"})
    r.add({{name, 1, importBinary}});
  r.add({{"Pow", 1, importPow}, {"PRelu", 1, importPRelu}});
}

} // namespace mlc::importer
