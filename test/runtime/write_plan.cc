// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// usage: write_plan OUT.plan [cuda|steps|touch|product]: the sample plan of tools_test.sh, y = (x + w) + x for x of n
// elements and a constant w, for this machine or the simulated CUDA device; "steps": y = 8 x over two
// temporaries for that device, for x of up to 2^24 elements; "touch": the same memory without the
// sums (test/gpu).
#include <fstream>
#include <iostream>

#include "mlc/runtime.h"
#include "test/runtime/plan_builder.h"

namespace mlc::runtime {
namespace {

std::string SamplePlan(PlanKind kind) {
  PlanBuilder builder(kind);
  const uint32_t n = builder.DimSymbol("n", 0, 0, 1, 8);
  const uint32_t x = builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {n});
  const float w[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const uint32_t constant = builder.Constant(MLC_DTYPE_FLOAT32, {8}, w, sizeof w);
  const uint32_t sum = builder.Temp(builder.buffer(x).size);
  builder.Launch("add_f32", {x, constant, sum}, n);
  builder.Last().flops = n;
  builder.Launch("add_f32", {sum, x, y}, n);
  auto author = std::make_unique<plan::KeyValueT>();
  author->key = "author";
  author->value = "someone";
  builder.plan.metadata.push_back(std::move(author));
  return builder.Build();
}

// Three steps over two temporaries; each of `kernel` with its input `operands` times.
std::string StepsPlan(const char* kernel, int operands) {
  PlanBuilder builder(PlanKind::Cuda);
  const uint32_t n = builder.DimSymbol("n", 0, 0, 1, 1 << 24);
  uint32_t last = builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = builder.buffer(last).size;
  for (int step = 0; step < 3; ++step) {
    std::vector<uint32_t> buffers(static_cast<size_t>(operands), last);
    last = step < 2 ? builder.Temp(size) : builder.Output("y", MLC_DTYPE_FLOAT32, {n});
    buffers.push_back(last);
    builder.Launch(kernel, buffers, n);
  }
  return builder.Build();
}

std::string PlanFor(const std::string& what) {
  if (what == "steps") return StepsPlan("add_f32", 2);
  if (what == "product") return ProductPlan({.m = 7, .n = 9, .k = 100, .bias = true}).Build();
  if (what == "touch") return StepsPlan("touch_f32", 1);
  return SamplePlan(what == "cuda" ? PlanKind::Cuda : PlanKind::Host);
}

}  // namespace
}  // namespace mlc::runtime

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[2] : "";
  if (argc < 2 || argc > 3 || (argc == 3 && what != "cuda" && what != "steps" && what != "touch" &&
                                what != "product")) {
    std::cerr << "usage: write_plan OUT.plan [cuda|steps|touch]\n";
    return 2;
  }
  std::ofstream(argv[1], std::ios::binary) << mlc::runtime::PlanFor(what);
  return 0;
}
