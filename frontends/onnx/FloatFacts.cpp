// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "frontends/onnx/FloatFacts.h"
#include <cmath>

using namespace mlir;

namespace mlc::importer {
namespace {

constexpr size_t kMaxFloats = 64;
constexpr double kExact = 1LL << 52;

bool isFloat(Value v) { return isa<FloatType>(cast<RankedTensorType>(v.getType()).getElementType()); }

/// Count of elements when the type is static and small.
std::optional<int64_t> smallCount(Value v) {
  auto type = cast<RankedTensorType>(v.getType());
  int64_t count = 1;
  for (int64_t d : type.getShape()) {
    if (ShapedType::isDynamic(d) || d < 0 || d > static_cast<int64_t>(kMaxFloats))
      return std::nullopt;
    count *= d;
    if (count > static_cast<int64_t>(kMaxFloats))
      return std::nullopt;
  }
  return count;
}

} // namespace

FloatFacts::Element FloatFacts::Element::of(double value) {
  int64_t denominator = 1;
  double scaled = value;
  for (; denominator < (1 << 20) && scaled != std::floor(scaled); denominator *= 2)
    scaled *= 2;
  if (scaled == std::floor(scaled) && std::fabs(scaled) < kExact)
    return {DimExpr(static_cast<int64_t>(scaled)), denominator, value};
  return {DimExpr(0), 0, value};
}

std::optional<double> FloatFacts::Element::value() const {
  if (denominator == 0)
    return number;
  auto c = numerator.constant();
  return c ? std::optional<double>(static_cast<double>(*c) / static_cast<double>(denominator)) : std::nullopt;
}

std::optional<FloatFacts::Elements> FloatFacts::elementsOf(Value v, graph::ShapeFacts &facts) {
  if (auto it = known.find(v); it != known.end())
    return it->second;
  if (!smallCount(v))
    return std::nullopt;
  Elements out;
  if (auto integers = facts.elements(v)) {
    for (const DimExpr &e : *integers)
      out.push_back({e, 1, 0});
    return out;
  }
  auto constant = v.getDefiningOp<graph::ConstantOp>();
  auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : DenseFPElementsAttr();
  if (!dense)
    return std::nullopt;
  for (APFloat f : dense.getValues<APFloat>()) {
    bool lossy;
    f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
    out.push_back(Element::of(f.convertToDouble()));
  }
  return out;
}

std::optional<SmallVector<double>> FloatFacts::constants(Value v, graph::ShapeFacts &facts) {
  auto elements = elementsOf(v, facts);
  if (!elements)
    return std::nullopt;
  SmallVector<double> out;
  for (const Element &e : *elements) {
    auto number = e.value();
    if (!number)
      return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

std::optional<Dims> FloatFacts::integers(Value v, graph::ShapeFacts &facts) {
  auto elements = elementsOf(v, facts);
  if (!elements)
    return std::nullopt;
  Dims out;
  for (const Element &e : *elements) {
    if (e.denominator != 1)
      return std::nullopt;
    out.push_back(e.numerator);
  }
  return out;
}

std::optional<FloatFacts::Element> FloatFacts::apply(Operation *op, ArrayRef<Element> a) {
  // Exact rule on fractions, where there is one.
  bool exact = llvm::all_of(a, [](const Element &e) { return e.denominator != 0; });
  auto number = [&](size_t i) { return a[i].value(); };
  if (isa<graph::CastOp>(op))
    return a[0];
  if (exact && isa<graph::FloorOp>(op))
    return Element{DimExpr::floorDiv(a[0].numerator, a[0].denominator), 1, 0};
  if (exact && isa<graph::CeilOp>(op))
    return Element{DimExpr::ceilDiv(a[0].numerator, a[0].denominator), 1, 0};
  bool small = exact && llvm::all_of(a, [](const Element &e) { return e.denominator <= 1 << 20; });
  if (small && a.size() == 2 && isa<graph::AddOp, graph::SubOp>(op)) {
    DimExpr x = a[0].numerator * DimExpr(a[1].denominator), y = a[1].numerator * DimExpr(a[0].denominator);
    return Element{isa<graph::AddOp>(op) ? x + y : x - y, a[0].denominator * a[1].denominator, 0};
  }
  if (small && isa<graph::MulOp>(op))
    return Element{a[0].numerator * a[1].numerator, a[0].denominator * a[1].denominator, 0};
  if (small && isa<graph::DivOp>(op))
    if (auto d = a[1].numerator.constant(); d && *d > 0 && *d <= 1 << 20)
      return Element{a[0].numerator * DimExpr(a[1].denominator), a[0].denominator * *d, 0};
  auto x = number(0), y = a.size() > 1 ? number(1) : std::optional<double>(0);
  if (!x || !y)
    return std::nullopt;
  // NOTE: one rounding to float per step, as the model would compute it.
  auto rounded = [](double v) { return Element::of(static_cast<float>(v)); };
  if (isa<graph::AddOp>(op)) return rounded(*x + *y);
  if (isa<graph::SubOp>(op)) return rounded(*x - *y);
  if (isa<graph::MulOp>(op)) return rounded(*x * *y);
  if (isa<graph::DivOp>(op)) return rounded(*x / *y);
  if (isa<graph::FloorOp>(op)) return rounded(std::floor(*x));
  if (isa<graph::CeilOp>(op)) return rounded(std::ceil(*x));
  if (isa<graph::RoundOp>(op)) return rounded(std::nearbyint(*x));
  if (isa<graph::SqrtOp>(op)) return rounded(std::sqrt(*x));
  if (isa<graph::NegOp>(op)) return rounded(-*x);
  if (isa<graph::MinimumOp>(op)) return rounded(std::min(*x, *y));
  if (isa<graph::MaximumOp>(op)) return rounded(std::max(*x, *y));
  return std::nullopt;
}

void FloatFacts::inferPointwise(Operation *op, graph::ShapeFacts &facts) {
  Value result = op->getResult(0);
  auto count = smallCount(result);
  if (!count)
    return;
  SmallVector<Elements> operands;
  for (Value v : op->getOperands()) {
    auto e = elementsOf(v, facts);
    // Broadcasting here is only that of single elements.
    if (!e || (e->size() != 1 && static_cast<int64_t>(e->size()) != *count))
      return;
    operands.push_back(std::move(*e));
  }
  Elements out;
  for (int64_t i = 0; i < *count; ++i) {
    SmallVector<Element> group;
    for (const Elements &e : operands)
      group.push_back(e[e.size() == 1 ? 0 : i]);
    auto r = apply(op, group);
    if (!r)
      return;
    out.push_back(*r);
  }
  if (isFloat(result)) {
    known[result] = std::move(out);
    return;
  }
  std::vector<DimExpr> integers;
  for (const Element &e : out) {
    auto number = e.value();
    if (number && (!std::isfinite(*number) || std::fabs(*number) > kExact))
      return;
    if (number)
      integers.push_back(static_cast<int64_t>(*number));
    else if (e.denominator && e.numerator.bounds(facts.symbols).first >= 0)
      integers.push_back(DimExpr::floorDiv(e.numerator, e.denominator)); // truncation, of what is not negative
    else
      return;
  }
  facts.setElements(result, integers);
}

void FloatFacts::inferMove(Operation *op, graph::ShapeFacts &facts) {
  Value result = op->getResult(0);
  if (!smallCount(result))
    return;
  if (isa<graph::ReshapeOp>(op)) {
    if (auto e = elementsOf(op->getOperand(0), facts))
      known[result] = std::move(*e);
    return;
  }
  if (auto concat = dyn_cast<graph::ConcatOp>(op); concat && concat.getType().getRank() == 1) {
    Elements out;
    for (Value x : concat.getXs()) {
      auto e = elementsOf(x, facts);
      if (!e)
        return;
      out.append(e->begin(), e->end());
    }
    known[result] = std::move(out);
    return;
  }
  auto e = elementsOf(op->getOperand(0), facts);
  if (!e || cast<RankedTensorType>(op->getOperand(0).getType()).getRank() != 1)
    return;
  Elements out;
  if (auto slice = dyn_cast<graph::SliceOp>(op)) {
    auto start = slice.getStarts().getDims()[0].constant(), n = slice.getDims().getDims()[0].constant();
    for (int64_t i = 0; start && n && i < *n; ++i) {
      int64_t at = *start + i * slice.getSteps()[0];
      if (at < 0 || at >= static_cast<int64_t>(e->size()))
        return;
      out.push_back((*e)[at]);
    }
    if (start && n)
      known[result] = std::move(out);
  } else if (auto gather = dyn_cast<graph::GatherOp>(op)) {
    auto indices = facts.constantElements(gather.getIndices());
    if (!indices)
      return;
    for (int64_t i : *indices) {
      int64_t at = i < 0 ? i + static_cast<int64_t>(e->size()) : i;
      if (at < 0 || at >= static_cast<int64_t>(e->size()))
        return;
      out.push_back((*e)[at]);
    }
    known[result] = std::move(out);
  }
}

void FloatFacts::infer(Operation *op, graph::ShapeFacts &facts) {
  if (op->getNumResults() != 1 || op->getNumOperands() == 0)
    return;
  known.erase(op->getResult(0));
  bool floats = isFloat(op->getResult(0));
  if (isa<graph::CastOp>(op) && (floats || isFloat(op->getOperand(0))))
    return inferPointwise(op, facts);
  if (!floats)
    return;
  if (isa<graph::ReshapeOp, graph::ConcatOp, graph::SliceOp, graph::GatherOp>(op))
    return inferMove(op, facts);
  if (isa<graph::AddOp, graph::SubOp, graph::MulOp, graph::DivOp, graph::FloorOp, graph::CeilOp, graph::RoundOp, graph::SqrtOp, graph::NegOp, graph::MinimumOp, graph::MaximumOp>(op))
    inferPointwise(op, facts);
}

} // namespace mlc::importer
