// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Product.h"
#include "backends/cuda/choose/Library.h"
#include "backends/cuda/emit/CppPrinter.h"
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/kernels/Sources.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::cuda {
namespace {

constexpr size_t kMostTried = 6; // candidates for one product: each refusal is one more compilation

class Product {
public:
  Product(RegionOp region, ShapeFacts &facts, const Placements &placements, const CudaTarget &target, const AssumedSizes &sizes, const Tuning &tuning, const RefusedSources &refused)
      : region(region), facts(facts), placements(placements), target(target), sizes(sizes), tuning(tuning), refused(refused), holes(region, facts, placements), b(region.getContext()) {}

  FailureOr<Kernel> run() {
    if (!match() || !addOperands() || !addEpilogue())
      return failure();
    holes.addSize("sizeM", M);
    holes.addSize("sizeN", N);
    holes.addSize("sizeK", K);
    ProductShape shape{sizes(product(batch)), sizes(M), sizes(N), sizes(K), elementBytes, rightRows, (leftVector || leftPack) && rightVector};
    Kernel kernel;
    kernel.problem = problem(shape);
    std::vector<ProductConfig> ranked = rankProducts(shape, target);
    auto isKnown = [&](StringRef config) { return llvm::any_of(ranked, [&](const ProductConfig &c) { return c.str() == config; }); };
    unsigned candidate = tuning.candidate;
    if (auto match = tuning.library ? matchLibraryProduct(region, facts, placements) : std::nullopt; match && !match->biasIsWide) {
      LibraryChoice choice = chooseLibrary(shape, kernel.problem, target, tuning, isKnown);
      if (choice.isTaken)
        return libraryKernel(*match, kernel.problem, target);
      candidate = choice.candidate;
    }
    if (auto tuned = tuning.find(target.arch(), kernel.problem, isKnown))
      std::stable_partition(ranked.begin(), ranked.end(), [&](const ProductConfig &c) { return c.str() == *tuned; });
    else
      ranked.erase(ranked.begin(), ranked.begin() + std::min<size_t>(candidate, ranked.size() - 1));
    if (ranked.size() > kMostTried)
      ranked.resize(kMostTried);
    auto chosen = llvm::find_if(ranked, [&](const ProductConfig &c) { return refused.empty() || !refused.contains(source(c)); });
    ProductConfig c = chosen == ranked.end() ? ranked.front() : *chosen;
    kernel.config = c.str();
    kernel.kind = region.getKind() == "single" ? "gemm" : region.getKind().str();
    kernel.source = source(c);
    kernel.isOnly = chosen == ranked.end();
    kernel.scalars = holes.sizes();
    kernel.threads = c.threads();
    kernel.sharedBytes = c.sharedBytes(elementBytes, rightRows);
    kernel.cluster = c.split;
    kernel.grid = product(batch) * DimExpr::ceilDiv(M, c.blockM) * DimExpr::ceilDiv(N, c.blockN) * DimExpr(c.split);
    return kernel;
  }

private:
  /// Of a tuning database: what decides how fast a configuration is.
  std::string problem(const ProductShape &s) {
    std::string out;
    llvm::raw_string_ostream os(out);
    os << (conv ? "conv " : "gemm ") << element << ' ' << s.batch << 'x' << s.M << 'x' << s.N << 'x' << s.K << (s.rightRows ? " rows" : "") << (!s.vectors ? " elements" : leftPack ? " packs" : "");
    if (conv)
      os << ' ' << kernelH << 'x' << kernelW << " stride " << conv.getStrides()[0] << 'x' << conv.getStrides()[1];
    return out;
  }

  /// One matmul or convolution, everything else has element functions, results have its shape.
  bool match() {
    for (Operation &op : region.getBody().front().without_terminator()) {
      if (isa<MatMulOp, ConvOp>(op)) {
        if (anchor)
          return false;
        anchor = &op;
      } else if (!reference::elementFunction(&op)) {
        return false;
      }
    }
    if (!anchor)
      return false;
    element = facts.elementType(anchor->getResult(0));
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return false;
    elementBytes = element.getIntOrFloatBitWidth() / 8;
    chunk = 16 / elementBytes;
    Dims y(facts.dims(anchor->getResult(0)));
    for (Value r : region.getResults())
      if (Dims(facts.dims(r)) != y)
        return false;
    return isa<ConvOp>(anchor) ? matchConv(cast<ConvOp>(anchor), y) : matchMatMul(cast<MatMulOp>(anchor), y);
  }

  bool matchMatMul(MatMulOp op, const Dims &y) {
    left = op.getA();
    right = op.getB();
    Dims a(facts.dims(left)), r(facts.dims(right));
    if (a.size() < 2 || r.size() < 2)
      return false;
    N = y.back();
    K = a.back();
    bool flat = r.size() == 2 && a.size() == y.size();
    size_t outer = flat ? 0 : y.size() - 2;
    batch.assign(y.begin(), y.begin() + outer);
    rowDims.assign(y.begin() + outer, y.end() - 1);
    M = product(rowDims);
    return true;
  }

  bool matchConv(ConvOp op, const Dims &y) {
    if (!op.getChannelsLast() || op.getGroup() != 1 || y.size() != 4 || op.getBias())
      return false;
    conv = op;
    left = op.getX();
    right = op.getW();
    Dims w(facts.dims(right));
    for (int64_t i = 1; i < 4; ++i)
      if (!w[i].constant())
        return false;
    channels = *w[1].constant();
    kernelH = *w[2].constant();
    kernelW = *w[3].constant();
    rowDims.assign(y.begin(), y.end() - 1);
    M = product(rowDims);
    N = y.back();
    K = channels * kernelH * kernelW;
    return true;
  }

  /// Positions of an operand's dims before its last `tail`.
  Indices batchIndex(Emitter &e, Value operand, size_t tail, Value batchNumber) {
    Indices at;
    for (Value v : e.delinearize(batchNumber, batch))
      at.push_back(e.position(v));
    Dims dims(facts.dims(operand));
    return reference::operandBatch(e, ArrayRef<DimExpr>(dims).drop_back(tail), batch, at);
  }

  Indices leftIndex(Emitter &e, Value batchNumber, Value m, Index k) {
    Indices index = batchIndex(e, left, rowDims.size() + 1, batchNumber);
    for (Value v : e.delinearize(m, rowDims))
      index.push_back(e.position(v));
    index.push_back(k);
    return index;
  }

  bool addOperands() {
    if (conv ? !addWindow() : !addLeft())
      return false;
    return conv ? addWeights() : addRight();
  }

  bool addLeft() {
    auto index = [&](Emitter &e, ArrayRef<Value> v, bool lane) { return leftIndex(e, v[0], v[1], {v[2], lane, lane}); };
    leftTail = !multipleOf(K, chunk);
    leftVector = hasWholeVectors(left, rankOf(left) - 1) && holes.addAddress("left", {"b", "m", "k"}, left, index, {2}, &leftLinear);
    leftPack = !leftVector && multipleOf(K, chunk) && holes.addPack("left", {"b", "m", "k"}, left, index);
    return leftVector || leftPack || holes.addElement("left", {"b", "m", "k"}, left, index);
  }

  bool addWindow() {
    auto index = [](Emitter &e, ArrayRef<Value> v, bool lane) { return Indices{e.position(v[0]), e.position(v[1]), e.position(v[2]), {v[3], lane, lane}}; };
    Dims x(facts.dims(left)), y(facts.dims(anchor->getResult(0)));
    holes.addSize("sizeH", x[1]);
    holes.addSize("sizeW", x[2]);
    holes.addSize("sizeP", y[1]);
    holes.addSize("sizeQ", y[2]);
    leftVector = channels % chunk == 0 && holes.addAddress("window", {"image", "h", "w", "c"}, left, index, {1, 2, 3}, &leftLinear);
    leftPack = !leftVector && channels % chunk == 0 && holes.addPack("window", {"image", "h", "w", "c"}, left, index);
    return leftVector || leftPack || holes.addElement("window", {"image", "h", "w", "c"}, left, index);
  }

  bool addRight() {
    auto index = [&](bool rows) {
      return [this, rows](Emitter &e, ArrayRef<Value> v, bool lane) {
        Indices out = batchIndex(e, right, 2, v[0]);
        out.push_back({v[1], lane && !rows, lane && !rows});
        out.push_back({v[2], lane && rows, lane && rows});
        return out;
      };
    };
    auto vector = [&](bool rows) { return hasWholeVectors(right, rankOf(right) - (rows ? 1 : 2)) && holes.addAddress("right", {"b", "k", "n"}, right, index(rows), {1}, &rightLinear); };
    rightRows = vector(true);
    rightVector = rightRows || vector(false);
    if (!rightVector)
      rightRows = true; // neighbours in n are usually neighbours in memory
    return rightVector || holes.addElement("right", {"b", "k", "n"}, right, index(rightRows));
  }

  /// Weights are [Cout, C, R, S]; k is (r, s, c), so that the packed ones (cuda-pack-weights) lie together.
  bool addWeights() {
    rightRows = false;
    auto index = [&](Emitter &e, ArrayRef<Value> v, bool lane) {
      Value rs = e.div(v[1], e.i64(channels)), c = e.rem(v[1], e.i64(channels));
      return Indices{e.position(v[2]), {c, lane, lane}, e.position(e.div(rs, e.i64(kernelW))), e.position(e.rem(rs, e.i64(kernelW)))};
    };
    rightVector = channels % chunk == 0 && (addPackedWeights() || holes.addAddress("right", {"b", "k", "n"}, right, index, {1}, &rightLinear));
    return rightVector || holes.addElement("right", {"b", "k", "n"}, right, index);
  }

  /// Weights that lie as [Cout, R, S, C]: k is one step in memory.
  bool addPackedWeights() {
    auto transpose = right.getDefiningOp<TransposeOp>();
    if (!transpose || transpose.getPerm() != ArrayRef<int64_t>{0, 3, 1, 2} || !isa<BlockArgument>(transpose->getOperand(0)))
      return false;
    Value packed = transpose->getOperand(0);
    auto index = [&](Emitter &e, ArrayRef<Value> v, bool lane) {
      // As if all of k were channels: what lies behind a row of them is the next one.
      return Indices{e.position(v[2]), e.zero(), e.zero(), {v[1], lane, lane}};
    };
    return holes.addAddress("right", {"b", "k", "n"}, packed, index, {1}, &rightLinear);
  }

  size_t rankOf(Value v) { return facts.dims(v).size(); }

  /// Whether vectors from the start of an operand's dim end in its memory: its extent is whole vectors, or it is the front of what is (cuda-pad-products).
  bool hasWholeVectors(Value operand, size_t dim) {
    DimExpr size = facts.dims(operand)[dim];
    if (multipleOf(size, chunk))
      return true;
    while (Operation *op = operand.getDefiningOp()) {
      if (auto transpose = dyn_cast<TransposeOp>(op)) {
        dim = transpose.getPerm()[dim];
      } else if (auto slice = dyn_cast<SliceOp>(op)) {
        if (!slice.getStarts().getDims()[dim].isConstant(0) || slice.getSteps()[dim] != 1)
          return false;
        auto whole = facts.dims(slice.getX())[dim].constant(), part = size.constant();
        if (whole && part && *whole >= (*part + chunk - 1) / chunk * chunk)
          return true;
      } else {
        return false;
      }
      operand = op->getOperand(0);
    }
    return false;
  }

  /// Whether an operand is the same in all runs: moves of what is constant outside.
  bool isWeight(Value operand) {
    while (Operation *op = operand.getDefiningOp()) {
      if (op->getNumOperands() != 1)
        return false;
      operand = op->getOperand(0);
    }
    return isConstantExpression(region.getInputs()[cast<BlockArgument>(operand).getArgNumber()]);
  }

  static bool isNarrow(const DimExpr &size) {
    auto c = size.constant();
    return c && *c <= INT32_MAX;
  }

  static bool multipleOf(const DimExpr &size, int64_t n) {
    auto c = size.constant();
    return c && *c % n == 0;
  }

  bool addEpilogue() {
    // 16 bytes of the widest result, or two vectors of it for f32 accumulators of halves.
    storeWidth = multipleOf(N, chunk) ? chunk : 1;
    auto store = [&](StringRef name, int64_t width) {
      Type accumulator = width > 1 ? Type(VectorType::get({width}, b.getF32Type())) : b.getF32Type();
      auto parameters = holes.positions({"b", "m", "n"});
      parameters.push_back({"acc", accumulator});
      return holes.add(name, parameters, width, Type(), [&](Emitter &e, ArrayRef<Value> v) {
        Indices index;
        for (Value i : e.delinearize(v[0], batch))
          index.push_back(e.position(i));
        for (Value i : e.delinearize(v[1], rowDims))
          index.push_back(e.position(i));
        index.push_back(N.isConstant(1) ? e.zero() : Index{v[2], width > 1, width > 1}); // a dim of one element has one place, by which the emitter knows what is remembered
        rememberAccumulator(e, anchor->getResult(0), index, v[3]);
        for (auto [result, yielded] : llvm::zip(region.getResults(), region.getBody().front().getTerminator()->getOperands()))
          e.store(result, index, e.at(yielded, index));
        return std::optional<Value>(Value());
      });
    };
    if (storeWidth > 1 && store("storeVector", storeWidth))
      return true;
    storeWidth = 1;
    return store("storeOne", 1);
  }

  std::string source(const ProductConfig &c) {
    std::string out;
    llvm::raw_string_ostream os(out);
    std::string type = cppType(element);
    for (auto [name, positions] : {std::pair("left", "int64_t, int64_t, int64_t"), std::pair("window", "int64_t, int64_t, int64_t, int64_t"), std::pair("right", "int64_t, int64_t, int64_t")}) {
      holes.complete(std::string(name) + "Address", "char *", positions);
      holes.complete(std::string(name) + "Pack", "Pack<" + type + ", " + std::to_string(chunk) + ">", positions);
      holes.complete(std::string(name) + "Element", type, positions);
    }
    for (const char *name : {"sizeH", "sizeW", "sizeP", "sizeQ"})
      holes.complete(name, "int64_t", "");
    holes.complete("storeVector", "void", "int64_t, int64_t, int64_t, const Pack<float, " + std::to_string(storeWidth) + "> &");
    holes.complete("storeOne", "void", "int64_t, int64_t, int64_t, float");
    // NOTE: constants of the configuration become variables of the PTX module, where other kernels have theirs.
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.text();
    auto flag = [](bool v) { return v ? "true" : "false"; };
    os << "struct Config {\n  typedef " << type << " Element;\n  static constexpr int";
    std::vector<std::pair<const char *, int64_t>> numbers = {{"kBlockM", c.blockM}, {"kBlockN", c.blockN}, {"kBlockK", c.blockK}, {"kWarpsM", c.warpsM}, {"kWarpsN", c.warpsN}, {"kWarpsK", c.warpsK},
                                                             {"kStages", c.stages}, {"kSplit", c.split},   {"kStoreWidth", storeWidth}};
    if (conv) {
      auto s = conv.getStrides(), d = conv.getDilations(), p = conv.getPads();
      numbers.insert(numbers.end(), {{"kC", channels}, {"kR", kernelH}, {"kS", kernelW}, {"kStrideH", s[0]}, {"kStrideW", s[1]}, {"kDilationH", d[0]}, {"kDilationW", d[1]}, {"kPadH", p[0]}, {"kPadW", p[1]}});
    }
    const char *separator = " ";
    for (auto [name, value] : numbers) {
      os << separator << name << " = " << value;
      separator = ", ";
    }
    os << ";\n  static constexpr bool kLeftVector = " << flag(leftVector) << ", kRightVector = " << flag(rightVector) << ", kLeftTail = " << flag(leftTail && leftVector) << ", kRightRows = " << flag(rightRows) << ", kLeftPack = " << flag(leftPack) << ", kLeftLinear = " << flag(leftVector && leftLinear) << ", kRightLinear = " << flag(rightVector && rightLinear) << ", kRightConstant = " << flag(isWeight(right)) << ", kNarrow = " << flag(isNarrow(M) && isNarrow(N)) << ", kIsConv = " << flag(!!conv) << ";\n};\n";
    os << kProductSource << holes.kernel(c.threads(), c.sharedBytes(elementBytes, rightRows), "Tile<Config>", "product<Config>") << "}\n";
    return out;
  }

  RegionOp region;
  ShapeFacts &facts;
  const Placements &placements;
  const CudaTarget &target;
  const AssumedSizes &sizes;
  const Tuning &tuning;
  const RefusedSources &refused;
  Holes holes;
  OpBuilder b;
  Operation *anchor = nullptr;
  ConvOp conv;
  Value left, right;
  Type element;
  int64_t elementBytes = 4, chunk = 4, channels = 0, kernelH = 1, kernelW = 1, storeWidth = 1;
  DimExpr M, N, K;
  Dims batch, rowDims;
  bool leftPack = false, leftLinear = false, rightLinear = false;
  bool leftVector = false, leftTail = false, rightVector = false, rightRows = false;
};

} // namespace

FailureOr<Kernel> emitProduct(RegionOp region, ShapeFacts &facts, const Placements &placements, const CudaTarget &target, const AssumedSizes &sizes, const Tuning &tuning,
                              const RefusedSources &refused) {
  if (!target.hasAsyncCopy())
    return failure();
  return Product(region, facts, placements, target, sizes, tuning, refused).run();
}

} // namespace mlc::cuda
