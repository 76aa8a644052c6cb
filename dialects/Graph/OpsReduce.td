// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Reductions over some axes, scans along one, and the norms that are made of them (passes/Normalize/ExpandComposites.cpp writes the latter out).

class Graph_Reduce<string mnemonic, string what> : Graph_PureOp<mnemonic, [Graph_ReduceTrait]> {
  let summary = what # " over axes; reduced dims stay as 1 when keepdims";
  let arguments = (ins Graph_Tensor:$x, DenseI64ArrayAttr:$axes, DefaultValuedAttr<BoolAttr, "true">:$keepdims);
  let results = (outs Graph_Tensor:$y);
}
def Graph_ReduceSumOp : Graph_Reduce<"reduce_sum", "Sum">;
def Graph_ReduceMeanOp : Graph_Reduce<"reduce_mean", "Mean">;
def Graph_ReduceMaxOp : Graph_Reduce<"reduce_max", "Maximum">;
def Graph_ReduceMinOp : Graph_Reduce<"reduce_min", "Minimum">;
def Graph_ReduceProdOp : Graph_Reduce<"reduce_prod", "Product">;

class Graph_ArgReduce<string mnemonic, string onnx, string what> : Graph_PureOp<mnemonic> {
  let summary = "Index of the " # what # " along axis, the first one unless select_last_index";
  let arguments = (ins Graph_Tensor:$x, DefaultValuedAttr<I64Attr, "0">:$axis, DefaultValuedAttr<I64Attr, "1">:$keepdims, DefaultValuedAttr<I64Attr, "0">:$select_last_index);
  let results = (outs Graph_Int:$y);
  let onnxName = onnx;
  let onnxSince = "1,11,12,13";
}
def Graph_ArgMaxOp : Graph_ArgReduce<"arg_max", "ArgMax", "largest element">;
def Graph_ArgMinOp : Graph_ArgReduce<"arg_min", "ArgMin", "smallest element">;

def Graph_CumSumOp : Graph_PureOp<"cum_sum"> {
  let summary = "Running sum along axis";
  let arguments = (ins Graph_Tensor:$x, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$exclusive, DefaultValuedAttr<I64Attr, "0">:$reverse);
  let results = (outs Graph_Tensor:$y);
}
def Graph_TopKOp : Graph_PureOp<"top_k"> {
  let summary = "The k largest (smallest) elements along axis in order, and their indices; ties by lower index";
  let arguments = (ins Graph_Tensor:$x, Graph_DimsAttr:$k, I64Attr:$axis, DefaultValuedAttr<I64Attr, "1">:$largest);
  let results = (outs Graph_Tensor:$values, Graph_Int:$indices);
}

// ---- composites
def Graph_SoftmaxOp : Graph_PureOp<"softmax"> {
  let summary = "exp(x - max) / sum exp(x - max) along axis";
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<I64Attr, "-1">:$axis);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "Softmax";
  let onnxSince = "13";
}
def Graph_LogSoftmaxOp : Graph_PureOp<"log_softmax"> {
  let summary = "x - max - log sum exp(x - max) along axis";
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<I64Attr, "-1">:$axis);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "LogSoftmax";
  let onnxSince = "13";
}
def Graph_LayerNormOp : Graph_PureOp<"layer_norm"> {
  let summary = "(x - mean) / sqrt(var + epsilon) * scale + bias over the dims from axis on; also the mean and 1/sqrt(var + epsilon)";
  let arguments = (ins Graph_Float:$x, Graph_Float:$scale, Optional<Graph_Float>:$bias, DefaultValuedAttr<I64Attr, "-1">:$axis, DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs Graph_Tensor:$y, Graph_Tensor:$mean, Graph_Tensor:$inv_std);
}
def Graph_RMSNormOp : Graph_PureOp<"rms_norm"> {
  let summary = "x / sqrt(mean(x^2) + epsilon) * scale over the dims from axis on";
  let arguments = (ins Graph_Float:$x, Graph_Float:$scale, DefaultValuedAttr<I64Attr, "-1">:$axis, DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "RMSNormalization";
  let onnxSince = "23";
}
def Graph_BatchNormOp : Graph_PureOp<"batch_norm"> {
  let summary = "scale * (x - mean) / sqrt(var + epsilon) + bias per channel (dim 1)";
  let arguments = (ins Graph_Float:$x, Graph_Float:$scale, Graph_Float:$bias, Graph_Float:$mean, Graph_Float:$var, DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon);
  let results = (outs Graph_Tensor:$y);
}
def Graph_InstanceNormOp : Graph_PureOp<"instance_norm"> {
  let summary = "Per sample and channel: scale * (x - mean) / sqrt(var + epsilon) + bias over the spatial dims";
  let arguments = (ins Graph_Float:$x, Graph_Float:$scale, Graph_Float:$bias, DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "InstanceNormalization";
  let onnxSince = "6,22";
}
def Graph_GroupNormOp : Graph_PureOp<"group_norm"> {
  let summary = "As instance_norm over groups of channels; scale and bias per channel";
  let arguments = (ins Graph_Float:$x, Graph_Float:$scale, Graph_Float:$bias, I64Attr:$num_groups, DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "GroupNormalization";
  let onnxSince = "21";
}
