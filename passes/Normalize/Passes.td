// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_PASSES_NORMALIZE
#define MLC_PASSES_NORMALIZE
include "mlir/Pass/PassBase.td"

def FoldShapes : Pass<"fold-shapes", "::mlir::func::FuncOp"> {
  let summary = "Replaces shape arithmetic by constants and dims_tensor ops";
  let description = [{
    Small integer and bool values whose elements are numbers become constants; those whose elements are expressions over the symbols become one
    `graph.dims_tensor`. The ops that computed them are dead afterwards and are removed.

    ```
    %s = graph.shape %x : (tensor<?x4xf32>) -> tensor<2xi64>      // x has dims [b, 4]
    %d = graph.mul %s, %two                                        // used as data
    ```
    becomes
    ```
    %d = graph.dims_tensor {elements = #graph.dims<["2*b", 8]>, type = tensor<2xi64>} : () -> tensor<2xi64>
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "Values replaced">];
}
#endif
