// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A broken plan for every check of the validator.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

#include "runtime/plan/format.h"
#include "runtime/plan/plan_file.h"
#include "test/runtime/plan_builder.h"

namespace mlc::runtime {
namespace {

using Break = std::function<void(PlanBuilder&)>;
// What the builder cannot say: segments, which the writer makes, and an operation that the union
// lacks.
using BreakBytes = std::function<void(plan::Plan&)>;

constexpr uint32_t kFar = 100000;

plan::LaunchT& FirstLaunch(PlanBuilder& b) {
  return *b.program().blocks[0]->instructions[0]->op.AsLaunch();
}

template <typename T>
T& FirstOp(PlanBuilder& b, T* (plan::OpUnion::*as)()) {
  for (auto& block : b.program().blocks)
    for (auto& instruction : block->instructions)
      if (T* op = (instruction->op.*as)()) return *op;
  throw std::logic_error("the plan has no such instruction");
}

plan::CopyT& FirstCopy(PlanBuilder& b) { return FirstOp(b, &plan::OpUnion::AsCopy); }
plan::IfT& TheIf(PlanBuilder& b) { return FirstOp(b, &plan::OpUnion::AsIf); }
plan::LoopT& TheLoop(PlanBuilder& b) { return FirstOp(b, &plan::OpUnion::AsLoop); }

std::vector<plan::SymbolRange>& TheBucket(PlanBuilder& b) { return b.entry().programs[1]->bucket; }

plan::BufferT& FirstBuffer(PlanBuilder& b, plan::BufferKind kind) {
  for (auto& buffer : b.program().buffers)
    if (buffer->kind == kind) return *buffer;
  throw std::logic_error("the plan has no such buffer");
}

// Nests 40 Ifs.
void NestDeeply(PlanBuilder& b) {
  uint32_t at = TheIf(b).then_block;
  for (int i = 0; i < 40; ++i) {
    const uint32_t then_block = b.Block(), else_block = b.Block();
    b.If(TheIf(b).cond, then_block, else_block, at);
    at = then_block;
  }
}

const std::map<std::string, std::vector<Break>>& Breaks() {
  static const std::map<std::string, std::vector<Break>> breaks = {
      {"plan_feature", {[](PlanBuilder& b) { b.plan.features = {"time_travel"}; }}},
      {"plan_entries", {[](PlanBuilder& b) { b.plan.entries.clear(); }}},
      {"constant_segment",
       {[](PlanBuilder& b) { b.plan.constants[0]->segment = 1; },
        [](PlanBuilder& b) { b.plan.constants[0]->segment = kFar; }}},
      {"constant_align", {[](PlanBuilder& b) { b.plan.constants[0]->offset = 8; }}},
      {"constant_bounds",
       {[](PlanBuilder& b) { b.plan.constants[0]->offset = 1 << 20; },
        [](PlanBuilder& b) { b.plan.constants[0]->size = UINT64_MAX; }}},
      {"constant_size",
       {[](PlanBuilder& b) { b.plan.constants[0]->dims = {2}; },
        [](PlanBuilder& b) {
          b.plan.constants[0]->dims = {INT64_MAX, INT64_MAX};
        },
        [](PlanBuilder& b) { b.plan.constants[0]->dims = {-1}; },
        [](PlanBuilder& b) { b.plan.constants[0]->dtype = MLC_DTYPE_STRING; }}},
      {"target_code_segment",
       {[](PlanBuilder& b) { b.target().code_segment = 0; },
        [](PlanBuilder& b) { b.target().code_segment = kNone; }}},
      {"kernel_code",
       {[](PlanBuilder& b) { b.target().kernels[0]->code_offset = 1 << 20; },
        [](PlanBuilder& b) { b.target().kernels[0]->code_size = UINT64_MAX; },
        [](PlanBuilder& b) { b.target().kernels[0]->code_size = 0; }}},
      {"kernel_access",
       {[](PlanBuilder& b) { b.target().kernels[0]->params[0] = static_cast<plan::Access>(9); }}},
      {"entry_name", {[](PlanBuilder& b) {
         b.plan.entries.push_back(std::make_unique<plan::EntryT>());
         b.plan.entries.back()->name = "main";
       }}},
      {"symbol_source",
       {[](PlanBuilder& b) { b.entry().symbols[0]->input = 2; },
        [](PlanBuilder& b) { b.entry().symbols[0]->source = static_cast<plan::SymbolSource>(7); }}},
      {"symbol_dim", {[](PlanBuilder& b) { b.entry().symbols[0]->index = 1; }}},
      {"symbol_element",
       {[](PlanBuilder& b) { b.entry().symbols[1]->index = 64; },
        [](PlanBuilder& b) { b.entry().symbols[1]->input = 0; }}},
      {"symbol_range",
       {[](PlanBuilder& b) { b.entry().symbols[0]->min = 65; },
        [](PlanBuilder& b) { b.entry().symbols[0]->min = -1; },
        [](PlanBuilder& b) { b.entry().symbols[0]->opt = 65; }}},
      {"symbol_divisor", {[](PlanBuilder& b) { b.entry().symbols[0]->divisor = 0; }}},
      {"expr_op", {[](PlanBuilder& b) { b.Expr(static_cast<plan::ExprOp>(9), 0, 0); }}},
      {"expr_symbol", {[](PlanBuilder& b) { b.Expr(plan::ExprOp::Symbol, 2, 0); }}},
      {"expr_operands",
       {[](PlanBuilder& b) { b.Expr(plan::ExprOp::Add, 0, kFar); },
        [](PlanBuilder& b) { b.Expr(plan::ExprOp::Add, -1, 0); }}},
      {"io_kind", {[](PlanBuilder& b) { b.entry().inputs[0]->kind = 1; }}},
      {"io_dtype",
       {[](PlanBuilder& b) { b.entry().inputs[0]->dtype = 0; },
        [](PlanBuilder& b) { b.entry().inputs[0]->dtype = MLC_DTYPE_STRING; },
        [](PlanBuilder& b) { b.entry().inputs[0]->dtype = -5; }}},
      {"io_dims",
       {[](PlanBuilder& b) { b.entry().inputs[0]->dims = {kFar}; },
        [](PlanBuilder& b) { b.entry().inputs[0]->dims.assign(65, 0); }}},
      {"shape_check_kind",
       {[](PlanBuilder& b) { b.entry().checks[0]->kind = static_cast<plan::CheckKind>(4); }}},
      {"shape_check_exprs",
       {[](PlanBuilder& b) { b.entry().checks[0]->left = kFar; },
        [](PlanBuilder& b) { b.entry().checks[1]->right = kNone; }}},
      {"program_target",
       {[](PlanBuilder& b) { b.program().target = 1; },
        [](PlanBuilder& b) {
          b.entry().programs.push_back(std::make_unique<plan::ProgramT>(b.program()));
        },
        [](PlanBuilder& b) { std::swap(b.entry().programs[0], b.entry().programs[1]); }}},
      {"program_bucket",
       {[](PlanBuilder& b) { TheBucket(b)[0].mutate_symbol(kFar); },
        [](PlanBuilder& b) { TheBucket(b)[1].mutate_symbol(1); },
        [](PlanBuilder& b) { TheBucket(b)[0].mutate_min(0); },
        [](PlanBuilder& b) { TheBucket(b)[0].mutate_max(65); },
        [](PlanBuilder& b) { TheBucket(b)[0].mutate_min(65); }}},
      {"program_body", {[](PlanBuilder& b) { b.program().blocks.clear(); }}},
      {"buffer_kind",
       {[](PlanBuilder& b) { b.buffer(0).kind = static_cast<plan::BufferKind>(5); }}},
      {"buffer_size",
       {[](PlanBuilder& b) { b.buffer(0).size = kFar; },
        [](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Temp).size = b.Const(-1); }}},
      {"buffer_dims", {[](PlanBuilder& b) { b.buffer(0).dims = {kFar}; }}},
      {"buffer_io",
       {[](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Input).index = 9; },
        [](PlanBuilder& b) {
          for (auto& buffer : b.program().buffers)
            if (buffer->kind == plan::BufferKind::Output && buffer->index == 2) buffer->index = 1;
        }}},
      {"buffer_io_type",
       {[](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Output).dtype = MLC_DTYPE_INT8; },
        [](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Output).dims.push_back(0); }}},
      {"buffer_outputs", {[](PlanBuilder& b) {
         b.entry().outputs.push_back(std::make_unique<plan::IOT>(*b.entry().outputs[0]));
       }}},
      {"buffer_constant",
       {[](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Constant).index = kFar; },
        [](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Constant).size = b.Const(9); }}},
      {"buffer_alias",
       {[](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Alias).index = kFar; },
        [](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Alias).alias_offset = kFar; }}},
      {"buffer_extent",
       {[](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Alias).alias_offset = b.Const(25); },
        [](PlanBuilder& b) {
          FirstBuffer(b, plan::BufferKind::Alias).alias_offset = b.Const(INT64_MIN);
        },
        [](PlanBuilder& b) { FirstBuffer(b, plan::BufferKind::Alias).size = b.Const(INT64_MAX); }}},
      {"block_used_once",
       {[](PlanBuilder& b) { b.Block(); },
        [](PlanBuilder& b) { TheIf(b).else_block = TheIf(b).then_block; }}},
      {"block_order", {[](PlanBuilder& b) { TheIf(b).then_block = 0; }}},
      {"block_depth", {NestDeeply}},
      {"block_checks",
       {[](PlanBuilder& b) { b.program().blocks[0]->checks[0] = 2; },
        [](PlanBuilder& b) { b.entry().checks.clear(); }}},
      {"instruction_estimates", {[](PlanBuilder& b) { b.Last().bytes = kFar; }}},
      {"instruction_stream", {[](PlanBuilder& b) { b.Last().stream = 64; }}},
      {"launch_kernel", {[](PlanBuilder& b) { FirstLaunch(b).kernel = kFar; }}},
      {"launch_arity",
       {[](PlanBuilder& b) { FirstLaunch(b).buffers.pop_back(); },
        [](PlanBuilder& b) { FirstLaunch(b).scalars.push_back(0); }}},
      {"launch_buffers", {[](PlanBuilder& b) { FirstLaunch(b).buffers[0] = kFar; }}},
      {"launch_scalars",
       {[](PlanBuilder& b) { FirstLaunch(b).grid = kFar; },
        [](PlanBuilder& b) { FirstLaunch(b).scratch = kFar; },
        [](PlanBuilder& b) { b.Last().op.AsLaunch()->scalars[0] = kFar; }}},
      {"launch_cost",
       {[](PlanBuilder& b) { FirstLaunch(b).task_cost = -1; },
        [](PlanBuilder& b) {
          FirstLaunch(b).task_cost = std::numeric_limits<float>::quiet_NaN();
        }}},
      {"write_access",
       {[](PlanBuilder& b) { FirstLaunch(b).buffers[2] = FirstLaunch(b).buffers[0]; },
        [](PlanBuilder& b) {
          const uint32_t input = FirstLaunch(b).buffers[0];
          FirstLaunch(b).buffers[2] = b.Alias(input, b.Const(0), b.buffer(input).size);
        },
        [](PlanBuilder& b) { std::swap(FirstCopy(b).src, FirstCopy(b).dst); }}},
      {"copy_buffers", {[](PlanBuilder& b) { FirstCopy(b).src = kFar; }}},
      {"copy_sizes", {[](PlanBuilder& b) { FirstCopy(b).src = b.Temp(b.Const(7)); }}},
      {"if_condition",
       {[](PlanBuilder& b) { TheIf(b).cond = kFar; },
        [](PlanBuilder& b) { TheIf(b).cond = b.Temp(b.Const(2)); },
        [](PlanBuilder& b) { TheIf(b).cond = FirstLaunch(b).buffers[0]; }}},
      {"if_blocks", {[](PlanBuilder& b) { TheIf(b).then_block = kFar; }}},
      {"loop_body", {[](PlanBuilder& b) { TheLoop(b).body = kFar; }}},
      {"loop_counters",
       {[](PlanBuilder& b) { TheLoop(b).trip_count = kFar; },
        [](PlanBuilder& b) { TheLoop(b).iteration = b.Temp(b.Const(4)); }}},
      {"loop_conditions",
       {[](PlanBuilder& b) { TheLoop(b).cond = kFar; },
        [](PlanBuilder& b) { TheLoop(b).body_cond = b.Temp(b.Const(8)); }}},
      {"loop_carried",
       {[](PlanBuilder& b) { TheLoop(b).carried.clear(); },
        [](PlanBuilder& b) { TheLoop(b).carried[0] = kFar; }}},
      {"loop_scan",
       {[](PlanBuilder& b) { TheLoop(b).scan_output.clear(); },
        [](PlanBuilder& b) { TheLoop(b).scan_element[0] = kFar; }}},
      {"loop_race",
       {[](PlanBuilder& b) {  // two states that change places
          const uint32_t first = TheLoop(b).carried[0], second = b.Temp(b.Const(8));
          TheLoop(b).carried = {first, second};
          TheLoop(b).carried_next = {second, first};
        },
        [](PlanBuilder& b) { TheLoop(b).iteration = TheLoop(b).carried[0]; },
        [](PlanBuilder& b) {  // a state in the middle of the scan
          const uint32_t scan = TheLoop(b).scan_output[0];
          TheLoop(b).carried[0] = b.Alias(scan, b.Const(4), b.Const(8));
        },
        [](PlanBuilder& b) {  // what a state becomes begins inside of it
          const uint32_t pair = b.Temp(b.Const(12));
          TheLoop(b).carried[0] = b.Alias(pair, b.Const(0), b.Const(8));
          TheLoop(b).carried_next[0] = b.Alias(pair, b.Const(4), b.Const(8));
        }}},
      {"control_stream",
       {[](PlanBuilder& b) {
         for (auto& instruction : b.program().blocks[0]->instructions)
           if (instruction->op.AsLoop()) instruction->stream = 1;
       }}},
  };
  return breaks;
}

void SetUnknownOp(plan::Plan& plan) {
  auto* block = plan.mutable_entries()
                    ->GetMutableObject(0)
                    ->mutable_programs()
                    ->GetMutableObject(0)
                    ->mutable_blocks()
                    ->GetMutableObject(0);
  auto* instruction = block->mutable_instructions()->GetMutableObject(0);
  reinterpret_cast<flatbuffers::Table*>(instruction)
      ->SetField<uint8_t>(plan::Instruction::VT_OP_TYPE, 99, 0);
}

// Moves the start of a vector by 4 bytes, into the first element.
template <typename Table>
void Misalign(Table* table, flatbuffers::voffset_t field) {
  auto* raw = reinterpret_cast<flatbuffers::Table*>(table);
  auto* offset = reinterpret_cast<flatbuffers::uoffset_t*>(raw->GetAddressOf(field));
  flatbuffers::WriteScalar(offset, *offset + 4);
}

const std::map<std::string, std::vector<BreakBytes>>& ByteBreaks() {
  static const std::map<std::string, std::vector<BreakBytes>> breaks = {
      {"instruction_op", {SetUnknownOp}},
      {"vector_align",
       {[](plan::Plan& p) {
          Misalign(p.mutable_entries()->GetMutableObject(0), plan::Entry::VT_EXPRS);
        },
        [](plan::Plan& p) {
          auto* programs = p.mutable_entries()->GetMutableObject(0)->mutable_programs();
          Misalign(programs->GetMutableObject(1), plan::Program::VT_BUCKET);
        },
        [](plan::Plan& p) {
          Misalign(p.mutable_constants()->GetMutableObject(0), plan::Constant::VT_DIMS);
        }}},
      {"segment_kind", {[](plan::Plan& p) {
         p.mutable_segments()->GetMutableObject(0)->mutate_kind(static_cast<plan::SegmentKind>(8));
       }}},
      {"segment_order",
       {[](plan::Plan& p) { p.mutable_segments()->GetMutableObject(0)->mutate_offset(64); },
        [](plan::Plan& p) { p.mutable_segments()->GetMutableObject(1)->mutate_offset(0); }}},
      {"segment_align", {[](plan::Plan& p) {
         auto* segment = p.mutable_segments()->GetMutableObject(0);
         segment->mutate_offset(segment->offset() + 1);
       }}},
      {"segment_bounds",
       {[](plan::Plan& p) { p.mutable_segments()->GetMutableObject(1)->mutate_size(UINT64_MAX); },
        [](plan::Plan& p) {
          p.mutable_segments()->GetMutableObject(1)->mutate_offset(UINT64_MAX / 4096 * 4096);
        }}},
  };
  return breaks;
}

plan::TensorMapT& Map(PlanBuilder& b) { return *b.target().kernels.back()->tensor_maps[0]; }

// Of a plan for CUDA.
const std::map<std::string, std::vector<Break>>& CudaBreaks() {
  static const std::map<std::string, std::vector<Break>> breaks = {
      {"target_code_segment",
       {[](PlanBuilder& b) { b.code_kind = plan::SegmentKind::HostCode; },
        [](PlanBuilder& b) { b.target().code_segment = kNone; },
        [](PlanBuilder& b) { b.target().triple = "x86_64-unknown-linux-gnu"; }}},
      {"cuda_feature", {[](PlanBuilder& b) { b.plan.features = {"shape_checks", "buckets"}; }}},
      {"cuda_arch",
       {[](PlanBuilder& b) { b.target().arch = "compute_90"; },
        [](PlanBuilder& b) { b.target().arch = "sm_9"; },
        [](PlanBuilder& b) { b.target().arch = "sm_90x"; },
        [](PlanBuilder& b) { b.code_kind = plan::SegmentKind::Ptx; }}},
      {"cuda_kernel_name",
       {[](PlanBuilder& b) { b.target().kernels[0]->name = ""; },
        [](PlanBuilder& b) { b.target().kernels[0]->name = "9lives"; },
        [](PlanBuilder& b) { b.target().kernels[0]->name = "a b"; }}},
      {"cuda_launch",
       {[](PlanBuilder& b) { b.target().kernels[0]->threads = 0; },
        [](PlanBuilder& b) { b.target().kernels[0]->threads = 1025; },
        [](PlanBuilder& b) { b.target().kernels[0]->shared_bytes = (227 << 10) + 1; },
        [](PlanBuilder& b) { b.target().kernels[0]->cluster = 0; },
        [](PlanBuilder& b) { b.target().kernels[0]->cluster = 17; }}},
      {"cuda_tensor_map",
       {[](PlanBuilder& b) { std::erase(b.plan.features, "tensor_maps"); },
        [](PlanBuilder& b) { Map(b).buffer = 2; },
        [](PlanBuilder& b) { Map(b).dims = {0, 2}; },  // there are two scalars
        [](PlanBuilder& b) { Map(b).strides = {}; },
        [](PlanBuilder& b) { Map(b).box = {32, 16}; },
        [](PlanBuilder& b) { Map(b).box = {64, 257}; },
        [](PlanBuilder& b) { Map(b).steps = {1}; },
        [](PlanBuilder& b) { Map(b).lower = {-1, -1}; }}},
      {"cuda_race",
       {[](PlanBuilder& b) {  // what it writes begins in the middle of what it reads
          const uint32_t t = b.Temp(b.Const(16)), outer = b.Alias(t, b.Const(4), b.Const(12));
          FirstCopy(b).src = b.Alias(t, b.Const(0), b.Const(8));
          FirstCopy(b).dst = b.Alias(outer, b.Const(0), b.Const(8));
        },
        [](PlanBuilder& b) { FirstCopy(b).src = FirstCopy(b).dst; },
        [](PlanBuilder& b) {  // two results in one place
          auto& kernels = b.target().kernels;
          const auto touch = std::find_if(kernels.begin(), kernels.end(),
                                          [](auto& k) { return k->name == "touch_f32"; });
          (*touch)->params[0] = plan::Access::Write;
          FirstLaunch(b).kernel = static_cast<uint32_t>(touch - kernels.begin());
          FirstLaunch(b).buffers.assign(2, b.Temp(b.Const(8)));
        }}},
      {"cuda_scratch", {[](PlanBuilder& b) { FirstLaunch(b).scratch = b.Const(64); }}},
      {"kernel_access",
       {[](PlanBuilder& b) { b.target().kernels[0]->params[0] = static_cast<plan::Access>(9); }}},
  };
  return breaks;
}

plan::ProductT& TheProduct(PlanBuilder& b) { return *b.target().kernels.back()->product; }

// Of a plan with a product that a library computes.
const std::map<std::string, std::vector<Break>>& LibraryBreaks() {
  static const std::map<std::string, std::vector<Break>> breaks = {
      {"library_feature",
       {[](PlanBuilder& b) { b.plan.features = {"cuda"}; },
        [](PlanBuilder& b) { b.target().kernels.back()->threads = 32; },
        [](PlanBuilder& b) { b.target().kernels.back()->shared_bytes = 32; },
        [](PlanBuilder& b) { b.target().kernels.back()->code_size = 1; }}},
      {"library_operands",
       {[](PlanBuilder& b) { TheProduct(b).left = 5; },
        [](PlanBuilder& b) { TheProduct(b).left = 1; },
        [](PlanBuilder& b) { TheProduct(b).bias = 1; },
        [](PlanBuilder& b) { TheProduct(b).bias = 3; },
        [](PlanBuilder& b) { TheProduct(b).bias = kFar; },
        [](PlanBuilder& b) { TheProduct(b).addend = 2; },
        [](PlanBuilder& b) { TheProduct(b).addend = 4; },
        [](PlanBuilder& b) { TheProduct(b).out = 4; },
        [](PlanBuilder& b) { TheProduct(b).workspace = kNone; },
        [](PlanBuilder& b) { b.target().kernels.back()->params[3] = plan::Access::ReadWrite; },
        [](PlanBuilder& b) { b.target().kernels.back()->params[4] = plan::Access::Write; }}},
      {"library_types",
       {[](PlanBuilder& b) { TheProduct(b).dtype = 11; },
        [](PlanBuilder& b) { TheProduct(b).out_dtype = 10; },
        [](PlanBuilder& b) { TheProduct(b).activation = static_cast<plan::Activation>(3); }}},
      {"library_scalars", {[](PlanBuilder& b) { b.target().kernels.back()->num_scalars = 11; }}},
      {"library_workspace",
       {[](PlanBuilder& b) { TheProduct(b).workspace_bytes = 4097; },
        [](PlanBuilder& b) { TheProduct(b).workspace_bytes = UINT64_MAX; },
        [](PlanBuilder& b) {  // a size that shapes decide
          auto& launch = *b.program().blocks[0]->instructions[1]->op.AsLaunch();
          launch.buffers[4] = b.Temp(launch.grid);
        }}},
  };
  return breaks;
}

// The message ends with the check's name.
void ExpectFails(const std::string& bytes, const std::string& check, size_t variant) {
  AlignedBytes aligned(bytes);
  PlanCheckCounts counts;
  const Status status =
      PlanFile::OpenMemory(aligned.data(), aligned.size(), {.counts = &counts}).TakeStatus();
  EXPECT_EQ(status.code(), check == "plan_feature" ? MLC_STATUS_PLAN_VERSION : MLC_STATUS_BAD_PLAN)
      << check << " " << variant << ": " << status.message();
  for (size_t i = 0; i < kNumPlanChecks; ++i) {
    const char* name = PlanCheckName(static_cast<PlanCheck>(i));
    EXPECT_EQ(counts.failed[i], name == check ? 1u : 0u)
        << check << " " << variant << ": " << status.message();
  }
}

TEST(PlanValidate, EveryCheckOfProductsRefusesItsBrokenPlans) {
  const PlanBuilder whole = ProductPlan({.m = 0, .bias = true});
  AlignedBytes bytes = whole.BuildAligned();
  auto plan = PlanFile::OpenMemory(bytes.data(), bytes.size(), {});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  for (const auto& [check, variants] : LibraryBreaks())
    for (size_t i = 0; i < variants.size(); ++i) {
      PlanBuilder builder = ProductPlan({.m = 0, .bias = true});
      variants[i](builder);
      ExpectFails(builder.Build(), check, i);
    }
}

TEST(PlanValidate, AcceptsATargetOfProductsAlone) {
  PlanBuilder b = ProductPlan({.dtype = 10, .out_dtype = 10});
  b.target().code_segment = kNone;
  b.target().kernels.erase(b.target().kernels.begin(), b.target().kernels.end() - 1);
  b.program().blocks[0]->instructions[0]->op.AsLaunch()->kernel = 0;
  AlignedBytes bytes = b.BuildAligned();
  auto plan = PlanFile::OpenMemory(bytes.data(), bytes.size(), {});
  EXPECT_TRUE(plan.ok()) << plan.status().message();
}

TEST(PlanValidate, RefusesAProductOnTheHost) {
  PlanBuilder b = ProductPlan({.dtype = 10, .out_dtype = 10});
  b.target().code_segment = kNone;
  b.target().triple = "x86_64-unknown-linux-gnu";
  b.target().kernels.erase(b.target().kernels.begin(), b.target().kernels.end() - 1);
  b.program().blocks[0]->instructions[0]->op.AsLaunch()->kernel = 0;
  ExpectFails(b.Build(), "library_feature", 0);
}

TEST(PlanValidate, AcceptsAPlanThatHasEverything) {
  PlanCheckCounts counts;
  for (PlanKind kind : {PlanKind::Host, PlanKind::Cuda}) {
    AlignedBytes bytes = EverythingPlan(kind).BuildAligned();
    auto plan = PlanFile::OpenMemory(bytes.data(), bytes.size(), {.counts = &counts});
    ASSERT_TRUE(plan.ok()) << plan.status().message();
  }
  for (size_t i = 0; i < kNumPlanChecks; ++i) {
    const std::string name = PlanCheckName(static_cast<PlanCheck>(i));
    if (name != "plan_feature" && name != "entry_name" && name.rfind("library_", 0) != 0) {
      EXPECT_GT(counts.reached[i], 0u) << name;
    }
  }
}

TEST(PlanValidate, EveryCheckRefusesItsBrokenPlans) {
  for (PlanKind kind : {PlanKind::Host, PlanKind::Cuda}) {
    for (const auto& [check, variants] : kind == PlanKind::Host ? Breaks() : CudaBreaks()) {
      for (size_t i = 0; i < variants.size(); ++i) {
        PlanBuilder builder = EverythingPlan(kind);
        variants[i](builder);
        ExpectFails(builder.Build(), check, i);
      }
    }
  }
  for (const auto& [check, variants] : ByteBreaks()) {
    for (size_t i = 0; i < variants.size(); ++i) {
      std::string bytes = EverythingPlan().Build();
      variants[i](*plan::GetMutablePlan(bytes.data() + kPreambleBytes));
      Reseal(bytes);
      ExpectFails(bytes, check, i);
    }
  }
}

TEST(PlanValidate, EveryCheckHasABrokenPlan) {
  for (size_t i = 0; i < kNumPlanChecks; ++i) {
    const char* name = PlanCheckName(static_cast<PlanCheck>(i));
    EXPECT_TRUE(Breaks().count(name) || ByteBreaks().count(name) || CudaBreaks().count(name) ||
                LibraryBreaks().count(name))
        << name;
  }
}

}  // namespace
}  // namespace mlc::runtime
