// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Matrix products, convolutions and pooling. Letters: M N K for products; N C H W, kernel R S, output P Q for convolution.

def Graph_MatMulOp : Graph_PureOp<"matmul"> {
  let summary = "y[.., m, n] = sum_k a[.., m, k] b[.., k, n] with numpy's rules for 1-D operands and batch dims";
  let description = [{ Both operands have one element type; integers accumulate in it. matmul_c1: the K dims agree. }];
  let arguments = (ins Graph_Tensor:$a, Graph_Tensor:$b);
  let results = (outs Graph_Tensor:$y);
  let onnxName = "MatMul";
  let onnxSince = "1,9,13";
  let tolerance = "1e-4";
}

// Spatial ops: `layout` is NCHW (channels first, as ONNX) or NHWC (channels last; 1 to 3 spatial dims in either). Weights stay [Cout, C/group, R, S..].
def Graph_ConvOp : Graph_PureOp<"conv"> {
  let summary = "Cross-correlation: y[n,m,p..] = bias[m] + sum x[n,c, p*stride + r*dilation - pad] w[m,c,r..]";
  let arguments = (ins Graph_Tensor:$x, Graph_Tensor:$w, Optional<Graph_Tensor>:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads /*conv_c2: begins then ends, 2 x spatial rank*/, DefaultValuedAttr<I64Attr, "1">:$group, DefaultValuedAttr<BoolAttr, "false">:$channels_last);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1; // conv_c1: ranks agree and are at least 3; conv_c2; conv_c3: group divides the channels
  let tolerance = "1e-4";
}
def Graph_ConvTransposeOp : Graph_PureOp<"conv_transpose"> {
  let summary = "The gradient of conv: y[n,m,q..] = bias[m] + sum over (p, r) with q = p*stride + r*dilation - pad of x[n,c,p..] w[c,m,r..]";
  let arguments = (ins Graph_Tensor:$x, Graph_Tensor:$w, Optional<Graph_Tensor>:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$output_padding, DefaultValuedAttr<I64Attr, "1">:$group, DefaultValuedAttr<BoolAttr, "false">:$channels_last);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1;
  let tolerance = "1e-4";
}
class Graph_Pool<string mnemonic, string what> : Graph_PureOp<mnemonic> {
  let summary = what;
  let arguments = (ins Graph_Tensor:$x, DenseI64ArrayAttr:$kernel_shape, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode, DefaultValuedAttr<BoolAttr, "false">:$count_include_pad, DefaultValuedAttr<BoolAttr, "false">:$channels_last);
  let results = (outs Graph_Tensor:$y);
}
def Graph_MaxPoolOp : Graph_Pool<"max_pool", "Maximum over each window; padding never wins">;
def Graph_AveragePoolOp : Graph_Pool<"average_pool", "Mean over each window, of the elements inside x unless count_include_pad">;

// ---- quantisation
def Graph_QuantizeLinearOp : Graph_PureOp<"quantize_linear", [Graph_PointwiseTrait]> {
  let summary = "saturate(round_even(x / scale) + zero_point); scale and zero_point already broadcastable to x";
  let arguments = (ins Graph_Tensor:$x, Graph_Tensor:$scale, Graph_Tensor:$zero_point);
  let results = (outs Graph_Tensor:$y);
}
def Graph_DequantizeLinearOp : Graph_PureOp<"dequantize_linear", [Graph_PointwiseTrait]> {
  let summary = "(x - zero_point) * scale; scale and zero_point already broadcastable to x";
  let arguments = (ins Graph_Tensor:$x, Graph_Tensor:$scale, Graph_Tensor:$zero_point);
  let results = (outs Graph_Tensor:$y);
}

// ---- recurrent
class Graph_Rnn<string mnemonic, string what, int gates, list<Trait> traits = []> : Graph_PureOp<mnemonic, traits> {
  let summary = what;
  let description = [{ One direction. xw: [T, B, gates*H], the input's products plus all biases that may be added before the recurrence; r: [gates*H, H]; h0: [B, H]; sequence_lens: [B] int32 or absent.
    gru_scan's recurrent_bias: [H], the hidden gate's recurrent bias (inside the product with r when linear_before_reset, added before the activation otherwise); alphas and betas: one per activation.
    Gate order and formulas: the ONNX operator specification. Results: y [T, B, H] and the last state(s) [B, H]. }];
  int numGates = gates;
  let tolerance = "1e-4";
}
def Graph_LstmScanOp : Graph_Rnn<"lstm_scan", "The recurrence of an LSTM layer (gates i, o, f, c)", 4, [AttrSizedOperandSegments]> {
  let arguments = (ins Graph_Float:$xw, Graph_Float:$r, Graph_Float:$h0, Graph_Float:$c0, Optional<Graph_Float>:$peephole, Optional<Graph_Int>:$sequence_lens,
                       StrArrayAttr:$activations, DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas, OptionalAttr<F32Attr>:$clip, BoolAttr:$reverse, DefaultValuedAttr<BoolAttr, "false">:$input_forget);
  let results = (outs Graph_Tensor:$y, Graph_Tensor:$h, Graph_Tensor:$c);
}
def Graph_GruScanOp : Graph_Rnn<"gru_scan", "The recurrence of a GRU layer (gates z, r, h)", 3> {
  let arguments = (ins Graph_Float:$xw, Graph_Float:$r, Graph_Float:$h0, Graph_Float:$recurrent_bias, Optional<Graph_Int>:$sequence_lens,
                       StrArrayAttr:$activations, DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas, OptionalAttr<F32Attr>:$clip, BoolAttr:$reverse, BoolAttr:$linear_before_reset);
  let results = (outs Graph_Tensor:$y, Graph_Tensor:$h);
}
def Graph_RnnScanOp : Graph_Rnn<"rnn_scan", "The recurrence of a simple RNN layer", 1> {
  let arguments = (ins Graph_Float:$xw, Graph_Float:$r, Graph_Float:$h0, Optional<Graph_Int>:$sequence_lens,
                       StrArrayAttr:$activations, DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas, OptionalAttr<F32Attr>:$clip, BoolAttr:$reverse);
  let results = (outs Graph_Tensor:$y, Graph_Tensor:$h);
}
