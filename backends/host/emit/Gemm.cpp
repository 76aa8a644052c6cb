// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The gemm family: y[.., m, n] = epilogue(sum_k a[.., m, k] b[.., k, n]), f32, b in panels of 16 columns (tiles/Panels.h), a with k contiguous.
// A task is a block of rows times a group of panels; inside, panels are outermost so that one panel of b (K x 64 bytes) stays in L1/L2 over all row tiles.
// When b has no batch dims, those of a are rows like any other, so that short rows (a 7 x 7 image) fill whole tiles.
#include "backends/host/tiles/Blocking.h"
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
    return true;
  }

  bool tile(Value m, int64_t rows, bool whole, Value panel, int64_t panels, int64_t panelColumns) {
    Dims a(k.facts.dims(matmul.getA())), b(k.facts.dims(packed));
    SmallVector<Value> left, right;
    TileRows at = tileRows(e, m, rows, whole, rowDims);
    auto rowIndex = [&](int64_t r, Indices index, Index last) {
      for (Value v : at.index[r])
        index.push_back(e.position(v));
      index.push_back(last);
      return index;
    };
    for (int64_t r = 0; r < rows; ++r) {
      auto pointer = e.addressOf(matmul.getA(), rowIndex(r, operandBatch(a, rowDims.size() + 1), {e.i64(0), true, true}));
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
    auto indexOf = [&](int64_t r) { return rowIndex(r, batchIndex, {}); };
    Value column = e.mul(panel, e.i64(kPanel));
    RegisterTile tile(e, rows, panels, panelColumns);
    prefetchEpilogue(k, tile, matmul.getY(), matmul.getA(), rows, indexOf, column);
    tile.clear();
    tile.accumulate(left, right, e.dim(K));
    auto n = N.constant();
    storeTile(k, tile, matmul.getY(), at.valid, indexOf, column, e.dim(N), n && *n % kPanel == 0);
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
  SmallVector<DimExpr> batch, rowDims;
  Indices batchIndex;
  Blocking blocking;
};

} // namespace

LogicalResult emitGemm(KernelBuilder &k) { return Gemm(k).run(); }

} // namespace mlc::host
