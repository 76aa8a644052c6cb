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

def RecognisePatterns : Pass<"recognise-patterns", "::mlir::func::FuncOp"> {
  let summary = "Say which norms, attention, rotary embeddings, squeeze-excites, shuffles, windows.. the graph holds";
  let description = [{
    The table in Patterns.cpp gives a structural matcher for each pattern; an op that ends one is where its matcher starts. No op changes: the ops of an occurrence get its name and number in
    their locations (NodeNames.h), which survive every later rewrite, so that explain-fusion can say which kernels an occurrence ended in, a plan what each launch is part of, and
    mlc-compile how many there are. An op may be part of several: a softmax of an attention. `explain` prints to stderr what almost matched, and why not; `list` what did.
    ```
    %p = graph.matmul %q, %k            loc("/qk")
    %s = graph.softmax %p               loc("/softmax")
    %y = graph.matmul %s, %v            loc("/pv")
    // becomes
    %p = graph.matmul %q, %k            loc(fused<["attention", 0]>["/qk"])
    %s = graph.softmax %p               loc(fused<["attention", 0]>[fused<["softmax", 1]>["/softmax"]])
    %y = graph.matmul %s, %v            loc(fused<["attention", 0]>["/pv"])
    ```
  }];
  let options = [Option<"explain", "explain", "bool", "false", "Print to stderr what almost was an occurrence, and why it is none">,
                 Option<"list", "list", "bool", "false", "Print each occurrence to stderr">];
  let statistics = [Statistic<"numRecognised", "recognised", "Occurrences found">, Statistic<"numDeclined", "declined", "What almost was one">];
}
#endif
