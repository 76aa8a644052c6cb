// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The gemm family: y[.., m, n] = epilogue(sum_k a[.., m, k] b[.., k, n]), f32, b in panels of 16 columns (tiles/Panels.h), a with k contiguous.
// A task is a block of rows times a group of panels; inside, panels are outermost so that one panel of b (K x 64 bytes) stays in L1/L2 over all row tiles.
#include "backends/host/tiles/Panels.h"
#include "backends/host/tiles/TileStore.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kTilesPerBlock = 8;  // row tiles of a task: 48 rows of a stay in L2
constexpr int64_t kPanelsPerGroup = 4; // panels of a task: 64 columns

class Gemm {
public:
  explicit Gemm(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    int64_t tilePanels = std::min(k.options.target.tilePanels(), kPanelsPerGroup);
    tileRows = chooseRows();
    DimExpr panels = DimExpr::ceilDiv(N, kPanel), groups = DimExpr::ceilDiv(panels, kPanelsPerGroup);
    DimExpr blocks = DimExpr::ceilDiv(M, tileRows * kTilesPerBlock);
    k.kernel.grid = product(batch) * blocks * groups;
    k.kernel.scratchBytes = 64;
    k.kernel.taskNanoseconds = static_cast<double>(std::min<int64_t>(M.constant().value_or(64), tileRows * kTilesPerBlock)) * kPanel * std::min<int64_t>(kPanelsPerGroup, panels.constant().value_or(4)) *
                               static_cast<double>(K.constant().value_or(512)) / 40;
    bool ok = true;
    k.forEachTask([&](Value task) {
      Value groupCount = e.dim(groups), blockCount = e.dim(blocks);
      Value group = e.rem(task, groupCount), rest = e.div(task, groupCount);
      Value block = e.rem(rest, blockCount), b = e.div(rest, blockCount);
      batchIndex.clear();
      for (Value v : e.delinearize(b, batch))
        batchIndex.push_back(e.position(v));
      Value panel = e.mul(group, e.i64(kPanelsPerGroup)), panelEnd = e.minimum(e.add(panel, e.i64(kPanelsPerGroup)), e.dim(panels));
      Value row = e.mul(block, e.i64(tileRows * kTilesPerBlock)), rowEnd = e.minimum(e.add(row, e.i64(tileRows * kTilesPerBlock)), e.dim(M));
      auto tiles = [&] {
        forPanels(panel, panelEnd, tilePanels, [&](Value p, int64_t n) {
          e.loop(row, rowEnd, e.i64(tileRows), [&](Value m) { ok = ok && tile(m, tileRows, p, n); });
        });
      };
      auto single = [&] { // one row: bandwidth of b is all that counts, four panels keep enough loads in flight
        forPanels(panel, panelEnd, kPanelsPerGroup, [&](Value p, int64_t n) { ok = ok && tile(row, 1, p, n); });
      };
      if (M.isConstant(1)) {
        single();
      } else if (M.constant()) {
        tiles();
      } else {
        Value one = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.sub(rowEnd, row), e.i64(1));
        e.when(one, single);
        e.when(arith::XOrIOp::create(e.b, e.loc, one, arith::ConstantOp::create(e.b, e.loc, e.b.getBoolAttr(true))), tiles);
      }
    });
    return success(ok);
  }

private:
  bool match() {
    for (Operation &op : k.body().without_terminator()) {
      if (auto m = dyn_cast<MatMulOp>(op)) {
        if (matmul)
          return false;
        matmul = m;
      } else if (reference::nest(&op)) {
        return false;
      }
    }
    if (!matmul || !k.facts.elementType(matmul.getY()).isF32())
      return false;
    packed = packedProduct(matmul.getB());
    Dims a(k.facts.dims(matmul.getA())), y(k.facts.dims(matmul.getY()));
    if (!packed || a.size() < 2)
      return false;
    for (Value r : k.region.getResults())
      if (Dims(k.facts.dims(r)) != y)
        return false;
    M = y[y.size() - 2];
    N = y.back();
    K = a.back();
    batch.assign(y.begin(), y.end() - 2);
    return true;
  }

  /// Rows of the tile: all of a short M, else the height that wastes least on the last tile.
  int64_t chooseRows() {
    int64_t most = k.options.target.tileRows();
    auto m = M.constant();
    if (!m)
      return most;
    if (*m <= most)
      return std::max<int64_t>(*m, 1);
    int64_t best = most;
    auto wasted = [&](int64_t r) { return (*m + r - 1) / r * r - *m; };
    for (int64_t r = most - 1; r >= most - 2 && r > 0; --r)
      // A lower tile costs about 1/r more loads per product.
      if (wasted(r) + *m / r / 2 < wasted(best))
        best = r;
    return best;
  }

  /// body(first panel, panels at once): `n` at once while they fit, then one by one.
  void forPanels(Value low, Value high, int64_t n, llvm::function_ref<void(Value, int64_t)> body) {
    if (n > 1) {
      Value step = e.i64(n), stop = e.add(low, e.mul(e.div(e.sub(high, low), step), step));
      e.loop(low, stop, step, [&](Value p) { body(p, n); });
      low = stop;
    }
    auto panels = DimExpr::ceilDiv(N, kPanel).constant();
    if (n == 1 || !panels || *panels % n)
      e.loop(low, high, e.i64(1), [&](Value p) { body(p, 1); });
  }

  bool tile(Value m, int64_t rows, Value panel, int64_t panels) {
    Dims a(k.facts.dims(matmul.getA())), b(k.facts.dims(packed));
    SmallVector<Value> left, right, valid;
    Value last = e.sub(e.dim(M), e.i64(1));
    bool whole = M.constant() && *M.constant() % rows == 0;
    for (int64_t r = 0; r < rows; ++r) {
      Value row = r ? e.add(m, e.i64(r)) : m;
      valid.push_back(whole || r == 0 ? Value() : e.less(row, e.dim(M)));
      Indices index = operandBatch(a, 2);
      index.push_back(e.position(whole || r == 0 ? row : e.minimum(row, last)));
      index.push_back({e.i64(0), true, true});
      auto pointer = e.addressOf(matmul.getA(), index);
      if (!pointer)
        return false;
      left.push_back(*pointer);
    }
    for (int64_t p = 0; p < panels; ++p) {
      Indices index = operandBatch(b, 3);
      index.push_back(e.position(e.add(panel, e.i64(p))));
      index.push_back(e.zero());
      index.push_back({e.i64(0), true, true});
      auto pointer = e.addressOf(packed, index);
      if (!pointer)
        return false;
      right.push_back(*pointer);
    }
    RegisterTile tile(e, rows, panels);
    tile.clear();
    tile.accumulate(left, right, e.dim(K));
    auto n = N.constant();
    storeTile(k, tile, matmul.getY(), valid, [&](int64_t r) {
      Indices index(batchIndex);
      index.push_back(e.position(r ? e.add(m, e.i64(r)) : m));
      index.push_back({});
      return index;
    }, e.mul(panel, e.i64(kPanel)), e.dim(N), n && *n % kPanel == 0);
    return true;
  }

  /// Index of an operand's batch dims: all but its last `tail` dims, broadcast against the result's.
  Indices operandBatch(const Dims &dims, size_t tail) {
    Indices index;
    size_t own = dims.size() - tail;
    for (size_t i = 0; i < own; ++i) {
      const DimExpr &result = batch[batch.size() - own + i];
      const Index &at = batchIndex[batch.size() - own + i];
      if (dims[i].isConstant(1)) {
        index.push_back(e.zero());
      } else if (dims[i] == result || dims[i].constant()) {
        index.push_back(at);
      } else {
        Value one = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.dim(dims[i]), e.i64(1));
        index.push_back(e.position(e.select(one, e.i64(0), at.base)));
      }
    }
    return index;
  }

  KernelBuilder &k;
  Emitter &e;
  MatMulOp matmul;
  Value packed;
  DimExpr M, N, K;
  SmallVector<DimExpr> batch;
  Indices batchIndex;
  int64_t tileRows = 6;
};

} // namespace

LogicalResult emitGemm(KernelBuilder &k) { return Gemm(k).run(); }

} // namespace mlc::host
