// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The gemm family: y[.., m, n] = epilogue(sum_k a[.., m, k] b[.., k, n]), f32, b in panels of 16 columns (tiles/Panels.h), a with k contiguous.
// A task is a block of rows times a group of panels; inside, panels are outermost so that one panel of b (K x 64 bytes) stays in L1/L2 over all row tiles.
// When b has no batch dims, those of a are rows like any other, so that short rows (a 7 x 7 image) fill whole tiles.
#include "backends/host/tiles/Blocking.h"
#include "backends/host/tiles/Lanes.h"
#include "backends/host/tiles/Panels.h"
#include "backends/host/tiles/TileStore.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

class Gemm {
public:
  explicit Gemm(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    DimExpr panels = DimExpr::ceilDiv(N, kPanel);
    double depth = static_cast<double>(K.constant().value_or(512));
    blocking = chooseBlocking(k.options.target, M, panels, depth);
    k.kernel.grid = product(batch) * blocking.tasks();
    k.kernel.scratchBytes = 64;
    if (leftIsComputed)
      k.kernel.scratchBytes = DimExpr(64) + K * DimExpr(4 * blocking.blockRows());
    k.kernel.taskNanoseconds = blocking.taskNanoseconds(M, depth);
    bool ok = true;
    k.forEachTask([&](Value task) {
      Value groupCount = e.dim(blocking.groups), blockCount = e.dim(blocking.blocks);
      Value group = e.rem(task, groupCount), rest = e.div(task, groupCount);
      Value block = e.rem(rest, blockCount), b = e.div(rest, blockCount);
      batchIndex.clear();
      for (Value v : e.delinearize(b, batch))
        batchIndex.push_back(e.position(v));
      Value panelStep = e.i64(blocking.panelsPerGroup), panel = e.mul(group, panelStep), panelEnd = e.minimum(e.add(panel, panelStep), e.dim(panels));
      Value rowStep = e.i64(blocking.blockRows()), row = e.mul(block, rowStep), rowEnd = e.minimum(e.add(row, rowStep), e.dim(M));
      if (leftIsComputed)
        packLeft(row, rowEnd);
      auto tiles = [&] {
        forPanels(e, panel, panelEnd, blocking.panels, N, [&](Value p, int64_t n, int64_t columns) {
          e.loop(row, rowEnd, e.i64(blocking.rows), [&](Value m) { ok = ok && tile(m, blocking.rows, blocking.whole, p, n, columns); });
        });
      };
      auto single = [&] { // one row: bandwidth of b is all that counts, all panels of the task at once keep enough loads in flight
        forPanels(e, panel, panelEnd, blocking.panelsPerGroup, N, [&](Value p, int64_t n, int64_t columns) { ok = ok && tile(row, 1, true, p, n, columns); });
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
    N = y.back();
    K = a.back();
    bool flat = k.facts.rank(packed) == 3 && a.size() == y.size();
    size_t outer = flat ? 0 : y.size() - 2;
    batch.assign(y.begin(), y.begin() + outer);
    rowDims.assign(y.begin() + outer, y.end() - 1);
    M = product(rowDims);
    leftIsComputed = matmul.getA().getDefiningOp() && matmul.getA().getDefiningOp()->hasTrait<Pointwise>();
    return true;
  }

  /// The rows' position in an operand whose last dim is `last`.
  Indices rowIndex(ArrayRef<Value> rows, Indices index, Index last) {
    for (Value v : rows)
      index.push_back(e.position(v));
    index.push_back(last);
    return index;
  }

  /// Rows of a prologue's result, computed once per task: [row][K] in scratch, after the 64 bytes of a tile's tail.
  void packLeft(Value row, Value rowEnd) {
    Dims a(k.facts.dims(matmul.getA()));
    packedFrom = row;
    e.loop(row, rowEnd, e.i64(1), [&](Value m) {
      SmallVector<Value> at = e.delinearize(m, rowDims);
      auto put = [&](Value i, bool lane) {
        Value v = e.at(matmul.getA(), rowIndex(at, operandBatch(a, rowDims.size() + 1), {i, lane, lane}));
        LLVM::StoreOp::create(e.b, e.loc, lane ? e.splat(v) : v, advance(e, packedRow(m), i), 4);
      };
      forLanes(e, e.i64(0), e.dim(K), K.constant(), put);
    });
  }

  Value packedRow(Value m) {
    Value base = LLVM::GEPOp::create(e.b, e.loc, k.scratch.getType(), e.b.getI8Type(), k.scratch, ArrayRef<LLVM::GEPArg>{64});
    return advance(e, base, e.mul(e.sub(m, packedFrom), e.dim(K)));
  }

  bool tile(Value m, int64_t rows, bool whole, Value panel, int64_t panels, int64_t panelColumns) {
    Dims a(k.facts.dims(matmul.getA())), b(k.facts.dims(packed));
    SmallVector<Value> left, right;
    TileRows at = tileRows(e, m, rows, whole, rowDims);
    for (int64_t r = 0; r < rows; ++r) {
      if (leftIsComputed) {
        left.push_back(packedRow(r ? e.add(m, e.i64(r)) : m));
        continue;
      }
      auto pointer = e.addressOf(matmul.getA(), rowIndex(at.index[r], operandBatch(a, rowDims.size() + 1), {e.i64(0), true, true}));
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
    auto indexOf = [&](int64_t r) { return rowIndex(at.index[r], batchIndex, {}); };
    Value column = e.mul(panel, e.i64(kPanel));
    RegisterTile tile(e, rows, panels, panelColumns);
    prefetchEpilogue(k, tile, matmul.getY(), matmul.getA(), rows, indexOf, column);
    tile.clear();
    tile.accumulate(left, right, e.dim(K));
    storeTile(k, tile, matmul.getY(), at.valid, indexOf, column, e.dim(N), isWhole(N, panelColumns));
    return true;
  }

  /// Index of an operand's batch dims: all but its last `tail`.
  Indices operandBatch(const Dims &dims, size_t tail) { return reference::operandBatch(e, ArrayRef<DimExpr>(dims).drop_back(tail), batch, batchIndex); }

  KernelBuilder &k;
  Emitter &e;
  MatMulOp matmul;
  Value packed;
  DimExpr M, N, K;
  SmallVector<DimExpr> batch, rowDims;
  Indices batchIndex;
  Blocking blocking;
  bool leftIsComputed = false; // by a prologue
  Value packedFrom;            // the first row in scratch
};

} // namespace

LogicalResult emitGemm(KernelBuilder &k) { return Gemm(k).run(); }

} // namespace mlc::host
