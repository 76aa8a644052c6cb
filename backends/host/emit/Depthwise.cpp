// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The depthwise family: one filter per channel, NHWC, f32. Channels lie in vectors, four neighbouring pixels share the loads of the weights ([R][S][C]).
// One task per output row. Pixels whose window leaves the input sideways take a guarded path; filter rows outside are skipped.
#include "backends/host/tiles/Panels.h"
#include "backends/host/tiles/TileStore.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kPixels = 4;

class Depthwise {
public:
  explicit Depthwise(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    k.kernel.grid = y[0] * y[1];
    k.kernel.taskNanoseconds = static_cast<double>(y[2].constant().value_or(64) * C * R * S) / 15;
    k.forEachTask([&](Value task) {
      auto at = e.delinearize(task, ArrayRef<DimExpr>(y).take_front(2));
      n = at[0];
      oy = at[1];
      Value Q = e.dim(y[2]), zero = e.i64(0), sx = e.i64(conv.getStrides()[1]);
      // Pixels [low, high) have their whole window inside the row.
      Value low = e.minimum(e.i64((conv.getPads()[1] + conv.getStrides()[1] - 1) / conv.getStrides()[1]), Q);
      int64_t reach = (S - 1) * conv.getDilations()[1] - conv.getPads()[1];
      Value span = e.sub(e.dim(W), e.i64(reach)); // ix0 of the last inside window is below this
      Value high = e.maximum(low, e.minimum(Q, arith::DivSIOp::create(e.b, e.loc, e.add(e.maximum(span, zero), e.sub(sx, e.i64(1))), sx)));
      Value tiled = e.add(low, e.mul(e.div(e.sub(high, low), e.i64(kPixels)), e.i64(kPixels)));
      e.loop(zero, low, e.i64(1), [&](Value ox) { pixels(ox, 1, true); });
      e.loop(low, tiled, e.i64(kPixels), [&](Value ox) { pixels(ox, kPixels, false); });
      e.loop(tiled, high, e.i64(1), [&](Value ox) { pixels(ox, 1, false); });
      e.loop(high, Q, e.i64(1), [&](Value ox) { pixels(ox, 1, true); });
    });
    return success();
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
    if (!conv || !conv.getChannelsLast() || conv.getBias() || !k.facts.elementType(conv.getY()).isF32())
      return false;
    packed = packedDepthwise(conv.getW());
    y = Dims(k.facts.dims(conv.getY()));
    if (!packed || y.size() != 4)
      return false;
    for (Value r : k.region.getResults())
      if (Dims(k.facts.dims(r)) != y)
        return false;
    Dims w(k.facts.dims(packed)), x(k.facts.dims(conv.getX()));
    R = w[0].constant().value_or(0);
    S = w[1].constant().value_or(0);
    C = w[2].constant().value_or(0);
    H = x[1];
    W = x[2];
    return R && S && C && conv.getGroup() == C && y[3].isConstant(C);
  }

  /// `count` pixels from ox on, all channels.
  void pixels(Value ox, int64_t count, bool guarded) {
    Value stop = e.i64(C / e.width * e.width);
    if (C >= e.width)
      e.loop(e.i64(0), stop, e.i64(e.width), [&](Value c) { channels(ox, count, guarded, c, true); });
    if (C % e.width)
      e.loop(stop, e.i64(C), e.i64(1), [&](Value c) { channels(ox, count, guarded, c, false); });
  }

  void channels(Value ox, int64_t count, bool guarded, Value c, bool lane) {
    Type f32 = e.b.getF32Type(), type = lane ? Type(VectorType::get({e.width}, f32)) : f32;
    SmallVector<Value> acc(count, e.constant(type, 0));
    Value sx = e.i64(conv.getStrides()[1]);
    acc = e.loop(e.i64(0), e.i64(R), e.i64(1), acc, [&](Value fy, ValueRange carried) {
      Value iy = e.sub(e.add(e.mul(oy, e.i64(conv.getStrides()[0])), e.mul(fy, e.i64(conv.getDilations()[0]))), e.i64(conv.getPads()[0]));
      Value inside = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, iy, e.dim(H));
      return guardedBlock(inside, SmallVector<Value>(carried), [&](SmallVector<Value> sums) {
        for (int64_t fx = 0; fx < S; ++fx) {
          Value weight = e.at(packed, Indices{e.position(fy), e.position(e.i64(fx)), {c, lane, lane}});
          for (int64_t p = 0; p < count; ++p) {
            Value ix = e.add(e.mul(e.add(ox, e.i64(p)), sx), e.i64(fx * conv.getDilations()[1] - conv.getPads()[1]));
            auto add = [&](Value sum) {
              Value x = e.at(conv.getX(), Indices{e.position(n), e.position(iy), e.position(ix), {c, lane, lane}});
              return Value(LLVM::FMulAddOp::create(e.b, e.loc, x, weight, sum));
            };
            if (!guarded) {
              sums[p] = add(sums[p]);
              continue;
            }
            Value in = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, ix, e.dim(W));
            sums[p] = guardedBlock(in, {sums[p]}, [&](SmallVector<Value> s) { return SmallVector<Value>{add(s[0])}; })[0];
          }
        }
        return sums;
      });
    });
    for (int64_t p = 0; p < count; ++p) {
      Indices index{e.position(n), e.position(oy), e.position(p ? e.add(ox, e.i64(p)) : ox), {c, lane, lane}};
      e.remember(conv.getY(), index, acc[p]);
      for (unsigned i = 0; i < k.region.getNumResults(); ++i)
        k.storeResult(i, index);
    }
  }

  /// condition ? body(values) : values
  SmallVector<Value> guardedBlock(Value condition, SmallVector<Value> values, llvm::function_ref<SmallVector<Value>(SmallVector<Value>)> body) {
    auto branch = scf::IfOp::create(e.b, e.loc, ValueRange(values).getTypes(), condition, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(e.b);
    {
      Emitter::Scope scope(e);
      e.b.setInsertionPointToEnd(branch.thenBlock());
      auto r = body(values);
      scf::YieldOp::create(e.b, e.loc, r);
    }
    e.b.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(e.b, e.loc, values);
    return SmallVector<Value>(branch.getResults());
  }

  KernelBuilder &k;
  Emitter &e;
  ConvOp conv;
  Value packed, n, oy;
  Dims y;
  DimExpr H, W;
  int64_t R = 0, S = 0, C = 0;
};

} // namespace

LogicalResult emitDepthwise(KernelBuilder &k) { return Depthwise(k).run(); }

} // namespace mlc::host
