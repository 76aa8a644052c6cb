// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// LSTM, GRU and RNN recurrences along time. Source: ONNX operator specification, LSTM-14, GRU-14 and RNN-14 (the formulas are repeated below).
// One task per batch row. Scratch of a task, in the accumulator's type: the state h [H], the sums s [gates*H], and what the layer needs beside.
// Each step makes s = h R^T by dot products along H, four rows of R at a time, and then the activations along H; both run in vectors.
// Half types compute in f32.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

// ---- activations

/// Arithmetic on scalars or vectors of floats.
struct Floats {
  Emitter &e;
  OpBuilder &b = e.b;
  Location loc = e.loc;
  arith::FastMathFlagsAttr contract = arith::FastMathFlagsAttr::get(e.b.getContext(), arith::FastMathFlags::contract);
  Value number(Value like, double v) { return e.constant(like.getType(), v); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y, contract); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y, contract); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y, contract); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value exp(Value x) { return math::ExpOp::create(b, loc, x); }
  Value tanh(Value x) { return math::TanhOp::create(b, loc, x); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value neg(Value x) { return arith::NegFOp::create(b, loc, x); }
  Value lessThan(Value x, Value y) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y); }
  /// NaN of x stays.
  Value atLeast(Value x, double low) { return e.select(lessThan(x, number(x, low)), number(x, low), x); }
  Value atMost(Value x, double high) { return e.select(lessThan(number(x, high), x), number(x, high), x); }
};

/// An activation by its ONNX name. A parameter that the attributes leave out or give as NaN has the specification's default.
struct Activation {
  std::string name;
  double alpha, beta;

  Value operator()(Emitter &e, Value x) const {
    Floats f{e};
    auto a = [&] { return f.number(x, alpha); };
    auto b = [&] { return f.number(x, beta); };
    Value one = f.number(x, 1), zero = f.number(x, 0);
    if (name == "sigmoid")
      return f.div(one, f.add(one, f.exp(f.neg(x))));
    if (name == "tanh")
      return f.tanh(x);
    if (name == "relu")
      return f.atLeast(x, 0);
    if (name == "hardsigmoid")
      return f.atLeast(f.atMost(f.add(f.mul(a(), x), b()), 1), 0);
    if (name == "softsign")
      return f.div(x, f.add(one, f.abs(x)));
    if (name == "softplus") // max(x, 0) + log1p(exp(-|x|))
      return f.add(f.atLeast(x, 0), math::Log1pOp::create(e.b, e.loc, f.exp(f.neg(f.abs(x)))));
    if (name == "leakyrelu")
      return e.select(f.lessThan(x, zero), f.mul(a(), x), x);
    if (name == "thresholdedrelu")
      return e.select(f.lessThan(x, a()), zero, x);
    if (name == "elu")
      return e.select(f.lessThan(x, zero), f.mul(a(), math::ExpM1Op::create(e.b, e.loc, x)), x);
    if (name == "scaledtanh")
      return f.mul(a(), f.tanh(f.mul(b(), x)));
    if (name == "affine")
      return f.add(f.mul(a(), x), b());
    assert(false && "the importer only makes known activations");
    return x;
  }
};

Activation activation(Operation *op, unsigned i) {
  auto names = op->getAttrOfType<ArrayAttr>("activations");
  auto alphas = op->getAttrOfType<DenseF32ArrayAttr>("alphas").asArrayRef(), betas = op->getAttrOfType<DenseF32ArrayAttr>("betas").asArrayRef();
  Activation f{cast<StringAttr>(names[i]).getValue().lower(), 0, 0};
  auto defaults = llvm::StringSwitch<std::pair<double, double>>(f.name)
                      .Case("hardsigmoid", {0.2, 0.5})
                      .Case("leakyrelu", {0.01, 0})
                      .Cases({"thresholdedrelu", "elu", "affine"}, {1, 0})
                      .Case("scaledtanh", {1, 1})
                      .Default({0, 0});
  f.alpha = i < alphas.size() && !std::isnan(alphas[i]) ? alphas[i] : defaults.first;
  f.beta = i < betas.size() && !std::isnan(betas[i]) ? betas[i] : defaults.second;
  return f;
}

Value clipTo(Emitter &e, Operation *op, Value x) {
  auto clip = op->getAttrOfType<FloatAttr>("clip");
  if (!clip)
    return x;
  Floats f{e};
  return f.atLeast(f.atMost(x, clip.getValueAsDouble()), -clip.getValueAsDouble());
}

// ---- what the layers share

class Recurrence {
public:
  Recurrence(Emitter &e, Operation *op, Value batch, Value scratch, Value sequenceLens)
      : e(e), f{e}, op(op), batch(batch), xw(op->getOperand(0)), r(op->getOperand(1)), lens(sequenceLens), scratchEnd(scratch) {
    element = e.computeType(e.facts.elementType(xw));
    wide = accumulatorType(element);
    H = e.facts.dim(op->getOperand(2), 1);
    h = array(1);
    s = array(gates());
  }

  int64_t gates() { return isa<LstmScanOp>(op) ? 4 : isa<GruScanOp>(op) ? 3 : 1; }
  /// One more array of n*H elements in scratch.
  Memory array(int64_t n) {
    Memory m = e.row(scratchEnd);
    scratchEnd = LLVM::GEPOp::create(e.b, e.loc, scratchEnd.getType(), wide, scratchEnd, ArrayRef<LLVM::GEPArg>{e.dim(H * n)});
    return m;
  }
  Value load(const Memory &m, Index j) { return e.load(m, wide, {j}); }
  void store(const Memory &m, Index j, Value v) { e.store(m, wide, {j}, v); }
  /// Element of an operand, as vector when the index has a lane (a single-element constant answers with a scalar).
  Value operand(Value tensor, ArrayRef<Index> index) {
    Value v = e.convert(e.at(tensor, index), element, wide);
    bool lanes = e.width > 1 && llvm::any_of(index, [](const Index &i) { return i.lane; });
    return lanes ? e.splat(v) : v;
  }
  Index gate(int64_t g, Index j) { return e.shift(j, e.mul(e.dim(H), e.i64(g))); }
  Value activate(const Activation &function, Value x) { return function(e, clipTo(e, op, x)); }

  /// body(j) for the H positions, by vectors and what remains one by one.
  void forEachUnit(llvm::function_ref<void(Index)> body) {
    Value n = e.dim(H), rest = e.i64(0);
    auto extent = H.constant();
    if (e.width > 1 && (!extent || *extent >= e.width)) {
      rest = wholeVectors(n);
      e.loop(e.i64(0), rest, e.i64(e.width), [&](Value j) { body({j, true, false}); });
    }
    if (e.width == 1 || !extent || *extent % e.width)
      e.loop(rest, n, e.i64(1), [&](Value j) { body(e.position(j)); });
  }

  /// s[row] = sum over k of v[k] r[row, k] for rows [first, last) * H.
  void product(const Memory &v, int64_t first, int64_t last) {
    constexpr int64_t kRows = 4;
    DimExpr begin = H * first, end = H * last, blocked = begin + DimExpr::floorDiv(H * (last - first), kRows) * kRows;
    e.loop(e.dim(begin), e.dim(blocked), e.i64(kRows), [&](Value row) { dots(v, row, kRows); });
    if (blocked != end)
      e.loop(e.dim(blocked), e.dim(end), e.i64(1), [&](Value row) { dots(v, row, 1); });
  }

  /// Runs step(time) for the row's sequence, then sets what lies behind its end to 0.
  void overTime(llvm::function_ref<void(Value)> step) {
    Value length = e.dim(e.facts.dim(xw, 0)), all = length;
    if (lens) {
      Value given = e.convert(e.at(lens, {e.position(batch)}), e.facts.elementType(lens), e.b.getI64Type());
      length = e.maximum(e.i64(0), e.minimum(given, all));
    }
    bool reverse = op->getAttrOfType<BoolAttr>("reverse").getValue();
    e.loop(e.i64(0), length, e.i64(1), [&](Value t) { step(reverse ? e.sub(e.sub(length, e.i64(1)), t) : t); });
    if (lens && e.memory(op->getResult(0)))
      e.loop(length, all, e.i64(1), [&](Value t) {
        forEachUnit([&](Index j) { e.store(op->getResult(0), {e.position(t), e.position(batch), j}, e.constant(element, 0)); });
      });
  }

  /// The input's part of gate g's sum and, from s, the state's.
  Value input(Value time, int64_t g, Index j) { return operand(xw, {e.position(time), e.position(batch), gate(g, j)}); }
  Value sum(Value time, int64_t g, Index j) { return f.add(input(time, g, j), load(s, gate(g, j))); }

  void begin(const Memory &state, Value initial) {
    forEachUnit([&](Index j) { store(state, j, operand(initial, {e.position(batch), j})); });
  }
  /// The new h at j, also as y's element.
  void output(Value time, Index j, Value v) {
    store(h, j, v);
    if (e.memory(op->getResult(0)))
      e.store(op->getResult(0), {e.position(time), e.position(batch), j}, e.convert(v, wide, element));
  }
  void finish(const Memory &state, Value result) {
    if (e.memory(result))
      forEachUnit([&](Index j) { e.store(result, {e.position(batch), j}, e.convert(load(state, j), wide, element)); });
  }

  Emitter &e;
  Floats f;
  Operation *op;
  Memory h, s;

private:
  Value wholeVectors(Value n) { return e.mul(e.div(n, e.i64(e.width)), e.i64(e.width)); }

  void dots(const Memory &v, Value row, int64_t count) {
    Value n = e.dim(H), rest = e.i64(0);
    auto extent = H.constant();
    SmallVector<Value> sums(count, e.constant(wide, 0));
    auto accumulate = [&](Index k, ValueRange carried) {
      SmallVector<Value> next;
      Value x = load(v, k);
      for (int64_t i = 0; i < count; ++i)
        next.push_back(f.add(carried[i], f.mul(operand(r, {e.position(e.add(row, e.i64(i))), k}), x)));
      return next;
    };
    if (e.width > 1 && (!extent || *extent >= e.width)) {
      rest = wholeVectors(n);
      SmallVector<Value> lanes(count, e.constant(VectorType::get({e.width}, wide), 0));
      lanes = e.loop(e.i64(0), rest, e.i64(e.width), lanes, [&](Value k, ValueRange carried) { return accumulate({k, true, false}, carried); });
      for (int64_t i = 0; i < count; ++i)
        sums[i] = vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD, lanes[i], arith::FastMathFlags::reassoc);
    }
    if (e.width == 1 || !extent || *extent % e.width)
      sums = e.loop(rest, n, e.i64(1), sums, [&](Value k, ValueRange carried) { return accumulate(e.position(k), carried); });
    for (int64_t i = 0; i < count; ++i)
      store(s, e.position(e.add(row, e.i64(i))), sums[i]);
  }

  Value batch, xw, r, lens, scratchEnd;
  Type element, wide;
  DimExpr H;
};

DimExpr batchRows(ShapeFacts &facts, Operation *op) { return facts.dim(op->getOperand(0), 1); }

/// Arrays of H elements: h and the sums, and c (LSTM) or r.h (GRU).
template <int64_t kArrays> DimExpr scratchBytes(ShapeFacts &facts, Operation *op) {
  int64_t bytes = facts.elementType(op->getOperand(0)).isF64() ? 8 : 4;
  return facts.dim(op->getOperand(2), 1) * (kArrays * bytes);
}

double rowCost(ShapeFacts &facts, Operation *op) {
  double steps = roughCount({facts.dim(op->getOperand(0), 0)});
  return steps * (0.1 * roughCount(facts.dims(op->getOperand(1))) + 2 * roughCount({facts.dim(op->getOperand(0), 2)}));
}

// i = f(x Wi + h Ri + Pi.c)   f' = f(x Wf + h Rf + Pf.c), or 1 - i with input_forget   c~ = g(x Wc + h Rc)
// c = f'.c + i.c~             o = f(x Wo + h Ro + Po.c)                                 h = o.h(c)
void emitLstm(Emitter &e, Operation *op, Value task, Value scratch) {
  auto lstm = cast<LstmScanOp>(op);
  enum { I, O, F, C };
  Recurrence n(e, op, task, scratch, lstm.getSequenceLens());
  Floats &f = n.f;
  Memory c = n.array(1);
  Activation gate = activation(op, 0), cell = activation(op, 1), hidden = activation(op, 2);
  n.begin(n.h, lstm.getH0());
  n.begin(c, lstm.getC0());
  n.overTime([&](Value time) {
    n.product(n.h, 0, 4);
    n.forEachUnit([&](Index j) {
      auto peep = [&](Value sum, int64_t g, Value state) {
        return lstm.getPeephole() ? f.add(sum, f.mul(n.operand(lstm.getPeephole(), {n.gate(g, j)}), state)) : sum;
      };
      Value old = n.load(c, j);
      Value in = n.activate(gate, peep(n.sum(time, I, j), 0, old));
      Value forget = lstm.getInputForget() ? f.sub(f.number(in, 1), in) : n.activate(gate, peep(n.sum(time, F, j), 2, old));
      Value state = f.add(f.mul(forget, old), f.mul(in, n.activate(cell, n.sum(time, C, j))));
      Value out = n.activate(gate, peep(n.sum(time, O, j), 1, state));
      n.store(c, j, state);
      // NOTE: ONNX Runtime clips the gates' sums only, not the cell state on its way into h().
      n.output(time, j, f.mul(out, hidden(e, state)));
    });
  });
  n.finish(n.h, lstm.getH());
  n.finish(c, lstm.getC());
}

// z = f(x Wz + h Rz)   r = f(x Wr + h Rr)   h~ = g(x Wh + ((r.h) Rh + b)), or g(x Wh + r.(h Rh + b)) with linear_before_reset   h = (1 - z).h~ + z.h
// x W includes all biases but b, the recurrent one of h~.
void emitGru(Emitter &e, Operation *op, Value task, Value scratch) {
  auto gru = cast<GruScanOp>(op);
  enum { Z, R, N };
  Recurrence n(e, op, task, scratch, gru.getSequenceLens());
  Floats &f = n.f;
  Memory reset = n.array(1); // r.h
  Activation gate = activation(op, 0), hidden = activation(op, 1);
  auto blend = [&](Value time, Index j, Value z, Value next) {
    n.output(time, j, f.add(f.mul(f.sub(f.number(z, 1), z), next), f.mul(z, n.load(n.h, j))));
  };
  auto recurrent = [&](Index j) { return f.add(n.load(n.s, n.gate(N, j)), n.operand(gru.getRecurrentBias(), {j})); };
  n.begin(n.h, gru.getH0());
  n.overTime([&](Value time) {
    if (gru.getLinearBeforeReset()) {
      n.product(n.h, 0, 3);
      n.forEachUnit([&](Index j) {
        Value z = n.activate(gate, n.sum(time, Z, j)), r = n.activate(gate, n.sum(time, R, j));
        blend(time, j, z, n.activate(hidden, f.add(n.input(time, N, j), f.mul(r, recurrent(j)))));
      });
      return;
    }
    n.product(n.h, 0, 2);
    n.forEachUnit([&](Index j) { n.store(reset, j, f.mul(n.activate(gate, n.sum(time, R, j)), n.load(n.h, j))); });
    n.product(reset, 2, 3);
    n.forEachUnit([&](Index j) { blend(time, j, n.activate(gate, n.sum(time, Z, j)), n.activate(hidden, f.add(n.input(time, N, j), recurrent(j)))); });
  });
  n.finish(n.h, gru.getH());
}

// h = f(x W + h R)
void emitRnn(Emitter &e, Operation *op, Value task, Value scratch) {
  auto rnn = cast<RnnScanOp>(op);
  Recurrence n(e, op, task, scratch, rnn.getSequenceLens());
  Activation gate = activation(op, 0);
  n.begin(n.h, rnn.getH0());
  n.overTime([&](Value time) {
    n.product(n.h, 0, 1);
    n.forEachUnit([&](Index j) { n.output(time, j, n.activate(gate, n.sum(time, 0, j))); });
  });
  n.finish(n.h, rnn.getH());
}

} // namespace

Value recurrentActivation(Emitter &e, Operation *op, unsigned i, Value x, bool clipped) { return activation(op, i)(e, clipped ? clipTo(e, op, x) : x); }

void registerRecurrences() {
  registerNest("graph.lstm_scan", {batchRows, emitLstm, scratchBytes<6>, rowCost});
  registerNest("graph.gru_scan", {batchRows, emitGru, scratchBytes<5>, rowCost});
  registerNest("graph.rnn_scan", {batchRows, emitRnn, scratchBytes<2>, rowCost});
}

} // namespace mlc::reference
