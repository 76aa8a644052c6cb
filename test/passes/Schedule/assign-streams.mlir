// RUN: mlc-opt %s --split-input-file --form-regions --assign-streams='explain launch-ns=1000' 2>/dev/null | FileCheck %s
// RUN: mlc-opt %s --split-input-file --form-regions --assign-streams='explain launch-ns=1000' 2>&1 >/dev/null | FileCheck %s --check-prefix=WHY
// RUN: mlc-opt %s --split-input-file --form-regions --assign-streams=max-streams=1 | FileCheck %s --check-prefix=ONE
// RUN: not mlc-opt %s --split-input-file --form-regions --assign-streams=bytes-per-ns=0 2>&1 | FileCheck %s --check-prefix=WRONG

// WRONG: assign-streams: flops-per-ns, half-flops-per-ns, bytes-per-ns, fill-elements and max-streams must be larger than 0
// ONE-NOT: plan.stream

// Two small kernels beside three. The text follows the time: those of the second stream stand between those of the first.
// WHY: assign-streams: 2 kernels from '': stream 1, saves 2.{{.*}} us
// CHECK-LABEL: @branches
// CHECK: graph.region "single"(%arg0) : (
// CHECK: graph.exp
// CHECK: graph.region "single"(%arg0) {plan.stream = 1 : i64}
// CHECK: graph.neg
// CHECK: graph.sqrt
// CHECK: graph.region {{.*}} {plan.stream = 1 : i64}
// CHECK: graph.abs
// CHECK: graph.tanh
// CHECK: graph.add
func.func @branches(%x: tensor<64xf32>) -> tensor<64xf32> {
  %a = graph.exp %x : (tensor<64xf32>) -> tensor<64xf32>
  %b = graph.sqrt %a : (tensor<64xf32>) -> tensor<64xf32>
  %d = graph.tanh %b : (tensor<64xf32>) -> tensor<64xf32>
  %p = graph.neg %x : (tensor<64xf32>) -> tensor<64xf32>
  %q = graph.abs %p : (tensor<64xf32>) -> tensor<64xf32>
  %y = graph.add %d, %q : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// -----

// Declines: kernels that fill the device gain nothing beside each other; a chain has nothing beside it.
// WHY: assign-streams: 1 kernels from '': saves 0.00 us, a fork and its join cost 0.30
// CHECK-LABEL: @large
// CHECK-NOT: plan.stream
func.func @large(%x: tensor<8388608xf32>, %z: tensor<8388608xf32>) -> tensor<8388608xf32> {
  %a = graph.exp %x : (tensor<8388608xf32>) -> tensor<8388608xf32>
  %b = graph.neg %z : (tensor<8388608xf32>) -> tensor<8388608xf32>
  %c = graph.add %a, %b : (tensor<8388608xf32>, tensor<8388608xf32>) -> tensor<8388608xf32>
  %y = graph.sqrt %c : (tensor<8388608xf32>) -> tensor<8388608xf32>
  return %y : tensor<8388608xf32>
}

// -----

// Five at once: the main one and three more. Behind the join a stream is free again.
// WHY-COUNT-4: assign-streams: 1 kernels from '': stream {{[123]}}, saves 1.0
// WHY: assign-streams: 1 kernels from '': all 4 streams are taken
// CHECK-LABEL: @five
// CHECK-COUNT-3: {plan.stream = {{[123]}} : i64}
// CHECK: graph.concat
// CHECK: {plan.stream = 1 : i64}
// CHECK-NOT: plan.stream
func.func @five(%x: tensor<64xf32>) -> tensor<64xf32> {
  %a = graph.exp %x : (tensor<64xf32>) -> tensor<64xf32>
  %b = graph.sqrt %x : (tensor<64xf32>) -> tensor<64xf32>
  %c = graph.neg %x : (tensor<64xf32>) -> tensor<64xf32>
  %d = graph.abs %x : (tensor<64xf32>) -> tensor<64xf32>
  %e = graph.tanh %x : (tensor<64xf32>) -> tensor<64xf32>
  %f = graph.concat %a, %b, %c, %d, %e {axis = 0} : (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<320xf32>
  %g = graph.relu %f : (tensor<320xf32>) -> tensor<320xf32>
  %h = graph.erf %f : (tensor<320xf32>) -> tensor<320xf32>
  %i = graph.mul %g, %h : (tensor<320xf32>, tensor<320xf32>) -> tensor<320xf32>
  %y = graph.slice %i {starts = #graph.dims<[0]>, steps = array<i64: 1>, dims = #graph.dims<[64]>} : (tensor<320xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// -----

// Declines: control flow, and what its blocks hold one after the other.
// WHY: assign-streams: 1 kernels from '': control flow stays in the main stream
// CHECK-LABEL: @branch
// CHECK-NOT: plan.stream
func.func @branch(%c: tensor<i1>, %x: tensor<64xf32>) -> tensor<64xf32> {
  %a = graph.exp %x : (tensor<64xf32>) -> tensor<64xf32>
  %b = graph.sqrt %a : (tensor<64xf32>) -> tensor<64xf32>
  %d = graph.if %c : (tensor<i1>) -> tensor<64xf32> {
    %t = graph.neg %x : (tensor<64xf32>) -> tensor<64xf32>
    graph.yield %t : tensor<64xf32>
  } else {
    graph.yield %x : tensor<64xf32>
  }
  %y = graph.add %b, %d : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}
