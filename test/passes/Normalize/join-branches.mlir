// RUN: mlc-opt %s --split-input-file --join-branches | FileCheck %s

// In any order and depth; what hangs together moves together; a result on which both agree is no longer the if's.
// CHECK-LABEL: @fires
// CHECK-NEXT: %[[E:.*]] = graph.exp %arg0
// CHECK-NEXT: %[[T:.*]] = graph.tanh %[[E]]
// CHECK-NEXT: %[[Y:.*]] = graph.if %arg1
// CHECK-NEXT: %[[N:.*]] = graph.neg %[[T]]
// CHECK-NEXT: graph.yield %[[N]] :
// CHECK: else
// CHECK-NEXT: %[[A:.*]] = graph.abs %arg0
// CHECK-NEXT: graph.yield %[[A]] :
// CHECK: return %[[Y]], %[[E]], %[[T]]
func.func @fires(%x: tensor<2xf32>, %c: tensor<i1>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %y:3 = graph.if %c : (tensor<i1>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
    %e = graph.exp %x : (tensor<2xf32>) -> tensor<2xf32>
    %t = graph.tanh %e : (tensor<2xf32>) -> tensor<2xf32>
    %n = graph.neg %t : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %n, %e, %t : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  } else {
    %a = graph.abs %x : (tensor<2xf32>) -> tensor<2xf32>
    %e = graph.exp %x : (tensor<2xf32>) -> tensor<2xf32>
    %t = graph.tanh %e : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %a, %e, %t : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  }
  return %y#0, %y#1, %y#2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// A gather may fault, but one of the branches would run it anyway. An inner if's ops move to its front, then on.
// CHECK-LABEL: @nested
// CHECK-NEXT: graph.gather %arg0, %arg1
// CHECK-NEXT: graph.if %arg2
// CHECK-NEXT: graph.if %arg3
// CHECK-NOT: graph.gather
func.func @nested(%x: tensor<4x2xf32>, %at: tensor<3xi64>, %c: tensor<i1>, %d: tensor<i1>) -> tensor<3x2xf32> {
  %y = graph.if %c : (tensor<i1>) -> tensor<3x2xf32> {
    %z = graph.if %d : (tensor<i1>) -> tensor<3x2xf32> {
      %g = graph.gather %x, %at {axis = 0} : (tensor<4x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
      %n = graph.neg %g : (tensor<3x2xf32>) -> tensor<3x2xf32>
      graph.yield %n : tensor<3x2xf32>
    } else {
      %g = graph.gather %x, %at {axis = 0} : (tensor<4x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
      graph.yield %g : tensor<3x2xf32>
    }
    graph.yield %z : tensor<3x2xf32>
  } else {
    %g = graph.gather %x, %at {axis = 0} : (tensor<4x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
    graph.yield %g : tensor<3x2xf32>
  }
  return %y : tensor<3x2xf32>
}

// -----

// Declines: other attributes, other operands, operands that differ although they are made alike, ops with regions, ops of one branch only.
// CHECK-LABEL: @declines
// CHECK: graph.if %arg1
// CHECK: graph.softmax %arg0 {axis = 0 : i64}
// CHECK: graph.sub %arg0, %arg2
// CHECK: graph.neg
// CHECK: graph.abs
// CHECK: graph.if
// CHECK: else
// CHECK: graph.softmax %arg0
// CHECK: graph.sub %arg2, %arg0
// CHECK: graph.tanh
// CHECK: graph.abs
// CHECK: graph.if
func.func @declines(%x: tensor<2x2xf32>, %c: tensor<i1>, %z: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %y:4 = graph.if %c : (tensor<i1>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
    %s = graph.softmax %x {axis = 0 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %d = graph.sub %x, %z : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %n = graph.neg %x : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %a = graph.abs %n : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %i = graph.if %c : (tensor<i1>) -> tensor<2x2xf32> {
      graph.yield %x : tensor<2x2xf32>
    } else {
      graph.yield %z : tensor<2x2xf32>
    }
    graph.yield %s, %d, %a, %i : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
  } else {
    %s = graph.softmax %x {axis = 1 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %d = graph.sub %z, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %n = graph.tanh %x : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %a = graph.abs %n : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %i = graph.if %c : (tensor<i1>) -> tensor<2x2xf32> {
      graph.yield %x : tensor<2x2xf32>
    } else {
      graph.yield %z : tensor<2x2xf32>
    }
    graph.yield %s, %d, %a, %i : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
  }
  return %y#0, %y#1, %y#2, %y#3 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// Untouched: nothing in common.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.if
func.func @untouched(%x: tensor<2xf32>, %c: tensor<i1>) -> tensor<2xf32> {
  %y = graph.if %c : (tensor<i1>) -> tensor<2xf32> {
    %a = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %a : tensor<2xf32>
  } else {
    graph.yield %x : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}
