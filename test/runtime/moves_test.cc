// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The moves that make a plan's weights, and the untrusted numbers that they refuse.
#include "runtime/plan/moves.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

namespace mlc::runtime {
namespace {

using plan::MoveOp;
using Dims = std::vector<int64_t>;

// 0, 1, 2, ... as int32.
std::vector<char> Counting(size_t count) {
  std::vector<int32_t> values(count);
  std::iota(values.begin(), values.end(), 0);
  std::vector<char> bytes(count * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

struct Outcome {
  bool ok;
  std::vector<int32_t> values;
};

// The move of tensors that hold 0, 1, 2, ... each.
Outcome Apply(const Move& move, const std::vector<Dims>& dims) {
  std::vector<std::vector<char>> bytes;
  std::vector<MoveOperand> operands;
  for (const Dims& d : dims)
    bytes.push_back(Counting(
        static_cast<size_t>(std::accumulate(d.begin(), d.end(), int64_t{1}, std::multiplies<>()))));
  for (size_t i = 0; i < dims.size(); ++i) operands.push_back({dims[i], bytes[i]});
  std::vector<char> out;
  const Status status = ApplyMove(move, operands, 4, 4096, &out);
  Outcome outcome{status.ok(), std::vector<int32_t>(out.size() / 4)};
  if (!out.empty()) std::memcpy(outcome.values.data(), out.data(), out.size());
  return outcome;
}

TEST(Moves, GiveWhatTheySay) {
  using V = std::vector<int32_t>;
  EXPECT_EQ(Apply({MoveOp::Reshape, {3, 2}, {}, {}}, {{2, 3}}).values, (V{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(Apply({MoveOp::Transpose, {3, 2}, {1, 0}, {}}, {{2, 3}}).values, (V{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(Apply({MoveOp::Pad, {2, 4}, {0, 1}, {}}, {{2, 2}}).values, (V{0, 0, 1, 0, 0, 2, 3, 0}));
  EXPECT_EQ(Apply({MoveOp::Pad, {1, 2}, {-1, 0}, {}}, {{2, 2}}).values, (V{2, 3})) << "crops";
  EXPECT_EQ(Apply({MoveOp::Slice, {2, 2}, {1, 2}, {-1, -2}}, {{2, 3}}).values, (V{5, 3, 2, 0}));
  EXPECT_EQ(Apply({MoveOp::Concat, {2, 3}, {1}, {}}, {{2, 1}, {2, 2}}).values,
            (V{0, 0, 1, 1, 2, 3}));
  EXPECT_EQ(Apply({MoveOp::Transpose, {}, {}, {}}, {{}}).values, (V{0})) << "scalars";
}

TEST(Moves, RefuseWhatLeavesTheirOperands) {
  for (const Move& bad : std::vector<Move>{
           {MoveOp::Reshape, {7}, {}, {}},
           {MoveOp::Reshape, {-2, -3}, {}, {}},
           {MoveOp::Reshape, {int64_t{1} << 40, int64_t{1} << 40}, {}, {}},
           {MoveOp::Pad, {1 << 20, 1 << 10}, {0, 0}, {}},  // over 4096 bytes
           {MoveOp::Transpose, {3, 2}, {1, 1}, {}},
           {MoveOp::Transpose, {3, 2}, {1, 2}, {}},
           {MoveOp::Transpose, {2, 3}, {1, 0}, {}},
           {MoveOp::Transpose, {6}, {0}, {}},
           {MoveOp::Pad, {2, 3}, {-3, 0}, {}},
           {MoveOp::Pad, {2, 3}, {3, 0}, {}},
           {MoveOp::Slice, {2, 3}, {1, 0}, {1, 1}},
           {MoveOp::Slice, {2, 3}, {0, 0}, {0, 1}},
           {MoveOp::Slice, {2, 3}, {0, 0}, {int64_t{1} << 62, 1}},
           {MoveOp::Slice, {2, 3}, {-1, 0}, {1, 1}},
           {MoveOp::Slice, {2, 3}, {0, 0}, {1}},
           {MoveOp::Concat, {3, 3}, {0}, {}},
           {MoveOp::Concat, {2, 3}, {2}, {}},
           {MoveOp::Concat, {2, 4}, {0}, {}},
           {MoveOp::Source, {2, 3}, {0}, {}},
       })
    EXPECT_FALSE(Apply(bad, {{2, 3}}).ok) << plan::EnumNameMoveOp(bad.op);
  EXPECT_FALSE(Apply({MoveOp::Reshape, {6}, {}, {}}, {}).ok);
  EXPECT_FALSE(Apply({MoveOp::Reshape, {6}, {}, {}}, {{6}, {6}}).ok);
}

}  // namespace
}  // namespace mlc::runtime
