// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_SCHEDULE_PASSES
#define MLC_SCHEDULE_PASSES
include "mlir/Pass/PassBase.td"

def OrderForMemory : Pass<"order-for-memory", "::mlir::func::FuncOp"> {
  let summary = "Order the regions so that the least memory is live at once";
  let description = [{
    Of each block three orders are weighed at the sizes that tools assume (the opt values of the dims' ranges): the one it has, depth-first from what the block returns, and greedy (next is what frees most).
    The one with the smallest peak of live bytes stays; the block's own when it is as good. Views, placed concats, results in place and the kernels' workspaces count as the plan counts them, so this runs on regions
    whose kernels are known. The peaks are left on the function as `graph.peaks`, for the report.
    ```
    %a = graph.region "map" ...   // large
    %b = graph.region "map" ...   // large
    %c = graph.region "rows" (%a)  // small
    %d = graph.region "rows" (%b)  // small
    // becomes
    %a = graph.region "map" ...
    %c = graph.region "rows" (%a)
    %b = graph.region "map" ...
    %d = graph.region "rows" (%b)
    ```
  }];
  let statistics = [Statistic<"numReordered", "reordered", "Blocks whose order changed">];
}

def Rematerialize : Pass<"rematerialize", "::mlir::func::FuncOp"> {
  let summary = "Compute cheap values anew beside their late readers where that lowers the planned peak";
  let description = [{
    An option (`--rematerialize`, -O3), since it trades time for memory. At the step of the best order (order-for-memory) where most bytes live, the largest value that lives through it for later readers alone and that one region of pointwise ops
    and moves makes is made a second time for those; it stays when the best order's peak becomes smaller, and the search goes on until none helps, at most 32 times. Runs on regions whose kernels are known: a copy has its
    original's. Left on the function as `graph.rematerialized`: copies, peak before and after. Declined: makers with products, reductions, lookups or more than one result, and those that cost more than `max-percent` of
    the whole; values that are parts of a concat, returned, read by control flow or by the step at the peak.
    ```
    %b = graph.region "map" (%x) { expand }   // large, of a small %x
    ...                                       // the peak
    %y = graph.region "map" (%z, %b)
    // becomes
    %b = graph.region "map" (%x) { expand }   // for its early readers
    ...
    %c = graph.region "map" (%x) { expand }
    %y = graph.region "map" (%z, %c)
    ```
  }];
  let options = [Option<"maxPercent", "max-percent", "double", "2", "Of the estimated time of all regions: what one copy may cost">];
  let statistics = [Statistic<"numCopies", "copies", "Regions that run a second time">];
}

def AssignStreams : Pass<"assign-streams", "::mlir::func::FuncOp"> {
  let summary = "Give parallel branches of a block streams of their own where that saves more than the fork and join";
  let description = [{
    For targets with concurrent launches; the host runs one after the other. A block's steps become chains: each step goes on with the reader that has the longest way to the end. A chain beside another one saves what the two take one after
    the other less what they take together, which is at least the longer one and at least the time of the whole device for both: large kernels gain nothing. Rates and costs are options (defaults: one H100); a kernel
    with few elements gets part of the device. A chain that saves more than forking costs gets the lowest stream that no chain beside it has, as `plan.stream` on its regions (0, the main one, is not written). The block then follows the
    expected start times, since the arena is planned by the order of the text: memory is used again only by what comes later in time. Declined: chains that save too little, more than `max-streams` at once, control flow.
    ```
    %a = graph.region "conv" (%x)
    %b = graph.region "conv" (%x)
    %y = graph.region "pointwise" (%a, %b)
    // becomes
    %a = graph.region "conv" (%x)
    %b = graph.region "conv" (%x) {plan.stream = 1 : i64}
    %y = graph.region "pointwise" (%a, %b)
    ```
  }];
  let options = [
    Option<"flopsPerNs", "flops-per-ns", "double", "60000", "Of the whole device">,
    Option<"halfFlopsPerNs", "half-flops-per-ns", "double", "400000", "The same, for regions with a product of 16-bit floats">,
    Option<"bytesPerNs", "bytes-per-ns", "double", "3000", "Of the whole device">,
    Option<"launchNs", "launch-ns", "double", "800", "Of one kernel after another, whatever it does">,
    Option<"fillElements", "fill-elements", "double", "65536", "Results that it takes to fill the device">,
    Option<"forkNs", "fork-ns", "double", "300", "Of a fork to two streams and the join">,
    Option<"moreNs", "more-ns", "double", "350", "Of each stream more">,
    Option<"sharePercent", "share-percent", "double", "10", "That kernels beside each other lose">,
    Option<"maxStreams", "max-streams", "unsigned", "4", "At once, the main one included">,
    Option<"explain", "explain", "bool", "false", "Print for each chain what it saves and what became of it">];
  let statistics = [Statistic<"numBranches", "branches", "Chains that got a stream of their own">];
}
#endif
