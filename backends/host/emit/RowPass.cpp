// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/emit/RowPass.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {

constexpr int64_t kAccumulators = 4; // independent chains hide the latency of add and max

bool isCostly(Operation *op) { return op && isa<ExpOp, ErfOp, TanhOp, LogOp, SigmoidOp, GeluOp, PowOp, SinOp, CosOp>(op); }

static vector::CombiningKind combiningKind(Operation *op, bool isFloat, bool isUnsigned) {
  if (isa<ReduceMaxOp>(op))
    return isFloat ? vector::CombiningKind::MAXIMUMF : isUnsigned ? vector::CombiningKind::MAXUI : vector::CombiningKind::MAXSI;
  if (isa<ReduceMinOp>(op))
    return isFloat ? vector::CombiningKind::MINIMUMF : isUnsigned ? vector::CombiningKind::MINUI : vector::CombiningKind::MINSI;
  return isa<ReduceProdOp>(op) ? vector::CombiningKind::MUL : vector::CombiningKind::ADD;
}

Indices RowPass::at(Value i, bool lane) {
  Indices full(index);
  full.push_back({i, lane, lane});
  return full;
}

void RowPass::overRow(llvm::function_ref<void(Value, bool lane)> body) {
  Value high = e.dim(dims.back()), low = e.i64(0);
  if (e.width > 1 && (!extent || *extent >= e.width)) {
    Value width = e.i64(e.width), stop = e.mul(e.div(high, width), width);
    e.loop(low, stop, width, [&](Value i) { body(i, true); });
    low = stop;
  }
  if (e.width == 1 || !extent || *extent % e.width)
    e.loop(low, high, e.i64(1), [&](Value i) { body(i, false); });
}

void RowPass::reduce(Operation *op) {
  Value x = op->getOperand(0);
  Type elementType = k.facts.elementType(x), element = e.computeType(elementType), type = reference::accumulatorType(element);
  bool keep = isCostly(x.getDefiningOp()) && !x.hasOneUse() && !e.memory(x);
  reference::Memory kept;
  if (keep)
    kept = scratchRow(x);
  auto elementAt = [&](Value i, bool lane) {
    Value v = e.at(x, at(i, lane));
    if (lane)
      v = e.splat(v);
    if (keep)
      storeKept(x, kept, i, lane, v);
    return e.convert(v, element, type);
  };
  Value acc = reference::reductionInit(e, op, type), low = e.i64(0), high = e.dim(dims.back());
  if (e.width > 1 && (!extent || *extent >= e.width)) {
    int64_t chains = extent ? std::clamp<int64_t>(*extent / e.width, 1, kAccumulators) : kAccumulators;
    Value init = reference::reductionInit(e, op, VectorType::get({e.width}, type)), width = e.i64(e.width), step = e.i64(e.width * chains);
    SmallVector<Value> accs(chains, init);
    Value stop = e.mul(e.div(high, step), step);
    accs = e.loop(low, stop, step, accs, [&](Value i, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t c = 0; c < chains; ++c)
        next.push_back(reference::reductionCombine(e, op, carried[c], elementAt(e.add(i, e.i64(c * e.width)), true)));
      return next;
    });
    for (int64_t c = 1; c < chains; ++c)
      accs[0] = reference::reductionCombine(e, op, accs[0], accs[c]);
    Value vectorStop = e.mul(e.div(high, width), width);
    if (!extent || *extent % (e.width * chains) >= e.width)
      accs[0] = e.loop(stop, vectorStop, width, {accs[0]}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
        return {reference::reductionCombine(e, op, carried[0], elementAt(i, true))};
      })[0];
    bool isFloat = isa<FloatType>(type);
    auto kind = combiningKind(op, isFloat, Emitter::isUnsigned(elementType));
    acc = vector::ReductionOp::create(e.b, e.loc, kind, accs[0], isFloat ? arith::FastMathFlags::reassoc : arith::FastMathFlags::none);
    low = vectorStop;
  }
  if (e.width == 1 || !extent || *extent % e.width)
    acc = e.loop(low, high, e.i64(1), {acc}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
      return {reference::reductionCombine(e, op, carried[0], elementAt(i, false))};
    })[0];
  acc = reference::reductionFinish(e, op, acc, high);
  e.remember(op->getResult(0), at(e.i64(0), false), e.convert(acc, type, element));
  if (keep)
    e.setMemory(x, kept);
}

reference::Memory RowPass::scratchRow(Value x) {
  DimExpr offset = k.kernel.scratchBytes;
  int64_t bytes = (e.storageType(k.facts.elementType(x)).getIntOrFloatBitWidth() + 7) / 8;
  k.kernel.scratchBytes = offset + DimExpr::ceilDiv(dims.back() * DimExpr(bytes), 64) * 64;
  Value pointer = LLVM::GEPOp::create(e.b, e.loc, k.scratch.getType(), e.b.getI8Type(), k.scratch, ArrayRef<LLVM::GEPArg>{e.dim(offset)});
  reference::Memory m{pointer, {}};
  m.strides.assign(dims.size(), e.i64(0));
  m.strides.back() = e.i64(1);
  return m;
}

void RowPass::storeKept(Value x, const reference::Memory &kept, Value i, bool lane, Value v) {
  e.setMemory(x, kept);
  e.store(x, at(i, lane), v);
  e.forgetMemory(x);
}

} // namespace mlc::host
