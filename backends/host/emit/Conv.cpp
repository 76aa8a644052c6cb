// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The conv family: direct convolution, NHWC, f32, with the register tile over (flattened output pixels) x (output channels); no im2col in memory.
// Each pixel of a tile has its own input pointer per tap; taps in the padding read a row of zeros. Without padding a filter row is one run of S*C elements.
// Weights are packed [Cout/16][R][S][C][16] (tiles/Panels.h). The bias is an add of the epilogue.
#include "backends/host/tiles/Blocking.h"
#include "backends/host/tiles/ConvRegion.h"
#include "backends/host/tiles/Panels.h"
#include "backends/host/tiles/TileStore.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

class Conv {
public:
  explicit Conv(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    double depth = static_cast<double>(R * S * C);
    blocking = chooseBlocking(k.options.target, M, panelCount, depth);
    k.kernel.grid = blocking.tasks();
    k.kernel.scratchBytes = 64;
    k.kernel.taskNanoseconds = blocking.taskNanoseconds(M, depth);
    bool ok = true;
    if (padded)
      zeros = zeroRow();
    k.forEachTask([&](Value task) {
      Value groupCount = e.dim(blocking.groups), panelStep = e.i64(blocking.panelsPerGroup), rowStep = e.i64(blocking.blockRows());
      Value panel = e.mul(e.rem(task, groupCount), panelStep), panelEnd = e.minimum(e.add(panel, panelStep), e.i64(panelCount));
      Value m0 = e.mul(e.div(task, groupCount), rowStep), m1 = e.minimum(e.add(m0, rowStep), e.dim(M));
      forPanels(e, panel, panelEnd, blocking.panels, y[3], [&](Value p, int64_t n, int64_t columns) {
        e.loop(m0, m1, e.i64(blocking.rows), [&](Value m) { ok = ok && tile(m, p, n, columns); });
      });
    });
    return success(ok);
  }

private:
  /// Whether a pixel's channels are followed by the next pixel's: not in a slice of channels or in part of a concat.
  bool isDense(Value x) {
    const reference::Memory *memory = e.memory(x);
    return memory && getConstantIntValue(memory->strides[2]) == C;
  }

  bool match() {
    if (!region.match(k) || region.conv.getGroup() != 1)
      return false;
    conv = region.conv;
    packed = packedConvolution(conv.getW());
    if (!packed)
      return false;
    Dims w(k.facts.dims(packed));
    auto fixed = [](const DimExpr &d) { return d.constant().value_or(0); };
    panelCount = fixed(w[0]);
    R = fixed(w[1]);
    S = fixed(w[2]);
    C = fixed(w[3]);
    H = region.x[1];
    W = region.x[2];
    if (!panelCount || !R || !S || !C)
      return false;
    padded = region.padded();
    y = region.y;
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

  bool tile(Value m, Value panel, int64_t panels, int64_t panelColumns) {
    int64_t rows = blocking.rows;
    TileRows at = tileRows(e, m, rows, blocking.whole, ArrayRef<DimExpr>(y).take_front(3));
    SmallVector<Value> y0, x0;
    for (int64_t r = 0; r < rows; ++r) {
      y0.push_back(e.sub(e.mul(at.index[r][1], e.i64(region.stride(0))), e.i64(region.padBefore(0))));
      x0.push_back(e.sub(e.mul(at.index[r][2], e.i64(region.stride(1))), e.i64(region.padBefore(1))));
    }
    auto inputAt = [&](int64_t r, Value iy, Value ix) {
      Indices index{e.position(at.index[r][0]), e.position(iy), e.position(ix), {e.i64(0), true, true}};
      return e.addressOf(conv.getX(), index);
    };
    auto weightsAt = [&](int64_t p, Value fy, Value fx) {
      Indices index{e.position(e.add(panel, e.i64(p))), e.position(fy), e.position(fx), e.zero(), {e.i64(0), true, true}};
      return *e.addressOf(packed, index);
    };
    RegisterTile tile(e, rows, panels, panelColumns);
    auto indexOf = [&](int64_t r) { return Indices{e.position(at.index[r][0]), e.position(at.index[r][1]), e.position(at.index[r][2]), {}}; };
    Value column = e.mul(panel, e.i64(kPanel));
    prefetchEpilogue(k, tile, conv.getY(), conv.getX(), rows, indexOf, column);
    tile.clear();
    bool ok = true;
    bool runs = !padded && conv.getDilations()[1] == 1 && isDense(conv.getX()); // a filter row is contiguous in the input
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
    storeTile(k, tile, conv.getY(), at.valid, indexOf, column, e.dim(y[3]), isWhole(y[3], panelColumns));
    return true;
  }

  KernelBuilder &k;
  Emitter &e;
  ConvRegion region;
  ConvOp conv;
  Blocking blocking;
  Value packed, zeros;
  Dims y;
  DimExpr M, H, W;
  int64_t panelCount = 0, R = 0, S = 0, C = 0;
  bool padded = false;
};

} // namespace

LogicalResult emitConv(KernelBuilder &k) { return Conv(k).run(); }

} // namespace mlc::host
