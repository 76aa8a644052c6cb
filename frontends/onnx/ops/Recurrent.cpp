// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// LSTM, GRU and RNN: per direction one matmul for the input's products and one scan for the recurrence.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// What the three layers share. Weights are as ONNX has them: w [D, gates*H, I], r [D, gates*H, H], b [D, 2*gates*H].
struct Layer {
  Node &n;
  int64_t gates;
  Value x, w, r, b, lens, h0, c0, peephole;
  int64_t directions = 1, hidden = 0;
  bool batchFirst = false;
  std::string direction{};
  std::vector<std::string> activations{};
  SmallVector<float> alphas{}, betas{};

  LogicalResult read(ArrayRef<const char *> defaults);
  /// Part d of a tensor with one part per direction, without that dim.
  Value of(Value v, int64_t d) {
    if (!v)
      return v;
    Dims dims = n.dims(v);
    dims.erase(dims.begin());
    return n.reshape(n.slice(v, 0, d, 1), dims);
  }
  Value part(Value v, int64_t start, int64_t count) { return n.slice(v, 0, start * hidden, count * hidden); }
  Value products(int64_t d) { return n.make<graph::MatMulOp>({x, n.transpose(of(w, d), {1, 0})}); }
  Value state(Value initial, int64_t d) {
    if (initial)
      return of(initial, d);
    return n.expand(n.scalar(n.elementType(x), 0), {n.dims(x)[1], DimExpr(hidden)});
  }
  bool reverse(int64_t d) const { return direction == "reverse" || d == 1; }
  SmallVector<NamedAttribute> attributes(int64_t d);
  LogicalResult finish(ArrayRef<SmallVector<Value>> results);

private:
  LogicalResult readActivations(ArrayRef<const char *> defaults);
};

/// alpha and beta of an activation that the model leaves out; how many of them it takes from the model's lists.
struct Parameters {
  int count;
  float alpha, beta;
};
std::optional<Parameters> parametersOf(StringRef name) {
  return llvm::StringSwitch<std::optional<Parameters>>(name)
      .CasesLower({"relu", "tanh", "sigmoid", "softsign", "softplus"}, Parameters{0, 0, 0})
      .CaseLower("leakyrelu", Parameters{1, 0.01f, 0})
      .CaseLower("thresholdedrelu", Parameters{1, 1, 0})
      .CaseLower("elu", Parameters{1, 1, 0})
      .CaseLower("hardsigmoid", Parameters{2, 0.2f, 0.5f})
      .CaseLower("affine", Parameters{2, 1, 0})
      .CaseLower("scaledtanh", Parameters{2, 1, 1})
      .Default(std::nullopt);
}
StringRef spelling(StringRef name) {
  for (StringRef s : {"Relu", "Tanh", "Sigmoid", "Softsign", "Softplus", "LeakyRelu", "ThresholdedRelu", "Elu", "HardSigmoid", "Affine", "ScaledTanh"})
    if (s.equals_insensitive(name))
      return s;
  return name;
}

LogicalResult Layer::readActivations(ArrayRef<const char *> defaults) {
  std::vector<std::string> names = n.stringsAttr("activations");
  if (names.empty())
    for (int64_t d = 0; d < directions; ++d)
      names.insert(names.end(), defaults.begin(), defaults.end());
  if (names.size() != defaults.size() * directions)
    return n.fail("it has " + Twine(names.size()) + " activations, expected " + Twine(defaults.size() * directions));
  auto alphaList = n.floatsAttr("activation_alpha").value_or(SmallVector<float>()), betaList = n.floatsAttr("activation_beta").value_or(SmallVector<float>());
  size_t nextAlpha = 0, nextBeta = 0;
  for (const std::string &name : names) {
    auto p = parametersOf(name);
    if (!p)
      return n.fail("its activation '" + name + "' is not known");
    activations.push_back(spelling(name).str());
    alphas.push_back(p->count > 0 && nextAlpha < alphaList.size() ? alphaList[nextAlpha++] : p->alpha);
    betas.push_back(p->count > 1 && nextBeta < betaList.size() ? betaList[nextBeta++] : p->beta);
  }
  return success();
}

LogicalResult Layer::read(ArrayRef<const char *> defaults) {
  direction = n.stringAttr("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return n.fail("its direction is '" + direction + "'");
  directions = direction == "bidirectional" ? 2 : 1;
  Dims dx = n.dims(x), dw = n.dims(w), dr = n.dims(r);
  if (dx.size() != 3 || dw.size() != 3 || dr.size() != 3 || !dr[2].constant())
    return n.fail("its operands have dims " + graph::describe(dx) + ", " + graph::describe(dw) + " and " + graph::describe(dr));
  hidden = *dr[2].constant();
  if (hidden < 1 || hidden > 1 << 24 || !dr[1].isConstant(gates * hidden) || !dw[1].isConstant(gates * hidden) || !dw[0].isConstant(directions) || !dr[0].isConstant(directions) ||
      n.intAttr("hidden_size", hidden) != hidden)
    return n.fail("its weights have dims " + graph::describe(dw) + " and " + graph::describe(dr) + ", which do not fit " + Twine(directions) + " direction(s) of " + Twine(gates) + " gates");
  if (b && n.dims(b) != Dims{DimExpr(directions), DimExpr(2 * gates * hidden)})
    return n.fail("its bias has dims " + graph::describe(n.dims(b)));
  if (peephole && n.dims(peephole) != Dims{DimExpr(directions), DimExpr(3 * hidden)})
    return n.fail("its peephole weights have dims " + graph::describe(n.dims(peephole)));
  for (Value v : {h0, c0})
    if (v && n.rank(v) != 3)
      return n.fail("its initial state has dims " + graph::describe(n.dims(v)));
  batchFirst = n.intAttr("layout", 0);
  if (batchFirst) {
    x = n.transpose(x, {1, 0, 2});
    h0 = h0 ? n.transpose(h0, {1, 0, 2}) : h0;
    c0 = c0 ? n.transpose(c0, {1, 0, 2}) : c0;
  }
  for (Value v : {h0, c0})
    if (v && !n.dims(v)[0].isConstant(directions))
      return n.fail("its initial state has dims " + graph::describe(n.dims(v)));
  return readActivations(defaults);
}

SmallVector<NamedAttribute> Layer::attributes(int64_t d) {
  size_t each = activations.size() / directions;
  SmallVector<StringRef> names;
  for (size_t i = 0; i < each; ++i)
    names.push_back(activations[d * each + i]);
  SmallVector<NamedAttribute> attrs{n.attr("activations", n.b.getStrArrayAttr(names)), n.attr("alphas", n.b.getDenseF32ArrayAttr(ArrayRef(alphas).slice(d * each, each))),
                                    n.attr("betas", n.b.getDenseF32ArrayAttr(ArrayRef(betas).slice(d * each, each))), n.flag("reverse", reverse(d))};
  if (n.hasAttr("clip"))
    attrs.push_back(n.real("clip", n.floatAttr("clip", 0)));
  return attrs;
}

/// Joins the directions: y [T, D, B, H] and states [D, B, H], or batch first.
LogicalResult Layer::finish(ArrayRef<SmallVector<Value>> results) {
  SmallVector<Value> outputs;
  for (size_t k = 0; k < results[0].size(); ++k) {
    SmallVector<Value> parts;
    int64_t axis = k == 0 ? 1 : 0;
    for (const auto &r : results) {
      Dims dims = n.dims(r[k]);
      dims.insert(dims.begin() + axis, DimExpr(1));
      parts.push_back(n.reshape(r[k], dims));
    }
    Value joined = parts.size() == 1 ? parts[0] : n.make<graph::ConcatOp>(parts, n.attr("axis", axis));
    if (batchFirst)
      joined = k == 0 ? n.transpose(joined, {2, 0, 1, 3}) : n.transpose(joined, {1, 0, 2});
    outputs.push_back(joined);
  }
  return n.done(outputs);
}

LogicalResult buildLstm(Layer &l) {
  Node &n = l.n;
  if (failed(l.read({"Sigmoid", "Tanh", "Tanh"})))
    return failure();
  std::vector<SmallVector<Value>> results;
  for (int64_t d = 0; d < l.directions; ++d) {
    Value xw = l.products(d);
    if (Value b = l.of(l.b, d))
      xw = n.make<graph::AddOp>({xw, n.make<graph::AddOp>({l.part(b, 0, 4), l.part(b, 4, 4)})});
    SmallVector<Value> operands{xw, l.of(l.r, d), l.state(l.h0, d), l.state(l.c0, d)};
    if (l.peephole)
      operands.push_back(l.of(l.peephole, d));
    if (l.lens)
      operands.push_back(l.lens);
    auto attrs = l.attributes(d);
    attrs.push_back(n.flag("input_forget", n.intAttr("input_forget", 0)));
    Operation *op = n.makeOp(graph::LstmScanOp::getOperationName(), operands, attrs, 3, {1, 1, 1, 1, l.peephole ? 1 : 0, l.lens ? 1 : 0});
    if (!op)
      return failure();
    results.emplace_back(op->getResults());
  }
  return l.finish(results);
}

LogicalResult importLstm(Node &n) {
  if (failed(n.require(3)))
    return failure();
  Layer l{n, 4, n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), n.in(5), n.in(6), n.in(7)};
  return buildLstm(l);
}

/// com.microsoft: weights [D, I, 4H] and [D, H, 4H] in 8 bits with scales [D] or [D, 4H].
/// NOTE: ONNX Runtime also rounds x and every state to 8 bits; here they keep their precision.
LogicalResult importDynamicQuantizeLstm(Node &n) {
  if (failed(n.require(3)) || !n.has(8) || !n.has(10))
    return n.fail("its scales are missing");
  auto weights = [&](size_t at, size_t scaleAt) -> Value {
    auto along = [&](Value v) {
      if (!v)
        return v;
      Dims own = n.dims(v);
      own.resize(1, DimExpr(1));
      return n.reshape(v, n.rank(v) == 2 ? Dims{own[0], DimExpr(1), n.dims(v)[1]} : Dims{own[0], DimExpr(1), DimExpr(1)});
    };
    if (n.rank(n.in(at)) != 3)
      return Value();
    Value zero = n.has(scaleAt + 1) ? along(n.in(scaleAt + 1)) : n.scalar(n.elementType(n.in(at)), 0);
    return n.transpose(n.make<graph::DequantizeLinearOp>({n.in(at), along(n.in(scaleAt)), zero}), {0, 2, 1});
  };
  Layer l{n, 4, n.in(0), weights(1, 8), weights(2, 10), n.in(3), n.in(4), n.in(5), n.in(6), n.in(7)};
  return l.w && l.r ? buildLstm(l) : n.fail("its weights do not fit");
}

/// xw holds all biases of the input and the recurrent ones of z and r; the hidden gate's recurrent bias is applied by the scan.
LogicalResult importGru(Node &n) {
  if (failed(n.require(3)))
    return failure();
  Layer l{n, 3, n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), n.in(5), {}, {}};
  if (failed(l.read({"Sigmoid", "Tanh"})))
    return failure();
  std::vector<SmallVector<Value>> results;
  for (int64_t d = 0; d < l.directions; ++d) {
    Value xw = l.products(d);
    Value zeros = n.expand(n.scalar(n.elementType(l.x), 0), {DimExpr(l.hidden)}), hiddenBias = zeros;
    if (Value b = l.of(l.b, d)) {
      Value gateBias = n.make<graph::ConcatOp>({l.part(b, 3, 2), zeros}, n.attr("axis", 0));
      xw = n.make<graph::AddOp>({xw, n.make<graph::AddOp>({l.part(b, 0, 3), gateBias})});
      hiddenBias = l.part(b, 5, 1);
    }
    SmallVector<Value> operands{xw, l.of(l.r, d), l.state(l.h0, d), hiddenBias};
    if (l.lens)
      operands.push_back(l.lens);
    auto attrs = l.attributes(d);
    attrs.push_back(n.flag("linear_before_reset", n.intAttr("linear_before_reset", 0)));
    Operation *op = n.makeOp(graph::GruScanOp::getOperationName(), operands, attrs, 2);
    if (!op)
      return failure();
    results.emplace_back(op->getResults());
  }
  return l.finish(results);
}

LogicalResult importRnn(Node &n) {
  if (failed(n.require(3)))
    return failure();
  Layer l{n, 1, n.in(0), n.in(1), n.in(2), n.in(3), n.in(4), n.in(5), {}, {}};
  if (failed(l.read({"Tanh"})))
    return failure();
  std::vector<SmallVector<Value>> results;
  for (int64_t d = 0; d < l.directions; ++d) {
    Value xw = l.products(d);
    if (Value b = l.of(l.b, d))
      xw = n.make<graph::AddOp>({xw, n.make<graph::AddOp>({l.part(b, 0, 1), l.part(b, 1, 1)})});
    SmallVector<Value> operands{xw, l.of(l.r, d), l.state(l.h0, d)};
    if (l.lens)
      operands.push_back(l.lens);
    Operation *op = n.makeOp(graph::RnnScanOp::getOperationName(), operands, l.attributes(d), 2);
    if (!op)
      return failure();
    results.emplace_back(op->getResults());
  }
  return l.finish(results);
}

} // namespace

void addRecurrent(Registry &r) {
  r.add({{"LSTM", 1, importLstm}, {"GRU", 1, importGru}, {"RNN", 1, importRnn}, {"com.microsoft.DynamicQuantizeLSTM", 1, importDynamicQuantizeLstm}});
}

} // namespace mlc::importer
