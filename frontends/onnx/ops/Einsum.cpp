// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Einsum as transposes, reshapes, matmuls and sums: operands are joined two at a time, from the left.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// A label per dim: its letter, or kEllipsis + its place from the right inside the ellipsis.
using Labels = SmallVector<int>;
constexpr int kEllipsis = 1000;

struct Term {
  Value value;
  Labels labels;
};

/// Labels of one term of the equation for a tensor with `rank` dims; rank -1: an output whose ellipsis holds `ellipsis` dims.
FailureOr<Labels> parseTerm(Node &n, StringRef text, int64_t rank, int64_t ellipsis) {
  Labels labels;
  int64_t letters = 0;
  for (char c : text)
    letters += llvm::isAlpha(c);
  bool dots = text.contains("...");
  if (rank >= 0)
    ellipsis = rank - letters;
  for (size_t i = 0; i < text.size(); ++i) {
    if (llvm::isAlpha(text[i])) {
      labels.push_back(text[i]);
    } else if (text.substr(i).starts_with("...")) {
      for (int64_t k = ellipsis; k-- > 0;)
        labels.push_back(kEllipsis + k);
      i += 2;
    } else {
      return n.fail("its equation holds '" + text + "'");
    }
  }
  if (rank >= 0 && static_cast<int64_t>(labels.size()) != rank)
    return n.fail("its equation's term '" + text + "' does not fit an operand of rank " + Twine(rank));
  (void)dots;
  return labels;
}

/// Sums repeated labels' off-diagonal away: [.., i, .., i, ..] -> [.., i, ..].
void takeDiagonals(Node &n, Term &t) {
  for (size_t i = 0; i < t.labels.size() && t.value; ++i)
    for (size_t j = i + 1; j < t.labels.size() && t.value; ++j) {
      if (t.labels[i] != t.labels[j])
        continue;
      Dims dims = n.dims(t.value), rows(dims.size(), DimExpr(1)), columns(dims.size(), DimExpr(1));
      rows[i] = dims[i];
      columns[j] = dims[j];
      Value zero = n.ints(0, {}), one = n.ints(1, {});
      auto range = [&](const DimExpr &d) { return n.make<graph::RangeOp>({zero, one}, n.attr("dims", Dims{d})); };
      Value onDiagonal = n.make<graph::EqualOp>({n.reshape(range(dims[i]), rows), n.reshape(range(dims[j]), columns)});
      Value kept = n.make<graph::WhereOp>({onDiagonal, t.value, n.scalar(n.elementType(t.value), 0)});
      t.value = n.reduce<graph::ReduceSumOp>(kept, static_cast<int64_t>(j), false);
      t.labels.erase(t.labels.begin() + j--);
    }
}

/// Sums over every label that is not in `keep`.
void sumAllBut(Node &n, Term &t, ArrayRef<int> keep) {
  SmallVector<int64_t> axes;
  Labels left;
  for (auto [i, l] : llvm::enumerate(t.labels)) {
    if (llvm::is_contained(keep, l))
      left.push_back(l);
    else
      axes.push_back(i);
  }
  if (axes.empty() || !t.value)
    return;
  t.value = n.reduce<graph::ReduceSumOp>(t.value, axes, false);
  t.labels = left;
}

void permute(Node &n, Term &t, const Labels &order) {
  SmallVector<int64_t> perm;
  for (int l : order)
    perm.push_back(llvm::find(t.labels, l) - t.labels.begin());
  t.value = n.transpose(t.value, perm);
  t.labels = order;
}

/// sum over the labels of both that nobody needs any more of a * b: [batch.., m, k] x [batch.., k, n].
Term join(Node &n, Term a, Term b, ArrayRef<int> keep) {
  Labels needed(keep.begin(), keep.end());
  needed.append(b.labels);
  sumAllBut(n, a, needed);
  needed.assign(keep.begin(), keep.end());
  needed.append(a.labels);
  sumAllBut(n, b, needed);
  Labels batch, contracted, m, k;
  for (int l : a.labels)
    (!llvm::is_contained(b.labels, l) ? m : llvm::is_contained(keep, l) ? batch : contracted).push_back(l);
  for (int l : b.labels)
    if (!llvm::is_contained(a.labels, l))
      k.push_back(l);
  auto order = [](std::initializer_list<Labels> parts) {
    Labels all;
    for (const Labels &p : parts)
      all.append(p);
    return all;
  };
  permute(n, a, order({batch, m, contracted}));
  permute(n, b, order({batch, contracted, k}));
  if (!a.value || !b.value)
    return {};
  Dims da = n.dims(a.value), db = n.dims(b.value), out;
  ArrayRef<DimExpr> ra = ArrayRef<DimExpr>(da).drop_front(batch.size()), rb = ArrayRef<DimExpr>(db).drop_front(batch.size());
  Dims shapeA(da.begin(), da.begin() + batch.size()), shapeB(db.begin(), db.begin() + batch.size());
  shapeA.append({product(ra.take_front(m.size())), product(ra.drop_front(m.size()))});
  shapeB.append({product(rb.take_front(contracted.size())), product(rb.drop_front(contracted.size()))});
  Value y = n.make<graph::MatMulOp>({n.reshape(a.value, shapeA), n.reshape(b.value, shapeB)});
  if (!y)
    return {};
  Dims dy = n.dims(y);
  out.assign(dy.begin(), dy.begin() + batch.size());
  out.append(ra.begin(), ra.begin() + m.size());
  out.append(rb.begin() + contracted.size(), rb.end());
  return {n.reshape(y, out), order({batch, m, k})};
}

/// Without "->" the output is the ellipsis and then every letter that occurs once, in alphabetical order.
std::string implicitOutput(StringRef inputs) {
  std::string out = inputs.contains("...") ? "..." : "";
  for (char c = 'A'; c <= 'z'; ++c)
    if (llvm::isAlpha(c) && inputs.count(c) == 1)
      out += c;
  return out;
}

LogicalResult importEinsum(Node &n) {
  if (n.numInputs() == 0 || failed(n.require(n.numInputs())))
    return n.fail("it needs operands");
  std::string equation = n.stringAttr("equation", "");
  llvm::erase(equation, ' ');
  auto [inputs, output] = StringRef(equation).split("->");
  std::string outputText = StringRef(equation).contains("->") ? output.str() : implicitOutput(inputs);
  SmallVector<StringRef> texts;
  inputs.split(texts, ',');
  if (texts.size() != n.numInputs())
    return n.fail("its equation '" + equation + "' does not fit " + Twine(n.numInputs()) + " operands");
  SmallVector<Term> terms;
  int64_t ellipsis = 0;
  for (auto [i, text] : llvm::enumerate(texts)) {
    auto labels = parseTerm(n, text, n.rank(n.in(i)), 0);
    if (failed(labels))
      return failure();
    ellipsis = std::max<int64_t>(ellipsis, llvm::count_if(*labels, [](int l) { return l >= kEllipsis; }));
    terms.push_back({n.in(i), *labels});
    takeDiagonals(n, terms.back());
  }
  auto wanted = parseTerm(n, outputText, -1, ellipsis);
  if (failed(wanted))
    return failure();
  Term sum = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    Labels keep(*wanted);
    for (size_t j = i + 1; j < terms.size(); ++j)
      keep.append(terms[j].labels);
    sum = join(n, sum, terms[i], keep);
    if (!sum.value)
      return failure();
  }
  sumAllBut(n, sum, *wanted);
  Labels sorted(*wanted), have(sum.labels);
  llvm::sort(sorted);
  llvm::sort(have);
  if (sorted != have)
    return n.fail("its equation '" + equation + "' wants labels that its operands do not have, or twice");
  permute(n, sum, *wanted);
  return n.done(sum.value);
}

} // namespace

void addEinsum(Registry &r) { r.add({{"Einsum", 12, importEinsum}}); }

} // namespace mlc::importer
