// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_GRAPH
#define MLC_GRAPH
include "dialects/Graph/GraphBase.td"

def Graph_PointwiseTrait : NativeOpTrait<"Pointwise"> { let cppNamespace = "::mlc::graph"; }
def Graph_ReduceTrait : NativeOpTrait<"Reduction"> { let cppNamespace = "::mlc::graph"; }

include "dialects/Graph/OpsPointwise.td"
include "dialects/Graph/OpsMove.td"
include "dialects/Graph/OpsReduce.td"
include "dialects/Graph/OpsGemm.td"
include "dialects/Graph/OpsControl.td"
#endif
