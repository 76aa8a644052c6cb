// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Recurrent.h"
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

constexpr int64_t kMaxUnits = 2048;     // of a layer: what one thread then has still lies in registers
constexpr int64_t kMaxThreads = 512;    // so that a thread may have 128 registers
constexpr int64_t kMaxHeldFloats = 64;  // of R, of a thread: the rest is for the computation
constexpr int64_t kMaxSlices = 16, kMaxSplit = 8;

/// How a layer's units and rows are shared.
struct Shares {
  int64_t split, slices, threads;
  bool resident;       // R lies in registers
  int64_t unroll = 2; // else: how many reads of R are in flight, for each gate
};

class Recurrent {
public:
  explicit Recurrent(TemplateContext c) : region(c.region), facts(c.facts), target(c.target), refused(c.refused), holes(region, facts, c.placements), b(region.getContext()) {}

  FailureOr<Kernel> run() {
    if (!match() || !addOperands() || !addActivations() || !addStores())
      return failure();
    holes.addSize("sizeT", facts.dim(xw(), 0));
    Shares shares = chooseShares();
    Kernel kernel;
    kernel.kind = "recurrent";
    kernel.source = source(shares);
    while (refused.contains(kernel.source) && (shares.resident || shares.unroll > 1)) {
      if (!shares.resident)
        shares.unroll /= 2;
      shares.resident = false;
      kernel.source = source(shares);
    }
    kernel.scalars = holes.sizes();
    kernel.threads = shares.threads;
    kernel.sharedBytes = sharedBytes(shares);
    kernel.cluster = shares.split;
    kernel.grid = facts.dim(xw(), 1) * DimExpr(shares.split);
    return kernel;
  }

private:
  /// Behind casts: what convert-precision stores of a result.
  static Value withoutCasts(Value v) {
    while (auto cast = v.getDefiningOp<CastOp>())
      v = cast.getX();
    return v;
  }

  /// One scan, which everything else feeds and which gives all results.
  bool match() {
    for (Operation &op : region.getBody().front().without_terminator()) {
      if (isa<RnnScanOp, GruScanOp, LstmScanOp>(op)) {
        if (scan)
          return false;
        scan = &op;
      } else if (!reference::elementFunction(&op)) {
        return false;
      }
    }
    if (!scan || llvm::any_of(region.getBody().front().getTerminator()->getOperands(), [&](Value v) { return withoutCasts(v).getDefiningOp() != scan; }))
      return false;
    Type element = facts.elementType(xw());
    auto units = facts.dim(scan->getOperand(1), 1).constant();
    if ((!element.isF32() && !element.isF16() && !element.isBF16()) || !units || *units < 1 || *units > kMaxUnits)
      return false;
    H = *units;
    gates = isa<LstmScanOp>(scan) ? 4 : isa<GruScanOp>(scan) ? 3 : 1;
    vector = H % 4 == 0 ? 4 : 1;
    return true;
  }

  Value xw() { return scan->getOperand(0); }
  Value optional(StringRef name) {
    if (auto lstm = dyn_cast<LstmScanOp>(scan))
      return name == "lengths" ? lstm.getSequenceLens() : name == "peephole" ? lstm.getPeephole() : Value();
    if (auto gru = dyn_cast<GruScanOp>(scan))
      return name == "lengths" ? gru.getSequenceLens() : Value();
    return name == "lengths" ? cast<RnnScanOp>(scan).getSequenceLens() : Value();
  }
  bool attribute(StringRef name) {
    auto value = scan->getAttrOfType<BoolAttr>(name);
    return value && value.getValue();
  }

  /// `lanes` floats of an operand whose index are the hole's parameters, the last one with the lane.
  bool addFloats(StringRef name, std::initializer_list<const char *> parameters, Value operand, int64_t lanes = 1) {
    Type f32 = b.getF32Type(), result = lanes > 1 ? Type(VectorType::get({lanes}, f32)) : f32;
    return holes.add(name, holes.positions(parameters), lanes, result, [&](Emitter &e, ArrayRef<Value> v) {
      Indices index;
      for (auto [i, position] : llvm::enumerate(v)) {
        // A dim of one element has one place.
        bool lane = lanes > 1 && i + 1 == v.size();
        index.push_back(facts.dim(operand, i).isConstant(1) ? e.zero() : Index{position, lane, lane});
      }
      Value x = e.convert(e.at(operand, index), facts.elementType(operand), f32);
      return std::optional<Value>(lanes > 1 && !e.isVector(x) ? e.splat(x) : x);
    });
  }

  bool addOperands() {
    Value lengths = optional("lengths");
    return addFloats("inputElement", {"t", "b", "column"}, xw()) && addFloats(vector > 1 ? "weightVector" : "weightElement", {"row", "k"}, scan->getOperand(1), vector) &&
           addFloats("initialState", {"b", "j"}, scan->getOperand(2)) && (gates != 4 || addFloats("initialCell", {"b", "j"}, scan->getOperand(3))) &&
           (gates != 3 || addFloats("recurrentBias", {"j"}, scan->getOperand(3))) && (!optional("peephole") || addFloats("peephole", {"column"}, optional("peephole"))) && (!lengths || addLength(lengths));
  }

  bool addLength(Value lengths) {
    return holes.add("sequenceLength", holes.positions({"b"}), 1, b.getI64Type(), [&](Emitter &e, ArrayRef<Value> v) {
      Index at = facts.dim(lengths, 0).isConstant(1) ? e.zero() : e.position(v[0]);
      return std::optional<Value>(e.convert(e.at(lengths, {at}), facts.elementType(lengths), b.getI64Type()));
    });
  }

  bool addActivations() {
    auto add = [&](StringRef name, unsigned number, bool clipped) {
      return holes.add(name, {{"x", b.getF32Type()}}, 1, b.getF32Type(), [&](Emitter &e, ArrayRef<Value> v) { return std::optional<Value>(reference::recurrentActivation(e, scan, number, v[0], clipped)); });
    };
    return add("activate0", 0, true) && (gates == 1 || add("activate1", 1, true)) && (gates != 4 || add("activateState", 2, false));
  }

  bool addStores() {
    const char *const names[] = {"storeY", "storeState", "storeCell"};
    for (OpResult result : scan->getResults()) {
      unsigned number = result.getResultNumber();
      auto parameters = number == 0 ? holes.positions({"t", "b", "j"}) : holes.positions({"b", "j"});
      parameters.push_back({"value", b.getF32Type()});
      auto store = [&](Emitter &e, ArrayRef<Value> v) {
        Indices index;
        // A dim of one element has one place, by which the emitter knows what is remembered.
        for (auto [i, position] : llvm::enumerate(v.drop_back()))
          index.push_back(facts.dim(result, i).isConstant(1) ? e.zero() : e.position(position));
        e.remember(result, index, e.convert(v.back(), b.getF32Type(), facts.elementType(result)));
        for (auto [outer, yielded] : llvm::zip(region.getResults(), region.getBody().front().getTerminator()->getOperands()))
          if (withoutCasts(yielded) == result)
            e.store(outer, index, e.at(yielded, index));
        return std::optional<Value>(Value());
      };
      if (!holes.add(names[number], parameters, 1, Type(), store))
        return false;
    }
    return true;
  }

  /// Whether R is the same in all runs: moves of what is constant outside.
  bool isConstantR() {
    Value v = scan->getOperand(1);
    while (Operation *op = v.getDefiningOp()) {
      if (op->getNumOperands() != 1)
        return false;
      v = op->getOperand(0);
    }
    return isConstantExpression(region.getInputs()[cast<BlockArgument>(v).getArgNumber()]);
  }

  static int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }
  int64_t steps(int64_t slices) const { return ceilDiv(H, vector * slices); }

  /// As RecurrentTile has them.
  int64_t sharedBytes(const Shares &s) const { return 2 * ceilDiv(steps(s.slices) * s.slices * vector, 4) * 4 * 4 + 16; }

  /// Of a split: the most lanes for a unit that leave its row a vector for each and its block a round for all.
  Shares shares(int64_t split) const {
    int64_t units = ceilDiv(H, split), slices = 1;
    while (slices < kMaxSlices && slices * 2 * vector <= H && units * slices * 2 <= kMaxThreads)
      slices *= 2;
    if (slices < 4) // reads of single vectors would use a part of each sector: rather some rounds
      slices = std::min<int64_t>(4, llvm::bit_floor(static_cast<uint64_t>(ceilDiv(H, vector))));
    int64_t rounds = ceilDiv(units * slices, kMaxThreads), threads = ceilDiv(ceilDiv(units, rounds) * slices, 32) * 32;
    rounds = ceilDiv(units * slices, threads);
    return {split, slices, threads, rounds * gates * steps(slices) * vector <= kMaxHeldFloats};
  }

  /// The fewest blocks whose registers hold R; all that a cluster may have, to read it fast, when there are none.
  Shares chooseShares() const {
    for (int64_t split = 1; split <= (target.hasClusters() ? kMaxSplit : 1); split *= 2)
      if (Shares s = shares(split); s.resident)
        return s;
    return shares(target.hasClusters() && H >= 8 * kMaxSplit ? kMaxSplit : 1);
  }

  std::string source(const Shares &s) {
    const char *position = "int64_t", *two = "int64_t, int64_t";
    holes.complete("weightVector", "Pack<float, 4>", two);
    holes.complete("weightElement", "float", two);
    holes.complete("initialCell", "float", two);
    holes.complete("peephole", "float", position);
    holes.complete("recurrentBias", "float", position);
    holes.complete("sequenceLength", "int64_t", position);
    holes.complete("activate1", "float", "float");
    holes.complete("activateState", "float", "float");
    holes.complete("storeCell", "void", "int64_t, int64_t, float");
    std::string out;
    llvm::raw_string_ostream os(out);
    os << kScalarSource << kDeviceSource << "namespace MLC_KERNEL_ns {\n" << holes.text() << "struct Config {\n  static constexpr int kH = " << H << ", kGates = " << gates << ", kThreads = " << s.threads << ", kSlices = " << s.slices
       << ", kSplit = " << s.split << ", kVector = " << vector << ", kUnroll = " << s.unroll << ";\n  static constexpr bool";
    const std::pair<const char *, bool> flags[] = {{"kResident", s.resident}, {"kWeightsConstant", isConstantR()}, {"kReverse", attribute("reverse")}, {"kHasLengths", !!optional("lengths")},
                                                   {"kHasPeephole", !!optional("peephole")}, {"kInputForget", attribute("input_forget")}, {"kLinearBeforeReset", attribute("linear_before_reset")}};
    const char *separator = " ";
    for (auto [name, value] : flags) {
      os << separator << name << " = " << (value ? "true" : "false");
      separator = ", ";
    }
    os << ";\n};\n" << kRecurrentSource << holes.kernel(s.threads, sharedBytes(s), "RecurrentTile<Config>", "recurrent<Config>") << "}\n";
    return out;
  }

  RegionOp region;
  ShapeFacts &facts;
  const CudaTarget &target;
  const RefusedSources &refused;
  Holes holes;
  OpBuilder b;
  Operation *scan = nullptr;
  int64_t H = 0, gates = 0, vector = 1;
};

} // namespace

FailureOr<Kernel> emitRecurrent(TemplateContext context) { return Recurrent(context).run(); }

} // namespace mlc::cuda
