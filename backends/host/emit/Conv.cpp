// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The conv family: direct convolution, NHWC, f32, with the register tile over (flattened output pixels) x (output channels); no im2col in memory.
// Each pixel of a tile has its own input pointer per tap; taps in the padding read a row of zeros. Without padding a filter row is one run of S*C elements.
// Weights are packed [Cout/16][R][S][C][16] (tiles/Panels.h). The bias is an add of the epilogue.
#include "backends/host/tiles/Panels.h"
#include "backends/host/tiles/TileStore.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kTilesPerBlock = 8;
constexpr int64_t kPanelsPerGroup = 4;

class Conv {
public:
  explicit Conv(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    rows = k.options.target.tileRows();
    int64_t tilePanels = panelCount % k.options.target.tilePanels() == 0 ? k.options.target.tilePanels() : 1;
    DimExpr groups = DimExpr::ceilDiv(panelCount, kPanelsPerGroup), blocks = DimExpr::ceilDiv(M, rows * kTilesPerBlock);
    k.kernel.grid = blocks * groups;
    k.kernel.scratchBytes = 64;
    k.kernel.taskNanoseconds = static_cast<double>(rows * kTilesPerBlock * kPanel * std::min(kPanelsPerGroup, panelCount)) * R * S * C / 40;
    bool ok = true;
    if (padded)
      zeros = zeroRow();
    k.forEachTask([&](Value task) {
      Value groupCount = e.dim(groups);
      Value panel = e.mul(e.rem(task, groupCount), e.i64(kPanelsPerGroup)), panelEnd = e.minimum(e.add(panel, e.i64(kPanelsPerGroup)), e.i64(panelCount));
      Value m0 = e.mul(e.div(task, groupCount), e.i64(rows * kTilesPerBlock)), m1 = e.minimum(e.add(m0, e.i64(rows * kTilesPerBlock)), e.dim(M));
      e.loop(panel, panelEnd, e.i64(tilePanels), [&](Value p) { e.loop(m0, m1, e.i64(rows), [&](Value m) { ok = ok && tile(m, p, tilePanels); }); });
    });
    return success(ok);
  }

private:
  bool match() {
    for (Operation &op : k.body().without_terminator()) {
      if (auto c = dyn_cast<ConvOp>(op)) {
        if (conv)
          return false;
        conv = c;
      } else if (reference::nest(&op)) {
        return false;
      }
    }
    if (!conv || !conv.getChannelsLast() || conv.getGroup() != 1 || conv.getBias() || !k.facts.elementType(conv.getY()).isF32())
      return false;
    packed = packedConvolution(conv.getW());
    y = Dims(k.facts.dims(conv.getY()));
    if (!packed || y.size() != 4)
      return false;
    for (Value r : k.region.getResults())
      if (Dims(k.facts.dims(r)) != y)
        return false;
    Dims w(k.facts.dims(packed)), x(k.facts.dims(conv.getX()));
    auto fixed = [](const DimExpr &d) { return d.constant().value_or(0); };
    panelCount = fixed(w[0]);
    R = fixed(w[1]);
    S = fixed(w[2]);
    C = fixed(w[3]);
    H = x[1];
    W = x[2];
    if (!panelCount || !R || !S || !C)
      return false;
    auto pads = conv.getPads();
    padded = llvm::any_of(pads, [](int64_t p) { return p != 0; });
    M = y[0] * y[1] * y[2];
    return true;
  }

  /// C zeros in the image's read-only data.
  Value zeroRow() {
    auto type = LLVM::LLVMArrayType::get(e.b.getF32Type(), C);
    OpBuilder top = OpBuilder::atBlockBegin(k.kernel.module->getBody());
    auto value = DenseElementsAttr::get(RankedTensorType::get({C}, e.b.getF32Type()), 0.0f);
    LLVM::GlobalOp::create(top, e.loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, "zeros", value, 64);
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPointAfterValue(k.end);
    return LLVM::AddressOfOp::create(e.b, e.loc, LLVM::LLVMPointerType::get(e.b.getContext()), "zeros");
  }

  bool tile(Value m, Value panel, int64_t panels) {
    SmallVector<Value> valid, n, oy, ox, y0, x0;
    bool whole = M.constant() && *M.constant() % rows == 0;
    Value last = e.sub(e.dim(M), e.i64(1));
    for (int64_t r = 0; r < rows; ++r) {
      Value pixel = r ? e.add(m, e.i64(r)) : m;
      valid.push_back(whole || r == 0 ? Value() : e.less(pixel, e.dim(M)));
      auto at = e.delinearize(whole || r == 0 ? pixel : e.minimum(pixel, last), ArrayRef<DimExpr>(y).take_front(3));
      n.push_back(at[0]);
      oy.push_back(at[1]);
      ox.push_back(at[2]);
      y0.push_back(e.sub(e.mul(at[1], e.i64(conv.getStrides()[0])), e.i64(conv.getPads()[0])));
      x0.push_back(e.sub(e.mul(at[2], e.i64(conv.getStrides()[1])), e.i64(conv.getPads()[1])));
    }
    auto inputAt = [&](int64_t r, Value iy, Value ix) {
      Indices index{e.position(n[r]), e.position(iy), e.position(ix), {e.i64(0), true, true}};
      return e.addressOf(conv.getX(), index);
    };
    auto weightsAt = [&](int64_t p, Value fy, Value fx) {
      Indices index{e.position(e.add(panel, e.i64(p))), e.position(fy), e.position(fx), e.zero(), {e.i64(0), true, true}};
      return *e.addressOf(packed, index);
    };
    RegisterTile tile(e, rows, panels);
    tile.clear();
    bool ok = true;
    bool runs = !padded && conv.getDilations()[1] == 1; // a filter row is contiguous in the input
    auto tap = [&](Value fy, Value fx, Value depth) {
      SmallVector<Value> left, right;
      for (int64_t r = 0; r < rows; ++r) {
        Value iy = e.add(y0[r], e.mul(fy, e.i64(conv.getDilations()[0]))), ix = e.add(x0[r], e.mul(fx, e.i64(conv.getDilations()[1])));
        if (!padded) {
          auto pointer = inputAt(r, iy, ix);
          ok = ok && pointer;
          left.push_back(pointer ? *pointer : Value());
          continue;
        }
        Value inside = e.both(arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, iy, e.dim(H)), arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, ix, e.dim(W)));
        auto pointer = inputAt(r, iy, ix);
        ok = ok && pointer;
        left.push_back(pointer ? arith::SelectOp::create(e.b, e.loc, inside, *pointer, zeros).getResult() : Value());
      }
      for (int64_t p = 0; p < panels; ++p)
        right.push_back(weightsAt(p, fy, fx));
      if (ok)
        tile.accumulate(left, right, depth);
    };
    auto carry = [&](Value high, llvm::function_ref<void(Value)> body) {
      tile.values() = e.loop(e.i64(0), high, e.i64(1), tile.values(), [&](Value i, ValueRange carried) {
        tile.values() = SmallVector<Value>(carried);
        body(i);
        return tile.values();
      });
    };
    carry(e.i64(R), [&](Value fy) {
      if (runs)
        tap(fy, e.i64(0), e.i64(S * C));
      else
        carry(e.i64(S), [&](Value fx) { tap(fy, fx, e.i64(C)); });
    });
    if (!ok)
      return false;
    auto cout = y[3].constant();
    storeTile(k, tile, conv.getY(), valid, [&](int64_t r) { return Indices{e.position(n[r]), e.position(oy[r]), e.position(ox[r]), {}}; }, e.mul(panel, e.i64(kPanel)), e.dim(y[3]), cout && *cout % kPanel == 0);
    return true;
  }

  KernelBuilder &k;
  Emitter &e;
  ConvOp conv;
  Value packed, zeros;
  Dims y;
  DimExpr M, H, W;
  int64_t panelCount = 0, R = 0, S = 0, C = 0, rows = 6;
  bool padded = false;
};

} // namespace

LogicalResult emitConv(KernelBuilder &k) { return Conv(k).run(); }

} // namespace mlc::host
