// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The one analysis of shapes: for each value its dims, and for small integer tensors their elements, as expressions over the function's symbols.
// Filled front to back by the ops' ShapeInterface; the importer and the passes that create ops call `infer` on what they build.
#ifndef MLC_DIALECTS_GRAPH_SHAPEFACTS_H
#define MLC_DIALECTS_GRAPH_SHAPEFACTS_H

#include "dialects/Graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc::graph {

/// What must hold of two dims, which the symbols' ranges do not decide: the runtime checks it for each shape, since kernels rely on it.
struct Requirement {
  enum class Kind {
    Equal,       // left == right
    Broadcast,   // left == right, or one of them is 1
    BroadcastTo, // left == right, or left is 1
    AtMost,      // left <= right
  };
  Kind kind;
  DimExpr left, right;
  mlir::Location loc;       // of the first op that asks for it
  mlir::OperationName name; // the same op's
  mlir::Block *scope;       // the function's body, or the If's or Loop's block that the op runs in
};

class ShapeFacts {
public:
  /// Tensors of at most this many elements have their elements tracked.
  static constexpr int64_t kMaxElements = 256;

  ShapeFacts() = default;
  /// Reads the function's symbols and arguments and infers every op. Check `valid()`.
  explicit ShapeFacts(mlir::func::FuncOp func);
  bool valid() const { return ok; }

  SymbolInfos symbols;

  /// Dims of a value whose op was inferred; for others the static dims, a fresh symbol for each `?`.
  llvm::ArrayRef<DimExpr> dims(mlir::Value v);
  DimExpr dim(mlir::Value v, int64_t axis) { return dims(v)[axis]; }
  int64_t rank(mlir::Value v) { return dims(v).size(); }
  mlir::Type elementType(mlir::Value v);
  /// Row-major elements of an integer or bool tensor, when all are known as expressions.
  std::optional<llvm::ArrayRef<DimExpr>> elements(mlir::Value v);
  /// Elements when all are numbers.
  std::optional<llvm::SmallVector<int64_t>> constantElements(mlir::Value v);

  /// Records a result's facts and refines its type to fit.
  void set(mlir::Value v, mlir::Type elementType, llvm::ArrayRef<DimExpr> dims);
  void setElements(mlir::Value v, llvm::ArrayRef<DimExpr> elements);
  void forget(mlir::Operation *op);

  /// Infers one op (and what its regions hold). An error is emitted at the op.
  mlir::LogicalResult infer(mlir::Operation *op);

  /// Creates an op whose result types follow from inference. Null after an emitted error.
  mlir::Operation *create(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attrs = {}, unsigned numResults = 1,
                          llvm::ArrayRef<int32_t> segments = {});
  template <typename Op>
  mlir::Value make(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attrs = {}) {
    mlir::Operation *op = create(b, loc, Op::getOperationName(), operands, attrs);
    return op ? op->getResult(0) : mlir::Value();
  }

  /// Asks for `left <kind> right` on behalf of op: false when numbers contradict it, recorded when it is undecided. A null op asks without a record.
  bool require(mlir::Operation *op, Requirement::Kind kind, const DimExpr &left, const DimExpr &right);
  /// In the order in which they were asked for; none twice in one scope, or in a scope and one inside it.
  llvm::ArrayRef<Requirement> requirements() const { return required; }

  /// numpy broadcasting of the operands' dims; emits at `op` when they cannot agree.
  mlir::FailureOr<Dims> broadcast(mlir::Operation *op, mlir::ValueRange operands);
  /// The common dim of a and b (one may be 1), empty when they cannot agree. That they do is required for op.
  std::optional<DimExpr> broadcastDim(mlir::Operation *op, const DimExpr &a, const DimExpr &b);
  /// A new symbol for a dim that nothing is known of.
  DimExpr freshSymbol(llvm::StringRef stem);

private:
  /// Reads graph.symbols, and checks what the constructor takes from the function's arguments.
  mlir::LogicalResult readSymbols(mlir::func::FuncOp func);
  /// Whether the ranges of the symbols decide it.
  bool holds(Requirement::Kind kind, const DimExpr &left, const DimExpr &right) const;
  bool ok = true;
  std::vector<Requirement> required;
  llvm::StringMap<llvm::SmallVector<mlir::Block *, 1>> requiredIn; // the scopes that have a requirement, by its text
  llvm::DenseMap<mlir::Value, Dims> dimsOf;
  llvm::DenseMap<mlir::Value, std::vector<DimExpr>> elementsOf;
  unsigned fresh = 0;
};

/// The static type that dims allow: `?` for each dim that is not a number.
mlir::RankedTensorType typeOf(mlir::Type elementType, llvm::ArrayRef<DimExpr> dims);
/// "2x?x768xf32"-like text with symbol names, for messages.
std::string describe(llvm::ArrayRef<DimExpr> dims);

} // namespace mlc::graph

#endif
