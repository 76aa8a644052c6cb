// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. estimate each step's time; 2. make chains (Chains.h); 3. give streams to those that save most; 4. order the block by expected start.
#include "dialects/Graph/NodeNames.h"
#include "llvm/Support/FormatVariadic.h"
#include "passes/Memory/LowerToPlan.h"
#include "passes/Memory/RegionWork.h"
#include "passes/Schedule/Chains.h"
#include "passes/Schedule/Orders.h"
#include "passes/Schedule/Passes.h"
#include <numeric>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_ASSIGNSTREAMS
#include "passes/Schedule/SchedulePasses.h.inc"

namespace {

struct AssignStreams : impl::AssignStreamsBase<AssignStreams> {
  using AssignStreamsBase::AssignStreamsBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    if (flopsPerNs <= 0 || halfFlopsPerNs <= 0 || bytesPerNs <= 0 || fillElements <= 0 || maxStreams == 0) {
      getOperation().emitError() << "assign-streams: flops-per-ns, half-flops-per-ns, bytes-per-ns, fill-elements and max-streams must be larger than 0";
      return signalPassFailure();
    }
    AssumedSizes sizes(getOperation(), facts);
    Placements placements(getOperation(), facts);
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) {
      if (!isa<RegionOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      assign(*block, facts, placements, sizes);
  }

private:
  StepTime timeOf(Operation *op, ShapeFacts &facts, const AssumedSizes &sizes) const {
    auto region = dyn_cast<RegionOp>(op);
    if (!region) // control flow waits for the host: nothing is planned beside it
      return {launchNs, launchNs};
    double device = std::max(sizes(regionFlops(region, facts)) / (multipliesHalves(region) ? halfFlopsPerNs : flopsPerNs), sizes(regionTraffic(region, facts)) / bytesPerNs), results = 0;
    for (Value r : region.getResults())
      results += sizes(product(facts.dims(r)));
    double part = std::clamp(results / fillElements, 1.0 / 64, 1.0);
    return {launchNs + device / part, device * (1 + sharePercent / 100)};
  }

  static bool multipliesHalves(RegionOp region) {
    return llvm::any_of(region.getBody().front(), [](Operation &op) {
      if (!isa<MatMulOp, ConvOp>(op))
        return false;
      Type type = getElementTypeOrSelf(op.getOperand(0));
      return type.isF16() || type.isBF16();
    });
  }

  static bool hasControlFlow(ArrayRef<BlockMemory::Step> steps, ArrayRef<unsigned> chain) {
    return llvm::any_of(chain, [&](unsigned step) { return !isa<RegionOp>(steps[step].op); });
  }

  void assign(Block &block, ShapeFacts &facts, const Placements &placements, const AssumedSizes &sizes) {
    BlockMemory memory(block, facts, placements, sizes, [](Operation *) { return 0; });
    auto steps = memory.steps();
    if (steps.empty())
      return;
    std::vector<StepTime> times;
    for (const BlockMemory::Step &step : steps)
      times.push_back(timeOf(step.op, facts, sizes));
    Chains chains(memory, times);
    std::vector<unsigned> streams = streamsOf(chains, steps);
    bool any = false;
    for (auto [i, step] : llvm::enumerate(steps))
      if (unsigned stream = streams[chains.of(i)]) {
        step.op->setAttr(kStreamAttr, Builder(step.op->getContext()).getI64IntegerAttr(stream));
        any = true;
      }
    if (any)
      applyOrder(block, memory, byStart(chains, steps, times, streams));
  }

  /// The stream of each chain.
  std::vector<unsigned> streamsOf(const Chains &chains, ArrayRef<BlockMemory::Step> steps) {
    ArrayRef<Chains::Chain> all = chains.all();
    std::vector<unsigned> streams(all.size(), 0), best(all.size() - 1);
    std::iota(best.begin(), best.end(), 1);
    llvm::stable_sort(best, [&](unsigned a, unsigned b) { return all[a].saves > all[b].saves; });
    std::vector<std::vector<std::pair<double, double>>> busy(maxStreams);
    SmallVector<unsigned> declined;
    for (unsigned i : best) {
      const Chains::Chain &chain = all[i];
      std::string why;
      if (hasControlFlow(steps, chain.steps))
        why = "control flow stays in the main stream";
      else if (chain.saves <= forkNs)
        why = llvm::formatv("saves {0:f2} us, a fork and its join cost {1:f2}", chain.saves / 1e3, forkNs / 1e3);
      else
        why = place(chain, streams[i], busy);
      if (streams[i])
        ++numBranches;
      else
        declined.push_back(i);
      if (explain)
        llvm::errs() << llvm::formatv("assign-streams: {0} kernels from '{1}': {2}\n", chain.steps.size(), firstName(steps[chain.steps.front()].op->getLoc()),
                                      streams[i] ? llvm::formatv("stream {0}, saves {1:f2} us", streams[i], chain.saves / 1e3).str() : why);
    }
    // A chain without a stream runs in that of its reader.
    for (unsigned i : declined)
      if (all[i].join != Chains::kNone && !hasControlFlow(steps, all[i].steps))
        streams[i] = streams[chains.of(all[i].join)];
    return streams;
  }

  /// Takes the lowest stream that no chain beside this one has; else says why not.
  std::string place(const Chains::Chain &chain, unsigned &stream, std::vector<std::vector<std::pair<double, double>>> &busy) {
    auto overlaps = [&](std::pair<double, double> other) { return other.first < chain.end && chain.begin < other.second; };
    unsigned beside = 0;
    for (unsigned s = 1; s < maxStreams; ++s)
      if (llvm::any_of(busy[s], overlaps))
        ++beside;
      else if (!stream)
        stream = s;
    if (stream && beside > 0 && chain.saves <= moreNs) {
      stream = 0;
      return llvm::formatv("saves {0:f2} us, one stream more costs {1:f2}", chain.saves / 1e3, moreNs / 1e3);
    }
    if (!stream)
      return llvm::formatv("all {0} streams are taken", maxStreams.getValue());
    busy[stream].push_back({chain.begin, chain.end});
    return "";
  }

  /// The steps by when they are expected to start. Makers start, and end, before their readers.
  static Order byStart(const Chains &chains, ArrayRef<BlockMemory::Step> steps, ArrayRef<StepTime> times, ArrayRef<unsigned> streams) {
    std::vector<double> start(steps.size(), 0);
    DenseMap<unsigned, double> free;
    for (unsigned i = 0; i < steps.size(); ++i) {
      double &end = free[streams[chains.of(i)]];
      start[i] = end;
      for (unsigned maker : steps[i].after)
        start[i] = std::max(start[i], start[maker] + times[maker].alone);
      end = start[i] + times[i].alone;
    }
    Order order(steps.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::stable_sort(order, [&](unsigned a, unsigned b) { return start[a] < start[b]; });
    return order;
  }
};

} // namespace
} // namespace mlc
