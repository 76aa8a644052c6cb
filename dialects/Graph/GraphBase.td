// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The graph dialect, its attribute and interface, and the classes from which every op's record is made.
#ifndef MLC_GRAPH_BASE
#define MLC_GRAPH_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Graph_Dialect : Dialect {
  let name = "graph";
  let cppNamespace = "::mlc::graph";
  let summary = "Tensor ops of neural networks with value semantics, one op per meaning";
  let description = [{
    Tensors only; no buffers, no side effects. Dims that are not numbers are `?` in types; what is known of them lives in
    `#graph.dims` attributes and in the ShapeFacts analysis. Functions declare their symbols in `graph.symbols`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

def Graph_DimsAttr : AttrDef<Graph_Dialect, "Dims"> {
  let mnemonic = "dims";
  let summary = "A list of integer expressions over the function's symbols";
  let description = [{ `#graph.dims<[1, "s + p", 64]>`. Each entry is the canonical text of a DimExpr; numbers print bare. }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$exprs);
  let builders = [AttrBuilder<(ins "::llvm::ArrayRef<::mlc::DimExpr>":$dims)>];
  let extraClassDeclaration = [{
    ::mlc::Dims getDims() const;
    size_t size() const { return getExprs().size(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Graph_ShapeInterface : OpInterface<"ShapeInterface"> {
  let cppNamespace = "::mlc::graph";
  let description = [{ Gives the results' element types and dims, and the elements of small integer results, as expressions over symbols. }];
  let methods = [InterfaceMethod<
    "Records facts about every result in `facts`; emits an error located at the op when operands do not fit.",
    "::llvm::LogicalResult", "inferShapes", (ins "::mlc::graph::ShapeFacts &":$facts)>];
}

def Graph_Tensor : Type<CPred<"::llvm::isa<::mlir::RankedTensorType>($_self)">, "ranked tensor", "::mlir::RankedTensorType">;
def Graph_Float : Type<And<[Graph_Tensor.predicate, CPred<"::llvm::isa<::mlir::FloatType>(::llvm::cast<::mlir::ShapedType>($_self).getElementType())">]>,
                       "ranked tensor of floats", "::mlir::RankedTensorType">;
def Graph_Int : Type<And<[Graph_Tensor.predicate, CPred<"::llvm::isa<::mlir::IntegerType>(::llvm::cast<::mlir::ShapedType>($_self).getElementType())">]>,
                     "ranked tensor of integers", "::mlir::RankedTensorType">;
def Graph_Bool : Type<And<[Graph_Tensor.predicate, CPred<"::llvm::cast<::mlir::ShapedType>($_self).getElementType().isInteger(1)">]>,
                      "ranked tensor of bools", "::mlir::RankedTensorType">;

// Every op of the dialect. `onnxName` and `onnxSince` (the op versions whose meaning it has) feed the import table: an ONNX node of that name imports by its record alone,
// operands in order, attributes by name. `onnxName` stays empty when an importer in frontends/onnx/ops builds the op. `tolerance` is the relative error allowed against the reference lowering.
class Graph_Op<string mnemonic, list<Trait> traits = []> : Op<Graph_Dialect, mnemonic, traits> {
  string onnxName = "";
  string onnxSince = "";
  string tolerance = "1e-5";
  code moreDeclarations = "";
  let extraClassDeclaration = "static constexpr ::mlc::graph::OpRecord kRecord{\"" # onnxName # "\", \"" # onnxSince # "\", " # tolerance # "};\n" # moreDeclarations;
}

// An op whose results follow from its operands.
class Graph_PureOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Graph_ShapeInterface>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif
