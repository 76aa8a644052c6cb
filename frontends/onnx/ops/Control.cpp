// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// If, Loop and Scan: bodies become regions that use outer values as they are.
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// Ends the block that the builder stands in.
void yield(Node &n, ValueRange values) { graph::YieldOp::create(n.b, n.loc, values); }

/// A bool scalar from a tensor of one element.
Value condition(Node &n, Value v) {
  if (!v || !n.elementType(v).isInteger(1))
    return (void)n.fail("its condition is not a bool"), Value();
  return n.reshape(v, {});
}

/// Results get their types from inference.
SmallVector<Type> placeholders(Node &n, size_t count) { return SmallVector<Type>(count, RankedTensorType::get({}, n.b.getI1Type())); }

LogicalResult importIf(Node &n) {
  const auto *thenGraph = n.graphAttr("then_branch"), *elseGraph = n.graphAttr("else_branch");
  if (failed(n.require(1)) || !thenGraph || !elseGraph)
    return n.fail("it has no condition or branches");
  Value cond = condition(n, n.in(0));
  if (!cond)
    return failure();
  // A condition that is known leaves one branch.
  if (auto known = n.facts.constantElements(cond)) {
    auto values = n.importer.importSubgraph(known->front() ? *thenGraph : *elseGraph, {});
    return failed(values) ? failure() : n.done(*values);
  }
  OperationState state(n.loc, graph::IfOp::getOperationName());
  state.addOperands(cond);
  state.addTypes(placeholders(n, n.numOutputs()));
  for (const auto *branch : {thenGraph, elseGraph}) {
    OpBuilder::InsertionGuard guard(n.b);
    Region *region = state.addRegion();
    n.b.setInsertionPointToStart(&region->emplaceBlock());
    auto values = n.importer.importSubgraph(*branch, {});
    if (failed(values))
      return failure();
    if (values->size() != n.numOutputs())
      return n.fail("its branch has " + Twine(values->size()) + " outputs, expected " + Twine(n.numOutputs()));
    yield(n, *values);
  }
  Operation *op = n.b.create(state);
  return succeeded(n.importer.adopt(op)) ? n.done(op->getResults()) : failure();
}

/// The parts of a graph.loop; `body` is called with the builder inside the block and gives (condition, carried..., scanned...).
template <typename Body>
Operation *buildLoop(Node &n, Value trips, Value cond, ArrayRef<Value> init, size_t numResults, std::optional<DimExpr> count, bool always, Body body) {
  OperationState state(n.loc, graph::LoopOp::getOperationName());
  state.addOperands({trips, cond});
  state.addOperands(init);
  state.addTypes(placeholders(n, numResults));
  Block &block = state.addRegion()->emplaceBlock();
  auto argument = [&](Type type, const Dims &dims) {
    Value v = block.addArgument(graph::typeOf(type, dims), n.loc);
    n.facts.set(v, type, dims);
    return v;
  };
  SmallVector<Value> arguments{argument(n.b.getI64Type(), {}), argument(n.b.getI1Type(), {})};
  for (Value v : init)
    arguments.push_back(argument(n.elementType(v), n.dims(v)));
  bool runsAll = false;
  {
    OpBuilder::InsertionGuard guard(n.b);
    n.b.setInsertionPointToStart(&block);
    FailureOr<SmallVector<Value>> values = body(arguments);
    if (failed(values))
      return nullptr;
    if (values->size() != numResults + 1)
      return (void)n.fail("its body has " + Twine(values->size()) + " outputs, expected " + Twine(numResults + 1)), nullptr;
    Value next = condition(n, values->front());
    if (!next)
      return nullptr;
    auto known = n.facts.constantElements(next);
    runsAll = always && (next == arguments[1] || (known && known->front()));
    values->front() = next;
    yield(n, *values);
  }
  // The trip count is only sure when nothing can end the loop before.
  if (count && runsAll)
    state.addAttribute("trips", graph::DimsAttr::get(n.b.getContext(), ArrayRef<DimExpr>(*count)));
  Operation *op = n.b.create(state);
  return succeeded(n.importer.adopt(op)) ? op : nullptr;
}

LogicalResult importLoop(Node &n) {
  const auto *body = n.graphAttr("body");
  if (!body)
    return n.fail("it has no body");
  SmallVector<Value> init(n.inputs().drop_front(std::min<size_t>(2, n.numInputs())));
  if (llvm::is_contained(init, Value()))
    return n.fail("one of its initial values is missing");
  Value trips = n.has(0) ? n.reshape(n.in(0), {}) : n.ints(INT64_MAX, {}), cond = n.has(1) ? condition(n, n.in(1)) : n.scalar(n.b.getI1Type(), 1);
  if (!trips || !cond)
    return failure();
  std::optional<DimExpr> count;
  if (auto m = n.facts.elements(trips); m && n.has(0))
    count = DimExpr::max(m->front(), 0, n.facts.symbols);
  auto always = n.facts.constantElements(cond);
  Operation *op = buildLoop(n, trips, cond, init, n.numOutputs(), count, always && always->front(), [&](ArrayRef<Value> args) { return n.importer.importSubgraph(*body, args); });
  return op ? n.done(op->getResults()) : failure();
}

// ---- Scan

struct ScanAxes {
  SmallVector<int64_t> axes, directions;
};

FailureOr<ScanAxes> readScanAxes(Node &n, StringRef which, size_t count) {
  ScanAxes s;
  s.axes = n.intsAttr(("scan_" + which + "_axes").str()).value_or(SmallVector<int64_t>(count, 0));
  s.directions = n.intsAttr(("scan_" + which + "_directions").str()).value_or(SmallVector<int64_t>(count, 0));
  if (s.axes.size() != count || s.directions.size() != count)
    return n.fail("its scan axes or directions do not fit its " + Twine(count) + " scanned values");
  return s;
}

/// x with one axis reversed.
Value reversed(Node &n, Value x, int64_t axis) {
  Dims dims = n.dims(x), starts(dims.size(), DimExpr(0));
  SmallVector<int64_t> steps(dims.size(), 1);
  starts[axis] = dims[axis] - 1;
  steps[axis] = -1;
  return n.make<graph::SliceOp>(x, {n.attr("starts", starts), n.attr("steps", ArrayRef<int64_t>(steps)), n.attr("dims", dims)});
}

/// A loop over the scanned axis: inputs are gathered by the iteration, outputs stacked, both reversed and moved outside where asked.
LogicalResult importScan(Node &n) {
  const auto *body = n.graphAttr("body");
  int64_t scans = n.intAttr("num_scan_inputs", 0), states = static_cast<int64_t>(n.numInputs()) - scans;
  if (!body || scans < 1 || states < 0 || failed(n.require(n.numInputs())) || static_cast<int64_t>(n.numOutputs()) < states)
    return n.fail("its body and inputs do not fit");
  auto in = readScanAxes(n, "input", scans), out = readScanAxes(n, "output", n.numOutputs() - states);
  if (failed(in) || failed(out))
    return failure();
  SmallVector<Value> init(n.inputs().take_front(states)), scanned(n.inputs().drop_front(states));
  SmallVector<int64_t> axes;
  for (auto [i, x] : llvm::enumerate(scanned)) {
    auto axis = n.axis(in->axes[i], n.rank(x));
    if (failed(axis))
      return failure();
    axes.push_back(*axis);
    if (in->directions[i])
      x = reversed(n, x, *axis);
    if (!x)
      return failure();
  }
  DimExpr count = n.dims(scanned[0])[axes[0]];
  Value trips = n.reshape(n.slice(n.make<graph::ShapeOp>(scanned[0]), 0, axes[0], 1), {});
  Operation *op = !trips ? nullptr : buildLoop(n, trips, n.scalar(n.b.getI1Type(), 1), init, n.numOutputs(), count, true, [&](ArrayRef<Value> args) -> FailureOr<SmallVector<Value>> {
    SmallVector<Value> inner(args.drop_front(2));
    for (auto [i, x] : llvm::enumerate(scanned))
      inner.push_back(n.make<graph::GatherOp>({x, args[0]}, n.attr("axis", axes[i])));
    if (llvm::is_contained(inner, Value()))
      return failure();
    auto values = n.importer.importSubgraph(*body, inner);
    if (succeeded(values))
      values->insert(values->begin(), args[1]);
    return values;
  });
  if (!op)
    return failure();
  SmallVector<Value> results(op->getResults());
  for (size_t k = 0; k < results.size() - states; ++k) {
    Value &y = results[states + k];
    if (out->directions[k])
      y = reversed(n, y, 0);
    if (!y)
      return failure();
    auto axis = n.axis(out->axes[k], n.rank(y));
    if (failed(axis))
      return failure();
    SmallVector<int64_t> perm;
    for (int64_t i = 1; i < n.rank(y); ++i)
      perm.push_back(i);
    perm.insert(perm.begin() + *axis, 0);
    y = n.transpose(y, perm);
  }
  return n.done(results);
}

} // namespace

void addControl(Registry &r) { r.add({{"If", 1, importIf}, {"Loop", 1, importLoop}, {"Scan", 9, importScan}}); }

} // namespace mlc::importer
