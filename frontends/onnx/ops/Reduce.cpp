// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Reductions: axes from the attribute or the input, and those that are a reduction of something.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

struct Axes {
  SmallVector<int64_t> axes;
  bool keepdims, nothing;
};

FailureOr<Axes> readAxes(Node &n) {
  if (failed(n.require(1)))
    return failure();
  int64_t rank = n.rank(n.in(0));
  SmallVector<int64_t> given;
  if (n.has(1)) {
    auto input = n.numbers(1, "axes");
    if (failed(input))
      return failure();
    given = *input;
  } else if (auto list = n.intsAttr("axes")) {
    given = *list;
  }
  bool keepdims = n.intAttr("keepdims", 1);
  if (given.empty() && n.intAttr("noop_with_empty_axes", 0))
    return Axes{{}, keepdims, true};
  auto fixed = given.empty() ? FailureOr<SmallVector<int64_t>>(llvm::to_vector(llvm::seq<int64_t>(0, rank))) : n.axes(given, rank);
  if (failed(fixed))
    return failure();
  llvm::sort(*fixed);
  return Axes{*fixed, keepdims, false};
}

using Part = Value (*)(Node &, Value);
Value same(Node &, Value x) { return x; }
Value absolute(Node &n, Value x) { return n.make<graph::AbsOp>(x); }
Value square(Node &n, Value x) { return n.make<graph::MulOp>({x, x}); }
Value root(Node &n, Value x) { return n.make<graph::SqrtOp>(x); }
Value logarithm(Node &n, Value x) { return n.make<graph::LogOp>(x); }

/// after(reduce(before(x))); with no axes to reduce only before and after remain.
template <typename Op, Part before, Part after> LogicalResult importReduce(Node &n) {
  auto axes = readAxes(n);
  if (failed(axes))
    return failure();
  Value x = before(n, n.in(0));
  if (!axes->nothing)
    x = n.reduce<Op>(x, axes->axes, axes->keepdims);
  return n.done(x ? after(n, x) : Value());
}

/// max + log sum exp(x - max).
LogicalResult importLogSumExp(Node &n) {
  auto axes = readAxes(n);
  if (failed(axes))
    return failure();
  Value x = n.in(0);
  if (axes->nothing)
    return n.done(x);
  Value max = n.reduce<graph::ReduceMaxOp>(x, axes->axes, true);
  Value sum = n.reduce<graph::ReduceSumOp>(n.make<graph::ExpOp>(n.make<graph::SubOp>({x, max})), axes->axes, true);
  Value y = n.make<graph::AddOp>({n.make<graph::LogOp>(sum), max});
  if (!axes->keepdims && y) {
    Dims dims;
    for (auto [i, d] : llvm::enumerate(n.dims(y)))
      if (!llvm::is_contained(axes->axes, i))
        dims.push_back(d);
    y = n.reshape(y, dims);
  }
  return n.done(y);
}

} // namespace

void addReduce(Registry &r) {
  r.add({{"ReduceSum", 1, importReduce<graph::ReduceSumOp, same, same>},
         {"ReduceMean", 1, importReduce<graph::ReduceMeanOp, same, same>},
         {"ReduceMax", 1, importReduce<graph::ReduceMaxOp, same, same>},
         {"ReduceMin", 1, importReduce<graph::ReduceMinOp, same, same>},
         {"ReduceProd", 1, importReduce<graph::ReduceProdOp, same, same>},
         {"ReduceL1", 1, importReduce<graph::ReduceSumOp, absolute, same>},
         {"ReduceL2", 1, importReduce<graph::ReduceSumOp, square, root>},
         {"ReduceSumSquare", 1, importReduce<graph::ReduceSumOp, square, same>},
         {"ReduceLogSum", 1, importReduce<graph::ReduceSumOp, same, logarithm>},
         {"ReduceLogSumExp", 1, importLogSumExp}});
}

} // namespace mlc::importer
