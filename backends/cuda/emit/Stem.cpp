// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Stem.h"
#include "backends/cuda/emit/Choice.h"
#include "backends/cuda/emit/CppPrinter.h"
#include "backends/cuda/emit/PixelStore.h"
#include "backends/cuda/kernels/Sources.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::cuda {
namespace {

class Stem {
public:
  explicit Stem(TemplateContext c) : c(c), region(c.region), facts(c.facts), holes(c.region, c.facts, c.placements), store(holes, c.region) {}

  FailureOr<Kernel> run() {
    if (!match() || !addOperands() || !addEpilogue())
      return failure();
    Dims x(facts.dims(conv.getX()));
    for (auto [name, size] : {std::pair("sizeH", x[1]), std::pair("sizeW", x[2]), std::pair("sizeP", y[1]), std::pair("sizeQ", y[2])})
      holes.addSize(name, size);
    std::vector<StemConfig> ranked = rankStems(shape, c.target);
    if (ranked.empty())
      return failure();
    Kernel kernel;
    kernel.problem = problem();
    StemConfig config = choose(c, std::move(ranked), c.tuning.candidate, kernel, [&](const StemConfig &s) { return source(s); });
    kernel.kind = region.getKind() == "single" ? "conv" : region.getKind().str();
    kernel.scalars = holes.sizes();
    kernel.threads = shape.threads(config);
    kernel.sharedBytes = shape.sharedBytes(config);
    kernel.grid = y[0] * DimExpr::ceilDiv(y[1], config.rows) * DimExpr::ceilDiv(y[2], config.columns);
    return kernel;
  }

private:
  /// One stem, everything else has element functions, results have its shape.
  bool match() {
    for (Operation &op : region.getBody().front().without_terminator()) {
      if (auto found = dyn_cast<ConvOp>(op)) {
        if (conv)
          return false;
        conv = found;
      } else if (!reference::elementFunction(&op)) {
        return false;
      }
    }
    auto found = conv ? stemShape(conv, facts) : std::nullopt;
    if (!found)
      return false;
    y = Dims(facts.dims(conv.getY()));
    for (Value result : region.getResults())
      if (Dims(facts.dims(result)) != y)
        return false;
    shape = *found;
    shape.images = c.sizes(y[0]);
    shape.P = c.sizes(y[1]);
    shape.Q = c.sizes(y[2]);
    element = facts.elementType(conv.getY());
    return findFilter();
  }

  /// The packed weights behind the moves that cuda-pack-stems leaves in the region.
  bool findFilter() {
    Value v = conv.getW();
    while (Operation *op = v.getDefiningOp()) {
      if (!isa<TransposeOp, ReshapeOp, SliceOp>(op))
        return false;
      v = op->getOperand(0);
    }
    filter = v;
    return Dims(facts.dims(filter)) == Dims{DimExpr(shape.warpsN() * shape.pairs()), DimExpr(shape.steps()), DimExpr(256)};
  }

  bool addOperands() {
    auto window = [](Emitter &e, ArrayRef<Value> v, bool) { return Indices{e.position(v[0]), e.position(v[1]), e.position(v[2]), e.position(v[3])}; };
    auto packed = [](Emitter &e, ArrayRef<Value> v, bool lane) { return Indices{e.position(v[0]), e.position(v[1]), {v[2], lane, lane}}; };
    return holes.addElement("window", {"image", "h", "w", "c"}, conv.getX(), window) && holes.addAddress("filter", {"part", "step", "x"}, filter, packed);
  }

  /// What a lane has of a pixel, unless some of that is behind the last filter.
  int64_t storeWidth() { return shape.N % (2 * shape.pairs()) ? 1 : 2 * shape.pairs(); }

  bool addEpilogue() { return store.add(conv, storeWidth()); }

  /// Of a tuning database: what decides how fast a configuration is.
  std::string problem() {
    std::string out;
    llvm::raw_string_ostream os(out);
    os << "stem " << element << ' ' << shape.images << 'x' << shape.P << 'x' << shape.Q << 'x' << shape.N << ' ' << shape.R << 'x' << shape.S << 'x' << shape.C << " stride " << shape.strideH << 'x' << shape.strideW;
    if (!isa<BlockArgument>(conv.getX()))
      os << " computed";
    return out;
  }

  std::string source(const StemConfig &config) {
    store.complete(2 * shape.pairs());
    auto pads = conv.getPads();
    std::string out;
    llvm::raw_string_ostream os(out);
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.mathSource() << holes.text() << "struct Config {\n  typedef " << cppType(element) << " Element;\n  " << store.config() << "  static constexpr int";
    const char *separator = " ";
    for (auto [name, value] : std::initializer_list<std::pair<const char *, int64_t>>{
             {"kRows", config.rows}, {"kColumns", config.columns}, {"kWarpsM", config.warpsM}, {"kWarpsN", shape.warpsN()}, {"kPairs", shape.pairs()}, {"kN", shape.N}, {"kC", shape.C}, {"kR", shape.R}, {"kS", shape.S}, {"kStrideH", shape.strideH}, {"kStrideW", shape.strideW}, {"kDilationH", shape.dilationH}, {"kDilationW", shape.dilationW},
             {"kPadH", pads[0]}, {"kPadW", pads[1]}}) {
      os << separator << name << " = " << value;
      separator = ", ";
    }
    auto flag = [](bool v) { return v ? "true" : "false"; };
    os << ";\n  static constexpr bool kVectors = " << flag(storeWidth() > 1) << ", kFilterConstant = " << flag(holes.isConstant(conv.getW())) << ";\n};\n" << kPixelsSource << kStemSource
       << holes.kernel(shape.threads(config), shape.sharedBytes(config), "StemTile<Config>", "stem<Config>") << "}\n";
    return out;
  }

  TemplateContext c;
  RegionOp region;
  ShapeFacts &facts;
  Holes holes;
  PixelStore store;
  ConvOp conv;
  Value filter;
  Type element;
  Dims y;
  StemShape shape{};
};

} // namespace

FailureOr<Kernel> emitStem(TemplateContext c) {
  if (!c.target.hasAsyncCopy()) // or rather its mma.sync
    return failure();
  return Stem(c).run();
}

} // namespace mlc::cuda
