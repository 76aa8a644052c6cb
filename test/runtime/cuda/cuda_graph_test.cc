// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Graphs: when they are made, updated and launched, and that no edge is missing or too many.
#include <algorithm>
#include <numeric>
#include <random>

#include "runtime/cuda/graph_topology.h"
#include "runtime/cuda/kernel_abi.h"
#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaGraphs : public Cuda {};

// y = 2^length * x, for x of n elements.
PlanBuilder ChainPlan(int length, int64_t max = 64) {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 0, max);
  uint32_t last = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = b.buffer(last).size;
  const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n});
  for (int i = 0; i < length; ++i) {
    const uint32_t next = i + 1 == length ? y : b.Temp(size);
    b.Launch("add_f32", {last, last, next}, n);
    last = next;
  }
  return b;
}

void RunChain(mlc::Session& session, int64_t n, float factor) {
  std::vector<float> x(static_cast<size_t>(n)), y;
  std::iota(x.begin(), x.end(), 1.0f);
  for (float value : x) y.push_back(factor * value);
  session.SetInput(0, TensorOf(x));
  session.Run();
  EXPECT_EQ(ValuesOf<float>(session.Output(0)), y);
}

TEST_F(CudaGraphs, AreMadeAtTheSecondUse) {
  CudaOpened plan(ChainPlan(3));
  for (int i = 0; i < 5; ++i) RunChain(plan.session, 4, 8);
  EXPECT_EQ(sim::Calls("cuLaunchKernelEx"), 3u);
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 1u);
  EXPECT_EQ(sim::Calls("cuGraphLaunch"), 4u);
  EXPECT_EQ(sim::Calls("cuGraphExecKernelNodeSetParams"), 0u);
}

TEST_F(CudaGraphs, AreMadeAtTheFirstUseOfAPreparedShape) {
  CudaOpened plan(ChainPlan(3));
  plan.session.Prepare({4});
  RunChain(plan.session, 4, 8);
  EXPECT_EQ(sim::Calls("cuLaunchKernelEx"), 0u);
  EXPECT_EQ(sim::Calls("cuGraphLaunch"), 1u);
}

TEST_F(CudaGraphs, AreUpdatedInPlaceForNewShapes) {
  CudaOpened plan(ChainPlan(3));
  for (int64_t n = 1; n <= 64; ++n) RunChain(plan.session, n, 8);
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 1u);
  EXPECT_EQ(sim::Calls("cuGraphLaunch"), 63u);
  EXPECT_EQ(sim::Calls("cuGraphExecKernelNodeSetParams"), 62u * 3);
  RunChain(plan.session, 0, 8);  // nothing to launch: another topology, an empty one
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 1u);
}

TEST_F(CudaGraphs, GrowingShapesAllocateAtMostTwice) {
  CudaOpened plan(ChainPlan(4, 1 << 20));
  RunChain(plan.session, 4096, 16);
  RunChain(plan.session, 4097, 16);
  const uint64_t allocations = plan.device.memory_stats().num_system_allocations;
  for (int64_t n = 4098; n < 4096 + 256; ++n) RunChain(plan.session, n, 16);
  EXPECT_EQ(plan.device.memory_stats().num_system_allocations, allocations);
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 1u);
}

TEST_F(CudaGraphs, FollowInputsAndOutputsThatMove) {
  CudaOpened plan(ChainPlan(4));
  const mlc::Tensor inputs[2] = {OnDevice<float>(plan.device, {1, 2}),
                                 OnDevice<float>(plan.device, {3, 4})};
  const mlc::Tensor outputs[2] = {mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {2}),
                                  mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {2})};
  for (int i = 0; i < 8; ++i) {
    plan.session.SetInput(0, inputs[i % 2]);
    plan.session.SetOutput(0, outputs[i % 2]);
    plan.session.Run();
    EXPECT_EQ(FromDevice<float>(outputs[i % 2]),
              i % 2 ? (std::vector<float>{48, 64}) : (std::vector<float>{16, 32}));
  }
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 1u);
  EXPECT_EQ(sim::Calls("cuGraphExecKernelNodeSetParams"), 6u * 2);  // the first and last launch
}

TEST_F(CudaGraphs, CanBeTurnedOff) {
  const PlanBuilder builder = EverythingPlan(PlanKind::Cuda);
  AlignedBytes bytes = builder.BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  const mlc::Device device = OpenSim();
  std::vector<float> x{1, 2};
  std::vector<int64_t> at{7, 0};
  std::vector<std::vector<float>> answers;
  for (int graphs : {0, 1}) {
    mlc_session_options_t options;
    mlc_session_options_init(&options);
    options.cuda_graphs = graphs;
    mlc::Session session = mlc::Session::Create(plan, device, &options);
    session.SetInput(0, TensorOf(x));
    session.SetInput(1, TensorOf(at));
    for (int i = 0; i < 3; ++i) session.Run();
    for (size_t i : {0, 4}) answers.push_back(ValuesOf<float>(session.Output(i)));
    EXPECT_EQ(sim::Calls("cuGraphLaunch") > 0, graphs == 1);
  }
  EXPECT_EQ(answers[0], answers[2]);
  EXPECT_EQ(answers[1], answers[3]);
}

TEST_F(CudaGraphs, KernelsThatWaitMayStartEarly) {
  const PlanBuilder builder = ChainPlan(4);
  AlignedBytes bytes = builder.BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  const mlc::Device device = OpenSim();
  std::vector<std::vector<float>> answers;
  for (int dependent : {0, 1}) {
    mlc_session_options_t options;
    mlc_session_options_init(&options);
    options.cuda_dependent_launch = dependent;
    mlc::Session session = mlc::Session::Create(plan, device, &options);
    std::vector<float> x{1, 2};
    session.SetInput(0, TensorOf(x));
    for (int i = 0; i < 3; ++i) session.Run();
    answers.push_back(ValuesOf<float>(session.Output(0)));
    EXPECT_EQ(sim::Calls("cuGraphAddDependencies"), dependent ? 3u : 0u);  // between four kernels
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(CudaGraphs, ManyTopologiesPushOutTheOldest) {
  // Each launch is there or not by a symbol of its own: 2^6 topologies.
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t two = b.Const(2);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {two});
  const uint32_t at = b.Input("at", MLC_DTYPE_INT64, {b.Const(6)});
  (void)at;
  const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {two});
  for (uint32_t i = 0; i < 6; ++i)
    b.Launch("add_f32", {x, x, y}, b.ElementSymbol(("s" + std::to_string(i)).c_str(), 1, i, 0, 2));
  for (int i = 0; i < 2; ++i) b.Launch("add_f32", {x, x, y}, two);
  CudaOpened plan(b);
  std::vector<float> values{1, 2};
  plan.session.SetInput(0, TensorOf(values));
  for (int round = 0; round < 3; ++round)
    for (int mask = 0; mask < 64; ++mask)
      for (int twice = 0; twice < 2; ++twice) {
        std::vector<int64_t> symbols;
        for (int i = 0; i < 6; ++i) symbols.push_back(mask >> i & 1 ? 2 : 0);
        plan.session.SetInput(1, TensorOf(symbols));
        plan.session.Run();
        EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{2, 4}));
      }
  EXPECT_EQ(sim::CountLive().execs, 32u);
}

// Random launches and copies on several streams over temporaries that are written again and again.
PlanBuilder RandomPlan(uint32_t seed, PlanKind kind) {
  std::mt19937 random(seed);
  PlanBuilder b(kind);
  const uint32_t n = b.Const(8);
  std::vector<uint32_t> values = {b.Input("x", MLC_DTYPE_FLOAT32, {n})};
  std::vector<uint32_t> targets;
  const uint32_t size = b.buffer(values[0]).size;
  for (int i = 0; i < 3; ++i)
    targets.push_back(b.Output(("y" + std::to_string(i)).c_str(), MLC_DTYPE_FLOAT32, {n}));
  auto any = [&](const std::vector<uint32_t>& of) { return of[random() % of.size()]; };
  const uint32_t num_streams = 1 + random() % 4;
  auto add = [&](uint32_t out) {
    if (random() % 4 == 0)
      b.Copy(any(values), out);
    else
      b.Launch("add_f32", {any(values), any(values), out}, n);
    b.Last().stream = random() % num_streams;
    if (std::find(values.begin(), values.end(), out) == values.end()) values.push_back(out);
  };
  for (int i = 0; i < 25; ++i) {
    const bool again = values.size() > 2 && random() % 3 == 0;
    uint32_t out = again ? any(values) : b.Temp(size);
    if (out == values[0]) out = b.Temp(size);
    if (again && b.Last().op.AsCopy() == nullptr && random() % 8 == 0) out = b.Temp(size);
    // A copy must not overlap itself.
    add(out);
    if (auto* copy = b.Last().op.AsCopy(); copy && copy->src == copy->dst)
      b.program().blocks[0]->instructions.pop_back();
  }
  for (uint32_t y : targets) {
    b.Launch("add_f32", {any(values), values[0], y}, n);
    b.Last().stream = random() % num_streams;
  }
  return b;
}

TEST_F(CudaGraphs, OrderWhatSharesBytesOnAnyStreams) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    CudaOpened cuda(RandomPlan(seed, PlanKind::Cuda));
    Opened host(RandomPlan(seed, PlanKind::Host));
    std::vector<float> x(8);
    std::iota(x.begin(), x.end(), 1.0f);
    for (int run = 0; run < 3; ++run) {
      for (mlc::Session* session : {&cuda.session, &host.session}) {
        session->SetInput(0, TensorOf(x));
        session->Run();
      }
      for (size_t i = 0; i < 3; ++i)
        EXPECT_EQ(ValuesOf<float>(cuda.session.Output(i)), ValuesOf<float>(host.session.Output(i)));
    }
    ASSERT_EQ(sim::TakeViolations(), std::vector<std::string>());
    if (HasFailure()) return;
  }
  EXPECT_GT(sim::Calls("cuGraphLaunch"), 0u);
}

// The edges of the one piece of a plan's body.
std::vector<GraphEdge> EdgesOf(const PlanBuilder& builder) {
  AlignedBytes bytes = builder.BuildAligned();
  auto file = PlanFile::OpenMemory(bytes.data(), bytes.size(), {});
  EXPECT_TRUE(file.ok()) << file.status().message();
  mlc_plan plan(std::move(*file));
  const plan::Entry& entry = *plan.file.plan().entries()->Get(0);
  const auto programs =
      BindPrograms(plan, entry, 0, std::make_shared<Constants>(), MLC_CUDA_ALIGNMENT);
  auto shape = ShapePlan::Build(programs[0], {}, 1);
  EXPECT_TRUE(shape.ok()) << shape.status().message();
  const std::vector<Piece> pieces = CutIntoPieces(**shape, 0);
  EXPECT_EQ(pieces.size(), 1u);
  return pieces[0].topology.edges;
}

// x -> a on stream 0, then b and c from a on streams 0 and 1, d from both on stream 0. `copies`: c is
// one of a.
PlanBuilder Diamond(bool with_streams, bool copies = false) {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.Const(8);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = b.buffer(x).size;
  const uint32_t first = b.Temp(size), left = b.Temp(size), right = b.Temp(size);
  b.Launch("add_f32", {x, x, first}, n);
  b.Launch("add_f32", {first, first, left}, n);
  if (copies)
    b.Copy(first, right);
  else
    b.Launch("add_f32", {first, x, right}, n);
  b.Last().stream = with_streams;
  b.Launch("add_f32", {left, right, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  return b;
}

TEST_F(CudaGraphs, HaveNoEdgeThatOthersImply) {
  EXPECT_EQ(EdgesOf(Diamond(false)), (std::vector<GraphEdge>{{0, 1}, {1, 2}, {2, 3}}));
  EXPECT_EQ(EdgesOf(Diamond(true)), (std::vector<GraphEdge>{{0, 1}, {0, 2}, {2, 3}, {1, 3}}));
}

// Runs it three times; gives the number of edges by which a kernel starts early.
uint64_t DependentLaunches(const PlanBuilder& builder, bool graphs, std::vector<float>* y) {
  AlignedBytes bytes = builder.BuildAligned();
  mlc_plan_options_t checked;
  mlc_plan_options_init(&checked);
  checked.verify_all = 1;  // CheckOrder
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size(), &checked);
  const mlc::Device device = OpenSim();
  mlc_session_options_t options;
  mlc_session_options_init(&options);
  options.cuda_graphs = graphs;
  mlc::Session session = mlc::Session::Create(plan, device, &options);
  const uint64_t before = sim::Calls("cuGraphAddDependencies");
  std::vector<float> x(8);
  std::iota(x.begin(), x.end(), 1.0f);
  session.SetInput(0, TensorOf(x));
  for (int run = 0; run < 3; ++run) session.Run();
  *y = ValuesOf<float>(session.Output(0));
  return sim::Calls("cuGraphAddDependencies") - before;
}

TEST(CudaTopology, TakesTheEdgesOfOtherShapes) {
  Topology topology{{0, 1, 2, 3}, {{0, 1}, {0, 2}, {2, 3}, {1, 3}}};
  EXPECT_FALSE(topology.AddEdges({}));
  EXPECT_FALSE(topology.AddEdges({{0, 2}, {1, 3}}));
  EXPECT_TRUE(topology.AddEdges({{0, 1}, {1, 2}, {2, 3}}));
  EXPECT_EQ(topology.edges,
            (std::vector<GraphEdge>{{0, 1}, {1, 2}, {0, 2}, {2, 3}, {1, 3}}));
  EXPECT_FALSE(topology.AddEdges({{1, 2}}));
}

TEST_F(CudaGraphs, EachEdgeDecidesWhetherAKernelStartsEarly) {
  std::vector<float> y, wanted;
  for (float x = 1; x <= 8; ++x) wanted.push_back(4 * x + 3 * x);
  EXPECT_EQ(DependentLaunches(Diamond(false), true, &y), 3u);
  EXPECT_EQ(y, wanted);
  EXPECT_EQ(DependentLaunches(Diamond(true), true, &y), 4u);  // the fork's and the join's too
  EXPECT_EQ(y, wanted);
  // Into a join of which one branch ends in a copy, and past kernels that do not wait.
  EXPECT_EQ(DependentLaunches(Diamond(true, /*copies=*/true), true, &y), 2u);
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(y[i], 6 * static_cast<float>(i + 1));
  PlanBuilder unwaiting = Diamond(true);
  for (const auto& kernel : unwaiting.target().kernels)
    if (kernel->name == "add_f32") kernel->waits = false;
  EXPECT_EQ(DependentLaunches(unwaiting, true, &y), 0u);
  EXPECT_EQ(y, wanted);
}

TEST_F(CudaGraphs, WithoutThemStreamsRunInThePlansOrder) {
  std::vector<float> y, wanted;
  for (float x = 1; x <= 8; ++x) wanted.push_back(7 * x);
  EXPECT_EQ(DependentLaunches(Diamond(true), false, &y), 0u);
  EXPECT_EQ(y, wanted);
  EXPECT_EQ(sim::Calls("cuGraphLaunch"), 0u);
  EXPECT_EQ(sim::Calls("cuLaunchKernelEx"), 3u * 4);
}

}  // namespace
}  // namespace mlc::runtime::cuda
