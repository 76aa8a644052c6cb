// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Attention.h"
#include "backends/cuda/emit/CppPrinter.h"
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/emit/KeyGroups.h"
#include "backends/cuda/kernels/Sources.h"
#include "passes/Fuse/SoftmaxForm.h"
#include <numeric>

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::cuda {
namespace {

constexpr int64_t kBlockM = 64, kBlockN = 64;
constexpr int64_t kMaxWarps = 16, kMaxSplit = 8; // of flash_decoding.cuh: of a block, blocks of a cluster
constexpr int64_t kSplitKeys = 64;               // a block of a cluster has at least: fewer are read in less time than parts are exchanged

/// How a head's keys are shared.
struct Shares {
  int64_t warps, split;
};

class Attention {
public:
  explicit Attention(TemplateContext c) : region(c.region), facts(c.facts), target(c.target), sizes(c.sizes), refused(c.refused), holes(region, facts, c.placements), b(region.getContext()) {}

  /// Many queries: a block has 64 of one head.
  FailureOr<Kernel> run() {
    if (!match() || element.isF32() || sharedBytes() > target.sharedBytes)
      return failure();
    queryVector = addOperand("query", form->first.getA(), false);
    keyVector = addOperand("key", form->first.getB(), true);
    valueVector = addOperand("value", form->second.getB(), false);
    if (failedHole || !addLogit() || !addStore())
      return failure();
    holes.addSize("sizeM", M);
    holes.addSize("sizeN", T);
    Kernel kernel;
    kernel.kind = "attention";
    kernel.source = source();
    kernel.scalars = holes.sizes();
    kernel.threads = kBlockM * 2;
    kernel.sharedBytes = sharedBytes();
    kernel.grid = product(batch) * DimExpr::ceilDiv(M, kBlockM);
    return kernel;
  }

  /// Few queries: the keys of a head are shared by warps and by blocks of a cluster. With fewer warps when a number of them is refused (their registers spill).
  FailureOr<Kernel> runDecoding() {
    if (!match() || (sizes(M) > kFewQueries && !element.isF32())) // many in f32: what --keep-fp32 left of halves
      return failure();
    if (!addPack("query", form->first.getA(), false) || !addPack("key", form->first.getB(), true) || !addPack("value", form->second.getB(), false) || !addLogit() || !addStore())
      return failure();
    holes.addSize("sizeM", M);
    holes.addSize("sizeN", T);
    int64_t keyGroup = headsPerKeyHead(form->first.getB(), batch, facts), valueGroup = headsPerKeyHead(form->second.getB(), batch, facts);
    group = std::gcd(keyGroup, valueGroup);
    std::optional<Kernel> first;
    for (Shares shares = chooseShares(); shares.warps > 0; shares.warps /= 2) {
      if (decodingBytes(shares) > target.sharedBytes)
        continue;
      Kernel kernel = decodingKernel(shares);
      if (!refused.contains(kernel.source))
        return kernel;
      if (!first)
        first = std::move(kernel);
    }
    // In f32 there is nothing else.
    if (!first || !element.isF32())
      return failure();
    return std::move(*first);
  }

private:
  /// Tiles of 16 rows: the queries of all heads that share their keys.
  DimExpr headTiles() const {
    Dims heads(batch);
    if (group > 1)
      heads.back() = *batch.back().constant() / group;
    return product(heads) * DimExpr::ceilDiv(DimExpr(group) * M, 16);
  }

  /// Rows of a tile that count, in fours.
  int64_t rows() const {
    auto queries = M.constant();
    return queries ? std::min<int64_t>(16, (group * *queries + 3) / 4 * 4) : 16;
  }

  /// Blocks until the device has two for each multiprocessor, then warps until each has one step of keys, or eight where their number is open: caches grow.
  Shares chooseShares() const {
    int64_t keys = sizes(T), blocks = sizes(headTiles());
    Shares s{1, 1};
    while (target.hasClusters() && s.split < kMaxSplit && blocks * s.split * 2 <= 2 * target.multiprocessors && keys >= kSplitKeys * s.split * 2 && Dv % (s.split * 4) == 0)
      s.split *= 2;
    // More than 8 warps leave a thread 128 registers: enough for 8 rows of halves and heads of 64. Of code for devices to come nobody sees whether it spills.
    bool isNarrow = std::max(D, Dv) <= 64 && rows() <= 8 && !element.isF32() && !target.forward;
    int64_t stepKeys = element.isF32() && std::max(D, Dv) > 64 ? 8 : 16;
    while (s.warps < (isNarrow ? kMaxWarps : kMaxWarps / 2) && (s.warps * s.split * stepKeys < keys || (!T.constant() && s.warps < kMaxWarps / 2)))
      s.warps *= 2;
    return s;
  }

  /// As DecodeTile has them.
  int64_t decodingBytes(const Shares &s) const {
    int64_t parts = s.warps * rows() * (Dv + 2) * 4, exchanged = 2 * s.split * rows() * (Dv / s.split + 2) * 4 + 16;
    return parts + (s.split > 1 ? exchanged : 0);
  }

  bool match() {
    if (region.getKind() != "attention" || region.getNumResults() != 1 || !target.hasAsyncCopy())
      return false;
    for (Operation &op : region.getBody().front().without_terminator())
      if (!reference::elementFunction(&op))
        return false;
    // The last product in the block.
    MatMulOp second;
    for (auto product : region.getBody().front().getOps<MatMulOp>())
      second = product;
    form = second ? matchSoftmaxForm(second, facts) : std::nullopt;
    if (!form)
      return false;
    element = facts.elementType(second.getY());
    if ((!element.isF16() && !element.isBF16() && !element.isF32()) || facts.elementType(form->first.getY()) != element)
      return false;
    Dims y(facts.dims(second.getY()));
    auto d = facts.dims(form->first.getA()).back().constant(), dv = y.back().constant();
    if (y.size() < 2 || !d || !dv || *d % kHeadMultiple || *dv % kHeadMultiple || *d > kMostHead || *dv > kMostHead)
      return false;
    D = *d;
    Dv = *dv;
    batch.assign(y.begin(), y.end() - 2);
    M = y[y.size() - 2];
    T = facts.dims(form->second.getA()).back();
    return Dims(facts.dims(form->first.getY())).size() == y.size() && findStore();
  }

  /// The result is the product, or casts and one transpose of it.
  bool findStore() {
    Value v = region.getBody().front().getTerminator()->getOperand(0);
    while (v != form->second.getY()) {
      Operation *op = v.getDefiningOp();
      if (auto transpose = dyn_cast_or_null<TransposeOp>(op)) {
        if (!perm.empty())
          return false;
        perm.assign(transpose.getPerm().begin(), transpose.getPerm().end());
      } else if (!isa_and_nonnull<CastOp>(op)) {
        return false;
      }
      v = op->getOperand(0);
    }
    return perm.empty() || perm.back() + 1 == static_cast<int64_t>(perm.size());
  }

  int64_t sharedBytes() const { return (kBlockM * (D + 8) + 2 * kBlockN * (D + 8 + Dv + 8)) * 2; }

  /// An operand's element at (b, row, d), or those of the lane along d. `transposed`: rows are its last dim.
  auto operandIndex(Value operand, bool transposed) {
    return [this, operand, transposed](Emitter &e, ArrayRef<Value> v, bool lane) {
      Indices at;
      for (Value i : e.delinearize(v[0], batch))
        at.push_back(e.position(i));
      Dims dims(facts.dims(operand));
      Indices out = reference::operandBatch(e, ArrayRef<DimExpr>(dims).drop_back(2), batch, at);
      Index row = e.position(v[1]), column{v[2], lane, lane};
      if (transposed)
        std::swap(row, column);
      out.append({row, column});
      return out;
    };
  }

  /// Whether 16 bytes of an operand's row lie together; else it comes element by element.
  bool addOperand(const std::string &name, Value operand, bool transposed) {
    auto index = operandIndex(operand, transposed);
    bool vector = holes.addAddress(name, {"b", "n", "d"}, operand, index);
    failedHole |= !vector && !holes.addElement(name, {"b", "n", "d"}, operand, index);
    return vector;
  }

  /// 16 bytes of an operand's row, read or computed.
  bool addPack(const std::string &name, Value operand, bool transposed) { return holes.addPack(name, {"b", "n", "d"}, operand, operandIndex(operand, transposed)); }

  Indices scoreIndex(Emitter &e, Value batchNumber, Value m, Index n) {
    Indices out;
    for (Value v : e.delinearize(batchNumber, batch))
      out.push_back(e.position(v));
    // A dim of one element has one place, by which the emitter knows what is remembered.
    out.push_back(M.isConstant(1) ? e.zero() : e.position(m));
    out.push_back(T.isConstant(1) && !n.lane ? e.zero() : n);
    return out;
  }

  /// What the softmax reads in f32, where it is a product's result as it is: the accumulator, not what f16 would keep of it.
  static Value widened(Value v) {
    for (Operation *user : v.getUsers())
      if (auto cast = dyn_cast<CastOp>(user); cast && cast.getTo().isF32())
        return cast.getY();
    return v;
  }

  bool addLogit() {
    auto parameters = holes.positions({"b", "m", "n"});
    parameters.push_back({"score", b.getF32Type()});
    return holes.add("logit", parameters, 1, b.getF32Type(), [&](Emitter &e, ArrayRef<Value> v) {
      Indices index = scoreIndex(e, v[0], v[1], e.position(v[2]));
      rememberAccumulator(e, form->first.getY(), index, v[3]);
      Value logits = widened(form->logits);
      return std::optional<Value>(e.convert(e.at(logits, index), facts.elementType(logits), b.getF32Type()));
    });
  }

  bool addStore() {
    auto parameters = holes.positions({"b", "m", "d"});
    parameters.push_back({"pair", VectorType::get({2}, b.getF32Type())});
    return holes.add("storePair", parameters, 2, Type(), [&](Emitter &e, ArrayRef<Value> v) {
      Indices index = scoreIndex(e, v[0], v[1], {v[2], true, true}), stored;
      rememberAccumulator(e, form->second.getY(), index, v[3]);
      for (size_t i = 0; i < index.size(); ++i)
        stored.push_back(perm.empty() ? index[i] : index[perm[i]]);
      Value yielded = region.getBody().front().getTerminator()->getOperand(0);
      e.store(region.getResult(0), stored, e.at(yielded, stored));
      return std::optional<Value>(Value());
    });
  }

  std::string source() {
    std::string out, type = cppType(element);
    llvm::raw_string_ostream os(out);
    auto flag = [](bool v) { return v ? "true" : "false"; };
    for (std::string name : {"query", "key", "value"}) {
      holes.complete(name + "Address", "char *", "int64_t, int64_t, int64_t");
      holes.complete(name + "Element", type, "int64_t, int64_t, int64_t");
    }
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.text() << "struct Config {\n  typedef " << type << " Element;\n  static constexpr int kBlockM = " << kBlockM << ", kBlockN = " << kBlockN
       << ", kD = " << D << ", kDv = " << Dv << ";\n  static constexpr bool kQueryVector = " << flag(queryVector) << ", kKeyVector = " << flag(keyVector) << ", kValueVector = " << flag(valueVector)
       << ", kGuarded = " << flag(form->guarded) << ";\n};\n"
       << kOnlineSoftmaxSource << kAttentionSource << holes.kernel(kBlockM * 2, sharedBytes(), "AttentionTile<Config>", "attention<Config>") << "}\n";
    return out;
  }

  Kernel decodingKernel(const Shares &shares) {
    Kernel kernel;
    kernel.source = decodingSource(shares);
    kernel.kind = "attention";
    kernel.scalars = holes.sizes();
    kernel.threads = shares.warps * 32;
    kernel.sharedBytes = decodingBytes(shares);
    kernel.cluster = shares.split;
    kernel.grid = headTiles() * DimExpr(shares.split);
    return kernel;
  }

  std::string decodingSource(const Shares &s) {
    std::string out;
    llvm::raw_string_ostream os(out);
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.text() << "struct Config {\n  typedef " << cppType(element) << " Element;\n  static constexpr int kD = " << D << ", kDv = " << Dv
       << ", kGroup = " << group << ", kRows = " << rows() << ", kWarps = " << s.warps << ", kSplit = " << s.split << ";\n  static constexpr bool kGuarded = " << (form->guarded ? "true" : "false") << ";\n};\n"
       << kExchangeSource << kOnlineSoftmaxSource << kFlashDecodingSource << holes.kernel(s.warps * 32, decodingBytes(s), "DecodeTile<Config>", "flash_decoding<Config>") << "}\n";
    return out;
  }

  RegionOp region;
  ShapeFacts &facts;
  const CudaTarget &target;
  const AssumedSizes &sizes;
  const RefusedSources &refused;
  Holes holes;
  OpBuilder b;
  std::optional<SoftmaxForm> form;
  Type element;
  int64_t D = 0, Dv = 0, group = 1;
  DimExpr M, T;
  Dims batch;
  SmallVector<int64_t> perm;
  bool queryVector = false, keyVector = false, valueVector = false, failedHole = false;
};

} // namespace

FailureOr<Kernel> emitAttention(TemplateContext context) {
  auto decoding = Attention(context).runDecoding();
  return succeeded(decoding) ? std::move(decoding) : Attention(context).run();
}

} // namespace mlc::cuda
