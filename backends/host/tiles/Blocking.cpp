// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/Blocking.h"
#include "backends/host/tiles/Lanes.h"
#include "backends/host/tiles/RegisterTile.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;

namespace mlc::host {
namespace {

constexpr int64_t kTilesPerBlock = 8;   // 48 rows of the left operand stay in L2
constexpr int64_t kPanelsPerGroup = 4;  // 64 columns
constexpr int64_t kEnoughTasks = 16;    // for a few threads to share evenly
constexpr double kWorthATask = 6000;    // nanoseconds
constexpr double kGigaflops = 80;       // of one core, for estimates

double nanoseconds(double rows, double panels, double depth) { return 2 * rows * panels * kPanel * depth / kGigaflops; }

/// M, or the number that M is a multiple of (the pixels of one image when the batch is open).
std::optional<int64_t> unitOf(const DimExpr &M) {
  if (auto m = M.constant())
    return m;
  auto one = M.substitute([](llvm::StringRef) { return std::optional<DimExpr>(DimExpr(1)); }).constant();
  return one && *one > 1 && DimExpr::mod(M, *one).isConstant(0) ? one : std::nullopt;
}

/// Rows of a tile: all of a short M, else the height with the least work, a tile costing its rows and about half a row of loads.
int64_t chooseRows(const HostTarget &target, const DimExpr &M) {
  int64_t most = target.tileRows();
  auto unit = unitOf(M);
  if (!unit)
    return most;
  if (M.constant() && *unit <= most)
    return std::max<int64_t>(*unit, 1);
  int64_t best = most;
  auto cost = [&](int64_t r) { return static_cast<double>((*unit + r - 1) / r) * (static_cast<double>(r) + 0.5); };
  for (int64_t r = most - 1; r >= std::max<int64_t>(1, most - 3); --r)
    if (cost(r) < cost(best))
      best = r;
  return best;
}

} // namespace

double Blocking::taskNanoseconds(const DimExpr &M, double depth) const {
  return nanoseconds(static_cast<double>(std::min<int64_t>(M.constant().value_or(blockRows()), blockRows())), static_cast<double>(panelsPerGroup), depth);
}

Blocking chooseBlocking(const HostTarget &target, const DimExpr &M, const DimExpr &panels, double depth) {
  Blocking b;
  b.rows = chooseRows(target, M);
  b.whole = DimExpr::mod(M, b.rows).isConstant(0);
  int64_t count = panels.constant().value_or(kPanelsPerGroup);
  b.panels = std::min(target.tilePanels(), count);
  b.panelsPerGroup = std::min(kPanelsPerGroup, count);
  b.tilesPerBlock = kTilesPerBlock;
  if (auto unit = unitOf(M)) {
    int64_t tiles = (*unit + b.rows - 1) / b.rows, blocks = (tiles + kTilesPerBlock - 1) / kTilesPerBlock;
    auto tilesOf = [&](int64_t blocks) { return (tiles + blocks - 1) / blocks; };
    b.tilesPerBlock = tilesOf(blocks);
    while (blocks * ((count + b.panelsPerGroup - 1) / b.panelsPerGroup) < kEnoughTasks && b.taskNanoseconds(*unit, depth) > 2 * kWorthATask) {
      if (b.panelsPerGroup > b.panels)
        b.panelsPerGroup = std::max(b.panels, b.panelsPerGroup / 2);
      else if (b.tilesPerBlock > 1)
        b.tilesPerBlock = tilesOf(blocks *= 2);
      else
        break;
    }
  }
  b.groups = DimExpr::ceilDiv(panels, b.panelsPerGroup);
  b.blocks = DimExpr::ceilDiv(M, b.blockRows());
  return b;
}

TileRows tileRows(Emitter &e, Value first, int64_t rows, bool whole, ArrayRef<DimExpr> dims) {
  TileRows tile;
  Value M = e.dim(product(dims));
  tile.index.push_back(e.delinearize(first, dims));
  tile.valid.push_back(Value());
  int64_t outermost = 0;
  while (outermost + 1 < static_cast<int64_t>(dims.size()) && dims[outermost].isConstant(1))
    ++outermost;
  // Tiles never leave a line of the last dim when it holds a whole number of them.
  bool straight = !dims.empty() && DimExpr::mod(dims.back(), rows).isConstant(0);
  for (int64_t r = 1; r < rows; ++r) {
    SmallVector<Value> next(straight ? tile.index.front() : tile.index.back());
    Value valid = whole ? Value() : e.less(e.add(first, e.i64(r)), M);
    if (straight) {
      next.back() = e.add(next.back(), e.i64(r));
    } else {
      Value carry = valid ? arith::ExtUIOp::create(e.b, e.loc, e.b.getI64Type(), valid).getResult() : e.i64(1);
      for (int64_t d = static_cast<int64_t>(dims.size()); d-- > outermost;) {
        if (dims[d].isConstant(1) && d != outermost)
          continue;
        next[d] = e.add(next[d], carry);
        if (d == outermost)
          break;
        Value wraps = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, next[d], e.dim(dims[d]));
        next[d] = e.select(wraps, e.i64(0), next[d]);
        carry = arith::ExtUIOp::create(e.b, e.loc, e.b.getI64Type(), wraps);
      }
    }
    tile.index.push_back(next);
    tile.valid.push_back(straight ? Value() : valid);
  }
  return tile;
}

/// Lanes for a last panel of that many columns.
static int64_t lanesOf(int64_t columns) {
  int64_t lanes = kFewestLanes;
  while (lanes < columns)
    lanes *= 2;
  return lanes;
}

bool isWhole(const DimExpr &columns, int64_t panelColumns) {
  auto fixed = columns.constant();
  if (!fixed)
    return false;
  int64_t last = *fixed % kPanel;
  return panelColumns < kPanel ? last == lanesOf(last) : last <= kPanel / 2;
}

void forPanels(Emitter &e, Value low, Value high, int64_t n, const DimExpr &columns, llvm::function_ref<void(Value, int64_t, int64_t)> body) {
  auto fixed = columns.constant();
  int64_t last = fixed ? *fixed % kPanel : 0, full = fixed ? *fixed / kPanel : 0;
  bool half = last > 0 && last <= kPanel / 2;
  Value all = high;
  if (half)
    high = e.minimum(high, e.i64(full));
  if (n > 1 && !(half && full < n)) {
    Value step = e.i64(n), stop = e.add(low, e.mul(e.div(e.sub(high, low), step), step));
    e.loop(low, stop, step, [&](Value p) { body(p, n, kPanel); });
    low = stop;
  }
  int64_t whole = half ? full : fixed ? (*fixed + kPanel - 1) / kPanel : 0;
  if (n == 1 || !fixed || whole % n)
    e.loop(low, high, e.i64(1), [&](Value p) { body(p, 1, kPanel); });
  if (!half)
    return;
  e.when(arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sgt, all, e.i64(full)), [&] {
    LaneWidth narrow(e, std::min(e.width, lanesOf(last)));
    body(e.i64(full), 1, last);
  });
}

} // namespace mlc::host
