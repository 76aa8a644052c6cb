// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Pointwise ops: y[i] = f(a[i], b[i], ...) with the operands broadcast to the result's shape as numpy does. The scalar formula of each is one row of backends/reference/Pointwise.cpp.

class Graph_Pointwise<string mnemonic, string onnx, string since, list<Trait> traits = []> : Graph_PureOp<mnemonic, !listconcat([Graph_PointwiseTrait], traits)> {
  let onnxName = onnx;
  let onnxSince = since;
}
class Graph_Unary<string mnemonic, string onnx, string since, string formula, Type type = Graph_Tensor> : Graph_Pointwise<mnemonic, onnx, since> {
  let summary = formula;
  let arguments = (ins type:$x);
  let results = (outs Graph_Tensor:$y);
}
class Graph_Binary<string mnemonic, string onnx, string since, string formula, Type type = Graph_Tensor> : Graph_Pointwise<mnemonic, onnx, since> {
  let summary = formula;
  let arguments = (ins type:$a, type:$b);
  let results = (outs Graph_Tensor:$y);
}
class Graph_Compare<string mnemonic, string onnx, string since, string formula> : Graph_Binary<mnemonic, onnx, since, formula> {
  let results = (outs Graph_Bool:$y);
}

// ---- arithmetic
def Graph_AbsOp : Graph_Unary<"abs", "Abs", "6,13", "|x|">;
def Graph_NegOp : Graph_Unary<"neg", "Neg", "6,13", "-x">;
def Graph_CeilOp : Graph_Unary<"ceil", "Ceil", "6,13", "smallest integer >= x", Graph_Float>;
def Graph_FloorOp : Graph_Unary<"floor", "Floor", "6,13", "largest integer <= x", Graph_Float>;
def Graph_RoundOp : Graph_Unary<"round", "Round", "11,22", "nearest integer, ties to even", Graph_Float>;
def Graph_SignOp : Graph_Unary<"sign", "Sign", "9,13", "-1, 0 or 1">;
def Graph_SqrtOp : Graph_Unary<"sqrt", "Sqrt", "6,13", "square root", Graph_Float>;
def Graph_ReciprocalOp : Graph_Unary<"reciprocal", "Reciprocal", "6,13", "1 / x", Graph_Float>;
def Graph_AddOp : Graph_Binary<"add", "Add", "7,13,14", "a + b">;
def Graph_SubOp : Graph_Binary<"sub", "Sub", "7,13,14", "a - b">;
def Graph_MulOp : Graph_Binary<"mul", "Mul", "7,13,14", "a * b">;
def Graph_DivOp : Graph_Binary<"div", "Div", "7,13,14", "a / b; integers truncate towards zero">;
def Graph_PowOp : Graph_Binary<"pow", "", "", "a ** b, in the type of a">;
def Graph_ModOp : Graph_Pointwise<"mod", "Mod", "10,13"> {
  let summary = "remainder with the sign of b, or of a when fmod is 1 (always for floats)";
  let arguments = (ins Graph_Tensor:$a, Graph_Tensor:$b, DefaultValuedAttr<I64Attr, "0">:$fmod);
  let results = (outs Graph_Tensor:$y);
}
def Graph_MinimumOp : Graph_Binary<"minimum", "", "", "min(a, b); NaN when either is NaN">;
def Graph_MaximumOp : Graph_Binary<"maximum", "", "", "max(a, b); NaN when either is NaN">;

// ---- transcendental
foreach row = [["Exp", "exp", "6,13"], ["Log", "log", "6,13"], ["Sin", "sin", "7,22"], ["Cos", "cos", "7,22"], ["Tan", "tan", "7,22"], ["Asin", "asin", "7,22"],
               ["Acos", "acos", "7,22"], ["Atan", "atan", "7,22"], ["Sinh", "sinh", "9,22"], ["Cosh", "cosh", "9,22"], ["Tanh", "tanh", "6,13"], ["Asinh", "asinh", "9,22"],
               ["Acosh", "acosh", "9,22"], ["Atanh", "atanh", "9,22"], ["Erf", "erf", "9,13"]] in
  def Graph_#row[0]#Op : Graph_Unary<row[1], row[0], row[2], row[1] # "(x)", Graph_Float>;

// ---- logic and bits
def Graph_NotOp : Graph_Unary<"not", "Not", "1", "logical not", Graph_Bool>;
def Graph_AndOp : Graph_Binary<"and", "And", "7", "logical and", Graph_Bool>;
def Graph_OrOp : Graph_Binary<"or", "Or", "7", "logical or", Graph_Bool>;
def Graph_XorOp : Graph_Binary<"xor", "Xor", "7", "logical exclusive or", Graph_Bool>;
def Graph_BitwiseNotOp : Graph_Unary<"bitwise_not", "BitwiseNot", "18", "every bit inverted", Graph_Int>;
def Graph_BitwiseAndOp : Graph_Binary<"bitwise_and", "BitwiseAnd", "18", "a & b", Graph_Int>;
def Graph_BitwiseOrOp : Graph_Binary<"bitwise_or", "BitwiseOr", "18", "a | b", Graph_Int>;
def Graph_BitwiseXorOp : Graph_Binary<"bitwise_xor", "BitwiseXor", "18", "a ^ b", Graph_Int>;
def Graph_BitShiftOp : Graph_Pointwise<"bit_shift", "BitShift", "11"> {
  let summary = "a << b or a >> b; zero when b reaches the width";
  let arguments = (ins Graph_Int:$a, Graph_Int:$b, StrAttr:$direction /*bit_shift_c1: LEFT or RIGHT*/);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1;
}

// ---- comparison and selection
def Graph_EqualOp : Graph_Compare<"equal", "Equal", "7,11,13,19", "a == b">;
def Graph_LessOp : Graph_Compare<"less", "Less", "7,9,13", "a < b">;
def Graph_LessOrEqualOp : Graph_Compare<"less_or_equal", "LessOrEqual", "12,16", "a <= b">;
def Graph_GreaterOp : Graph_Compare<"greater", "Greater", "7,9,13", "a > b">;
def Graph_GreaterOrEqualOp : Graph_Compare<"greater_or_equal", "GreaterOrEqual", "12,16", "a >= b">;
def Graph_IsNaNOp : Graph_Unary<"is_nan", "IsNaN", "9,13,20", "x is not a number", Graph_Float>;
def Graph_IsInfOp : Graph_Pointwise<"is_inf", "IsInf", "10,20"> {
  let summary = "x is infinite, of the signs asked for";
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<I64Attr, "1">:$detect_negative, DefaultValuedAttr<I64Attr, "1">:$detect_positive);
  let results = (outs Graph_Bool:$y);
}
def Graph_WhereOp : Graph_Pointwise<"where", "Where", "9,16"> {
  let summary = "condition ? a : b";
  let arguments = (ins Graph_Bool:$condition, Graph_Tensor:$a, Graph_Tensor:$b);
  let results = (outs Graph_Tensor:$y);
}
def Graph_CastOp : Graph_Pointwise<"cast", "", ""> {
  let summary = "x in the element type of the result; floats truncate towards zero, bool is x != 0";
  let arguments = (ins Graph_Tensor:$x, TypeAttr:$to);
  let results = (outs Graph_Tensor:$y);
  let hasFolder = 1;
}

// ---- activations
def Graph_ReluOp : Graph_Unary<"relu", "Relu", "6,13,14", "max(x, 0)">;
def Graph_SigmoidOp : Graph_Unary<"sigmoid", "Sigmoid", "6,13", "1 / (1 + exp(-x))", Graph_Float>;
def Graph_SoftplusOp : Graph_Unary<"softplus", "Softplus", "1,22", "log(1 + exp(x))", Graph_Float>;
def Graph_SoftsignOp : Graph_Unary<"softsign", "Softsign", "1,22", "x / (1 + |x|)", Graph_Float>;
def Graph_MishOp : Graph_Unary<"mish", "Mish", "18,22", "x tanh(softplus(x))", Graph_Float>;
def Graph_HardSwishOp : Graph_Unary<"hard_swish", "HardSwish", "14,22", "x max(0, min(1, x / 6 + 0.5))", Graph_Float>;
class Graph_Alpha<string mnemonic, string onnx, string since, string formula, string alpha> : Graph_Pointwise<mnemonic, onnx, since> {
  let summary = formula;
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<F32Attr, alpha>:$alpha);
  let results = (outs Graph_Tensor:$y);
}
def Graph_LeakyReluOp : Graph_Alpha<"leaky_relu", "LeakyRelu", "6,16", "x < 0 ? alpha x : x", "0.01f">;
def Graph_EluOp : Graph_Alpha<"elu", "Elu", "6,22", "x < 0 ? alpha (exp(x) - 1) : x", "1.0f">;
def Graph_CeluOp : Graph_Alpha<"celu", "Celu", "12", "max(0, x) + min(0, alpha (exp(x / alpha) - 1))", "1.0f">;
def Graph_ThresholdedReluOp : Graph_Alpha<"thresholded_relu", "ThresholdedRelu", "10,22", "x > alpha ? x : 0", "1.0f">;
def Graph_SwishOp : Graph_Alpha<"swish", "Swish", "24", "x sigmoid(alpha x)", "1.0f">;
def Graph_SeluOp : Graph_Pointwise<"selu", "Selu", "6,22"> {
  let summary = "gamma (x < 0 ? alpha (exp(x) - 1) : x)";
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<F32Attr, "1.67326319217681884765625f">:$alpha, DefaultValuedAttr<F32Attr, "1.05070102214813232421875f">:$gamma);
  let results = (outs Graph_Tensor:$y);
}
def Graph_HardSigmoidOp : Graph_Pointwise<"hard_sigmoid", "HardSigmoid", "6,22"> {
  let summary = "max(0, min(1, alpha x + beta))";
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<F32Attr, "0.2f">:$alpha, DefaultValuedAttr<F32Attr, "0.5f">:$beta);
  let results = (outs Graph_Tensor:$y);
}
def Graph_ShrinkOp : Graph_Pointwise<"shrink", "Shrink", "9"> {
  let summary = "x < -lambd ? x + bias : x > lambd ? x - bias : 0";
  let arguments = (ins Graph_Tensor:$x, DefaultValuedAttr<F32Attr, "0.0f">:$bias, DefaultValuedAttr<F32Attr, "0.5f">:$lambd);
  let results = (outs Graph_Tensor:$y);
}
def Graph_GeluOp : Graph_Pointwise<"gelu", "Gelu", "20"> {
  let summary = "x/2 (1 + erf(x / sqrt 2)), or its tanh approximation";
  let arguments = (ins Graph_Float:$x, DefaultValuedAttr<StrAttr, "\"none\"">:$approximate /*gelu_c1: none or tanh*/);
  let results = (outs Graph_Tensor:$y);
  let hasVerifier = 1;
}
def Graph_PReluOp : Graph_Pointwise<"prelu", "PRelu", "7,9,16"> {
  let summary = "x < 0 ? slope x : x";
  let arguments = (ins Graph_Tensor:$x, Graph_Tensor:$slope);
  let results = (outs Graph_Tensor:$y);
}
