// Recurrent layers: R in registers of a cluster or of a block, or read at each step; what the template declines is the nest's, one thread for a batch entry.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_80,sm_90 --stop-after plan -o %t.none 2>&1 | FileCheck %s
// RUN: mlc-compile %s --arch sm_90 --fp16 --stop-after plan -o %t.none 2>&1 | FileCheck %s --check-prefix=HALF
// RUN: mlc-compile %s --arch sm_75,sm_80,sm_86,sm_89,sm_90,sm_100,sm_120 --no-cache --quiet --json - -o %t.plan | FileCheck %s --check-prefix=CODE
// RUN: mlc-compile %s --arch sm_80,sm_90 --bf16 --no-cache --quiet --json - -o %t.half.plan | FileCheck %s --check-prefix=CODE
// CHECK: on "sm_80"
// CHECK-DAG: launch "[[LSTM:k[0-9]+_recurrent]]"{{.*}} grid <["batch"]> {{.*}}label = "single:lstm"
// CHECK-DAG: launch "[[GRU:k[0-9]+_recurrent]]"{{.*}} grid <["batch"]> {{.*}}label = "single:gru"
// CHECK-DAG: launch "[[RNN:k[0-9]+_recurrent]]"{{.*}} grid <["batch"]> {{.*}}label = "single:rnn"
// CHECK-DAG: launch "k{{[0-9]+}}_single"{{.*}}label = "single:wide"
// CHECK-DAG: kernel "[[LSTM]]": blocks of 384 threads, 1552 bytes of dynamic shared memory, clusters of 1
// CHECK-DAG: kernel "[[GRU]]": blocks of 320 threads, 1296 bytes of dynamic shared memory, clusters of 1
// CHECK-DAG: kernel "[[RNN]]": blocks of 32 threads, 80 bytes of dynamic shared memory, clusters of 1
// CHECK: on "sm_90a"
// CHECK-DAG: launch "[[LSTM9:k[0-9]+_recurrent]]"{{.*}} grid <["8*batch"]> {{.*}}label = "single:lstm"
// CHECK-DAG: launch "[[GRU9:k[0-9]+_recurrent]]"{{.*}} grid <["4*batch"]> {{.*}}label = "single:gru"
// CHECK-DAG: launch "k{{[0-9]+}}_recurrent"{{.*}} grid <["batch"]> {{.*}}label = "single:rnn"
// CHECK-DAG: kernel "[[LSTM9]]": {{.*}}clusters of 8
// CHECK-DAG: kernel "[[GRU9]]": {{.*}}clusters of 4
// What lies in memory is f16, the results are cast behind the scan.
// HALF-COUNT-3: launch "k{{[0-9]+}}_recurrent"
// CODE: "refused_kernels": []
// CODE-NEXT: "warnings": []
func.func @main(%x: tensor<?x?x768xf32> {graph.name = "x", graph.dims = #graph.dims<["steps", "batch", 768]>}, %h0: tensor<?x192xf32> {graph.name = "h0", graph.dims = #graph.dims<["batch", 192]>},
                %xg: tensor<?x?x480xf32> {graph.name = "xg", graph.dims = #graph.dims<["steps", "batch", 480]>}, %hg: tensor<?x160xf32> {graph.name = "hg", graph.dims = #graph.dims<["batch", 160]>},
                %xr: tensor<?x?x5xf32> {graph.name = "xr", graph.dims = #graph.dims<["steps", "batch", 5]>}, %hr: tensor<?x5xf32> {graph.name = "hr", graph.dims = #graph.dims<["batch", 5]>}, %rr: tensor<5x5xf32> {graph.name = "rr"},
                %lengths: tensor<?xi32> {graph.name = "lengths", graph.dims = #graph.dims<["batch"]>},
                %xw: tensor<2x1x2049xf32> {graph.name = "xw"}, %rw: tensor<2049x2049xf32> {graph.name = "rw"}, %hw: tensor<1x2049xf32> {graph.name = "hw"})
    -> (tensor<?x?x192xf32> {graph.name = "y"}, tensor<?x?x160xf32> {graph.name = "yg"}, tensor<?x5xf32> {graph.name = "yr"}, tensor<2x1x2049xf32> {graph.name = "yw"}) attributes {graph.symbols = {steps = array<i64: 1, 0, 4096, 1>, batch = array<i64: 1, 0, 64, 1>}} {
  %r = graph.constant dense<0.01> : tensor<768x192xf32>
  %rg = graph.constant dense<0.01> : tensor<480x160xf32>
  %bias = graph.constant dense<0.1> : tensor<160xf32>
  %y, %h, %c = graph.lstm_scan %x, %r, %h0, %h0 {activations = ["Sigmoid", "Tanh", "Tanh"], alphas = array<f32: 0.0, 0.0, 0.0>, betas = array<f32: 0.0, 0.0, 0.0>, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>, reverse = true} : (tensor<?x?x768xf32>, tensor<768x192xf32>, tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x?x192xf32>, tensor<?x192xf32>, tensor<?x192xf32>) loc("lstm")
  %yg, %g = graph.gru_scan %xg, %rg, %hg, %bias {activations = ["Sigmoid", "Tanh"], alphas = array<f32: 0.0, 0.0>, betas = array<f32: 0.0, 0.0>, linear_before_reset = true, reverse = false} : (tensor<?x?x480xf32>, tensor<480x160xf32>, tensor<?x160xf32>, tensor<160xf32>) -> (tensor<?x?x160xf32>, tensor<?x160xf32>) loc("gru")
  %all, %yr = graph.rnn_scan %xr, %rr, %hr, %lengths {activations = ["Tanh"], alphas = array<f32: 0.0>, betas = array<f32: 0.0>, clip = 3.0 : f32, reverse = false} : (tensor<?x?x5xf32>, tensor<5x5xf32>, tensor<?x5xf32>, tensor<?xi32>) -> (tensor<?x?x5xf32>, tensor<?x5xf32>) loc("rnn")
  %yw, %w = graph.rnn_scan %xw, %rw, %hw {activations = ["Tanh"], alphas = array<f32: 0.0>, betas = array<f32: 0.0>, reverse = false} : (tensor<2x1x2049xf32>, tensor<2049x2049xf32>, tensor<1x2049xf32>) -> (tensor<2x1x2049xf32>, tensor<1x2049xf32>) loc("wide")
  return %y, %yg, %yr, %yw : tensor<?x?x192xf32>, tensor<?x?x160xf32>, tensor<?x5xf32>, tensor<2x1x2049xf32>
}
