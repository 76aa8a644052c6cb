// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Ops that only move elements: each result element is one operand element (or a fill value) at an index computed from the result's index.

def Graph_ConstantOp : Graph_Op<"constant", [Pure, ConstantLike, DeclareOpInterfaceMethods<Graph_ShapeInterface>]> {
  let summary = "A constant tensor; weights are resource blobs named after their initializer";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Graph_Tensor:$y);
  let hasCustomAssemblyFormat = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{ build($_builder, $_state, value.getShapedType(), value); }]>];
  let hasFolder = 1;
  let hasVerifier = 1; // constant_c1: type(value) = type(y)
}

def Graph_DimsTensorOp : Graph_PureOp<"dims_tensor"> {
  let summary = "A small integer tensor whose elements are expressions over the symbols";
  let description = [{ `%y = graph.dims_tensor {elements = #graph.dims<["s", 1]>} : () -> tensor<2xi64>`. What remains of shape arithmetic whose result is also used as data. }];
  let arguments = (ins Graph_DimsAttr:$elements, TypeAttr:$type);
  let results = (outs Graph_Int:$y);
  let hasVerifier = 1; // dims_tensor_c1: static result with as many elements
}

def Graph_ShapeOp : Graph_PureOp<"shape"> {
  let summary = "Dims [start, end) of x as int64";
  let arguments = (ins Graph_Tensor:$x, DefaultValuedAttr<I64Attr, "0">:$start, OptionalAttr<I64Attr>:$end);
  let results = (outs Graph_Int:$y);
  let onnxName = "Shape";
  let onnxSince = "1,13,15,19,21,23,24,25,28";
}
def Graph_SizeOp : Graph_PureOp<"size"> {
  let summary = "Number of elements of x as an int64 scalar";
  let arguments = (ins Graph_Tensor:$x);
  let results = (outs Graph_Int:$y);
  let onnxName = "Size";
  let onnxSince = "1,13,19,21,23,24,25,28";
}

def Graph_ReshapeOp : Graph_PureOp<"reshape"> {
  let summary = "The same elements in row-major order under other dims";
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$dims);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1; // reshape_c1: static element counts agree
  let hasCanonicalizer = 1;
}
def Graph_TransposeOp : Graph_PureOp<"transpose"> {
  let summary = "y[i[perm[0]], i[perm[1]], ...] = x[i]; dim k of y is dim perm[k] of x";
  let arguments = (ins Graph_Tensor:$x, DenseI64ArrayAttr:$perm /*transpose_c1: a permutation of x's dims*/);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}
def Graph_ExpandOp : Graph_PureOp<"expand", [Graph_PointwiseTrait]> {
  let summary = "x broadcast to dims (aligned at the last dim; each dim of x equals dims or is 1)";
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$dims);
  let results = (outs Graph_Tensor:$y);
}
def Graph_SliceOp : Graph_PureOp<"slice"> {
  let summary = "y[i] = x[starts + i * steps]; starts and dims are already clamped, steps may be negative";
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$starts, DenseI64ArrayAttr:$steps, Graph_DimsAttr:$dims);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1; // slice_c1: one start, step and dim per dim of x
}
def Graph_ConcatOp : Graph_PureOp<"concat"> {
  let summary = "The operands one after another along axis";
  let arguments = (ins Variadic<Graph_Tensor>:$xs, I64Attr:$axis);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1; // concat_c1: 0 <= axis < rank
}
def Graph_PadOp : Graph_PureOp<"pad"> {
  let summary = "x with low[k] elements before and high[k] after along dim k; mode constant (value, default 0), reflect, edge or wrap; negative counts crop";
  let arguments = (ins Graph_Tensor:$x, Optional<Graph_Tensor>:$value, Graph_DimsAttr:$low, Graph_DimsAttr:$high, DefaultValuedAttr<StrAttr, "\"constant\"">:$mode);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1; // pad_c1: one count per dim; pad_c2: known mode
}
def Graph_TileOp : Graph_PureOp<"tile"> {
  let summary = "x repeated repeats[k] times along dim k";
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$repeats);
  let results = (outs Graph_Tensor:$y);
}
def Graph_RangeOp : Graph_PureOp<"range"> {
  let summary = "y[i] = start + i * delta for i < dims[0]";
  let arguments = (ins Graph_Tensor:$start, Graph_Tensor:$delta, Graph_DimsAttr:$dims);
  let results = (outs Graph_Tensor:$y);
}

// ---- indexed by data
def Graph_GatherOp : Graph_PureOp<"gather"> {
  let summary = "x indexed along axis: y[.., j.., ..] = x[.., indices[j..], ..]; negative indices count from the end; out of range is a data fault";
  let arguments = (ins Graph_Tensor:$x, Graph_Int:$indices, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "Gather";
  let onnxSince = "1,11,13";
}
def Graph_GatherElementsOp : Graph_PureOp<"gather_elements"> {
  let summary = "y[i] = x[i with i[axis] replaced by indices[i]]";
  let arguments = (ins Graph_Tensor:$x, Graph_Int:$indices, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "GatherElements";
  let onnxSince = "11,13";
}
def Graph_GatherNDOp : Graph_PureOp<"gather_nd"> {
  let summary = "y[b.., j.., ..] = x[b.., indices[b.., j.., :], ..]";
  let arguments = (ins Graph_Tensor:$x, Graph_Int:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "GatherND";
  let onnxSince = "11,12,13";
}
def Graph_ScatterNDOp : Graph_PureOp<"scatter_nd"> {
  let summary = "x with the slices at indices replaced by, or combined with, updates; reduction none, add, mul, min or max";
  let arguments = (ins Graph_Tensor:$x, Graph_Int:$indices, Graph_Tensor:$updates, DefaultValuedAttr<StrAttr, "\"none\"">:$reduction);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "ScatterND";
  let onnxSince = "11,13,16,18";
}
def Graph_ScatterElementsOp : Graph_PureOp<"scatter_elements"> {
  let summary = "x with y[i with i[axis] replaced by indices[i]] = updates[i], in index order; reduction as scatter_nd";
  let arguments = (ins Graph_Tensor:$x, Graph_Int:$indices, Graph_Tensor:$updates, DefaultValuedAttr<I64Attr, "0">:$axis, DefaultValuedAttr<StrAttr, "\"none\"">:$reduction);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "ScatterElements";
  let onnxSince = "11,13,16,18";
}
def Graph_TriluOp : Graph_PureOp<"trilu"> {
  let summary = "The upper (or lower) triangle of the last two dims, shifted by k, zeros elsewhere";
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$k, DefaultValuedAttr<I64Attr, "1">:$upper);
  let results = (outs Graph_Tensor:$y);
}
def Graph_OneHotOp : Graph_PureOp<"one_hot"> {
  let summary = "y = values[1] where the new axis' index equals indices (negative: from the end), values[0] elsewhere";
  let arguments = (ins Graph_Tensor:$indices, Graph_Tensor:$values, Graph_DimsAttr:$depth, I64Attr:$axis);
  let results = (outs Graph_Tensor:$y);
}
def Graph_ResizeOp : Graph_PureOp<"resize"> {
  let summary = "Interpolation to dims; mode nearest, linear or cubic; the coordinate rules of ONNX Resize";
  let description = [{ Along dim k output coordinate o maps to the input by `coordinate`, with scales[k] (output over input). Formulas: ONNX operator specification, Resize-19. }];
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$dims, OptionalAttr<DenseF64ArrayAttr>:$scales, OptionalAttr<DenseF64ArrayAttr>:$roi, StrAttr:$mode, StrAttr:$coordinate, StrAttr:$nearest,
                       DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_coeff_a, DefaultValuedAttr<I64Attr, "0">:$exclude_outside, DefaultValuedAttr<F32Attr, "0.0f">:$extrapolation_value, DefaultValuedAttr<I64Attr, "0">:$antialias);
  let results = (outs Graph_Tensor:$y);
}
