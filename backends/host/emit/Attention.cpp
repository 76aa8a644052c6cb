// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The attention family: y[.., s, d] = sum_t rows(f(sum_d q[.., s, d] k[.., d, t])) v[.., t, d], where f is any pointwise chain (scale, mask, bias) and rows any
// row-wise computation (softmax, its guards). Letters: S queries, T keys, D their length, Dv the values' length.
// A task is one batch entry (sample and head) times a block of query rows, whose scores stay in the worker's scratch: S_block x T floats. Keys and values are read in
// blocks of kKeys and packed into panels of 16 columns in scratch, so any layout that the region's moves give them works; both products run on the register tile.
// All arrays in scratch are f32; values of 16 bits are widened on their way in, and what a product or the rows make of them is rounded to their types.
// The scores are whole rows, not an online softmax (Milakov and Gimelshein 2018): f and rows may be anything, and a row is at most a few ten KiB.
#include "backends/host/emit/RowPass.h"
#include "backends/host/tiles/Blocking.h"
#include "backends/host/tiles/Lanes.h"
#include "backends/host/tiles/RegisterTile.h"
#include "backends/host/tiles/TileStore.h"
#include <numeric>

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kTilesPerBlock = 8; // row tiles of a task
constexpr int64_t kKeys = 128;        // keys packed at once: 32 KiB when D is 64

class Attention {
public:
  explicit Attention(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    tileRows = std::min<int64_t>(k.options.target.tileRows(), S.constant().value_or(kTilesPerBlock));
    blockRows = tileRows * kTilesPerBlock;
    if (auto s = S.constant())
      blockRows = std::min(blockRows, (*s + tileRows - 1) / tileRows * tileRows);
    blocks = DimExpr::ceilDiv(S, blockRows);
    k.kernel.grid = product(batch) * blocks;
    k.kernel.taskNanoseconds = static_cast<double>(blockRows * T.constant().value_or(128)) * (D.constant().value_or(64) + Dv.constant().value_or(64) + 20) / 40;
    planScratch();
    k.forEachTask([&](Value task) {
      Value blockCount = e.dim(blocks), first = e.mul(e.rem(task, blockCount), e.i64(blockRows));
      at.clear();
      for (Value v : e.delinearize(e.div(task, blockCount), batch))
        at.push_back(e.position(v));
      Value end = e.minimum(e.add(first, e.i64(blockRows)), e.dim(S));
      packQueries(first, end);
      overKeys([&](Value t, Value count) {
        packKeys(t, count);
        scoreTiles(first, end, t, count);
      });
      e.loop(first, end, e.i64(1), [&](Value s) { rowPasses(s, e.sub(s, first)); });
      clearSums();
      overKeys([&](Value t, Value count) {
        packValues(t, count);
        sumTiles(first, end, t, count);
      });
      e.loop(first, end, e.i64(1), [&](Value s) { writeRow(s, e.sub(s, first)); });
    });
    return success();
  }

private:
  /// scores = matmul(q, k); x = the first reduction's operand; weights = the second product's left operand.
  bool match() {
    if (k.region.getKind() != "attention" || k.region.getNumResults() != 1)
      return false;
    // The result may be permuted on its way out.
    Value result = k.terminator()->getOperand(0);
    if (auto transpose = result.getDefiningOp<TransposeOp>()) {
      perm = SmallVector<int64_t>(transpose.getPerm());
      result = transpose.getX();
    }
    second = result.getDefiningOp<MatMulOp>();
    for (Operation &op : k.body().without_terminator()) {
      if (auto m = dyn_cast<MatMulOp>(op); m && m != second) {
        if (first)
          return false;
        first = m;
      }
      if (op.hasTrait<Reduction>())
        reductions.push_back(&op);
    }
    if (!first || !second || reductions.empty())
      return false;
    for (Value v : {first.getY(), second.getY()})
      if (auto type = dyn_cast<FloatType>(k.facts.elementType(v)); !type || type.getWidth() > 32)
        return false;
    x = reductions.front()->getOperand(0);
    scores = Dims(k.facts.dims(first.getY()));
    Dims y(k.facts.dims(second.getY()));
    batch.assign(scores.begin(), scores.end() - 2);
    S = scores[scores.size() - 2];
    T = scores.back();
    D = k.facts.dims(first.getA()).back();
    Dv = y.back();
    return true;
  }

  // ---- scratch, in bytes: [tile tail][queries][packed block][sums][scores]

  void planScratch() {
    auto take = [&](DimExpr floats) {
      DimExpr offset = k.kernel.scratchBytes;
      k.kernel.scratchBytes = offset + DimExpr::ceilDiv(floats * DimExpr(4), 64) * DimExpr(64);
      return offset;
    };
    DimExpr widest = DimExpr::max(D, valuePanels() * DimExpr(kPanel), k.facts.symbols);
    k.kernel.scratchBytes = 64;
    queriesAt = take(D * DimExpr(blockRows));
    packedAt = take(widest * DimExpr(kKeys));
    sumsAt = take(valuePanels() * DimExpr(kPanel * blockRows));
    rowStride = DimExpr::ceilDiv(T, kPanel) * DimExpr(kPanel);
    scoresAt = take(rowStride * DimExpr(blockRows));
  }

  DimExpr valuePanels() { return DimExpr::ceilDiv(Dv, kPanel); }

  /// Pointer to element `offset` of the f32 array at a byte offset of the scratch.
  Value place(const DimExpr &bytes, Value offset) {
    Value base = LLVM::GEPOp::create(e.b, e.loc, k.scratch.getType(), e.b.getI8Type(), k.scratch, ArrayRef<LLVM::GEPArg>{e.dim(bytes)});
    return advance(e, base, offset);
  }
  /// Element of `tensor` in f32, in all lanes if `lane`.
  Value wide(Value tensor, ArrayRef<Index> index, bool lane) {
    Value v = e.at(tensor, index);
    return e.convert(lane ? e.splat(v) : v, k.facts.elementType(tensor), e.b.getF32Type());
  }
  void put(Value pointer, Value v) { LLVM::StoreOp::create(e.b, e.loc, v, pointer, 4); }
  Type vectorType() { return e.width > 1 ? Type(VectorType::get({e.width}, e.b.getF32Type())) : e.b.getF32Type(); }

  // ---- operands

  /// An operand's index: its batch dims broadcast against the scores', then `row`, `column`.
  Indices operandIndex(Value operand, Index row, Index column) {
    Indices index = reference::operandBatch(e, ArrayRef<DimExpr>(k.facts.dims(operand)).drop_back(2), batch, at);
    index.append({row, column});
    return index;
  }

  /// body(d, lane) for d in [0, extent).
  void along(const DimExpr &extent, llvm::function_ref<void(Value, bool)> body) { forLanes(e, e.i64(0), e.dim(extent), extent.constant(), body); }

  void packQueries(Value first_, Value end) {
    e.loop(first_, end, e.i64(1), [&](Value s) {
      Value row = e.mul(e.sub(s, first_), e.dim(D));
      along(D, [&](Value d, bool lane) {
        put(place(queriesAt, e.add(row, d)), wide(first.getA(), operandIndex(first.getA(), e.position(s), {d, lane, lane}), lane));
      });
    });
  }

  /// body(first key, keys) for each block of keys.
  void overKeys(llvm::function_ref<void(Value, Value)> body) {
    e.loop(e.i64(0), e.dim(T), e.i64(kKeys), [&](Value t) { body(t, e.minimum(e.i64(kKeys), e.sub(e.dim(T), t))); });
  }

  /// Panel p of the block holds keys [t + 16 p, + 16) as [D][16]; keys past the end repeat the last one.
  void packKeys(Value t, Value count) {
    Value keys = first.getB(), last = e.sub(e.dim(T), e.i64(1));
    e.loop(e.i64(0), count, e.i64(kPanel), [&](Value offset) {
      Value base = e.mul(offset, e.dim(D)), key = e.add(t, offset);
      auto position = [&](int64_t i) { return e.position(e.minimum(e.add(key, e.i64(i)), last)); };
      auto single = [&](Value d) {
        for (int64_t i = 0; i < kPanel; ++i)
          put(place(packedAt, e.add(base, e.add(e.mul(d, e.i64(kPanel)), e.i64(i)))), wide(keys, operandIndex(keys, e.position(d), position(i)), false));
      };
      if (e.width > 1 && neighbouringKeys())
        packPanelByRows(keys, key, base, single);
      else
        along(D, [&](Value d, bool lane) { lane ? packTransposed(keys, base, d, position) : single(d); });
    });
  }

  /// Whether keys of one d lie next to each other in memory (k is stored as [D, T]).
  bool neighbouringKeys() {
    Index zero{e.i64(0), false, false}, lane{e.i64(0), true, true};
    return !e.readsNeighbours(first.getB(), operandIndex(first.getB(), lane, zero)) && e.readsNeighbours(first.getB(), operandIndex(first.getB(), zero, lane));
  }

  void packPanelByRows(Value keys, Value key, Value base, llvm::function_ref<void(Value)> single) {
    Value whole = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, e.add(key, e.i64(kPanel)), e.dim(T));
    e.when(whole, [&] {
      e.loop(e.i64(0), e.dim(D), e.i64(1), [&](Value d) {
        for (int64_t i = 0; i < kPanel; i += e.width)
          put(place(packedAt, e.add(base, e.add(e.mul(d, e.i64(kPanel)), e.i64(i)))), wide(keys, operandIndex(keys, e.position(d), {e.add(key, e.i64(i)), true, false}), true));
      });
    });
    e.when(arith::XOrIOp::create(e.b, e.loc, whole, arith::ConstantOp::create(e.b, e.loc, e.b.getBoolAttr(true))), [&] { e.loop(e.i64(0), e.dim(D), e.i64(1), single); });
  }

  /// `width` elements of each of 16 keys, transposed block by block in registers.
  void packTransposed(Value keys, Value base, Value d, llvm::function_ref<Index(int64_t)> position) {
    for (int64_t group = 0; group < kPanel; group += e.width) {
      SmallVector<Value> rows;
      for (int64_t i = 0; i < e.width; ++i)
        rows.push_back(wide(keys, operandIndex(keys, {d, true, true}, position(group + i)), true));
      transpose(rows);
      for (int64_t i = 0; i < e.width; ++i)
        put(place(packedAt, e.add(base, e.add(e.mul(e.add(d, e.i64(i)), e.i64(kPanel)), e.i64(group)))), rows[i]);
    }
  }

  /// A square block of width x width elements: log2(width) rounds that swap off-diagonal blocks of two rows.
  void transpose(SmallVector<Value> &rows) {
    for (int64_t half = e.width / 2; half > 0; half /= 2) {
      SmallVector<int64_t> low, high;
      for (int64_t i = 0; i < e.width; ++i) {
        low.push_back(i & half ? e.width + i - half : i);
        high.push_back(i & half ? e.width + i : i + half);
      }
      for (int64_t i = 0; i < e.width; ++i) {
        if (i & half)
          continue;
        Value a = rows[i], c = rows[i + half];
        rows[i] = vector::ShuffleOp::create(e.b, e.loc, a, c, low);
        rows[i + half] = vector::ShuffleOp::create(e.b, e.loc, a, c, high);
      }
    }
  }

  /// Panel p of the block holds columns [16 p, + 16) of its values as [kKeys][16]; columns past the end are left as they are.
  void packValues(Value t, Value count) {
    Value values = second.getB();
    e.loop(e.i64(0), count, e.i64(1), [&](Value i) {
      along(Dv, [&](Value d, bool lane) {
        Value panel = e.div(d, e.i64(kPanel)), column = e.rem(d, e.i64(kPanel));
        put(place(packedAt, e.add(e.mul(e.add(e.mul(panel, e.i64(kKeys)), i), e.i64(kPanel)), column)), wide(values, operandIndex(values, e.position(e.add(t, i)), {d, lane, lane}), lane));
      });
    });
  }

  // ---- products

  /// body(first row, panel, panels at once) for each tile of the block.
  void tiles(Value first_, Value end, Value panels, const DimExpr &known, llvm::function_ref<void(Value, Value, int64_t)> body) {
    int64_t most = tileRows == 1 ? 4 : k.options.target.tilePanels();
    auto fixed = known.constant();
    Value low = e.i64(0);
    auto rows = [&](Value panel, int64_t n) { e.loop(first_, end, e.i64(tileRows), [&](Value s) { body(s, panel, n); }); };
    if (most > 1) {
      Value step = e.i64(most), stop = e.mul(e.div(panels, step), step);
      e.loop(low, stop, step, [&](Value p) { rows(p, most); });
      low = stop;
    }
    if (most == 1 || !fixed || *fixed % most)
      e.loop(low, panels, e.i64(1), [&](Value p) { rows(p, 1); });
  }

  SmallVector<Value> rowPointers(const DimExpr &bytes, Value row, Value stride, Value column) {
    SmallVector<Value> pointers;
    for (int64_t r = 0; r < tileRows; ++r)
      pointers.push_back(place(bytes, e.add(e.mul(r ? e.add(row, e.i64(r)) : row, stride), column)));
    return pointers;
  }

  /// A number that divides the panels of every block of keys: tiles of as many panels leave none over.
  static int64_t panelsOfAllBlocks(int64_t keys) {
    int64_t last = (keys % kKeys + kPanel - 1) / kPanel;
    return keys < kKeys ? last : std::gcd(kKeys / kPanel, last);
  }

  /// x of the block's rows for keys [t, t + count).
  void scoreTiles(Value first_, Value end, Value t, Value count) {
    Value panels = e.div(e.add(count, e.i64(kPanel - 1)), e.i64(kPanel));
    auto fixedT = T.constant();
    DimExpr known = fixedT ? DimExpr(panelsOfAllBlocks(*fixedT)) : T;
    tiles(first_, end, panels, known, [&](Value s, Value panel, int64_t n) {
      RegisterTile tile(e, tileRows, n);
      SmallVector<Value> right, valid;
      for (int64_t p = 0; p < n; ++p)
        right.push_back(place(packedAt, e.mul(e.add(panel, e.i64(p)), e.mul(e.dim(D), e.i64(kPanel)))));
      for (int64_t r = 0; r < tileRows; ++r)
        valid.push_back(r ? e.less(e.add(s, e.i64(r)), end) : Value());
      tile.clear();
      tile.accumulate(rowPointers(queriesAt, e.sub(s, first_), e.dim(D), e.i64(0)), right, e.dim(D));
      storeTile(k, tile, first.getY(), valid, [&](int64_t r) { return rowIndex(r ? e.add(s, e.i64(r)) : s); }, e.add(t, e.mul(panel, e.i64(kPanel))), e.dim(T), fixedT && *fixedT % kPanel == 0,
                [&](int64_t r, const Indices &index) {
                  Value row = e.sub(r ? e.add(s, e.i64(r)) : s, first_);
                  put(place(scoresAt, e.add(e.mul(row, e.dim(rowStride)), index.back().base)), wide(x, index, index.back().lane));
                });
    });
  }

  Indices rowIndex(Value s) {
    Indices index(at);
    index.append({e.position(s), Index()});
    return index;
  }

  /// Turns a row of x into weights, in place.
  void rowPasses(Value s, Value row) {
    reference::Memory memory{place(scoresAt, e.mul(row, e.dim(rowStride))), {}};
    memory.strides.assign(scores.size(), e.i64(0));
    memory.strides.back() = e.i64(1);
    memory.held = e.b.getF32Type();
    e.setMemory(x, memory);
    RowPass pass(k, scores);
    pass.index = at;
    pass.index.push_back(e.position(s));
    for (Operation *op : reductions)
      pass.reduce(op);
    pass.overRow([&](Value i, bool lane) {
      put(advance(e, memory.pointer, i), wide(second.getA(), pass.at(i, lane), lane));
    });
    e.forgetMemory(x);
  }

  void clearSums() {
    Value zero = e.constant(vectorType(), 0);
    e.loop(e.i64(0), e.mul(e.dim(valuePanels()), e.i64(kPanel * blockRows)), e.i64(e.width), [&](Value i) { put(place(sumsAt, i), zero); });
  }

  /// Adds the products of weights and values of keys [t, t + count) to the sums, which lie as [row][panel][16].
  void sumTiles(Value first_, Value end, Value t, Value count) {
    Value panels = e.dim(valuePanels()), stride = e.mul(panels, e.i64(kPanel));
    tiles(first_, end, panels, valuePanels(), [&](Value s, Value panel, int64_t n) {
      RegisterTile tile(e, tileRows, n);
      SmallVector<Value> right;
      Value row = e.sub(s, first_);
      for (int64_t p = 0; p < n; ++p)
        right.push_back(place(packedAt, e.mul(e.add(panel, e.i64(p)), e.i64(kKeys * kPanel))));
      auto sums = rowPointers(sumsAt, row, stride, e.mul(panel, e.i64(kPanel)));
      auto sumAt = [&](int64_t r, int64_t column) { return advance(e, sums[r], e.i64(column)); };
      tile.values().clear();
      for (int64_t r = 0; r < tileRows; ++r)
        for (int64_t c = 0; c < n * kPanel; c += e.width)
          tile.values().push_back(LLVM::LoadOp::create(e.b, e.loc, vectorType(), sumAt(r, c), 4));
      tile.accumulate(rowPointers(scoresAt, row, e.dim(rowStride), t), right, count);
      for (int64_t r = 0; r < tileRows; ++r)
        tile.forEachVector(r, [&](int64_t column, Value v) { put(sumAt(r, column), v); });
    });
  }

  void writeRow(Value s, Value row) {
    Value base = e.mul(row, e.mul(e.dim(valuePanels()), e.i64(kPanel)));
    along(Dv, [&](Value d, bool lane) {
      Indices index = rowIndex(s);
      index.back() = {d, lane, lane};
      Value v = LLVM::LoadOp::create(e.b, e.loc, lane ? vectorType() : e.b.getF32Type(), place(sumsAt, e.add(base, d)), 4);
      e.remember(second.getY(), index, e.convert(v, e.b.getF32Type(), k.facts.elementType(second.getY())));
      Indices out(index);
      for (auto [i, p] : llvm::enumerate(perm))
        out[i] = index[p];
      k.storeResult(0, out);
    });
  }

  KernelBuilder &k;
  Emitter &e;
  MatMulOp first, second;
  Value x;
  SmallVector<Operation *> reductions;
  SmallVector<int64_t> perm; // of the result, empty for none
  Dims scores, batch;
  DimExpr S, T, D, Dv, blocks, rowStride, queriesAt, packedAt, sumsAt, scoresAt;
  int64_t tileRows = 6, blockRows = 48;
  Indices at; // the task's batch entry
};

} // namespace

LogicalResult emitAttention(KernelBuilder &k) { return Attention(k).run(); }

} // namespace mlc::host
