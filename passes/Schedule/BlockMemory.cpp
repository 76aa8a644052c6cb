// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Schedule/BlockMemory.h"
#include "passes/Fuse/Regions.h"
#include "passes/Memory/LowerToPlan.h"
#include "passes/Memory/Placement.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

/// runtime/memory/arena_planner.h: every piece starts at a multiple of this.
static constexpr int64_t kAlignment = 64;
static constexpr unsigned kNoPiece = ~0u;

BlockMemory::BlockMemory(Block &block, ShapeFacts &facts, const Placements &placements, const AssumedSizes &sizes, llvm::function_ref<int64_t(Operation *)> innerPeak)
    : block(block), facts(facts), placements(placements), sizes(sizes) {
  Operation *end = block.getTerminator();
  if (isa<func::ReturnOp>(end))
    outputs = writtenOutputs(end);
  for (Operation &op : block.without_terminator())
    if (isa<RegionOp>(op))
      addStep(&op, 0);
    else if (op.getNumRegions() > 0)
      addStep(&op, innerPeak(&op));
  staysLive.assign(bytes.size(), false);
  for (Value v : end->getOperands())
    if (auto p = piece(v))
      staysLive[*p] = true;
}

std::optional<unsigned> BlockMemory::piece(Value v) {
  v = viewed(v);
  Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != &block || isConstantExpression(v) || outputs.contains(v))
    return std::nullopt;
  if (const Placement *place = placements.of(v))
    v = place->whole;
  return pieceOf(v);
}

unsigned BlockMemory::pieceOf(Value whole) {
  auto [it, fresh] = pieces.try_emplace(whole, bytes.size());
  if (fresh) {
    bytes.push_back(llvm::alignTo(sizes(byteSize(whole, facts)), kAlignment));
    readersOf.push_back(0);
  }
  return it->second;
}

/// The ops of the block whose results `v` consists of, through views and placed concats.
static void sources(Value v, Block &block, SmallVectorImpl<Operation *> &out) {
  SmallVector<Value> pending{v};
  while (!pending.empty()) {
    Value next = viewed(pending.pop_back_val());
    Operation *op = next.getDefiningOp();
    if (!op || op->getBlock() != &block || isConstantExpression(next))
      continue;
    if (isa<RegionOp>(op) || op->getNumRegions() > 0)
      out.push_back(op);
    else
      llvm::append_range(pending, op->getOperands());
  }
}

void BlockMemory::addRead(Step &step, Value v) {
  if (auto p = piece(v); p && !llvm::is_contained(step.reads, *p)) {
    step.reads.push_back(*p);
    ++readersOf[*p];
  }
  SmallVector<Operation *> from;
  sources(v, block, from);
  for (Operation *op : from) {
    Step &maker = all[stepOf.lookup(op)];
    if (maker.before.empty() || maker.before.back() != all.size()) {
      step.after.push_back(stepOf.lookup(op));
      maker.before.push_back(all.size());
    }
  }
}

void BlockMemory::addStep(Operation *op, int64_t innerPeak) {
  Step step;
  step.op = op;
  step.workspace = innerPeak;
  for (Value v : op->getOperands())
    addRead(step, v);
  auto region = dyn_cast<RegionOp>(op);
  if (!region) // what its blocks read from outside
    op->walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        if (inner != op && v.getDefiningOp() && v.getDefiningOp()->getBlock() == &block)
          addRead(step, v);
    });
  for (Value r : op->getResults())
    if (auto p = piece(r))
      step.writes.push_back(*p);
  if (region) {
    if (auto workspaces = region->getAttrOfType<DimsAttr>(kernel_attr::kWorkspaces))
      for (const DimExpr &size : workspaces.getDims())
        step.workspace += llvm::alignTo(sizes(size), kAlignment);
    if (piece(region.getResult(0)) && !placements.of(region.getResult(0)))
      for (Value v : inPlaceOperands(region, facts, placements))
        if (auto p = piece(v))
          step.inPlace.push_back(*p);
  }
  stepOf[op] = all.size();
  all.push_back(std::move(step));
}

BlockMemory::State::State(const BlockMemory &memory) : memory(memory), readers(memory.readersOf), allocated(memory.bytes.size(), false) {}

BlockMemory::State::Effect BlockMemory::State::effect(unsigned number) const {
  const Step &step = memory.all[number];
  Effect e{.takenOver = kNoPiece};
  for (unsigned p : step.inPlace)
    if (e.takenOver == kNoPiece && readers[p] == 1 && !memory.staysLive[p])
      e.takenOver = p;
  for (auto [i, p] : llvm::enumerate(step.writes)) {
    bool owns = i > 0 || e.takenOver == kNoPiece;
    if (!allocated[p] && owns)
      e.allocated += memory.bytes[p];
    if (readers[p] == 0 && !memory.staysLive[p]) // nobody wants it
      e.freed += memory.bytes[p];
  }
  for (unsigned p : step.reads)
    if (p != e.takenOver && readers[p] == 1 && !memory.staysLive[p])
      e.freed += memory.bytes[p];
  return e;
}

std::pair<int64_t, int64_t> BlockMemory::State::cost(unsigned step) const {
  Effect e = effect(step);
  return {e.allocated - e.freed, e.allocated + memory.all[step].workspace};
}

void BlockMemory::State::run(unsigned step) {
  Effect e = effect(step);
  live += e.allocated - e.freed;
  for (unsigned p : memory.all[step].writes)
    allocated[p] = true;
  for (unsigned p : memory.all[step].reads)
    --readers[p];
}

int64_t BlockMemory::peak(ArrayRef<unsigned> order) const {
  State state(*this);
  int64_t largest = 0;
  for (unsigned step : order) {
    largest = std::max(largest, state.live + state.cost(step).second);
    state.run(step);
  }
  return largest;
}

} // namespace mlc
