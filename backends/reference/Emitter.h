// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The reference lowering: what each graph op means, element by element, as arith/math/scf/llvm ops.
//
// The model is pull: a consumer asks for the element of a tensor at an index (`at`); values in memory answer with a load, others by their op's element
// function, which asks its operands in turn. Fusion is therefore composition, and there is nothing to bufferize. An index may carry a lane: then the
// answer is the vector of `width` elements whose index along that dim is base, base + 1, ...; an op that cannot follow a lane is evaluated lane by lane.
//
// Ops that no element function can express at acceptable cost (scans, scatters, sorts, recurrences) have a nest instead: loops that write memory.
#ifndef MLC_BACKENDS_REFERENCE_EMITTER_H
#define MLC_BACKENDS_REFERENCE_EMITTER_H

#include "dialects/Graph/ShapeFacts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <map>

namespace mlc::reference {

/// A position along one dim: an i64 value; `lane` is 1 when it means base + lane number.
/// `aligned` promises that the base is a multiple of the vector width.
struct Index {
  mlir::Value base;
  bool lane = false;
  bool aligned = false;
};
using Indices = llvm::SmallVector<Index, 4>;

/// Memory that holds a tensor: a pointer and a stride in elements per dim. `alignment`: bytes that the pointer is a multiple of, for targets whose vector accesses must be
/// aligned; 0 where they need not be. `held`: the elements' type there, where it is not the tensor's.
struct Memory {
  mlir::Value pointer;
  llvm::SmallVector<mlir::Value, 4> strides;
  int64_t alignment = 0;
  mlir::Type held = {};
};

class Emitter {
public:
  /// `width` lanes per vector (1: scalar code). `scalar(expr)` gives the i64 value of a dim expression that is not a number.
  Emitter(mlir::OpBuilder &b, mlir::Location loc, graph::ShapeFacts &facts, int64_t width,
          std::function<mlir::Value(const DimExpr &)> scalar)
      : b(b), loc(loc), facts(facts), width(width), scalar(std::move(scalar)) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  graph::ShapeFacts &facts;
  int64_t width;
  /// The oracle (-O0) carries long sums of f32 in f64, so that what differs from it is the other side's rounding.
  bool exactSums = false;
  /// Pointer to an i32 that data faults are stored to.
  mlir::Value fault;

  // ---- tensors
  /// The element (or vector of elements, if an index carries the lane) of a tensor, in its compute type (see computeType).
  mlir::Value at(mlir::Value tensor, llvm::ArrayRef<Index> index);
  /// Declares that a value lives in memory (dense row-major unless strides are given).
  void setMemory(mlir::Value tensor, mlir::Value pointer, int64_t alignment = 0);
  void setMemory(mlir::Value tensor, Memory memory) { memories[tensor] = std::move(memory); }
  void forgetMemory(mlir::Value tensor) { memories.erase(tensor); }
  const Memory *memory(mlir::Value tensor) const;
  /// Declares the element of `tensor` at `index` to be `value` in the current scope.
  void remember(mlir::Value tensor, llvm::ArrayRef<Index> index, mlir::Value value);
  /// Stores an element or vector (contiguous lanes) to the tensor's memory.
  void store(mlir::Value tensor, llvm::ArrayRef<Index> index, mlir::Value value);
  mlir::Value load(const Memory &memory, mlir::Type elementType, llvm::ArrayRef<Index> index);
  void store(const Memory &memory, mlir::Type elementType, llvm::ArrayRef<Index> index, mlir::Value value);
  /// Memory seen as one row of elements.
  Memory row(mlir::Value pointer) { return {pointer, {i64(1)}}; }
  /// Address of the element at `index`, one of whose entries carries the lane: for a tensor in memory, or one that moves such a tensor's elements so that the lanes stay
  /// next to each other. Empty otherwise.
  /// `alignment`, if not null, gets the bytes that the address is known to be a multiple of (for memory that says how it is aligned).
  std::optional<mlir::Value> addressOf(mlir::Value tensor, llvm::ArrayRef<Index> index, int64_t *alignment = nullptr);
  /// Whether the lanes of the element at `index` come from neighbours in memory, computed upon or not.
  bool readsNeighbours(mlir::Value tensor, llvm::ArrayRef<Index> index);
  /// An element function that computes, not only moves, says so: what it gives has no address.
  void noteComputation() {
    if (probe)
      probe->computed = true;
  }
  /// Evaluates `op`'s result lane by lane.
  mlir::Value scalarize(mlir::Value tensor, llvm::ArrayRef<Index> index);

  // ---- types
  /// i1 is stored as i8; everything else as itself, integers signless.
  mlir::Type storageType(mlir::Type elementType);
  /// What sums of elements of a compute type are carried in: accumulatorType, or f64 for f32 when sums are exact.
  mlir::Type sumType(mlir::Type computeType);
  /// Signless; f16 and bf16 stay, formulas widen them.
  mlir::Type computeType(mlir::Type elementType);
  static bool isUnsigned(mlir::Type elementType);
  /// `scalarType`, or a vector of it when `like` is a vector.
  mlir::Type shapedLike(mlir::Type scalarType, mlir::Value like);

  // ---- values
  mlir::Value i64(int64_t v);
  mlir::Value dim(const DimExpr &e);
  mlir::Value constant(mlir::Type type, double v);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y); // of non-negative i64 values
  mlir::Value rem(mlir::Value x, mlir::Value y);
  mlir::Value less(mlir::Value x, mlir::Value y);
  mlir::Value both(mlir::Value x, mlir::Value y);
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y);
  mlir::Value minimum(mlir::Value x, mlir::Value y);
  mlir::Value maximum(mlir::Value x, mlir::Value y);
  mlir::Value splat(mlir::Value v); // scalar -> vector of width
  bool isVector(mlir::Value v) { return llvm::isa<mlir::VectorType>(v.getType()); }
  /// Makes all vectors when one of them is.
  void unify(llvm::MutableArrayRef<mlir::Value> values);
  /// Conversion between compute types of element types `from` and `to`, as graph.cast means it.
  mlir::Value convert(mlir::Value v, mlir::Type from, mlir::Type to);
  /// An index value from an integer element, wrapped if negative, checked against [0, extent): out of range sets the fault and gives 0.
  mlir::Value checkedIndex(mlir::Value element, mlir::Type elementType, mlir::Value extent);
  Index position(mlir::Value v) { return {v, false, false}; }
  Index zero() { return {i64(0), false, false}; }
  /// index + offset along one dim; keeps the lane.
  Index shift(const Index &index, mlir::Value offset) { return {add(index.base, offset), index.lane, false}; }
  /// Row-major position of `index` in `dims`.
  mlir::Value linearize(llvm::ArrayRef<Index> index, llvm::ArrayRef<DimExpr> dims);
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value linear, llvm::ArrayRef<DimExpr> dims);
  /// The operand's index for a result index under numpy broadcasting; empty when a lane meets a dim that may or may not be 1.
  std::optional<Indices> broadcastIndex(mlir::Value operand, llvm::ArrayRef<DimExpr> resultDims, llvm::ArrayRef<Index> index);

  // ---- loops
  /// for i in [0, n): carried = body(i, carried). The scope of remembered elements ends with the body.
  llvm::SmallVector<mlir::Value> loop(mlir::Value low, mlir::Value high, mlir::Value step, mlir::ValueRange init,
                                      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  void loop(mlir::Value low, mlir::Value high, mlir::Value step, llvm::function_ref<void(mlir::Value)> body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);

  /// Scope of remembered elements; open one around code that does not dominate what follows.
  struct Scope {
    explicit Scope(Emitter &e) : e(e) { e.scopes.emplace_back(); }
    ~Scope() { e.scopes.pop_back(); }
    Emitter &e;
  };

private:
  using Key = std::pair<void *, llvm::SmallVector<void *, 8>>;
  Key key(mlir::Value tensor, llvm::ArrayRef<Index> index);
  /// Bytes that the address of contiguous lanes at `index` is a multiple of.
  unsigned alignmentOf(const Memory &memory, mlir::Type storage, llvm::ArrayRef<Index> index);
  std::function<mlir::Value(const DimExpr &)> scalar;
  llvm::DenseMap<mlir::Value, int64_t> divisors; // of dims that are no numbers
  llvm::DenseMap<mlir::Value, Memory> memories;
  /// While an address is looked for: what the loads on the way would have read.
  struct Probe {
    unsigned loads = 0, laneLoads = 0;
    bool contiguous = true; // all laneLoads
    bool computed = false;
    mlir::Value address;
    int64_t alignment = 1;
  };
  Probe probed(mlir::Value tensor, llvm::ArrayRef<Index> index);
  Probe *probe = nullptr;
  std::vector<std::map<Key, mlir::Value>> scopes{1};
};

/// Gives the element of result `number` of `op` at `index`.
using ElementFn = mlir::Value (*)(Emitter &, mlir::Operation *op, unsigned number, llvm::ArrayRef<Index> index);
/// Writes those results of `op` that have memory (the others are unused) for one of `tasks`.
struct Nest {
  /// Independent tasks, as an expression.
  DimExpr (*tasks)(graph::ShapeFacts &, mlir::Operation *op);
  void (*emit)(Emitter &, mlir::Operation *op, mlir::Value task, mlir::Value scratch);
  /// Private scratch bytes per worker, or null.
  DimExpr (*scratchBytes)(graph::ShapeFacts &, mlir::Operation *op) = nullptr;
  /// Rough time of one task.
  double (*nanoseconds)(graph::ShapeFacts &, mlir::Operation *op) = nullptr;
};

/// An operand's batch index: its batch dims `own` broadcast against the result's `batch`, whose index is `at`.
Indices operandBatch(Emitter &e, llvm::ArrayRef<DimExpr> own, llvm::ArrayRef<DimExpr> batch, llvm::ArrayRef<Index> at);

/// The lowering of an op: one of the two is set. Null when there is none.
ElementFn elementFunction(mlir::Operation *op);
const Nest *nest(mlir::Operation *op);
void registerElement(llvm::StringRef opName, ElementFn fn);
void registerNest(llvm::StringRef opName, const Nest &nest);

/// The scalar formula of a pointwise op on operands of compute type, all scalars or all vectors.
mlir::Value pointwiseFormula(Emitter &e, mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands);
/// Neutral element and combination of a reduction op on an accumulator of `type` (compute type).
mlir::Value reductionInit(Emitter &e, mlir::Operation *op, mlir::Type type);
mlir::Value reductionCombine(Emitter &e, mlir::Operation *op, mlir::Value accumulator, mlir::Value element);
/// What remains after all elements are combined (the division of a mean); `count` is the number of elements.
mlir::Value reductionFinish(Emitter &e, mlir::Operation *op, mlir::Value accumulator, mlir::Value count);
/// Activation number `i` of an RNN, GRU or LSTM scan, on scalars or vectors of f32 or f64; `clipped`: of x limited to the op's clip, if it has one.
mlir::Value recurrentActivation(Emitter &e, mlir::Operation *op, unsigned i, mlir::Value x, bool clipped);
/// Number of elements for cost estimates; unknown dims count as a few hundred.
double roughCount(llvm::ArrayRef<DimExpr> dims);
/// Accumulators are f32 for f16 and bf16.
mlir::Type accumulatorType(mlir::Type computeType);

} // namespace mlc::reference

#endif
