// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The plan dialect: one op per plan instruction (runtime/plan/plan.fbs), printed before it is written. Sizes and grids are expressions over the entry's symbols.
#ifndef MLC_PLAN
#define MLC_PLAN

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "dialects/Graph/GraphBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::mlc::plan_ir";
  let summary = "Buffers and instructions of a plan";
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let useDefaultTypePrinterParser = 1;
}

def Plan_Buffer : TypeDef<Plan_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "Memory of a size that is known when the symbols are";
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_ProgramOp : Plan_Op<"program", [NoRegionArguments, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "The instructions of one entry point on one target";
  let arguments = (ins StrAttr:$entry, StrAttr:$target);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$entry `on` $target attr-dict-with-keyword $body";
}

def Plan_BufferOp : Plan_Op<"buffer"> {
  let summary = "Declares a buffer: temp, input, output, constant (by index), or alias (part of another buffer from byte `offset` on)";
  let arguments = (ins Optional<Plan_Buffer>:$root, StrAttr:$kind, I64Attr:$index, Graph_DimsAttr:$offset, Graph_DimsAttr:$size, TypeAttr:$element, Graph_DimsAttr:$dims, StrAttr:$name);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = "$kind $index (`of` $root^)? `:` $element $dims attr-dict";
}

def Plan_CheckOp : Plan_Op<"check"> {
  let summary = "What must hold of two dims for the block to run: equal, broadcast, broadcast_to or at_most (CheckKind in plan.fbs)";
  let arguments = (ins StrAttr:$kind, Graph_DimsAttr:$dims /* two */, StrAttr:$node);
  let assemblyFormat = "$kind $dims `for` $node attr-dict";
}

def Plan_LaunchOp : Plan_Op<"launch"> {
  let summary = "Runs kernel for tasks [0, grid), in a parallel branch of its block when `stream` is not 0";
  let arguments = (ins Variadic<Plan_Buffer>:$buffers, StrAttr:$kernel, Graph_DimsAttr:$scalars, Graph_DimsAttr:$grid, Graph_DimsAttr:$scratch, F64Attr:$taskNanoseconds, StrAttr:$label, StrArrayAttr:$nodes,
                       Graph_DimsAttr:$work /* flops, bytes */, OptionalAttr<StrArrayAttr>:$patterns, OptionalAttr<I64Attr>:$stream);
  let assemblyFormat = "$kernel `(` $buffers `)` `scalars` $scalars `grid` $grid attr-dict";
}

def Plan_CopyOp : Plan_Op<"copy"> {
  let summary = "Copies all of source to destination";
  let arguments = (ins Plan_Buffer:$source, Plan_Buffer:$destination, StrAttr:$label);
  let assemblyFormat = "$source `to` $destination attr-dict";
}

def Plan_IfOp : Plan_Op<"if", [NoRegionArguments, NoTerminator]> {
  let summary = "Runs one of two blocks by a bool in a buffer";
  let arguments = (ins Plan_Buffer:$condition, StrAttr:$label);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = "$condition attr-dict-with-keyword $thenRegion `else` $elseRegion";
}

def Plan_LoopOp : Plan_Op<"loop", [NoRegionArguments, NoTerminator, AttrSizedOperandSegments]> {
  let summary = "Runs a block while the trip count and the condition allow; see Loop in plan.fbs";
  let arguments = (ins Optional<Plan_Buffer>:$trips, Optional<Plan_Buffer>:$condition, Optional<Plan_Buffer>:$bodyCondition, Optional<Plan_Buffer>:$iteration,
                       Variadic<Plan_Buffer>:$carried, Variadic<Plan_Buffer>:$next, Variadic<Plan_Buffer>:$scanElement, Variadic<Plan_Buffer>:$scanOutput, StrAttr:$label);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`trips` $trips^)? (`while` $condition^)? (`then` $bodyCondition^)? (`iteration` $iteration^)? `carried` `(` $carried `)` `next` `(` $next `)` `scan` `(` $scanElement `)` `to` `(` $scanOutput `)` attr-dict-with-keyword $body";
}

#endif
