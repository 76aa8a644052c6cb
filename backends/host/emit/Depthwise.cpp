// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The depthwise family: one filter per channel, NHWC, f32. Channels lie in vectors, neighbouring pixels of a row share the loads of the weights ([R][S][C]).
// A task is an output row times a run of channels. Filter rows outside of the input are skipped. Where the row's length is known, so is which taps of the first
// and the last pixels lie outside; else those pixels take a path that tests each tap.
#include "backends/host/tiles/ConvRegion.h"
#include "backends/host/tiles/Lanes.h"
#include "backends/host/tiles/Panels.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kEnoughTasks = 16; // for a few threads to share evenly
constexpr int64_t kChannelRun = 64;  // fewest channels of a task

class Depthwise {
public:
  explicit Depthwise(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    pairs = 2 * e.width <= kMostLanes && k.isLatencyBound() && C >= 2 * e.width;
    int64_t runs = channelRuns(), length = (C / runs + e.width - 1) / e.width * e.width;
    runs = (C + length - 1) / length;
    k.kernel.grid = DimExpr(runs) * region.y[0] * region.y[1];
    k.kernel.taskNanoseconds = static_cast<double>(region.y[2].constant().value_or(64) * std::min(length, C) * R * S) / 25;
    k.forEachTask([&](Value task) {
      // Runs vary slowest, so that the rows that consecutive tasks share stay in L1.
      Value rows = e.dim(region.y[0] * region.y[1]);
      Value at = runs == 1 ? task : e.rem(task, rows);
      auto index = e.delinearize(at, ArrayRef<DimExpr>(region.y).take_front(2));
      n = index[0];
      oy = index[1];
      findRows();
      auto channels = [&](Value low, Value high, int64_t count) {
        span = {low, high, count};
        row();
      };
      if (runs == 1)
        return channels(e.i64(0), e.i64(C), C);
      // The last run may be shorter.
      Value low = e.mul(e.div(task, rows), e.i64(length)), rest = e.i64((runs - 1) * length);
      if (C % length == 0)
        return channels(low, e.add(low, e.i64(length)), length);
      e.when(e.less(low, rest), [&] { channels(low, e.add(low, e.i64(length)), length); });
      e.when(arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, low, rest), [&] { channels(rest, e.i64(C), C - (runs - 1) * length); });
    });
    return success();
  }

private:
  bool match() {
    if (!region.match(k))
      return false;
    conv = region.conv;
    packed = packedDepthwise(conv.getW());
    if (!packed)
      return false;
    Dims w(k.facts.dims(packed));
    R = w[0].constant().value_or(0);
    S = w[1].constant().value_or(0);
    C = w[2].constant().value_or(0);
    stride = region.stride(1);
    dilation = region.dilation(1);
    pad = region.padBefore(1);
    return R && S && C && static_cast<int64_t>(conv.getGroup()) == C && region.y[3].isConstant(C);
  }

  /// Runs of channels per row: few rows are cut across.
  int64_t channelRuns() {
    auto rows = region.y[1].constant();
    if (!rows || *rows >= kEnoughTasks)
      return 1;
    return std::clamp<int64_t>((kEnoughTasks + *rows - 1) / std::max<int64_t>(*rows, 1), 1, std::max<int64_t>(C / std::max(kChannelRun, e.width), 1));
  }

  /// Filter rows [rowLow, rowHigh) lie inside of the input.
  void findRows() {
    int64_t d = region.dilation(0);
    y0 = e.sub(e.mul(oy, e.i64(region.stride(0))), e.i64(region.padBefore(0)));
    auto ceilDiv = [&](Value v) { return d == 1 ? v : e.div(e.add(v, e.i64(d - 1)), e.i64(d)); };
    Value zero = e.i64(0);
    rowLow = ceilDiv(e.maximum(e.sub(zero, y0), zero));
    rowHigh = e.maximum(rowLow, e.minimum(e.i64(R), ceilDiv(e.maximum(e.sub(e.dim(region.x[1]), y0), zero))));
    if (region.padBefore(0) == 0)
      rowLow = zero;
  }

  /// Pixels that one vector of accumulators each, the weights and the inputs they share leave registers for.
  int64_t mostPixels() { return (k.options.target.vectorBits == 512 ? 8 : k.options.target.vectorBits == 256 ? 6 : 4) / (pairs ? 2 : 1); }

  /// All pixels of the row, for the task's channels.
  void row() {
    auto Q = region.y[2].constant(), W = region.x[2].constant();
    int64_t most = mostPixels();
    if (!Q || !W)
      return openRow(most);
    // Even blocks; the first and last ones, whose taps may lie outside, by themselves, those between in a loop.
    int64_t blocks = (*Q + most - 1) / most, length = (*Q + blocks - 1) / blocks;
    int64_t reach = (S - 1) * dilation;
    auto inside = [&](int64_t ox) { return ox * stride - pad >= 0 && ox * stride - pad + reach < *W; };
    auto blockInside = [&](int64_t first, int64_t count) { return inside(first) && inside(first + count - 1); };
    for (int64_t first = 0; first < *Q;) {
      int64_t count = std::min(length, *Q - first), last = first;
      while (count == length && last + length <= *Q && blockInside(last, length))
        last += length;
      if (last > first + length) {
        e.loop(e.i64(first), e.i64(last), e.i64(length), [&](Value ox) { pixels(ox, length, {}); });
        first = last;
      } else {
        pixels(e.i64(first), count, [&](int64_t p, int64_t fx) {
          int64_t ix = (first + p) * stride + fx * dilation - pad;
          return ix >= 0 && ix < *W;
        });
        first += count;
      }
    }
  }

  /// A row whose length is known at run time: pixels [low, high) have their whole window inside.
  void openRow(int64_t most) {
    Value Q = e.dim(region.y[2]), zero = e.i64(0), sx = e.i64(stride);
    Value low = e.minimum(e.i64((pad + stride - 1) / stride), Q);
    Value reach = e.sub(e.dim(region.x[2]), e.i64((S - 1) * dilation - pad)); // the first column of the last inside window is below this
    Value high = e.maximum(low, e.minimum(Q, e.div(e.add(e.maximum(reach, zero), e.i64(stride - 1)), sx)));
    Value tiled = e.add(low, e.mul(e.div(e.sub(high, low), e.i64(most)), e.i64(most)));
    e.loop(zero, low, e.i64(1), [&](Value ox) { testedPixel(ox); });
    e.loop(low, tiled, e.i64(most), [&](Value ox) { pixels(ox, most, {}); });
    e.loop(tiled, high, e.i64(1), [&](Value ox) { pixels(ox, 1, {}); });
    e.loop(high, Q, e.i64(1), [&](Value ox) { testedPixel(ox); });
  }

  Type laneType() { return channel.lane ? Type(VectorType::get({e.width}, e.b.getF32Type())) : e.b.getF32Type(); }
  Value weight(Value fy, int64_t fx) { return e.at(packed, Indices{e.position(fy), e.position(e.i64(fx)), channel}); }
  Value inputRow(Value fy) { return e.add(y0, e.mul(fy, e.i64(region.dilation(0)))); }
  Value inputColumn(Value ox, int64_t fx) { return e.add(e.mul(ox, e.i64(stride)), e.i64(fx * dilation - pad)); }
  Value product(Value iy, Value ix, Value weight, Value sum) {
    Value x = e.at(conv.getX(), Indices{e.position(n), e.position(iy), e.position(ix), channel});
    return LLVM::FMulAddOp::create(e.b, e.loc, x, weight, sum);
  }

  /// body() for every vector of the task's channels, innermost so that memory is read in order.
  void eachChannel(llvm::function_ref<void()> body) {
    forLanes(e, span.low, span.high, span.count, [&](Value c, bool lane) {
      channel = {c, lane, lane};
      body();
    }, pairs);
  }

  /// `count` pixels from ox on; taps for which `inside` does not hold are left out.
  void pixels(Value ox, int64_t count, llvm::function_ref<bool(int64_t pixel, int64_t fx)> inside) {
    eachChannel([&] { pixelVectors(ox, count, inside); });
  }

  void pixelVectors(Value ox, int64_t count, llvm::function_ref<bool(int64_t pixel, int64_t fx)> inside) {
    SmallVector<Value> acc(count, e.constant(laneType(), 0));
    acc = e.loop(rowLow, rowHigh, e.i64(1), acc, [&](Value fy, ValueRange carried) {
      SmallVector<Value> sums(carried);
      Value iy = inputRow(fy);
      for (int64_t fx = 0; fx < S; ++fx) {
        Value w = weight(fy, fx);
        for (int64_t p = 0; p < count; ++p)
          if (!inside || inside(p, fx))
            sums[p] = product(iy, inputColumn(p ? e.add(ox, e.i64(p)) : ox, fx), w, sums[p]);
      }
      return sums;
    });
    for (int64_t p = 0; p < count; ++p)
      finish(p ? e.add(ox, e.i64(p)) : ox, acc[p]);
  }

  /// One pixel, each tap tested.
  void testedPixel(Value ox) {
    eachChannel([&] { testedPixelVector(ox); });
  }

  void testedPixelVector(Value ox) {
    SmallVector<Value> acc = e.loop(rowLow, rowHigh, e.i64(1), {e.constant(laneType(), 0)}, [&](Value fy, ValueRange carried) {
      Value sum = carried[0], iy = inputRow(fy);
      for (int64_t fx = 0; fx < S; ++fx) {
        Value ix = inputColumn(ox, fx);
        Value in = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, ix, e.dim(region.x[2]));
        auto branch = scf::IfOp::create(e.b, e.loc, sum.getType(), in, /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(e.b);
        {
          Emitter::Scope scope(e);
          e.b.setInsertionPointToEnd(branch.thenBlock());
          scf::YieldOp::create(e.b, e.loc, product(iy, ix, weight(fy, fx), sum));
        }
        e.b.setInsertionPointToEnd(branch.elseBlock());
        scf::YieldOp::create(e.b, e.loc, sum);
        sum = branch.getResult(0);
      }
      return SmallVector<Value>{sum};
    });
    finish(ox, acc[0]);
  }

  void finish(Value ox, Value sum) {
    Indices index{e.position(n), e.position(oy), e.position(ox), channel};
    e.remember(conv.getY(), index, sum);
    for (unsigned i = 0; i < k.region.getNumResults(); ++i)
      k.storeResult(i, index);
  }

  KernelBuilder &k;
  Emitter &e;
  ConvRegion region;
  ConvOp conv;
  Value packed, n, oy, y0, rowLow, rowHigh;
  struct {
    Value low, high;
    int64_t count = 0;
  } span; // channels of the task
  reference::Index channel;
  bool pairs = false; // vectors two by two
  int64_t R = 0, S = 0, C = 0, stride = 1, dilation = 1, pad = 0;
};

} // namespace

LogicalResult emitDepthwise(KernelBuilder &k) { return Depthwise(k).run(); }

} // namespace mlc::host
