// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

template <typename Op> constexpr int operandCount() {
  if (Op::template hasTrait<OpTrait::OneOperand>())
    return 1;
  if (Op::template hasTrait<OpTrait::NOperands<2>::Impl>())
    return 2;
  if (Op::template hasTrait<OpTrait::NOperands<3>::Impl>())
    return 3;
  return Op::template hasTrait<OpTrait::NOperands<5>::Impl>() ? 5 : -1;
}

} // namespace

const Registry &Registry::get() {
  static const Registry registry;
  return registry;
}

template <typename Op> void Registry::addRecord() {
  StringRef name = Op::kRecord.onnxName;
  if (name.empty())
    return;
  records.push_back(std::make_unique<RecordImport>(RecordImport{Op::getOperationName(), operandCount<Op>()}));
  SmallVector<StringRef> versions;
  StringRef(Op::kRecord.onnxSince).split(versions, ',');
  for (StringRef v : versions) {
    OpImport row{.record = records.back().get()};
    v.trim().getAsInteger(10, row.since);
    table[name].push_back(row);
  }
}

void Registry::add(ArrayRef<Row> rows) {
  for (const Row &row : rows)
    table[row.name].push_back({row.since, row.function, nullptr});
}

Registry::Registry() {
  [&]<typename... Ops>(std::tuple<Ops...> *) { (addRecord<Ops>(), ...); }(static_cast<std::tuple<
#define GET_OP_LIST
#include "dialects/Graph/GraphOps.cpp.inc"
      > *>(nullptr));
  for (auto *family : {addArithmetic, addLegacy, addMove, addIndex, addReduce, addNorm, addConv, addGemm, addQuantize, addResize, addRecurrent, addControl, addEinsum})
    family(*this);
  for (auto &entry : table)
    llvm::stable_sort(entry.second, [](const OpImport &a, const OpImport &b) { return a.since < b.since; });
}

const OpImport *Registry::lookup(StringRef name, int64_t opset, bool *known) const {
  auto it = table.find(name);
  if (known)
    *known = it != table.end();
  if (it == table.end())
    return nullptr;
  const OpImport *best = nullptr;
  for (const OpImport &candidate : it->second)
    if (candidate.since <= opset)
      best = &candidate;
  return best;
}

LogicalResult importByRecord(Node &n, const RecordImport &record, ArrayRef<StringRef> but) {
  if (record.operands >= 0 && (n.numInputs() != static_cast<size_t>(record.operands) || failed(n.require(record.operands))))
    return n.fail("it has " + Twine(n.numInputs()) + " inputs, expected " + Twine(record.operands));
  auto attrs = n.attributes(but);
  if (failed(attrs))
    return failure();
  SmallVector<Value> operands(n.inputs());
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  Operation *op = n.makeOp(record.graphOp, operands, *attrs);
  return n.done(op ? op->getResult(0) : Value());
}

} // namespace mlc::importer
