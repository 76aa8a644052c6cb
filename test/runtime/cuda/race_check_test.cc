// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The race checker finds what nothing orders, and nothing in the graphs that the runtime makes.
#include "runtime/cuda/race_check.h"

#include <random>

#include "runtime/cuda/kernel_abi.h"
#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

// A plan's body at one shape.
struct Body {
  explicit Body(const PlanBuilder& builder, std::vector<int64_t> symbols = {})
      : bytes(builder.BuildAligned()) {
    auto file = PlanFile::OpenMemory(bytes.data(), bytes.size(), {});
    EXPECT_TRUE(file.ok()) << file.status().message();
    plan.emplace(std::move(*file));
    const plan::Entry& entry = *plan->file.plan().entries()->Get(0);
    programs = BindPrograms(*plan, entry, 0, std::make_shared<Constants>(), MLC_CUDA_ALIGNMENT);
    auto built = ShapePlan::Build(programs[0], symbols, 1);
    EXPECT_TRUE(built.ok()) << built.status().message();
    shape = std::move(*built);
    pieces = CutIntoPieces(*shape, 0);
  }

  AlignedBytes bytes;
  std::optional<mlc_plan> plan;
  std::vector<BoundProgram> programs;
  std::unique_ptr<ShapePlan> shape;
  std::vector<Piece> pieces;
};

// Launches on four streams over temporaries that are written again and again, and parts of them.
PlanBuilder RandomStreams(uint32_t seed) {
  std::mt19937 random(seed);
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.Const(8);
  std::vector<uint32_t> values = {b.Input("x", MLC_DTYPE_FLOAT32, {n})};
  const uint32_t size = b.buffer(values[0]).size;
  auto any = [&](const std::vector<uint32_t>& of) { return of[random() % of.size()]; };
  std::vector<uint32_t> temps;
  for (int i = 0; i < 6; ++i) {
    const uint32_t pair = b.Temp(b.Const(64));
    temps.push_back(b.Alias(pair, b.Const(0), size));
    temps.push_back(b.Alias(pair, b.Const(32), size));
  }
  for (int i = 0; i < 60; ++i) {
    const uint32_t out = any(temps);
    b.Launch("add_f32", {any(values), any(values), out}, n);
    b.Last().stream = random() % 4;
    values.push_back(out);
  }
  b.Launch("add_f32", {any(values), any(values), b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  return b;
}

TEST(CudaRaceCheck, FindsNothingInWhatTheRuntimeOrders) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const Body body(RandomStreams(seed));
    ASSERT_EQ(body.pieces.size(), 1u);
    const Status status = CheckOrder(*body.shape, body.pieces[0]);
    EXPECT_TRUE(status.ok()) << seed << ": " << status.message();
    EXPECT_TRUE(CheckInstructions(*body.shape).ok());
  }
}

// Every edge is needed (graph_topology leaves out those that others imply), unless it only keeps a
// stream's order.
TEST(CudaRaceCheck, FindsEveryEdgeThatIsMissing) {
  size_t found = 0, between_streams = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    Body body(RandomStreams(seed));
    Piece& piece = body.pieces[0];
    const std::vector<GraphEdge> edges = piece.topology.edges;
    for (size_t i = 0; i < edges.size(); ++i) {
      piece.topology.edges = edges;
      piece.topology.edges.erase(piece.topology.edges.begin() + static_cast<long>(i));
      const bool races = !CheckOrder(*body.shape, piece).ok();
      const bool crosses = piece.nodes[edges[i].from]->instruction->stream() !=
                           piece.nodes[edges[i].to]->instruction->stream();
      between_streams += crosses;
      found += crosses && races;
      if (crosses) {
        EXPECT_TRUE(races) << seed << ", edge " << i;
      }
    }
  }
  EXPECT_GT(between_streams, 100u);
  EXPECT_EQ(found, between_streams);
}

TEST(CudaRaceCheck, NamesBothInstructions) {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.Const(8);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t t = b.Temp(b.buffer(x).size);
  b.Launch("add_f32", {x, x, t}, n);
  b.Launch("add_f32", {t, t, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  b.Last().stream = 1;
  Body body(b);
  body.pieces[0].topology.edges.clear();
  const Status status = CheckOrder(*body.shape, body.pieces[0]);
  EXPECT_EQ(status.code(), MLC_STATUS_INTERNAL);
  EXPECT_NE(std::string(status.message())
                .find("(stream 0) and node 'node_add_f32' (kernel 'add_f32') (stream 1)"),
            std::string::npos)
      << status.message();
}

// What it writes begins in the middle of what it reads, at some sizes only.
PlanBuilder OverlappingFrom17() {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = b.buffer(x).size;
  const uint32_t t = b.Temp(b.Const(512));
  const uint32_t early = b.Alias(t, b.Const(0), size), late = b.Alias(t, b.Const(64), size);
  b.Launch("add_f32", {x, x, early}, n);
  b.Copy(early, late);
  b.Launch("add_f32", {x, late, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  return b;
}

// Parts of a concat along the last dim: bytes between one's first and last are others'.
TEST(CudaRaceCheck, PartsOfOneBufferMayInterleave) {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t t = b.Temp(b.Const(512)), size = b.buffer(x).size;
  b.Launch("add_f32", {x, x, b.Alias(t, b.Const(0), size)}, n);
  b.Launch("add_f32", {x, b.Alias(t, b.Const(0), size), b.Alias(t, b.Const(4), size)}, n);
  b.Launch("add_f32", {x, x, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  EXPECT_TRUE(CheckInstructions(*Body(b, {17}).shape).ok());
}

TEST(CudaRaceCheck, RefusesAShapeAtWhichOneInstructionRacesWithItself) {
  EXPECT_TRUE(CheckInstructions(*Body(OverlappingFrom17(), {16}).shape).ok());
  const Body body(OverlappingFrom17(), {17});
  const Status status = CheckInstructions(*body.shape);
  EXPECT_EQ(status.code(), MLC_STATUS_BAD_PLAN);
  EXPECT_NE(
      std::string(status.message()).find("writes bytes 64 to 132 while it reads bytes 0 to 68"),
      std::string::npos)
      << status.message();
}

class CudaRaces : public Cuda {};

TEST_F(CudaRaces, ASessionRefusesSuchAShapeAndRunsOthers) {
  CudaOpened plan(OverlappingFrom17());
  std::vector<float> large(20, 1.0f), small(4, 1.0f);
  plan.session.SetInput(0, TensorOf(large));
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_BAD_PLAN, "of the same memory");
  plan.session.SetInput(0, TensorOf(small));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), std::vector<float>(4, 3.0f));
}

}  // namespace
}  // namespace mlc::runtime::cuda
