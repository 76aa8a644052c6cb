// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the importer of one operator sees: the node's operands as graph values, its attributes checked for their type, and a builder that infers as it goes.
// Values may be null: an absent optional operand, or a value whose making failed; `make` of a null operand that must exist gives null again, so importers chain
// calls and check once, in `done`.
#ifndef MLC_FRONTENDS_ONNX_NODE_H
#define MLC_FRONTENDS_ONNX_NODE_H

#include "dialects/Graph/ShapeFacts.h"
#include "frontends/onnx/ModelFile.h"
#include "mlir/IR/Builders.h"

namespace mlc::importer {

class GraphImporter;

using Value = mlir::Value;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::succeeded;
using mlir::success;

class Node {
public:
  Node(GraphImporter &importer, const ::onnx::NodeProto &proto, int64_t version, mlir::Location loc, llvm::ArrayRef<Value> operands);

  llvm::StringRef op() const { return proto.op_type(); }
  /// The model's opset for the node's domain.
  const int64_t version;
  const mlir::Location loc;
  mlir::OpBuilder &b;
  graph::ShapeFacts &facts;

  // ---- operands
  size_t numInputs() const { return operands.size(); }
  bool has(size_t i) const { return i < operands.size() && operands[i]; }
  /// Operand i, or null when it is absent.
  Value in(size_t i) const { return i < operands.size() ? operands[i] : Value(); }
  llvm::ArrayRef<Value> inputs() const { return operands; }
  size_t numOutputs() const { return proto.output_size(); }
  bool wants(size_t i) const { return i < numOutputs() && !proto.output(i).empty(); }
  /// Fails unless the first `count` operands are there.
  LogicalResult require(size_t count);

  Dims dims(Value v) { return v ? Dims(facts.dims(v)) : Dims(); }
  int64_t rank(Value v) { return v ? facts.rank(v) : 0; }
  mlir::Type elementType(Value v) { return facts.elementType(v); }
  /// The elements of an integer operand, as expressions; fails when they depend on data.
  mlir::FailureOr<Dims> exprs(size_t i, llvm::StringRef what);
  /// The elements as numbers.
  mlir::FailureOr<llvm::SmallVector<int64_t>> numbers(size_t i, llvm::StringRef what);
  /// The elements of a small constant of any type, as doubles.
  std::optional<llvm::SmallVector<double>> floats(Value v);
  /// The elements of a small tensor of any type, as expressions, when they are integers; sizes that were cast to floats are.
  std::optional<Dims> integers(Value v);
  /// axis in [0, rank); fails when it is outside [-rank, rank).
  mlir::FailureOr<int64_t> axis(int64_t axis, int64_t rank);
  mlir::FailureOr<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  // ---- attributes; one of a wrong type fails the node
  bool hasAttr(llvm::StringRef name) const { return find(name); }
  int64_t intAttr(llvm::StringRef name, int64_t otherwise);
  float floatAttr(llvm::StringRef name, float otherwise);
  std::string stringAttr(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> intsAttr(llvm::StringRef name);
  std::optional<llvm::SmallVector<float>> floatsAttr(llvm::StringRef name);
  std::vector<std::string> stringsAttr(llvm::StringRef name);
  const ::onnx::TensorProto *tensorAttr(llvm::StringRef name);
  const ::onnx::GraphProto *graphAttr(llvm::StringRef name);
  /// Every attribute as an MLIR attribute by its name, but those named.
  mlir::FailureOr<llvm::SmallVector<mlir::NamedAttribute>> attributes(llvm::ArrayRef<llvm::StringRef> but = {});

  // ---- building
  template <typename Op> Value make(mlir::ValueRange values, llvm::ArrayRef<mlir::NamedAttribute> attrs = {}) {
    mlir::Operation *op = makeOp(Op::getOperationName(), values, attrs, 1, {});
    return op ? op->getResult(0) : Value();
  }
  /// As ShapeFacts::create, after checking attributes and operands against the record. `segments` are given for records with optional operands in between.
  mlir::Operation *makeOp(llvm::StringRef name, mlir::ValueRange values, llvm::ArrayRef<mlir::NamedAttribute> attrs, unsigned numResults = 1,
                          llvm::ArrayRef<int32_t> segments = {});
  mlir::NamedAttribute attr(llvm::StringRef name, mlir::Attribute value) { return b.getNamedAttr(name, value); }
  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value) { return attr(name, b.getI64IntegerAttr(value)); }
  mlir::NamedAttribute attr(llvm::StringRef name, llvm::ArrayRef<int64_t> value) { return attr(name, b.getDenseI64ArrayAttr(value)); }
  mlir::NamedAttribute attr(llvm::StringRef name, const Dims &value) { return attr(name, graph::DimsAttr::get(b.getContext(), llvm::ArrayRef<DimExpr>(value))); }
  mlir::NamedAttribute text(llvm::StringRef name, llvm::StringRef value) { return attr(name, b.getStringAttr(value)); }
  mlir::NamedAttribute flag(llvm::StringRef name, bool value) { return attr(name, b.getBoolAttr(value)); }
  mlir::NamedAttribute real(llvm::StringRef name, float value) { return attr(name, b.getF32FloatAttr(value)); }

  mlir::FailureOr<mlir::ElementsAttr> attributeOf(const ::onnx::TensorProto &tensor);
  Value constant(mlir::ElementsAttr value);
  /// A scalar, in the given element type.
  Value scalar(mlir::Type type, double value);
  Value ints(llvm::ArrayRef<int64_t> values, llvm::ArrayRef<int64_t> shape);
  /// Short forms that return x itself when there is nothing to do.
  Value reshape(Value x, const Dims &dims);
  Value transpose(Value x, llvm::ArrayRef<int64_t> perm);
  Value expand(Value x, const Dims &dims);
  Value cast(Value x, mlir::Type type);
  /// [start, start + size) along one axis.
  Value slice(Value x, int64_t axis, const DimExpr &start, const DimExpr &size);
  template <typename Op> Value reduce(Value x, llvm::ArrayRef<int64_t> axes, bool keepdims) {
    return make<Op>(x, {attr("axes", axes), flag("keepdims", keepdims)});
  }

  // ---- ending
  LogicalResult done(mlir::ValueRange values);
  LogicalResult fail(const llvm::Twine &message);
  /// The attribute's name prefixed error, once per node.
  bool attributesFit() const { return fits; }
  llvm::ArrayRef<Value> results() const { return outputs; }

  GraphImporter &importer;
  const ::onnx::NodeProto &proto;

private:
  const ::onnx::AttributeProto *find(llvm::StringRef name) const;
  const ::onnx::AttributeProto *find(llvm::StringRef name, ::onnx::AttributeProto::AttributeType type);
  llvm::SmallVector<Value> operands, outputs;
  bool fits = true;
};

/// The integer towards zero, or the nearest int64_t; 0 for NaN.
int64_t saturated(double value);

} // namespace mlc::importer

#endif
