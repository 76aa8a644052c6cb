// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What a block's temporaries cost in an order of its steps, by the rules of passes/Memory: views have no memory of their own, placed concats share one piece, results may take over an operand.
#ifndef MLC_PASSES_SCHEDULE_BLOCKMEMORY_H
#define MLC_PASSES_SCHEDULE_BLOCKMEMORY_H

#include "dialects/Graph/AssumedSizes.h"
#include "passes/Memory/Placement.h"

namespace mlc {

/// The steps of one block: regions and control flow. Constants and views belong to no step.
class BlockMemory {
public:
  struct Step {
    mlir::Operation *op;
    llvm::SmallVector<unsigned, 4> after;   // steps it reads from, without repetition
    llvm::SmallVector<unsigned, 4> before;  // steps that read from it
    llvm::SmallVector<unsigned, 2> writes;  // pieces of memory, as numbers of `bytes`
    llvm::SmallVector<unsigned, 4> reads;   // without repetition
    llvm::SmallVector<unsigned, 1> inPlace; // pieces that writes[0] may take over, in order of preference
    int64_t workspace = 0;                  // bytes that live during the step only
  };

  /// `innerPeak` gives what the blocks inside of a control flow op need while it runs.
  BlockMemory(mlir::Block &block, graph::ShapeFacts &facts, const Placements &placements, const graph::AssumedSizes &sizes, llvm::function_ref<int64_t(mlir::Operation *)> innerPeak);

  llvm::ArrayRef<Step> steps() const { return all; }
  /// The largest sum of live bytes over an order of all steps.
  int64_t peak(llvm::ArrayRef<unsigned> order) const;

  /// Runs steps one after the other and knows what is live.
  class State {
  public:
    explicit State(const BlockMemory &memory);
    /// How many bytes more live after the step than now, and during it.
    std::pair<int64_t, int64_t> cost(unsigned step) const;
    void run(unsigned step);
    int64_t live = 0;
    /// How many steps have still to read a piece.
    llvm::ArrayRef<unsigned> readersLeft() const { return readers; }
    bool isAllocated(unsigned piece) const { return allocated[piece]; }

  private:
    struct Effect {
      int64_t allocated = 0, freed = 0;
      unsigned takenOver; // the piece whose memory result 0 gets, or none
    };
    Effect effect(unsigned step) const;
    const BlockMemory &memory;
    std::vector<unsigned> readers;
    std::vector<bool> allocated;
  };

private:
  /// The number of the piece of memory that a value lies in, or nothing: an argument, a constant, an output, another block's.
  std::optional<unsigned> piece(mlir::Value v);
  /// Memory shared by all in it, with its bytes.
  unsigned pieceOf(mlir::Value whole);
  void addStep(mlir::Operation *op, int64_t innerPeak);
  void addRead(Step &step, mlir::Value v);

  mlir::Block &block;
  graph::ShapeFacts &facts;
  const Placements &placements;
  const graph::AssumedSizes &sizes;
  std::vector<Step> all;
  std::vector<int64_t> bytes;
  std::vector<unsigned> readersOf;
  std::vector<bool> staysLive; // read by the block's terminator
  llvm::DenseMap<mlir::Value, unsigned> pieces, outputs;
  llvm::DenseMap<mlir::Operation *, unsigned> stepOf;
};

} // namespace mlc

#endif
