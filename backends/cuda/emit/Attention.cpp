// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Attention.h"
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/kernels/Sources.h"
#include "passes/Fuse/SoftmaxForm.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::cuda {
namespace {

constexpr int64_t kChunk = 8, kBlockM = 64, kBlockN = 64, kMaxHead = 128;

class Attention {
public:
  Attention(RegionOp region, ShapeFacts &facts, const Placements &placements, const CudaTarget &target) : region(region), facts(facts), target(target), holes(region, facts, placements), b(region.getContext()) {}

  FailureOr<Kernel> run() {
    if (!match() || sharedBytes() > target.sharedBytes)
      return failure();
    queryVector = addOperand("query", [this](Emitter &e, ArrayRef<Value> v, bool lane) { return operandIndex(e, form->first.getA(), v[0], v[1], {v[2], lane, lane}, false); }, form->first.getA());
    keyVector = addOperand("key", [this](Emitter &e, ArrayRef<Value> v, bool lane) { return operandIndex(e, form->first.getB(), v[0], v[1], {v[2], lane, lane}, true); }, form->first.getB());
    valueVector = addOperand("value", [this](Emitter &e, ArrayRef<Value> v, bool lane) { return operandIndex(e, form->second.getB(), v[0], v[1], {v[2], lane, lane}, false); }, form->second.getB());
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

private:
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
    if ((!element.isF16() && !element.isBF16()) || facts.elementType(form->first.getY()) != element)
      return false;
    Dims y(facts.dims(second.getY()));
    auto d = facts.dims(form->first.getA()).back().constant(), dv = y.back().constant();
    if (y.size() < 2 || !d || !dv || *d % 16 || *dv % 16 || *d > kMaxHead || *dv > kMaxHead)
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

  std::vector<Holes::Parameter> integers(std::initializer_list<const char *> names) {
    std::vector<Holes::Parameter> out;
    for (const char *name : names)
      out.push_back({name, b.getI64Type()});
    return out;
  }

  /// The batch position in an operand: its dims broadcast to the batch's from the right.
  Indices operandIndex(Emitter &e, Value operand, Value batchNumber, Value row, Index column, bool transposed) {
    Dims dims(facts.dims(operand));
    SmallVector<Value> at = e.delinearize(batchNumber, batch);
    Indices out;
    size_t own = dims.size() - 2, skip = batch.size() >= own ? batch.size() - own : 0;
    for (size_t i = 0; i < own; ++i) {
      if (dims[i].isConstant(1)) {
        out.push_back(e.zero());
      } else if (dims[i] == batch[skip + i] || dims[i].constant()) {
        out.push_back(e.position(at[skip + i]));
      } else {
        Value one = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.dim(dims[i]), e.i64(1));
        out.push_back(e.position(e.select(one, e.i64(0), at[skip + i])));
      }
    }
    if (transposed)
      out.append({column, e.position(row)});
    else
      out.append({e.position(row), column});
    return out;
  }

  /// Whether 16 bytes of a row lie together; else adds the element function.
  bool addOperand(const std::string &name, llvm::function_ref<Indices(Emitter &, ArrayRef<Value>, bool)> index, Value operand) {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    bool vector = holes.add(name + "Address", integers({"b", "n", "d"}), kChunk, pointer, [&](Emitter &e, ArrayRef<Value> v) -> std::optional<Value> {
      int64_t alignment = 1;
      auto address = e.addressOf(operand, index(e, v, true), &alignment);
      return alignment >= 16 ? address : std::nullopt;
    });
    if (!vector)
      failedHole |= !holes.add(name + "Element", integers({"b", "n", "d"}), 1, element, [&](Emitter &e, ArrayRef<Value> v) { return std::optional<Value>(e.at(operand, index(e, v, false))); });
    return vector;
  }

  Indices scoreIndex(Emitter &e, Value batchNumber, Value m, Index n) {
    Indices out;
    for (Value v : e.delinearize(batchNumber, batch))
      out.push_back(e.position(v));
    out.append({e.position(m), n});
    return out;
  }

  bool addLogit() {
    auto parameters = integers({"b", "m", "n"});
    parameters.push_back({"score", b.getF32Type()});
    return holes.add("logit", parameters, 1, b.getF32Type(), [&](Emitter &e, ArrayRef<Value> v) {
      Indices index = scoreIndex(e, v[0], v[1], e.position(v[2]));
      rememberWide(e, form->first.getY(), index, v[3]);
      return std::optional<Value>(e.convert(e.at(form->logits, index), facts.elementType(form->logits), b.getF32Type()));
    });
  }

  bool addStore() {
    auto parameters = integers({"b", "m", "d"});
    parameters.push_back({"pair", VectorType::get({2}, b.getF32Type())});
    return holes.add("storePair", parameters, 2, Type(), [&](Emitter &e, ArrayRef<Value> v) {
      Indices index = scoreIndex(e, v[0], v[1], {v[2], true, true}), stored;
      rememberWide(e, form->second.getY(), index, v[3]);
      for (size_t i = 0; i < index.size(); ++i)
        stored.push_back(perm.empty() ? index[i] : index[perm[i]]);
      Value yielded = region.getBody().front().getTerminator()->getOperand(0);
      e.store(region.getResult(0), stored, e.at(yielded, stored));
      return std::optional<Value>(Value());
    });
  }

  /// A product's value, and what widens it again, from its accumulator.
  void rememberWide(Emitter &e, Value y, ArrayRef<Index> index, Value accumulator) {
    e.remember(y, index, e.convert(accumulator, b.getF32Type(), element));
    for (Operation *user : y.getUsers())
      if (auto cast = dyn_cast<CastOp>(user); cast && cast.getTo().isF32())
        e.remember(cast.getY(), index, accumulator);
  }

  std::string source() {
    std::string out;
    llvm::raw_string_ostream os(out);
    auto flag = [](bool v) { return v ? "true" : "false"; };
    const char *type = element.isF16() ? "half_t" : "bf16_t";
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.text();
    for (auto [name, vector] : {std::pair("query", queryVector), std::pair("key", keyVector), std::pair("value", valueVector)}) {
      os << "DEVICE " << (vector ? type : "char *") << ' ' << name << (vector ? "Element" : "Address") << "(const Params &p, int64_t, int64_t, int64_t) { return {}; }\n";
    }
    os << "struct Config {\n  typedef " << type << " Element;\n  static constexpr int kBlockM = " << kBlockM << ", kBlockN = " << kBlockN << ", kD = " << D << ", kDv = " << Dv
       << ";\n  static constexpr bool kQueryVector = " << flag(queryVector) << ", kKeyVector = " << flag(keyVector) << ", kValueVector = " << flag(valueVector) << ", kGuarded = " << flag(form->guarded) << ";\n};\n";
    os << kAttentionSource;
    os << "extern \"C\" __global__ void __launch_bounds__(" << kBlockM * 2 << ") MLC_KERNEL(" << holes.kernelParameters() << ") {\n  extern __shared__ __align__(16) char MLC_KERNEL_shared[];\n  const Params p = "
       << holes.paramsInitializer() << ";\n  static_assert(AttentionTile<Config>::kSharedBytes == " << sharedBytes() << ", \"the launch gives what the tile needs\");\n  attention<Config>(p, MLC_KERNEL_shared);\n}\n}\n";
    return out;
  }

  RegionOp region;
  ShapeFacts &facts;
  const CudaTarget &target;
  Holes holes;
  OpBuilder b;
  std::optional<SoftmaxForm> form;
  Type element;
  int64_t D = 0, Dv = 0;
  DimExpr M, T;
  Dims batch;
  SmallVector<int64_t> perm;
  bool queryVector = false, keyVector = false, valueVector = false, failedHole = false;
};

} // namespace

FailureOr<Kernel> emitAttention(RegionOp region, ShapeFacts &facts, const Placements &placements, const CudaTarget &target) { return Attention(region, facts, placements, target).run(); }

} // namespace mlc::cuda
