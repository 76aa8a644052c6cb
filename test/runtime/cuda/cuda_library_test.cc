// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Products that cuBLASLt computes, on the simulated one: answers, graphs, what is missing or wrong.
#include <cmath>
#include <cstdlib>
#include <random>

#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaLibrary : public Cuda {};

uint16_t Narrowed(float value, int32_t dtype) {
  uint16_t bits16;
  if (dtype == MLC_DTYPE_FLOAT16) {
    const auto half = static_cast<_Float16>(value);
    std::memcpy(&bits16, &half, sizeof half);
  } else {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits16 = static_cast<uint16_t>(bits >> 16);  // exact for what the tests store
  }
  return bits16;
}

float Widened(uint16_t bits16, int32_t dtype) {
  if (dtype == MLC_DTYPE_FLOAT16) {
    _Float16 half;
    std::memcpy(&half, &bits16, sizeof half);
    return static_cast<float>(half);
  }
  const uint32_t bits = uint32_t{bits16} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Small whole numbers, which every type and order of sums holds exactly.
std::vector<float> Numbers(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % 5) - 2;
  return values;
}

// A tensor of the type with these values, which keeps its memory in `bytes`.
mlc::Tensor Given(const std::vector<float>& values, int32_t dtype, std::string& bytes) {
  const bool is_wide = dtype == MLC_DTYPE_FLOAT32;
  bytes.resize(values.size() * (is_wide ? 4 : 2));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t narrow = Narrowed(values[i], dtype);
    std::memcpy(&bytes[i * (is_wide ? 4 : 2)],
                is_wide ? static_cast<const void*>(&values[i]) : &narrow, is_wide ? 4 : 2);
  }
  return mlc::Tensor::Wrap(static_cast<mlc_dtype_t>(dtype), {static_cast<int64_t>(values.size())},
                           bytes.data(), bytes.size());
}

struct Operands {
  std::vector<float> x, w, c, r, z;  // z: what is wanted, NaN where nothing is written
};

Operands Compute(const ProductCase& p, int64_t m, uint32_t seed) {
  auto row = [](int64_t given, int64_t dense) { return given ? given : dense; };
  const int64_t left_row = row(p.left_row, p.left_transposed ? m : p.k);
  const int64_t right_row = row(p.right_row, p.right_transposed ? p.k : p.n);
  const int64_t out_row = row(p.out_row, p.n);
  const int64_t left = (p.left_transposed ? p.k : m) * left_row;
  const int64_t right = (p.right_transposed ? p.n : p.k) * right_row;
  Operands o;
  o.x = Numbers(static_cast<size_t>(p.batch * left), seed);
  o.w = Numbers(static_cast<size_t>(p.batch * right), seed + 1);
  o.c = Numbers(static_cast<size_t>(p.n), seed + 2);
  o.r = Numbers(static_cast<size_t>(p.batch * m * p.n), seed + 3);
  o.z.assign(static_cast<size_t>(p.batch * m * out_row), NAN);
  const bool adds = p.dtype == MLC_DTYPE_FLOAT32 && p.out_dtype == MLC_DTYPE_FLOAT32;
  for (int64_t b = 0; b < p.batch; ++b)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < p.n; ++j) {
        float sum = 0;
        for (int64_t k = 0; k < p.k; ++k) {
          const int64_t l = p.left_transposed ? k * left_row + i : i * left_row + k;
          const int64_t r = p.right_transposed ? j * right_row + k : k * right_row + j;
          sum += (adds ? 2 : 1) * o.x[static_cast<size_t>(b * left + l)] *
                 o.w[static_cast<size_t>(b * right + r)];
        }
        if (p.bias) sum += o.c[static_cast<size_t>(j)];
        if (p.addend) sum += o.r[static_cast<size_t>((b * m + i) * p.n + j)];
        if (p.activation == plan::Activation::Relu) sum = std::max(sum, 0.0f);
        if (p.activation == plan::Activation::GeluTanh)
          sum = 0.5f * sum * (1 + std::tanh(0.79788456f * (sum + 0.044715f * sum * sum * sum)));
        o.z[static_cast<size_t>(b * m * out_row + i * out_row + j)] = (adds ? 2 : 1) * sum;
      }
  return o;
}

struct RunResult {
  std::string bytes;
  std::vector<float> values;
};

RunResult RunOnce(mlc::Session& session, const ProductCase& p, const Operands& o, int64_t m) {
  std::string x, w, c, r;
  std::vector<int64_t> size{m};
  size_t input = 0;
  if (!p.m) session.SetInput(input++, TensorOf(size));
  session.SetInput(input++, Given(o.x, p.dtype, x));
  session.SetInput(input++, Given(o.w, p.dtype, w));
  if (p.bias) session.SetInput(input++, Given(o.c, p.out_dtype, c));
  if (p.addend) session.SetInput(input++, Given(o.r, p.out_dtype, r));
  session.Run();
  RunResult result;
  const mlc::Tensor z = session.Output(0);
  result.bytes.assign(static_cast<const char*>(z.data<void>()), z.size_bytes());
  const bool is_wide = p.out_dtype == MLC_DTYPE_FLOAT32;
  for (size_t i = 0; i < result.bytes.size() / (is_wide ? 4 : 2); ++i) {
    float wide;
    uint16_t narrow;
    std::memcpy(&wide, &result.bytes[is_wide ? 4 * i : 0], 4);
    std::memcpy(&narrow, &result.bytes[is_wide ? 0 : 2 * i], 2);
    result.values.push_back(is_wide ? wide : Widened(narrow, p.out_dtype));
  }
  return result;
}

void ExpectNear(const std::vector<float>& got, const std::vector<float>& wanted, float tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i)
    if (!std::isnan(wanted[i])) {
      ASSERT_NEAR(got[i], wanted[i], tolerance) << i;
    }
}

mlc::Session Open(const mlc::Plan& plan, const mlc::Device& device, bool graphs) {
  mlc_session_options_t options;
  mlc_session_options_init(&options);
  options.cuda_graphs = graphs;
  return mlc::Session::Create(plan, device, &options);
}

TEST_F(CudaLibrary, ComputesWhatThePlanSays) {
  const std::vector<ProductCase> cases = {
      {},
      {.m = 1, .n = 1, .k = 1},
      {.m = 7, .n = 9, .k = 100},  // split
      {.bias = true},
      {.m = 33, .n = 17, .k = 70, .bias = true, .activation = plan::Activation::Relu},
      {.bias = true, .activation = plan::Activation::GeluTanh},
      {.activation = plan::Activation::Relu},
      {.left_transposed = true},
      {.right_transposed = true, .bias = true},
      {.left_transposed = true, .right_transposed = true},
      {.left_row = 8, .right_row = 16},
      {.right_transposed = true, .right_row = 8},
      {.batch = 3, .m = 4, .bias = true, .left_row = 6, .out_row = 4},
      {.dtype = MLC_DTYPE_FLOAT16, .out_dtype = MLC_DTYPE_FLOAT16, .bias = true},
      {.dtype = MLC_DTYPE_FLOAT16, .out_dtype = MLC_DTYPE_FLOAT32, .right_transposed = true},
      {.batch = 2, .dtype = MLC_DTYPE_BFLOAT16, .out_dtype = MLC_DTYPE_BFLOAT16, .bias = true},
      {.k = 100, .dtype = MLC_DTYPE_FLOAT16, .out_dtype = MLC_DTYPE_FLOAT16, .out_row = 6},
      {.m = 7, .n = 9, .k = 100, .addend = true},
      {.batch = 2,
       .bias = true,
       .addend = true,
       .activation = plan::Activation::Relu,
       .out_row = 6},
      {.dtype = MLC_DTYPE_FLOAT16, .out_dtype = MLC_DTYPE_FLOAT16, .bias = true, .addend = true},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    const ProductCase& p = cases[i];
    CudaOpened plan(ProductPlan(p));
    const Operands o = Compute(p, p.m, static_cast<uint32_t>(i));
    const float tolerance = p.activation == plan::Activation::GeluTanh ? 1e-4f : 0;
    for (int run = 0; run < 3; ++run)
      ExpectNear(RunOnce(plan.session, p, o, p.m).values, o.z, tolerance);
    EXPECT_EQ(sim::TakeViolations(), std::vector<std::string>());
  }
}

TEST_F(CudaLibrary, GraphsGiveTheSameBits) {
  const ProductCase p{.m = 0,
                      .n = 24,
                      .k = 80,
                      .bias = true,
                      .addend = true,
                      .activation = plan::Activation::GeluTanh,
                      .workspace_bytes = 4096};
  AlignedBytes bytes = ProductPlan(p).BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  const mlc::Device device = OpenSim();
  mlc::Session with = Open(plan, device, true), without = Open(plan, device, false);
  // At 43 rows the sums do not fit the workspace, so the product has one node in place of two.
  for (int64_t m : {5, 5, 5, 6, 42, 43, 43, 44, 0, 7, 5}) {
    SCOPED_TRACE(m);
    const Operands o = Compute(p, m, static_cast<uint32_t>(m));
    const RunResult a = RunOnce(with, p, o, m), b = RunOnce(without, p, o, m);
    EXPECT_EQ(a.bytes, b.bytes);
    ExpectNear(a.values, o.z, 1e-3f);
  }
  EXPECT_GT(sim::Calls("cuGraphAddChildGraphNode"), 0u);
  EXPECT_GT(sim::Calls("cuGraphExecChildGraphNodeSetParams"), 0u);
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 3u);  // and again at 43 and at 7 rows
}

TEST_F(CudaLibrary, AlgorithmsAreAskedForOncePerProduct) {
  const ProductCase p{.m = 0};
  AlignedBytes bytes = ProductPlan(p).BuildAligned();
  const mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  const mlc::Device device = OpenSim();
  for (int session = 0; session < 2; ++session) {
    mlc::Session opened = Open(plan, device, true);
    mlc::Session other = Open(plan, device, true);
    for (int64_t m : {3, 4, 3, 4})
      for (mlc::Session* s : {&opened, &other}) RunOnce(*s, p, Compute(p, m, 1), m);
    EXPECT_EQ(sim::Calls("cublasLtCreate"), session + 1u);
    EXPECT_EQ(sim::Calls("cublasLtMatmulAlgoGetHeuristic"), 2u * (session + 1u));
  }
}

TEST_F(CudaLibrary, APreparedShapeIsOneGraphLaunch) {
  const ProductCase p{.m = 0};
  CudaOpened plan(ProductPlan(p));
  plan.session.Prepare({3});
  ExpectNear(RunOnce(plan.session, p, Compute(p, 3, 1), 3).values, Compute(p, 3, 1).z, 0);
  EXPECT_EQ(sim::Calls("cuLaunchKernelEx"), 0u);
  EXPECT_EQ(sim::Calls("cublasLtMatmul"), 1u);  // recorded
  EXPECT_EQ(sim::Calls("cuGraphLaunch"), 1u);
}

TEST_F(CudaLibrary, NodesBehindAProductWaitForAllOfIt) {
  CudaOpened plan(ProductPlan({}));  // add, product, add: the checker would see a race
  for (int i = 0; i < 3; ++i) RunOnce(plan.session, {}, Compute({}, 3, 1), 3);
  EXPECT_EQ(sim::Calls("cuGraphAddDependencies"), 0u);
}

TEST_F(CudaLibrary, PlansNameTheMissingLibrary) {
  ::setenv("MLC_CUBLASLT", "/nowhere/libcublasLt.so.13", 1);
  sim::MutableOptions().system_cublaslt = true;
  EXPECT_FAILS(CudaOpened plan(ProductPlan({})), MLC_STATUS_DEVICE_UNAVAILABLE,
               "plan needs cuBLASLt (libcublasLt.so.13 or .12): install it or compile without "
               "--library=cublaslt; MLC_CUBLASLT: /nowhere/libcublasLt.so.13");
  ::unsetenv("MLC_CUBLASLT");
  CudaOpened other(DoublePlan(2, PlanKind::Cuda));  // needs none
}

TEST_F(CudaLibrary, PlansNameTheMissingFunction) {
  sim::MutableOptions().missing = {"cublasLtMatmul"};
  EXPECT_FAILS(CudaOpened plan(ProductPlan({})), MLC_STATUS_DEVICE_UNAVAILABLE,
               "the one found has no function cublasLtMatmul");
}

TEST_F(CudaLibrary, WhatItHasNoAlgorithmForNamesTheNode) {
  sim::MutableOptions().refuse_products = true;
  CudaOpened plan(ProductPlan({.batch = 2}));
  EXPECT_FAILS(
      RunOnce(plan.session, {.batch = 2}, Compute({.batch = 2}, 3, 1), 3), MLC_STATUS_UNSUPPORTED,
      "node 'node_product' (kernel 'product'): cuBLASLt has no algorithm for a product of 2 "
      "x (3 x 5 by 4)");
  sim::MutableOptions().refuse_products = false;
  ExpectNear(RunOnce(plan.session, {.batch = 2}, Compute({.batch = 2}, 3, 1), 3).values,
             Compute({.batch = 2}, 3, 1).z, 0);
}

TEST_F(CudaLibrary, OperandsMustFitTheirBuffers) {
  struct Break {
    size_t scalar;
    int64_t value;
    const char* text;
  };
  // Scalars: batch, m, n, k, row steps of left, right, out, addend, batch steps of them.
  for (const Break& broken : std::vector<Break>{{0, 3, "left operand does not fit"},
                                                {0, 0, "sizes must be positive"},
                                                {3, 0, "sizes must be positive"},
                                                {1, 4, "left operand does not fit"},
                                                {2, 5, "right operand does not fit"},
                                                {4, 4, "left operand does not fit"},
                                                {4, int64_t{1} << 62, "left operand does not fit"},
                                                {5, 3, "right operand does not fit"},
                                                {6, 5, "result does not fit"},
                                                {6, 3, "result does not fit"},
                                                {9, -1, "right operand does not fit"},
                                                {10, 0, "results overlap"},
                                                {10, 8, "results overlap"}}) {
    PlanBuilder b = ProductPlan({.batch = 2});
    for (auto& instruction : b.program().blocks[0]->instructions)
      if (instruction->label == "product")
        instruction->op.AsLaunch()->scalars[broken.scalar] = b.Const(broken.value);
    CudaOpened plan(b);
    SCOPED_TRACE(broken.scalar);
    EXPECT_FAILS(RunOnce(plan.session, {.batch = 2}, Compute({.batch = 2}, 3, 1), 3),
                 MLC_STATUS_BAD_PLAN, broken.text);
  }
  PlanBuilder with_addend = ProductPlan({.addend = true});
  with_addend.program().blocks[0]->instructions[1]->op.AsLaunch()->scalars[7] =
      with_addend.Const(5);
  CudaOpened wrong(with_addend);
  EXPECT_FAILS(RunOnce(wrong.session, {.addend = true}, Compute({.addend = true}, 3, 1), 3),
               MLC_STATUS_BAD_PLAN, "addend does not fit");
  PlanBuilder b = ProductPlan({.bias = true});
  b.program().blocks[0]->instructions[1]->op.AsLaunch()->buffers[2] = b.Temp(b.Const(12));
  CudaOpened plan(b);
  EXPECT_FAILS(RunOnce(plan.session, {.bias = true}, Compute({.bias = true}, 3, 1), 3),
               MLC_STATUS_BAD_PLAN, "bias does not fit");
}

TEST_F(CudaLibrary, TensorsOfTheCallerLieAtMultiplesOf16) {
  const ProductCase p{
      .m = 4, .n = 4, .k = 4, .dtype = MLC_DTYPE_FLOAT16, .out_dtype = MLC_DTYPE_FLOAT16};
  CudaOpened plan(ProductPlan(p));
  const mlc::Tensor memory = mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT16, {64});
  const Operands o = Compute(p, 4, 1);
  std::string w;
  plan.session.SetInput(1, Given(o.w, p.dtype, w));
  auto input_at = [&](size_t offset) {
    return mlc::Tensor::WrapDevice(plan.device, MLC_DTYPE_FLOAT16, {16},
                                   static_cast<char*>(memory.data<char>()) + offset, 32);
  };
  const mlc::Tensor odd = input_at(2), even = input_at(16);
  plan.session.SetInput(0, odd);
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_INVALID_ARGUMENT, "at multiples of 16 bytes");
  plan.session.SetInput(0, even);
  plan.session.Run();
}

TEST_F(CudaLibrary, WorkspaceIsPartOfPlannedMemory) {
  const int64_t workspace_bytes = 24 << 20;
  sim::Reset({.memory_bytes = 16 << 20});
  const ProductCase large{.workspace_bytes = workspace_bytes};
  CudaOpened plan(ProductPlan(large));
  EXPECT_FAILS(RunOnce(plan.session, large, Compute(large, 3, 1), 3), MLC_STATUS_OUT_OF_MEMORY,
               "no memory");
  AlignedBytes bytes = ProductPlan({}).BuildAligned();
  const mlc::Plan small = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
  mlc::Session other = mlc::Session::Create(small, plan.device);
  ExpectNear(RunOnce(other, {}, Compute({}, 3, 1), 3).values, Compute({}, 3, 1).z, 0);
}

TEST_F(CudaLibrary, TheArenaHoldsTheWorkspace) {
  const ProductCase large{.workspace_bytes = 24 << 20};
  CudaOpened plan(ProductPlan(large));
  RunOnce(plan.session, large, Compute(large, 3, 1), 3);
  EXPECT_GE(plan.device.memory_stats().active_bytes, uint64_t{24} << 20);
}

}  // namespace
}  // namespace mlc::runtime::cuda
