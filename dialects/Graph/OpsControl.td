// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Control flow and fusion regions.

def Graph_YieldOp : Graph_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "Ends a region and gives its results";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Graph_IfOp : Graph_Op<"if", [RecursiveMemoryEffects, DeclareOpInterfaceMethods<Graph_ShapeInterface>, SingleBlock, NoRegionArguments]> {
  let summary = "Runs one of two regions, which may use values from outside";
  let arguments = (ins Graph_Bool:$condition);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = "$condition attr-dict `:` functional-type($condition, $results) $thenRegion `else` $elseRegion";
  let hasVerifier = 1; // if_c1: both regions yield the results' element types and ranks
}

def Graph_LoopOp : Graph_Op<"loop", [RecursiveMemoryEffects, DeclareOpInterfaceMethods<Graph_ShapeInterface>, SingleBlock]> {
  let summary = "ONNX Loop: body(iteration, condition, carried...) yields (condition, carried..., scanned...)";
  let description = [{ Carried values keep their dims from one iteration to the next. Scanned values are stacked along a new first dim of `trip_count` elements. loop_c1: the body's signature fits. }];
  let arguments = (ins Graph_Int:$trip_count, Graph_Bool:$condition, Variadic<Graph_Tensor>:$init, OptionalAttr<Graph_DimsAttr>:$trips);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results) $body";
  let hasVerifier = 1;
}

def Graph_RegionOp : Graph_Op<"region", [Pure, IsolatedFromAbove, DeclareOpInterfaceMethods<Graph_ShapeInterface>, SingleBlock]> {
  let summary = "Ops that become one kernel";
  let description = [{
    The unit of code generation, launch count and profiling. `kind` names the anchor: gemm, conv, depthwise, rows, reduce, pointwise, move or single.
    The block's arguments are the operands. Single-element constants may be cloned inside; weights are operands.
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, StrAttr:$kind);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kind `(` $inputs `)` attr-dict `:` functional-type($inputs, $results) $body";
  let hasVerifier = 1; // region_c1: block arguments have the operands' types; region_c2: yields the results' types
}
