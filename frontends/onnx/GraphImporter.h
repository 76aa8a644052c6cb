// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Walks a model's nodes in order and builds graph ops. Holds what the operators' importers share: scopes of names, the builder, the facts, the list of errors.
#ifndef MLC_FRONTENDS_ONNX_GRAPHIMPORTER_H
#define MLC_FRONTENDS_ONNX_GRAPHIMPORTER_H

#include "frontends/onnx/FloatFacts.h"
#include "frontends/onnx/Import.h"
#include "frontends/onnx/Node.h"
#include "llvm/ADT/StringSet.h"

namespace mlc::importer {

class GraphImporter {
public:
  GraphImporter(std::shared_ptr<ModelFile> file, const OnnxImportOptions &options, mlir::MLIRContext &context, llvm::StringRef name);

  /// The whole model; null after one emitted error.
  mlir::OwningOpRef<mlir::ModuleOp> run();

  // ---- for Node and the operators' importers
  mlir::OpBuilder builder;
  graph::ShapeFacts facts;
  FloatFacts floats;

  /// Adds to the current node's error text.
  void note(const llvm::Twine &message);
  mlir::Operation *create(mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs, unsigned numResults,
                          llvm::ArrayRef<int32_t> segments);
  /// A constant op at the function's start; equal small ones are shared.
  Value constant(mlir::ElementsAttr value, mlir::Location loc);
  mlir::FailureOr<mlir::ElementsAttr> attributeOf(const ::onnx::TensorProto &tensor);
  /// What a name means at the current node: a value, or null (missing or failed).
  Value lookup(llvm::StringRef name);
  /// The attribute that the enclosing function's call gives for a ref_attr_name.
  const ::onnx::AttributeProto *callAttribute(llvm::StringRef name) const;
  /// Imports a nested graph at the builder's position, its inputs bound to `arguments`; gives its outputs.
  mlir::FailureOr<llvm::SmallVector<Value>> importSubgraph(const ::onnx::GraphProto &graph, llvm::ArrayRef<Value> arguments);
  /// Infers an op made by hand (one with regions) and keeps it, or erases it.
  LogicalResult adopt(mlir::Operation *op);

private:
  /// Whether an op's dims are expressions within the bounds of DimExpr; notes it when not.
  bool expressionsFit(mlir::Operation *op);
  /// Names of one graph or function body. Functions do not see their caller's.
  struct Scope {
    const Scope *parent = nullptr;
    llvm::StringMap<Value> values;
    llvm::StringMap<const ::onnx::TensorProto *> initializers;
    llvm::StringSet<> failed;
    llvm::StringSet<> absent; // formal inputs that the call leaves out
    const ::onnx::NodeProto *call = nullptr; // function bodies: the node called,
    const ::onnx::FunctionProto *function = nullptr;
    const Scope *caller = nullptr;
    llvm::StringMap<int64_t> opsets;
    std::string prefix; // of node names
  };

  mlir::OwningOpRef<mlir::ModuleOp> runModel();
  LogicalResult checkModel();
  LogicalResult addShapeRanges(const ::onnx::GraphProto &graph);
  LogicalResult checkShapeRanges(const ::onnx::ValueInfoProto &input, llvm::ArrayRef<DimExpr> dims);
  LogicalResult addInputs(const ::onnx::GraphProto &graph);
  mlir::FailureOr<Dims> inputDims(const ::onnx::ValueInfoProto &input, mlir::Type &elementType);
  DimExpr declare(llvm::StringRef name);
  void addInputElements(const ::onnx::ValueInfoProto &input, Value argument);
  LogicalResult addOutputs(const ::onnx::GraphProto &graph);
  Value keptValue(const ::onnx::GraphProto &graph, llvm::StringRef name);
  std::string namesLike(llvm::StringRef name) const;
  void declareSymbols(mlir::func::FuncOp func);
  LogicalResult addInitializers(Scope &scope, const ::onnx::GraphProto &graph);
  void importNodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes);
  void importNode(const ::onnx::NodeProto &node, size_t index);
  LogicalResult importInto(const ::onnx::NodeProto &node, mlir::Location loc, llvm::ArrayRef<Value> operands, llvm::SmallVector<Value> &results);
  LogicalResult importCall(const ::onnx::FunctionProto &function, const ::onnx::NodeProto &node, llvm::StringRef name, llvm::ArrayRef<Value> operands,
                           llvm::SmallVector<Value> &results);
  const ::onnx::FunctionProto *functionFor(const ::onnx::NodeProto &node) const;
  /// Tells options.initializers of a tensor of the top graph.
  void noteWeight(const Scope &in, mlir::ElementsAttr value, llvm::StringRef name);
  bool isAbsent(llvm::StringRef name) const;
  int64_t opsetOf(llvm::StringRef domain) const;
  void report(const ::onnx::NodeProto &node, llvm::StringRef name, llvm::StringRef why);
  void reportModel(const llvm::Twine &why);
  void reportOption(const llvm::Twine &why);

  std::shared_ptr<ModelFile> file;
  OnnxImportOptions options;
  mlir::MLIRContext &context;
  std::string modelName;
  mlir::func::FuncOp func;
  mlir::Operation *lastConstant = nullptr;
  llvm::DenseMap<mlir::Attribute, Value> constants;
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
  llvm::StringMap<Dims> inputElements; // symbols of the elements of small integer inputs
  Scope *scope = nullptr;
  unsigned depth = 0;
  size_t nodeCount = 0;
  std::string notes; // of the current node
  std::vector<std::string> errors;
  size_t errorCount = 0;
};

} // namespace mlc::importer

#endif
