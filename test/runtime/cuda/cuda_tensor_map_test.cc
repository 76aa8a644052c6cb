// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Tensor maps: made once for what a shape is bound to, again when addresses or sizes change, never from memory that moved.
#include <numeric>

#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaTensorMaps : public Cuda {};

// y = copy of x (n rows of 64), twice over: through a temporary.
PlanBuilder BoxPlan() {
  PlanBuilder b(PlanKind::Cuda);
  AddBoxKernel(b);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n, b.Const(64)});
  const uint32_t middle = b.Temp(b.buffer(x).size);
  const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n, b.Const(64)});
  b.Launch("copy_boxes_f32", {x, middle}, n, {n, b.Const(256)});
  b.Launch("copy_boxes_f32", {middle, y}, n, {n, b.Const(256)});
  return b;
}

std::vector<float> Rows(int64_t rows, float first) {
  std::vector<float> values(static_cast<size_t>(rows * 64));
  std::iota(values.begin(), values.end(), first);
  return values;
}

mlc::Tensor AsRows(std::vector<float>& values) {
  return mlc::Tensor::Wrap(MLC_DTYPE_FLOAT32, {static_cast<int64_t>(values.size()) / 64, 64},
                           values.data(), values.size() * sizeof(float));
}

void RunRows(mlc::Session& session, int64_t rows, float first) {
  std::vector<float> x = Rows(rows, first);
  session.SetInput(0, AsRows(x));
  session.Run();
  EXPECT_EQ(ValuesOf<float>(session.Output(0)), x);
}

TEST_F(CudaTensorMaps, AreMadeOncePerBinding) {
  CudaOpened plan(BoxPlan());
  for (int i = 0; i < 4; ++i) RunRows(plan.session, 3, static_cast<float>(i));
  EXPECT_EQ(sim::Calls("cuTensorMapEncodeTiled"), 2u);
  RunRows(plan.session, 4, 1);
  EXPECT_EQ(sim::Calls("cuTensorMapEncodeTiled"), 4u);
  for (int i = 0; i < 3; ++i) RunRows(plan.session, 4, static_cast<float>(i));
  EXPECT_EQ(sim::Calls("cuTensorMapEncodeTiled"), 4u);
  EXPECT_GT(sim::Calls("cuGraphLaunch"), 0u);
}

TEST_F(CudaTensorMaps, FollowTensorsThatMove) {
  CudaOpened plan(BoxPlan());
  std::vector<mlc::Tensor> kept;  // so that each is elsewhere
  for (int i = 0; i < 6; ++i) {
    std::vector<float> values = Rows(5, static_cast<float>(i)), back(values.size());
    mlc::Tensor x = kept.emplace_back(mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {5, 64}));
    mlc::Check(mlc_tensor_copy(x.get(), AsRows(values).get()));
    mlc::Tensor y = kept.emplace_back(mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {5, 64}));
    plan.session.SetInput(0, x);
    plan.session.SetOutput(0, y);
    plan.session.Run();
    mlc::Check(mlc_tensor_copy(AsRows(back).get(), y.get()));
    EXPECT_EQ(back, values);
  }
  EXPECT_EQ(sim::Calls("cuTensorMapEncodeTiled"), 2u + 5);  // the temporary never moved
}

TEST_F(CudaTensorMaps, GraphsOffGiveTheSame) {
  mlc_session_options_t options;
  mlc_session_options_init(&options);
  options.cuda_graphs = 0;
  CudaOpened plan(BoxPlan());
  mlc::Session session = mlc::Session::Create(plan.plan, plan.device, &options);
  for (int64_t rows = 1; rows < 5; ++rows) RunRows(session, rows, 7);
  EXPECT_EQ(sim::Calls("cuGraphLaunch"), 0u);
}

TEST_F(CudaTensorMaps, AnEncodingThatFailsIsNamed) {
  CudaOpened plan(BoxPlan());
  RunRows(plan.session, 2, 0);
  std::vector<float> x = Rows(3, 0);
  bool has_failed = false;
  for (uint64_t k = 1; k < 40 && !has_failed; ++k) {
    mlc::Session session = mlc::Session::Create(plan.plan, plan.device);
    session.SetInput(0, AsRows(x));
    sim::MutableOptions().fail_with = CUDA_ERROR_INVALID_VALUE;
    sim::MutableOptions().fail_call = sim::Calls() + k;
    try {
      session.Run();
    } catch (const mlc::Error& error) {
      has_failed = sim::FailedCall() == "cuTensorMapEncodeTiled";
      if (has_failed) {
        EXPECT_EQ(error.code(), MLC_STATUS_DEVICE_FAILED);
        EXPECT_NE(std::string(error.what()).find("cuTensorMapEncodeTiled"), std::string::npos);
      }
    }
    sim::MutableOptions().fail_call = 0;
  }
  EXPECT_TRUE(has_failed);
  RunRows(plan.session, 3, 5);  // the other session never noticed
}

}  // namespace
}  // namespace mlc::runtime::cuda
