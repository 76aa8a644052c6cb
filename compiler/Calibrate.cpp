// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. a clone whose outputs are the largest magnitudes of its regions' f32 results, and of what products of regions multiply (the ops in front of the product once more, outside);
// 2. that clone as a plan for this machine, run by the caller; 3. the numbers as attributes.
#include "compiler/Calibrate.h"
#include "compiler/HostTwin.h"
#include "dialects/Graph/NodeNames.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Precision/Narrowing.h"
#include "passes/Precision/Passes.h"
#include <cmath>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

SmallVector<RegionOp> regionsOf(ModuleOp module) { return llvm::to_vector(module.lookupSymbol<func::FuncOp>("main").getOps<RegionOp>()); }

double worst(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }

/// The clone under construction.
class Meter {
public:
  explicit Meter(func::FuncOp func) : func(func), facts(func) {}

  bool valid() const { return facts.valid(); }

  /// Outputs for a region: one for each f32 result, then one for each operand of its products that isMeasured.
  void measure(RegionOp region) {
    OpBuilder b(region->getContext());
    b.setInsertionPointAfter(region);
    for (Value r : region.getResults())
      if (facts.elementType(r).isF32())
        add(b, r);
    IRMapping map;
    for (auto [inner, outer] : llvm::zip(region.getBody().front().getArguments(), region.getInputs()))
      map.map(inner, outer);
    for (Operation &op : region.getBody().front())
      if (isa<MatMulOp, ConvOp>(op))
        for (Value operand : op.getOperands().take_front(2))
          if (isMeasured(operand))
            add(b, outside(b, operand, map));
  }

  /// Whether a product's operand is f32 and made without another product, which would run twice.
  bool isMeasured(Value operand) {
    if (!facts.elementType(operand).isF32())
      return false;
    SetVector<Operation *> slice = sliceOf(operand);
    return llvm::none_of(slice, [](Operation *op) { return isa<MatMulOp, ConvOp>(op); });
  }

  void finish() {
    Operation *terminator = func.getBody().front().getTerminator();
    func.removeResAttrsAttr();
    terminator->setOperands(outputs);
    func.setFunctionType(FunctionType::get(func.getContext(), func.getFunctionType().getInputs(), terminator->getOperandTypes()));
    OpBuilder b(func.getContext());
    for (unsigned i = 0; i < outputs.size(); ++i)
      func.setResultAttr(i, kNameAttr, b.getStringAttr("range" + std::to_string(i)));
  }

private:
  static SetVector<Operation *> sliceOf(Value v) {
    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.inclusive = true;
    options.omitBlockArguments = true;
    options.filter = [block = v.getParentBlock()](Operation *op) { return op->getBlock() == block; };
    if (v.getDefiningOp())
      (void)getBackwardSlice(v, &slice, options);
    return slice;
  }

  /// The value that `inner` has, computed outside of its region.
  Value outside(OpBuilder &b, Value inner, IRMapping &map) {
    for (Operation *op : sliceOf(inner))
      if (!map.contains(op->getResult(0))) {
        Operation *now = b.clone(*op, map);
        (void)facts.infer(now);
      }
    return map.lookup(inner);
  }

  void add(OpBuilder &b, Value v) {
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, facts.rank(v)));
    Value magnitude = facts.make<AbsOp>(b, v.getLoc(), v);
    outputs.push_back(axes.empty() ? magnitude
                                   : facts.make<ReduceMaxOp>(b, v.getLoc(), magnitude, {b.getNamedAttr("axes", b.getDenseI64ArrayAttr(axes)), b.getNamedAttr("keepdims", b.getBoolAttr(false))}));
  }

  func::FuncOp func;
  ShapeFacts facts;
  SmallVector<Value> outputs;
};

llvm::Expected<std::vector<double>> run(ModuleOp fused, const CompileOptions &options) {
  OwningOpRef<ModuleOp> clone(fused.clone());
  {
    Meter meter(clone->lookupSymbol<func::FuncOp>("main"));
    if (!meter.valid())
      return llvm::make_error<ModelError>();
    for (RegionOp region : regionsOf(*clone))
      meter.measure(region);
    meter.finish();
  }
  auto runSample = openTwin(*clone, options);
  if (!runSample)
    return runSample.takeError();
  std::vector<double> largest;
  for (size_t i = 0; i < options.samples.count; ++i) {
    auto outputs = (*runSample)(i, {});
    if (!outputs)
      return outputs.takeError();
    largest.resize(outputs->size(), 0);
    for (auto [all, now] : llvm::zip(largest, *outputs))
      all = worst(all, now[0]);
  }
  return largest;
}

} // namespace

llvm::Expected<std::vector<std::string>> Calibration::apply(ModuleOp fused, const CompileOptions &options) {
  std::string key;
  llvm::raw_string_ostream os(key);
  fused.print(os, OpPrintingFlags().elideLargeResourceString(64));
  std::vector<double> &ranges = known[key];
  if (ranges.empty()) {
    auto measured = run(fused, options);
    if (!measured)
      return measured.takeError();
    ranges = std::move(*measured);
  }
  std::vector<std::string> overflows;
  size_t next = 0;
  Meter meter(fused.lookupSymbol<func::FuncOp>("main"));
  OpBuilder b(fused.getContext());
  for (RegionOp region : regionsOf(fused)) {
    SmallVector<double> results;
    double product = 0, largest = 0;
    for (Value r : region.getResults()) {
      double range = cast<RankedTensorType>(r.getType()).getElementType().isF32() ? ranges[next++] : 0;
      results.push_back(holdsMask(region) ? 0 : range); // clamped, so no reason for f32
      largest = worst(largest, results.back());
    }
    for (Operation &op : region.getBody().front())
      if (isa<MatMulOp, ConvOp>(op))
        for (Value operand : op.getOperands().take_front(2))
          if (meter.isMeasured(operand))
            product = worst(product, ranges[next++]);
    region->setAttr(kRangesAttr, b.getDenseF64ArrayAttr(results));
    region->setAttr(kProductRangeAttr, b.getF64FloatAttr(product));
    largest = worst(largest, product);
    if (!(largest <= kLargestTrusted))
      overflows.push_back(("'" + firstName(region.getLoc()) + "' (" + region.getKind() + ") reaches " + llvm::formatv("{0:e2}", largest)).str());
  }
  return overflows;
}

} // namespace mlc
