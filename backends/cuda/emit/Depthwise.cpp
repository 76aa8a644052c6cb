// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Depthwise.h"
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

class Depthwise {
public:
  explicit Depthwise(TemplateContext c) : c(c), region(c.region), facts(c.facts), holes(c.region, c.facts, c.placements), store(holes, c.region) {}

  FailureOr<Kernel> run() {
    if (!match() || !addOperands() || !addEpilogue())
      return failure();
    for (auto [name, size] : {std::pair("sizeH", x[1]), std::pair("sizeW", x[2]), std::pair("sizeP", y[1]), std::pair("sizeQ", y[2])})
      holes.addSize(name, size);
    std::vector<DepthwiseConfig> ranked = rankDepthwise(shape, c.target);
    if (ranked.empty())
      return failure();
    Kernel kernel;
    kernel.problem = problem();
    DepthwiseConfig config = choose(c, std::move(ranked), c.tuning.candidate, kernel, [&](const DepthwiseConfig &d) { return source(d); });
    kernel.kind = "depthwise";
    kernel.scalars = holes.sizes();
    kernel.threads = config.threads();
    kernel.sharedBytes = shape.sharedBytes(config);
    kernel.grid = y[0] * DimExpr::ceilDiv(y[1], config.rows) * DimExpr::ceilDiv(y[2], config.groups * config.columns) * DimExpr((shape.C / shape.width + config.vectors - 1) / config.vectors);
    return kernel;
  }

private:
  /// One depthwise convolution, everything else has element functions, results have its shape.
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
    // NOTE: a bias of its own would have to come between the sums and the epilogue; expand-composites takes it out.
    if (!conv || !conv.getChannelsLast() || conv.getBias() || facts.rank(conv.getY()) != 4)
      return false;
    x = Dims(facts.dims(conv.getX()));
    y = Dims(facts.dims(conv.getY()));
    Dims w(facts.dims(conv.getW()));
    auto channels = x[3].constant(), r = w[2].constant(), s = w[3].constant();
    if (!channels || !r || !s || *channels < 2 || static_cast<int64_t>(conv.getGroup()) != *channels || !w[0].isConstant(*channels) || !w[1].isConstant(1))
      return false; // group 1 is a product's
    for (Value result : region.getResults())
      if (Dims(facts.dims(result)) != y)
        return false;
    element = facts.elementType(conv.getY());
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return false;
    int64_t bytes = element.getIntOrFloatBitWidth() / 8, width = 16 / bytes;
    while (*channels % width)
      width /= 2;
    auto strides = conv.getStrides(), dilations = conv.getDilations();
    shape = {c.sizes(y[0]), c.sizes(y[1]), c.sizes(y[2]), *channels, *r, *s, strides[0], strides[1], dilations[0], dilations[1], bytes, width};
    return true;
  }

  /// Adds <name>Address, or <name>Pack or <name>Element for vectors of less than 16 bytes and for what is computed.
  bool addVector(const std::string &name, std::initializer_list<const char *> names, Value operand, Holes::IndexOf index, bool &isAddress, llvm::ArrayRef<unsigned> along = {}, bool *isLinear = nullptr) {
    isAddress = shape.width * shape.elementBytes == 16 && holes.addAddress(name, names, operand, index, along, isLinear);
    if (isAddress)
      return true;
    if (shape.width == 1)
      return holes.addElement(name, names, operand, index);
    return holes.add(name + "Pack", holes.positions(names), shape.width, VectorType::get({shape.width}, element), [&](Emitter &e, ArrayRef<Value> v) -> std::optional<Value> {
      Value pack = e.at(operand, index(e, v, true));
      return e.isVector(pack) ? pack : e.splat(pack);
    });
  }

  bool addOperands() {
    auto window = [](Emitter &e, ArrayRef<Value> v, bool lane) { return Indices{e.position(v[0]), e.position(v[1]), e.position(v[2]), {v[3], lane, lane}}; };
    auto filter = [](Emitter &e, ArrayRef<Value> v, bool lane) { return Indices{{v[2], lane, lane}, e.zero(), e.position(v[0]), e.position(v[1])}; };
    return addVector("window", {"image", "h", "w", "c"}, conv.getX(), window, windowVector, {1, 2, 3}, &windowLinear) && addVector("filter", {"r", "s", "c"}, conv.getW(), filter, filterVector);
  }

  /// For vectors, and for their halves where threads may share one.
  bool addEpilogue() { return store.add(conv, shape.width) && (shape.width < 8 || store.add(conv, shape.width / 2)); }

  /// Of a tuning database: what decides how fast a configuration is.
  std::string problem() const {
    std::string out;
    llvm::raw_string_ostream os(out);
    os << "depthwise " << element << ' ' << shape.images << 'x' << shape.P << 'x' << shape.Q << 'x' << shape.C << (windowVector ? "" : " packs") << ' ' << shape.R << 'x' << shape.S << " stride " << shape.strideH << 'x' << shape.strideW;
    if (shape.dilationH != 1 || shape.dilationW != 1)
      os << " dilation " << shape.dilationH << 'x' << shape.dilationW;
    return out;
  }

  std::string source(const DepthwiseConfig &config) {
    std::string type = cppType(element), pack = "Pack<" + type + ", " + std::to_string(shape.width) + ">";
    for (auto [name, positions] : {std::pair("window", "int64_t, int64_t, int64_t, int64_t"), std::pair("filter", "int64_t, int64_t, int64_t")}) {
      holes.complete(std::string(name) + "Address", "char *", positions);
      holes.complete(std::string(name) + "Pack", pack, positions);
      holes.complete(std::string(name) + "Element", type, positions);
    }
    store.complete(shape.width);
    auto pads = conv.getPads();
    std::string out;
    llvm::raw_string_ostream os(out);
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.mathSource() << holes.text() << "struct Config {\n  typedef " << type << " Element;\n  " << store.config() << "  static constexpr int";
    const char *separator = " ";
    for (auto [name, value] : std::initializer_list<std::pair<const char *, int64_t>>{
             {"kRows", config.rows}, {"kGroups", config.groups}, {"kColumns", config.columns}, {"kVectors", config.vectors}, {"kParts", config.parts}, {"kWidth", shape.width}, {"kC", shape.C}, {"kR", shape.R}, {"kS", shape.S},
             {"kStrideH", shape.strideH}, {"kStrideW", shape.strideW}, {"kDilationH", shape.dilationH}, {"kDilationW", shape.dilationW}, {"kPadH", pads[0]}, {"kPadW", pads[1]}}) {
      os << separator << name << " = " << value;
      separator = ", ";
    }
    auto flag = [](bool v) { return v ? "true" : "false"; };
    os << ";\n  static constexpr bool kWindowVector = " << flag(windowVector) << ", kWindowLinear = " << flag(windowVector && windowLinear) << ", kFilterVector = " << flag(filterVector)
       << ", kFilterConstant = " << flag(holes.isConstant(conv.getW())) << ";\n};\n" << kPixelsSource << kDepthwiseSource
       << holes.kernel(config.threads(), shape.sharedBytes(config), "DepthwiseTile<Config>", "depthwise<Config>") << "}\n";
    return out;
  }

  TemplateContext c;
  RegionOp region;
  ShapeFacts &facts;
  Holes holes;
  PixelStore store;
  ConvOp conv;
  Type element;
  Dims x, y;
  DepthwiseShape shape{};
  bool windowVector = false, windowLinear = false, filterVector = false;
};

} // namespace

FailureOr<Kernel> emitDepthwise(TemplateContext c) {
  if (!c.target.hasAsyncCopy())
    return failure();
  return Depthwise(c).run();
}

} // namespace mlc::cuda
