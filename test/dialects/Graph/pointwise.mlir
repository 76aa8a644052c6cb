// RUN: mlc-opt %s | mlc-opt | FileCheck %s
// Text in, text out, text in again: every op of OpsPointwise.td with its attributes.

// CHECK-LABEL: @floats
// CHECK: graph.ceil %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.floor %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.round %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.sqrt %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.reciprocal %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.exp %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.log %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.sin %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.cos %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.tan %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.asin %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.acos %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.atan %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.sinh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.cosh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.tanh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.asinh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.acosh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.atanh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.erf %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.sigmoid %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.softplus %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.softsign %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.mish %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.hard_swish %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.is_nan %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xi1>
func.func @floats(%x: tensor<?x4xf32>) {
  %ceil = graph.ceil %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %floor = graph.floor %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %round = graph.round %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %sqrt = graph.sqrt %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %reciprocal = graph.reciprocal %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %exp = graph.exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %log = graph.log %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %sin = graph.sin %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %cos = graph.cos %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %tan = graph.tan %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %asin = graph.asin %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %acos = graph.acos %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %atan = graph.atan %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %sinh = graph.sinh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %cosh = graph.cosh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %tanh = graph.tanh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %asinh = graph.asinh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %acosh = graph.acosh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %atanh = graph.atanh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %erf = graph.erf %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %sigmoid = graph.sigmoid %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %softplus = graph.softplus %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %softsign = graph.softsign %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %mish = graph.mish %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %hard_swish = graph.hard_swish %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %is_nan = graph.is_nan %x : (tensor<?x4xf32>) -> tensor<?x4xi1>
  return
}

// CHECK-LABEL: @activations
// CHECK: graph.relu %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.leaky_relu %{{.*}} {alpha = 2.500000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.elu %{{.*}} {alpha = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.celu %{{.*}} {alpha = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.thresholded_relu %{{.*}} {alpha = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.swish %{{.*}} {alpha = 2.000000e+00 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.selu %{{.*}} {alpha = 2.000000e+00 : f32, gamma = 3.000000e+00 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.hard_sigmoid %{{.*}} {alpha = 2.500000e-01 : f32, beta = 2.500000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.shrink %{{.*}} {bias = 1.000000e+00 : f32, lambd = 2.500000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.gelu %{{.*}} {approximate = "tanh"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.prelu %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @activations(%x: tensor<?x4xf32>, %s: tensor<4xf32>) {
  %relu = graph.relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %leaky_relu = graph.leaky_relu %x {alpha = 2.500000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %elu = graph.elu %x {alpha = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %celu = graph.celu %x {alpha = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %thresholded_relu = graph.thresholded_relu %x {alpha = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %swish = graph.swish %x {alpha = 2.000000e+00 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %selu = graph.selu %x {alpha = 2.000000e+00 : f32, gamma = 3.000000e+00 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %hard_sigmoid = graph.hard_sigmoid %x {alpha = 2.500000e-01 : f32, beta = 2.500000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %shrink = graph.shrink %x {bias = 1.000000e+00 : f32, lambd = 2.500000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %gelu = graph.gelu %x {approximate = "tanh"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %prelu = graph.prelu %x, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: @arithmetic
// CHECK: graph.abs %{{.*}} : (tensor<?x4xi32>) -> tensor<?x4xi32>
// CHECK: graph.neg %{{.*}} : (tensor<?x4xi32>) -> tensor<?x4xi32>
// CHECK: graph.sign %{{.*}} : (tensor<?x4xi32>) -> tensor<?x4xi32>
// CHECK: graph.add %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.sub %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.mul %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.div %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.minimum %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.maximum %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.mod %{{.*}}, %{{.*}} {fmod = 1 : i64} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
// CHECK: graph.pow %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<?x1xi32>) -> tensor<?x4xf32>
func.func @arithmetic(%a: tensor<?x4xi32>, %b: tensor<?x1xi32>, %f: tensor<?x4xf32>) {
  %abs = graph.abs %a : (tensor<?x4xi32>) -> tensor<?x4xi32>
  %neg = graph.neg %a : (tensor<?x4xi32>) -> tensor<?x4xi32>
  %sign = graph.sign %a : (tensor<?x4xi32>) -> tensor<?x4xi32>
  %add = graph.add %a, %b : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %sub = graph.sub %a, %b : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %mul = graph.mul %a, %b : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %div = graph.div %a, %b : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %minimum = graph.minimum %a, %b : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %maximum = graph.maximum %a, %b : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %mod = graph.mod %a, %b {fmod = 1 : i64} : (tensor<?x4xi32>, tensor<?x1xi32>) -> tensor<?x4xi32>
  %pow = graph.pow %f, %b : (tensor<?x4xf32>, tensor<?x1xi32>) -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: @bits
// CHECK: graph.not %{{.*}} : (tensor<?x4xi1>) -> tensor<?x4xi1>
// CHECK: graph.and %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
// CHECK: graph.or %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
// CHECK: graph.xor %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
// CHECK: graph.bitwise_not %{{.*}} : (tensor<?x4xui8>) -> tensor<?x4xui8>
// CHECK: graph.bitwise_and %{{.*}}, %{{.*}} : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
// CHECK: graph.bitwise_or %{{.*}}, %{{.*}} : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
// CHECK: graph.bitwise_xor %{{.*}}, %{{.*}} : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
// CHECK: graph.bit_shift %{{.*}}, %{{.*}} {direction = "LEFT"} : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
func.func @bits(%p: tensor<?x4xi1>, %q: tensor<4xi1>, %u: tensor<?x4xui8>, %v: tensor<4xui8>) {
  %not = graph.not %p : (tensor<?x4xi1>) -> tensor<?x4xi1>
  %and = graph.and %p, %q : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
  %or = graph.or %p, %q : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
  %xor = graph.xor %p, %q : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
  %bitwise_not = graph.bitwise_not %u : (tensor<?x4xui8>) -> tensor<?x4xui8>
  %bitwise_and = graph.bitwise_and %u, %v : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
  %bitwise_or = graph.bitwise_or %u, %v : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
  %bitwise_xor = graph.bitwise_xor %u, %v : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
  %bit_shift = graph.bit_shift %u, %v {direction = "LEFT"} : (tensor<?x4xui8>, tensor<4xui8>) -> tensor<?x4xui8>
  return
}

// CHECK-LABEL: @selection
// CHECK: graph.equal %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
// CHECK: graph.less %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
// CHECK: graph.less_or_equal %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
// CHECK: graph.greater %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
// CHECK: graph.greater_or_equal %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
// CHECK: graph.is_inf %{{.*}} {detect_negative = 0 : i64, detect_positive = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xi1>
// CHECK: graph.where %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK: graph.cast %{{.*}} {to = f16} : (tensor<?x4xf32>) -> tensor<?x4xf16>
func.func @selection(%x: tensor<?x4xf32>, %s: tensor<4xf32>) {
  %equal = graph.equal %x, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  %less = graph.less %x, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  %less_or_equal = graph.less_or_equal %x, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  %greater = graph.greater %x, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  %greater_or_equal = graph.greater_or_equal %x, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  %is_inf = graph.is_inf %x {detect_negative = 0 : i64, detect_positive = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xi1>
  %where = graph.where %less, %x, %s : (tensor<?x4xi1>, tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %cast = graph.cast %x {to = f16} : (tensor<?x4xf32>) -> tensor<?x4xf16>
  return
}
