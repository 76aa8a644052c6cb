// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RECOGNISE_PASSES
#define MLC_RECOGNISE_PASSES
include "mlir/Pass/PassBase.td"

def RecogniseActivations : Pass<"recognise-activations", "::mlir::func::FuncOp"> {
  let summary = "Give activations that are written out in primitives their names, by what they compute";
  let description = [{
    Pointwise ops that lead from one value to another through single-element constants are a function of one number. It is evaluated in double precision at points from -30 to 30 and beside
    the known activations (Activations.def): the one that agrees everywhere to 1e-6 takes its place, however the exporter ordered the factors or wrote the constants.
    What lies between must be used there alone. Declined: f16 and bf16, whose constants are rounded too much to tell; more than 16 ops.
    ```
    %0 = graph.div %x, 1.4142135 ; %1 = graph.erf %0 ; %2 = graph.add %1, 1.0 ; %3 = graph.mul %x, %2 ; %4 = graph.mul %3, 0.5
    // becomes
    %4 = graph.gelu %x
    ```
  }];
  let statistics = [Statistic<"numRecognised", "recognised", "Activations that got their names">];
}
#endif
