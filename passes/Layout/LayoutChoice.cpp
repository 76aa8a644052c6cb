// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. follow the results of spatial ops forward through the ops that transposes sink through; what meets is one part; 2. sum each part's gain, and the values that enter and leave it.
#include "passes/Layout/LayoutChoice.h"
#include "dialects/Graph/NodeNames.h"
#include "llvm/Support/FormatVariadic.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

// Measured on one Zen 4 core with AVX2 code, alone and over the size of one level of the cache: each layout's kernels per multiply-add or window element, and transposes.
constexpr double kConvGain = 1.0;      // 1.04 ns by elements, 0.02 by tiles
constexpr double kDepthwiseGain = 0.2; // 0.27 and 0.07
constexpr double kGroupedGain = 0.08;  // 0.39 and 0.31 with 4 channels a group
constexpr int64_t kMaxGroupGain = 8;   // channels a group; more run element by element either way
constexpr double kPoolGain = 0.12;     // 0.19 and 0.07
constexpr double kBytesPerNs = 10, kLaunchNs = 1000;

bool isToLast(TransposeOp t) {
  ArrayRef<int64_t> perm = t.getPerm();
  if (perm.size() < 3 || perm.front() != 0 || perm.back() != 1)
    return false;
  for (size_t i = 1; i + 1 < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i) + 1)
      return false;
  return true;
}

bool isToFirst(TransposeOp t) {
  ArrayRef<int64_t> perm = t.getPerm();
  if (perm.size() < 3 || perm.front() != 0 || perm[1] + 1 != static_cast<int64_t>(perm.size()))
    return false;
  for (size_t i = 2; i < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i) - 1)
      return false;
  return true;
}

/// Ops behind which channels-last moves a transpose.
bool isTransparent(Operation *op) {
  return op->getNumResults() == 1 && ((op->hasTrait<Pointwise>() && !isa<ExpandOp>(op)) || op->hasTrait<Reduction>() || isa<ConcatOp, SliceOp, PadOp, TileOp, SoftmaxOp, ResizeOp>(op));
}

} // namespace

bool isSpatial(Operation *op, ShapeFacts &facts) {
  if (!isa<ConvOp, ConvTransposeOp, MaxPoolOp, AveragePoolOp>(op))
    return false;
  int64_t rank = facts.rank(op->getOperand(0));
  auto last = op->getAttrOfType<BoolAttr>("channels_last");
  return rank <= 4 && rank >= (isa<ConvOp>(op) ? 3 : 4) && !(last && last.getValue());
}

bool isLayoutView(Value v, ShapeFacts &facts) {
  Dims dims(facts.dims(v));
  if (dims.size() < 3 || dims[1].isConstant(1))
    return true;
  return llvm::all_of(ArrayRef<DimExpr>(dims).drop_front(2), [](const DimExpr &d) { return d.isConstant(1); });
}

LayoutChoice::LayoutChoice(func::FuncOp func, ShapeFacts &facts) : facts(facts), sizes(func, facts) {
  func.walk([&](Operation *op) { join(op); });
  for (auto [v, part] : partOf)
    leave(v);
  parts.resize(spatial.size());
  for (auto [number, op] : llvm::enumerate(spatial)) {
    Part &part = parts[joined.getLeaderValue(number)];
    if (part.ops++ == 0)
      part.first = op;
    part.gain += gainOf(op);
  }
  for (auto [number, ns] : costs)
    parts[joined.getLeaderValue(number)].borders += ns;
}

void LayoutChoice::join(Operation *op) {
  std::optional<unsigned> part;
  if (isSpatial(op, facts)) {
    part = spatial.size();
    numberOf[op] = *part;
    joined.insert(*part);
    spatial.push_back(op);
    Value x = op->getOperand(0);
    if (auto known = partOf.find(x); known != partOf.end())
      joined.unionSets(*part, known->second);
    else
      enter(*part, x);
  } else if (isTransparent(op) || isa<ReshapeOp>(op)) {
    for (Value v : op->getOperands())
      if (auto known = partOf.find(v); known != partOf.end()) {
        if (part)
          joined.unionSets(*part, known->second);
        part = known->second;
      }
    if (!part || !carriesOn(op->getOpOperand(0)))
      return;
    for (Value v : op->getOperands())
      if (!partOf.contains(v) && facts.rank(v) >= 3 && !isa<ReshapeOp>(op))
        enter(*part, v);
  }
  if (part)
    partOf[op->getResult(0)] = *part;
}

/// A value that comes from outside: moved once, unless it is a constant, a view or was moved to channels first by the model.
void LayoutChoice::enter(unsigned part, Value v) {
  auto moved = v.getDefiningOp<TransposeOp>();
  if (isConstantExpression(v) || isLayoutView(v, facts) || (moved && isToFirst(moved)) || !entered.insert({part, v}).second)
    return;
  costs.push_back({part, moveNs(v)});
}

/// Whether the op that reads it can have it channels last.
bool LayoutChoice::carriesOn(OpOperand &use) const {
  Operation *op = use.getOwner();
  if (numberOf.contains(op))
    return use.getOperandNumber() == 0;
  if (auto view = dyn_cast<ReshapeOp>(op)) {
    Dims in(facts.dims(view.getX())), out(facts.dims(view.getY()));
    return in.size() >= 3 && out.size() >= 3 && in[0] == out[0] && in[1] == out[1];
  }
  auto moved = dyn_cast<TransposeOp>(op);
  return isTransparent(op) || (moved && isToLast(moved));
}

void LayoutChoice::leave(Value v) {
  if (!isLayoutView(v, facts) && llvm::any_of(v.getUses(), [&](OpOperand &use) { return !carriesOn(use); }))
    costs.push_back({partOf.lookup(v), moveNs(v)});
}

double LayoutChoice::elements(ArrayRef<DimExpr> dims) const {
  double n = 1;
  for (const DimExpr &d : dims)
    n *= std::max<int64_t>(1, sizes(d)); // an assumed length may be shorter than a window
  return n;
}

/// NOTE: a launch counts where sizes are known only: at a larger one than is assumed it would not matter, and both sides grow alike.
double LayoutChoice::moveNs(Value v) {
  double launch = llvm::all_of(facts.dims(v), [](const DimExpr &d) { return d.constant().has_value(); }) ? kLaunchNs : 0;
  return launch + elements(facts.dims(v)) * facts.elementType(v).getIntOrFloatBitWidth() / 8 / kBytesPerNs;
}

double LayoutChoice::gainOf(Operation *op) {
  double results = elements(facts.dims(op->getResult(0)));
  if (auto window = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape")) {
    for (int64_t k : window.asArrayRef())
      results *= k;
    return results * kPoolGain;
  }
  Dims w(facts.dims(op->getOperand(1))); // [M, C / group, ..], transposed [C, M / group, ..]
  double taps = results * elements(ArrayRef<DimExpr>(w).drop_front());
  int64_t group = op->getAttrOfType<IntegerAttr>("group").getInt(), channels = sizes(facts.dim(op->getOperand(0), 1));
  if (group <= 1)
    return taps * kConvGain;
  if (group == channels)
    return taps * kDepthwiseGain;
  return channels / group <= kMaxGroupGain ? taps * kGroupedGain : 0;
}

bool LayoutChoice::isLast(Operation *op) const {
  auto number = numberOf.find(op);
  return number != numberOf.end() && parts[joined.getLeaderValue(number->second)].pays();
}

void LayoutChoice::explain(llvm::raw_ostream &os) const {
  for (const Part &part : parts)
    if (part.ops)
      os << llvm::formatv("channels-last: {0} convolutions and pools from '{1}' {2}: kernels gain {3:f1} us, transposes at the borders cost {4:f1} us\n", part.ops, firstName(part.first->getLoc()),
                          part.pays() ? "run channels last" : "stay channels first", part.gain / 1e3, part.borders / 1e3);
}

} // namespace mlc
