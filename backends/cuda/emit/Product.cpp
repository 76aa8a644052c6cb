// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Product.h"
#include "backends/cuda/choose/Library.h"
#include "backends/cuda/emit/Choice.h"
#include "backends/cuda/emit/CppPrinter.h"
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/emit/TensorMaps.h"
#include "backends/cuda/kernels/Sources.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::cuda {
namespace {

class Product {
public:
  explicit Product(TemplateContext c)
      : context(c), region(c.region), facts(c.facts), placements(c.placements), target(c.target), sizes(c.sizes), holes(region, facts, placements), b(region.getContext()) {}

  FailureOr<Kernel> run() {
    if (!match() || !addOperands() || !addEpilogue())
      return failure();
    holes.addSize("sizeM", M);
    holes.addSize("sizeN", N);
    holes.addSize("sizeK", K);
    ProductShape shape{sizes(product(batch)), sizes(M), sizes(N), sizes(K), elementBytes, rightRows, (leftVector || leftPack) && rightVector, target.hasHopper() && findBoxes(), epilogueInstructions()};
    Kernel kernel;
    kernel.problem = problem(shape);
    std::vector<ProductConfig> ranked = rankProducts(shape, target);
    auto isKnown = [&](StringRef config) { return llvm::any_of(ranked, [&](const ProductConfig &c) { return c.str() == config; }); };
    unsigned candidate = context.tuning.candidate;
    if (auto match = context.tuning.library ? matchLibraryProduct(region, facts, placements) : std::nullopt; match && !match->biasIsWide) {
      LibraryChoice choice = chooseLibrary(shape, kernel.problem, target, context.tuning, isKnown);
      if (choice.isTaken)
        return libraryKernel(*match, kernel.problem, target);
      candidate = choice.candidate;
    }
    ProductConfig c = choose(context, std::move(ranked), candidate, kernel, [&](const ProductConfig &config) { return source(config); });
    kernel.kind = region.getKind() == "single" ? "gemm" : region.getKind().str();
    kernel.scalars = holes.sizes();
    kernel.threads = c.threads();
    kernel.sharedBytes = c.sharedBytes(elementBytes, rightRows);
    kernel.cluster = c.split;
    kernel.grid = product(batch) * DimExpr::ceilDiv(M, c.blockM) * DimExpr::ceilDiv(N, c.blockN) * DimExpr(c.split);
    if (c.hopper) {
      kernel.tensorMaps = {leftMap(c), rightMap(c)};
      if (auto tiles = kernel.grid.constant(); tiles && !c.oneTile)
        kernel.grid = std::min(*tiles, target.multiprocessors);
    }
    return kernel;
  }

private:
  double epilogueInstructions() {
    double sum = 6;
    for (Operation &op : region.getBody().front().without_terminator())
      sum += isa<ErfOp, GeluOp, TanhOp, ExpOp, SigmoidOp, SwishOp, SoftplusOp, PowOp, LogOp, SinOp, CosOp>(op) ? 20 : op.hasTrait<Pointwise>() ? 2 : 0;
    return sum;
  }

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

  /// Whether both operands can be copied by tensor maps, as the template for sm_90a wants them: halves, matrices or windows of whole 64 channels.
  bool findBoxes() {
    if (elementBytes != 2 || !batch.empty())
      return false;
    auto x = viewOfOperand(left, region, facts, placements), w = viewOfOperand(right, region, facts, placements);
    if (!x || !w || !x->strides.back().isConstant(1))
      return false;
    leftView = *x;
    rightView = *w;
    size_t rank = x->dims.size();
    isMatrix = !conv || (kernelH * kernelW == 1 && conv.getStrides() == ArrayRef<int64_t>{1, 1} && llvm::all_of(conv.getPads(), [](int64_t p) { return p == 0; }));
    if (isMatrix) {
      auto stride = x->strideOfAll(0, rank - 1);
      if (!stride || !isWholeStride(*stride))
        return false;
      leftStrides = {*stride};
    } else {
      if (channels % 64 || !llvm::all_of(ArrayRef<DimExpr>(x->strides).drop_back(), isWholeStride) || !isWindowMap())
        return false;
      leftStrides = {x->strides[2], x->strides[1], x->strides[0]};
    }
    // Weights are [Cout, C, R, S] of which k = (r, s, c); matrices [K, N].
    std::optional<DimExpr> stride;
    if (conv) {
      OperandView order{0, {w->dims[2], w->dims[3], w->dims[1]}, {w->strides[2], w->strides[3], w->strides[1]}};
      if (auto all = order.strideOfAll(0, 3); all && all->isConstant(1))
        stride = w->strides[0];
    } else if (w->strides[rightRows ? 1 : 0].isConstant(1)) {
      stride = w->strides[rightRows ? 0 : 1];
    }
    if (!stride || !isWholeStride(*stride))
      return false;
    rightStride = *stride;
    return true;
  }

  /// Whether the windows are within what a tensor map can say (cuTensorMapEncodeIm2col): steps up to 8, corners and places inside of a window of one byte.
  bool isWindowMap() {
    auto s = conv.getStrides(), d = conv.getDilations(), p = conv.getPads();
    auto fits = [](int64_t v) { return v >= -128 && v <= 127; };
    auto along = [&](unsigned i, int64_t size) { return s[i] <= 8 && d[i] * (size - 1) <= 127 && fits(-p[i]) && fits(p[i + 2] - d[i] * (size - 1)); };
    return along(0, kernelH) && along(1, kernelW);
  }

  uint32_t bytesIndex(const DimExpr &stride) { return holes.sizeIndex(stride * DimExpr(2)); }

  TensorMap leftMap(const ProductConfig &c) {
    TensorMap map;
    map.buffer = leftView.buffer;
    map.isBf16 = element.isBF16();
    map.box = {64, static_cast<uint32_t>(c.blockM)};
    for (const DimExpr &stride : leftStrides)
      map.strides.push_back(bytesIndex(stride));
    if (isMatrix) {
      map.dims = {holes.sizeIndex(K), holes.sizeIndex(M)};
      return map;
    }
    for (size_t i : {3, 2, 1, 0})
      map.dims.push_back(holes.sizeIndex(leftView.dims[i]));
    auto s = conv.getStrides(), d = conv.getDilations(), p = conv.getPads();
    auto number = [](int64_t v) { return static_cast<int32_t>(v); };
    map.steps = {1, static_cast<uint32_t>(s[1]), static_cast<uint32_t>(s[0]), 1};
    map.lower = {number(-p[1]), number(-p[0])};
    map.upper = {number(p[3] - d[1] * (kernelW - 1)), number(p[2] - d[0] * (kernelH - 1))};
    return map;
  }

  TensorMap rightMap(const ProductConfig &c) {
    TensorMap map;
    map.buffer = rightView.buffer;
    map.isBf16 = element.isBF16();
    map.dims = {holes.sizeIndex(rightRows ? N : K), holes.sizeIndex(rightRows ? K : N)};
    map.strides = {bytesIndex(rightStride)};
    map.box = {64, static_cast<uint32_t>(rightRows ? 64 : c.blockN)};
    return map;
  }

  static bool isNarrow(const DimExpr &size) {
    auto c = size.constant();
    return c && *c <= INT32_MAX;
  }

  static bool multipleOf(const DimExpr &size, int64_t n) {
    auto c = size.constant();
    return c && *c % n == 0;
  }

  /// Position of a result's element; a dim of one element has one place, by which the emitter knows what is remembered.
  Indices resultIndex(Emitter &e, ArrayRef<Value> v, bool lanes) {
    Indices index;
    for (Value i : e.delinearize(v[0], batch))
      index.push_back(e.position(i));
    for (Value i : e.delinearize(v[1], rowDims))
      index.push_back(e.position(i));
    index.push_back(N.isConstant(1) ? e.zero() : Index{v[2], lanes, lanes});
    return index;
  }

  /// Of one result: its vectors by themselves, so that several are computed before any is stored, and what they read is on its way together. What is read may not be moved over a store, for all that the compiler knows.
  bool addValue() {
    if (region.getNumResults() > 1)
      return true;
    Value result = region.getResult(0), yielded = region.getBody().front().getTerminator()->getOperand(0);
    Type type = VectorType::get({storeWidth}, facts.elementType(result));
    auto parameters = holes.positions({"b", "m", "n"});
    parameters.push_back({"acc", VectorType::get({storeWidth}, b.getF32Type())});
    bool ok = holes.add("resultVector", parameters, storeWidth, type, [&](Emitter &e, ArrayRef<Value> v) {
      Indices index = resultIndex(e, v, true);
      rememberAccumulator(e, anchor->getResult(0), index, v[3]);
      Value value = e.at(yielded, index);
      return std::optional<Value>(e.isVector(value) ? value : e.splat(value));
    });
    parameters.back() = {"value", type};
    resultByVectors = ok && holes.add("writeVector", parameters, storeWidth, Type(), [&](Emitter &e, ArrayRef<Value> v) {
      e.store(result, resultIndex(e, v, true), v[3]);
      return std::optional<Value>(Value());
    });
    return ok;
  }

  bool addEpilogue() {
    // 16 bytes of the widest result, or two vectors of it for f32 accumulators of halves.
    storeWidth = multipleOf(N, chunk) ? chunk : 1;
    auto store = [&](StringRef name, int64_t width) {
      Type accumulator = width > 1 ? Type(VectorType::get({width}, b.getF32Type())) : b.getF32Type();
      auto parameters = holes.positions({"b", "m", "n"});
      parameters.push_back({"acc", accumulator});
      return holes.add(name, parameters, width, Type(), [&](Emitter &e, ArrayRef<Value> v) {
        Indices index = resultIndex(e, v, width > 1);
        rememberAccumulator(e, anchor->getResult(0), index, v[3]);
        for (auto [result, yielded] : llvm::zip(region.getResults(), region.getBody().front().getTerminator()->getOperands()))
          e.store(result, index, e.at(yielded, index));
        return std::optional<Value>(Value());
      });
    };
    if (storeWidth > 1 && addValue() && store("storeVector", storeWidth))
      return true;
    storeWidth = 1;
    resultByRuns = addRuns();
    return store("storeOne", 1);
  }

  /// Of one result of halves whose rows lie anyhow: an element by itself and where it lies, so that neighbours go in one store from where memory has a vector (kernels/runs.cuh).
  bool addRuns() {
    Value result = region.getResult(0), yielded = region.getBody().front().getTerminator()->getOperand(0);
    Type type = facts.elementType(result);
    if (region.getNumResults() > 1 || type.getIntOrFloatBitWidth() != 16 || N.isConstant(1))
      return false;
    auto positions = holes.positions({"b", "m", "n"}), parameters = positions;
    parameters.push_back({"acc", b.getF32Type()});
    return holes.add("resultAddress", positions, 2, LLVM::LLVMPointerType::get(b.getContext()), [&](Emitter &e, ArrayRef<Value> v) { return e.addressOf(result, resultIndex(e, v, true)); }) &&
           holes.add("resultOne", parameters, 1, type, [&](Emitter &e, ArrayRef<Value> v) {
             Indices index = resultIndex(e, v, false);
             rememberAccumulator(e, anchor->getResult(0), index, v[3]);
             return std::optional<Value>(e.at(yielded, index));
           });
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
    std::string resultType = cppType(facts.elementType(region.getResult(0))), vector = "Pack<" + resultType + ", " + std::to_string(storeWidth) + ">";
    holes.complete("resultVector", vector, "int64_t, int64_t, int64_t, const Pack<float, " + std::to_string(storeWidth) + "> &");
    holes.complete("writeVector", "void", "int64_t, int64_t, int64_t, const " + vector + " &");
    holes.complete("storeOne", "void", "int64_t, int64_t, int64_t, float");
    holes.complete("resultOne", resultType, "int64_t, int64_t, int64_t, float");
    holes.complete("resultAddress", "char *", "int64_t, int64_t, int64_t");
    if (c.hopper) // its parameters
      (void)leftMap(c), (void)rightMap(c);
    // NOTE: constants of the configuration become variables of the PTX module, where other kernels have theirs.
    os << kScalarSource << kDeviceSource << (c.hopper ? kHopperDeviceSource : "") << "namespace MLC_KERNEL_ns {\n" << holes.mathSource() << holes.text();
    auto flag = [](bool v) { return v ? "true" : "false"; };
    os << "struct Config {\n  typedef " << type << " Element;\n  typedef " << resultType << " Result;\n  static constexpr int";
    std::vector<std::pair<const char *, int64_t>> numbers = {{"kBlockM", c.blockM}, {"kBlockN", c.blockN}, {"kBlockK", c.blockK}, {"kWarpsM", c.warpsM}, {"kWarpsN", c.warpsN}, {"kWarpsK", c.warpsK},
                                                             {"kStages", c.stages}, {"kSplit", c.split},   {"kStoreWidth", storeWidth}, {"kColumns", c.columns()}};
    if (conv) {
      auto s = conv.getStrides(), d = conv.getDilations(), p = conv.getPads();
      numbers.insert(numbers.end(), {{"kC", channels}, {"kR", kernelH}, {"kS", kernelW}, {"kStrideH", s[0]}, {"kStrideW", s[1]}, {"kDilationH", d[0]}, {"kDilationW", d[1]}, {"kPadH", p[0]}, {"kPadW", p[1]}});
    }
    const char *separator = " ";
    for (auto [name, value] : numbers) {
      os << separator << name << " = " << value;
      separator = ", ";
    }
    os << ";\n  static constexpr bool kLeftVector = " << flag(leftVector) << ", kRightVector = " << flag(rightVector) << ", kLeftTail = " << flag(leftTail && leftVector) << ", kRightRows = " << flag(rightRows) << ", kLeftPack = " << flag(leftPack) << ", kLeftLinear = " << flag(leftVector && leftLinear) << ", kRightLinear = " << flag(rightVector && rightLinear) << ", kRightConstant = " << flag(holes.isConstant(right)) << ", kNarrow = " << flag(isNarrow(M) && isNarrow(N)) << ", kByVectors = " << flag(resultByVectors && storeWidth > 1) << ", kByRuns = " << flag(resultByRuns) << ", kAlternate = " << flag(c.alternate) << ", kOneTile = " << flag(c.oneTile) << ", kIsConv = " << flag(conv && !(c.hopper && isMatrix)) << ";\n};\n";
    if (c.hopper)
      os << kExchangeSource << kEpilogueSource << kRunsSource << kHopperSource << holes.kernel(c.threads(), c.sharedBytes(elementBytes, rightRows), "HopperTile<Config>", "hopper_product<Config>", 2) << "}\n";
    else
      os << kExchangeSource << kEpilogueSource << kProductSource << holes.kernel(c.threads(), c.sharedBytes(elementBytes, rightRows), "Tile<Config>", "product<Config>") << "}\n";
    return out;
  }

  TemplateContext context;
  RegionOp region;
  ShapeFacts &facts;
  const Placements &placements;
  const CudaTarget &target;
  const AssumedSizes &sizes;
  Holes holes;
  OpBuilder b;
  Operation *anchor = nullptr;
  ConvOp conv;
  Value left, right;
  Type element;
  int64_t elementBytes = 4, chunk = 4, channels = 0, kernelH = 1, kernelW = 1, storeWidth = 1;
  DimExpr M, N, K;
  OperandView leftView, rightView; // findBoxes
  SmallVector<DimExpr> leftStrides;
  DimExpr rightStride = 0;
  bool isMatrix = true;
  bool resultByVectors = false; // resultVector, writeVector
  bool resultByRuns = false;    // resultOne, resultAddress
  Dims batch, rowDims;
  bool leftPack = false, leftLinear = false, rightLinear = false;
  bool leftVector = false, leftTail = false, rightVector = false, rightRows = false;
};

} // namespace

FailureOr<Kernel> emitProduct(TemplateContext context) {
  if (!context.target.hasAsyncCopy())
    return failure();
  return Product(context).run();
}

} // namespace mlc::cuda
