// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "test/runtime/plan_builder.h"

#include <stdexcept>

#include "mlc/runtime.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/plan/crc32c.h"
#include "runtime/plan/format.h"
#include "runtime/plan/plan_writer.h"
#include "runtime/plan/validator.h"
#include "test_kernels.h"

namespace mlc::runtime {

AlignedBytes::AlignedBytes(const std::string& bytes)
    : storage_((bytes.size() + 63) / 64), size_(bytes.size()) {
  if (!bytes.empty()) std::memcpy(storage_[0].bytes, bytes.data(), bytes.size());
}

PlanBuilder::PlanBuilder(PlanKind kind) {
  plan.compiler = "plan_builder 1";
  plan.entries.push_back(std::make_unique<plan::EntryT>());
  entry().name = "main";
  entry().programs.push_back(std::make_unique<plan::ProgramT>());
  plan.targets.push_back(std::make_unique<plan::TargetT>());
  target().arch = "test";
  target().triple = "x86_64-unknown-linux-gnu";
  target().code_segment = 1;
  code.assign(reinterpret_cast<const char*>(kTestCode), sizeof kTestCode);
  const bool is_cuda = kind == PlanKind::Cuda;
  if (is_cuda) {
    target().arch = "sm_90";
    target().triple = MLC_CUDA_TRIPLE;
    target().min_cuda = 12000;
    code = std::string("SIM sm_90") + '\0';
    code_kind = plan::SegmentKind::Cubin;
    plan.features = {"cuda"};
  }
  for (const auto& function : kTestKernels) {
    const std::string name = function.name;
    if (is_cuda && (name == "copy_through_scratch_f32" || name == "wait_for_flag")) continue;
    auto kernel = std::make_unique<plan::KernelT>();
    kernel->name = function.name;
    if (is_cuda) {
      kernel->threads = 128;
      kernel->waits = true;
    } else {
      kernel->code_offset = function.offset;
      kernel->code_size = 1;
    }
    target().kernels.push_back(std::move(kernel));
  }
  auto params = [&](const char* name, std::vector<plan::Access> access, uint32_t num_scalars) {
    for (auto& kernel : target().kernels)
      if (kernel->name == name) {
        kernel->params = access;
        kernel->num_scalars = num_scalars;
      }
  };
  using plan::Access;
  params("add_f32", {Access::Read, Access::Read, Access::Write}, 0);
  params("increment_i64", {Access::Read, Access::Write}, 0);
  params("less_i64", {Access::Read, Access::Read, Access::Write}, 0);
  params("touch_f32", {Access::Read, Access::Write}, 0);
  params("gather_f32", {Access::Read, Access::Read, Access::Write}, 1);
  params("copy_through_scratch_f32", {Access::Read, Access::Write}, 0);
  params("wait_for_flag", {Access::Read, Access::Write}, 0);
  Block();
}

uint32_t PlanBuilder::Expr(plan::ExprOp op, int64_t a, int64_t b) {
  entry().exprs.emplace_back(op, a, b);
  return static_cast<uint32_t>(entry().exprs.size() - 1);
}

uint32_t PlanBuilder::DimSymbol(const char* name, uint32_t input, uint32_t dim, int64_t min,
                                int64_t max, int64_t divisor) {
  auto symbol = std::make_unique<plan::SymbolT>();
  symbol->name = name;
  symbol->input = input;
  symbol->index = dim;
  symbol->min = min;
  symbol->max = max;
  symbol->divisor = divisor;
  entry().symbols.push_back(std::move(symbol));
  return Expr(plan::ExprOp::Symbol, static_cast<int64_t>(entry().symbols.size()) - 1, 0);
}

uint32_t PlanBuilder::ElementSymbol(const char* name, uint32_t input, uint32_t element, int64_t min,
                                    int64_t max) {
  const uint32_t expr = DimSymbol(name, input, element, min, max);
  entry().symbols.back()->source = plan::SymbolSource::InputElement;
  return expr;
}

uint32_t PlanBuilder::SizeOf(int32_t dtype, const std::vector<uint32_t>& dims) {
  const auto bytes = static_cast<int64_t>(mlc_dtype_bits(static_cast<mlc_dtype_t>(dtype)) / 8);
  bool constant = true;
  int64_t value = bytes;
  for (uint32_t dim : dims) {
    constant &= entry().exprs[dim].op() == plan::ExprOp::Const;
    value *= entry().exprs[dim].a();
  }
  if (constant) return Const(value);
  uint32_t size = Const(bytes);
  for (uint32_t dim : dims) size = Expr(plan::ExprOp::Mul, size, dim);
  return size;
}

uint32_t PlanBuilder::AddBuffer(plan::BufferT buffer) {
  program().buffers.push_back(std::make_unique<plan::BufferT>(std::move(buffer)));
  return static_cast<uint32_t>(program().buffers.size() - 1);
}

uint32_t PlanBuilder::AddIO(plan::BufferKind kind, const char* name, int32_t dtype,
                            std::vector<uint32_t> dims) {
  auto& list = kind == plan::BufferKind::Input ? entry().inputs : entry().outputs;
  auto io = std::make_unique<plan::IOT>();
  io->name = name;
  io->dtype = dtype;
  io->dims = dims;
  list.push_back(std::move(io));
  plan::BufferT buffer;
  buffer.kind = kind;
  buffer.index = static_cast<uint32_t>(list.size() - 1);
  buffer.size = SizeOf(dtype, dims);
  buffer.dtype = dtype;
  buffer.dims = dims;
  return AddBuffer(std::move(buffer));
}

uint32_t PlanBuilder::Input(const char* name, int32_t dtype, std::vector<uint32_t> dims) {
  return AddIO(plan::BufferKind::Input, name, dtype, std::move(dims));
}

uint32_t PlanBuilder::Output(const char* name, int32_t dtype, std::vector<uint32_t> dims) {
  return AddIO(plan::BufferKind::Output, name, dtype, std::move(dims));
}

uint32_t PlanBuilder::Temp(uint32_t size) {
  plan::BufferT buffer;
  buffer.size = size;
  return AddBuffer(std::move(buffer));
}

uint32_t PlanBuilder::Alias(uint32_t base, uint32_t offset, uint32_t size) {
  plan::BufferT buffer;
  buffer.kind = plan::BufferKind::Alias;
  buffer.index = base;
  buffer.alias_offset = offset;
  buffer.size = size;
  return AddBuffer(std::move(buffer));
}

uint32_t PlanBuilder::Constant(int32_t dtype, std::vector<int64_t> dims, const void* data,
                               size_t size_bytes) {
  weights.resize((weights.size() + 63) / 64 * 64);
  auto constant = std::make_unique<plan::ConstantT>();
  constant->offset = weights.size();
  constant->size = size_bytes;
  constant->dtype = dtype;
  constant->dims = std::move(dims);
  weights.append(static_cast<const char*>(data), size_bytes);
  plan.constants.push_back(std::move(constant));
  plan::BufferT buffer;
  buffer.kind = plan::BufferKind::Constant;
  buffer.index = static_cast<uint32_t>(plan.constants.size() - 1);
  buffer.size = Const(static_cast<int64_t>(size_bytes));
  return AddBuffer(std::move(buffer));
}

void PlanBuilder::Check(plan::CheckKind kind, uint32_t left, uint32_t right, const char* node,
                        uint32_t block) {
  auto check = std::make_unique<plan::ShapeCheckT>();
  check->kind = kind;
  check->left = left;
  check->right = right;
  check->node = node;
  program().blocks[block]->checks.push_back(static_cast<uint32_t>(entry().checks.size()));
  entry().checks.push_back(std::move(check));
  if (entry().checks.size() == 1) plan.features.push_back("shape_checks");
}

void PlanBuilder::Bucket(std::vector<plan::SymbolRange> ranges) {
  auto copy = std::make_unique<plan::ProgramT>(program());
  copy->bucket = std::move(ranges);
  if (entry().programs.size() == 1) plan.features.push_back("buckets");
  entry().programs.push_back(std::move(copy));
}

plan::TargetT& PlanBuilder::AddTarget(const char* arch, plan::SegmentKind kind,
                                      const std::string& bytes) {
  auto copy = std::make_unique<plan::TargetT>(target());
  copy->arch = arch;
  copy->code_segment = static_cast<uint32_t>(2 + more_segments.size());
  more_segments.emplace_back(kind, bytes);
  plan.targets.push_back(std::move(copy));
  entry().programs.push_back(std::make_unique<plan::ProgramT>(program()));
  entry().programs.back()->target = static_cast<uint32_t>(plan.targets.size() - 1);
  return *plan.targets.back();
}

uint32_t PlanBuilder::Block() {
  program().blocks.push_back(std::make_unique<plan::BlockT>());
  return static_cast<uint32_t>(program().blocks.size() - 1);
}

template <typename T>
void PlanBuilder::AddInstruction(T op, const char* label, uint32_t block) {
  auto instruction = std::make_unique<plan::InstructionT>();
  instruction->op.Set(std::move(op));
  instruction->label = label;
  instruction->nodes.push_back(std::string("node_") + label);
  program().blocks[block]->instructions.push_back(std::move(instruction));
}

void PlanBuilder::Launch(const char* kernel, std::vector<uint32_t> buffers, uint32_t grid,
                         std::vector<uint32_t> scalars, uint32_t block) {
  plan::LaunchT launch;
  launch.kernel = kNone;
  for (uint32_t i = 0; i < target().kernels.size(); ++i)
    if (target().kernels[i]->name == kernel) launch.kernel = i;
  if (launch.kernel == kNone) throw std::invalid_argument(kernel);
  launch.buffers = std::move(buffers);
  launch.scalars = std::move(scalars);
  launch.grid = grid;
  AddInstruction(std::move(launch), kernel, block);
}

void PlanBuilder::Copy(uint32_t src, uint32_t dst, uint32_t block) {
  plan::CopyT copy;
  copy.src = src;
  copy.dst = dst;
  AddInstruction(std::move(copy), "copy", block);
}

void PlanBuilder::If(uint32_t cond, uint32_t then_block, uint32_t else_block, uint32_t block) {
  plan::IfT op;
  op.cond = cond;
  op.then_block = then_block;
  op.else_block = else_block;
  AddInstruction(std::move(op), "if", block);
}

void PlanBuilder::Loop(plan::LoopT loop, uint32_t block) {
  AddInstruction(std::move(loop), "loop", block);
}

plan::InstructionT& PlanBuilder::Last(uint32_t block) {
  return *program().blocks[block]->instructions.back();
}

std::string PlanBuilder::Build() const {
  PlanWriter writer;
  auto add = [&](plan::SegmentKind kind, const std::string& bytes) {
    writer.AddSegment(kind, bytes.size(),
                      [&bytes](ByteSink& sink) { return sink.Write(bytes.data(), bytes.size()); });
  };
  add(plan::SegmentKind::Weights, weights);
  add(code_kind, code);
  for (const auto& [kind, bytes] : more_segments) add(kind, bytes);

  flatbuffers::FlatBufferBuilder builder;
  // What Plan::Pack does, but with the writer's segments.
  plan::PlanT copy(plan);
  copy.segments.clear();
  std::vector<std::pair<plan::SegmentKind, size_t>> rows = {
      {plan::SegmentKind::Weights, weights.size()}, {code_kind, code.size()}};
  for (const auto& [kind, bytes] : more_segments) rows.emplace_back(kind, bytes.size());
  for (const auto& [kind, size] : rows) {
    auto segment = std::make_unique<plan::SegmentT>();
    segment->kind = kind;
    segment->size = size;
    copy.segments.push_back(std::move(segment));
  }
  builder.ForceDefaults(true);
  plan::FinishPlanBuffer(builder, plan::Plan::Pack(builder, &copy));
  std::string bytes;
  Status status = writer.WriteBytes(builder, &bytes);
  if (!status.ok()) throw std::runtime_error(status.message());
  return bytes;
}

PlanBuilder DoublePlan(int64_t elems, PlanKind kind) {
  PlanBuilder builder(kind);
  const uint32_t n = elems ? builder.Const(elems) : builder.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t x = builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {n});
  builder.Launch("add_f32", {x, x, y}, n);
  return builder;
}

void AddBoxKernel(PlanBuilder& builder) {
  builder.plan.features.push_back("tensor_maps");
  auto kernel = std::make_unique<plan::KernelT>();
  kernel->name = "copy_boxes_f32";
  kernel->threads = 128;
  kernel->params = {plan::Access::Read, plan::Access::Write};
  kernel->num_scalars = 2;
  auto map = std::make_unique<plan::TensorMapT>();
  map->dims = {1, 0};
  map->strides = {1};
  map->box = {64, 16};
  kernel->tensor_maps.push_back(std::move(map));
  auto windows = std::make_unique<plan::TensorMapT>();  // one of a picture, which it does not use
  windows->dims = {1, 0, 0, 0};
  windows->strides = {1, 1, 1};
  windows->box = {64, 16};
  windows->steps = {1, 2, 2, 1};
  windows->lower = {-1, -1};
  windows->upper = {0, -1};
  kernel->tensor_maps.push_back(std::move(windows));
  builder.target().kernels.push_back(std::move(kernel));
}

PlanBuilder EverythingPlan(PlanKind kind) {
  PlanBuilder b(kind);
  if (kind == PlanKind::Cuda) AddBoxKernel(b);
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t m = b.ElementSymbol("m", 1, 0, 1, 64);
  const uint32_t one = b.Const(1), two = b.Const(2), eight = b.Const(8);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  b.Input("at", MLC_DTYPE_INT64, {two});
  const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n});
  const uint32_t count = b.Output("count", MLC_DTYPE_INT64, {one});
  const uint32_t total = b.Output("total", MLC_DTYPE_INT64, {one});
  const uint32_t second = b.Output("second", MLC_DTYPE_INT64, {one});
  const uint32_t picked = b.Output("picked", MLC_DTYPE_FLOAT32, {two});
  const int64_t numbers[2] = {0, 4}, zeros[2] = {0, 0};
  const uint32_t zero_data = b.Constant(MLC_DTYPE_INT64, {1}, &numbers[0], 8);
  const uint32_t four_data = b.Constant(MLC_DTYPE_INT64, {1}, &numbers[1], 8);
  const uint32_t index = b.Constant(MLC_DTYPE_INT64, {2}, zeros, 16);

  const uint32_t flag = b.Temp(one), go_on = b.Temp(one);
  b.Launch("add_f32", {x, x, y}, n);
  b.Last().flops = n;
  b.Launch("less_i64", {zero_data, four_data, flag}, one);
  const uint32_t then_block = b.Block(), else_block = b.Block(), body = b.Block();
  b.If(flag, then_block, else_block);
  b.Check(plan::CheckKind::AtMost, one, n, "node_add");
  b.Check(plan::CheckKind::Broadcast, n, m, "node_branch", else_block);
  b.Launch("increment_i64", {zero_data, count}, one, {}, then_block);
  b.Copy(zero_data, count, else_block);

  const uint32_t carried = b.Temp(eight), next = b.Temp(eight), iteration = b.Temp(eight);
  const uint32_t scan = b.Temp(b.Const(32));
  b.Copy(zero_data, carried);
  plan::LoopT loop;
  loop.body = body;
  loop.trip_count = four_data;
  loop.cond = flag;
  loop.body_cond = go_on;
  loop.iteration = iteration;
  loop.carried = {carried};
  loop.carried_next = {next};
  loop.scan_element = {next};
  loop.scan_output = {scan};
  b.Loop(loop);
  b.Launch("increment_i64", {carried, next}, one, {}, body);
  b.Launch("less_i64", {iteration, four_data, go_on}, one, {}, body);
  b.Copy(carried, total);
  b.Copy(b.Alias(scan, eight, eight), second);
  b.Launch("gather_f32", {y, index, picked}, two, {b.Expr(plan::ExprOp::Max, n, m)});
  if (kind == PlanKind::Host) b.Last().op.AsLaunch()->scratch = b.Const(64);
  b.Bucket({{1, 1, 8}, {0, 32, 64}});
  return b;
}

PlanBuilder ProductPlan(const ProductCase& c) {
  PlanBuilder b(PlanKind::Cuda);
  b.plan.features.push_back("cublaslt");
  auto kernel = std::make_unique<plan::KernelT>();
  kernel->name = "product";
  kernel->kind = "cublaslt";
  kernel->params = {plan::Access::Read, plan::Access::Read};
  if (c.bias) kernel->params.push_back(plan::Access::Read);
  if (c.addend) kernel->params.push_back(plan::Access::Read);
  kernel->params.push_back(plan::Access::Write);
  kernel->params.push_back(plan::Access::ReadWrite);
  kernel->num_scalars = 12;
  kernel->product = std::make_unique<plan::ProductT>();
  plan::ProductT& product = *kernel->product;
  product.left = 0;
  product.right = 1;
  product.bias = c.bias ? 2 : kNone;
  product.addend = c.addend ? 2u + c.bias : kNone;
  product.out = 2u + c.bias + c.addend;
  product.workspace = product.out + 1;
  product.workspace_bytes = static_cast<uint64_t>(c.workspace_bytes);
  product.dtype = c.dtype;
  product.out_dtype = c.out_dtype;
  product.left_transposed = c.left_transposed;
  product.right_transposed = c.right_transposed;
  product.activation = c.activation;
  b.target().kernels.push_back(std::move(kernel));

  using plan::ExprOp;
  const uint32_t one = b.Const(1), n = b.Const(c.n), k = b.Const(c.k), batch = b.Const(c.batch);
  const uint32_t m = c.m ? b.Const(c.m) : b.ElementSymbol("m", 0, 0, 0, 512);
  if (!c.m) b.Input("size", MLC_DTYPE_INT64, {one});
  auto times = [&](uint32_t x, uint32_t y) {
    auto value = [&](uint32_t e) { return b.entry().exprs[e].a(); };
    const bool known =
        b.entry().exprs[x].op() == ExprOp::Const && b.entry().exprs[y].op() == ExprOp::Const;
    return known ? b.Const(value(x) * value(y)) : b.Expr(ExprOp::Mul, x, y);
  };
  auto row = [&](int64_t given, uint32_t dense) { return given ? b.Const(given) : dense; };
  const uint32_t left_row = row(c.left_row, c.left_transposed ? m : k);
  const uint32_t right_row = row(c.right_row, c.right_transposed ? k : n);
  const uint32_t out_row = row(c.out_row, n);
  const uint32_t left = times(c.left_transposed ? k : m, left_row);
  const uint32_t right = times(c.right_transposed ? n : k, right_row), out = times(m, out_row);
  const uint32_t left_elems = times(batch, left), out_elems = times(batch, out);
  const uint32_t x = b.Input("x", c.dtype, {left_elems});
  const uint32_t w = b.Input("w", c.dtype, {times(batch, right)});
  std::vector<uint32_t> buffers = {x, w};
  if (c.bias) buffers.push_back(b.Input("c", c.out_dtype, {n}));
  if (c.addend) buffers.push_back(b.Input("r", c.out_dtype, {times(batch, times(m, n))}));
  const uint32_t z = b.Output("z", c.out_dtype, {out_elems});
  const bool adds = c.dtype == MLC_DTYPE_FLOAT32 && c.out_dtype == MLC_DTYPE_FLOAT32;
  uint32_t y = z;
  if (adds) {
    y = b.Temp(b.buffer(z).size);
    buffers[0] = b.Temp(b.buffer(x).size);
    b.Launch("add_f32", {x, x, buffers[0]}, left_elems);
  }
  buffers.push_back(y);
  buffers.push_back(b.Temp(b.Const(c.workspace_bytes)));
  const uint32_t grid = c.m ? one : b.Expr(ExprOp::Min, one, m);
  b.Launch("product", buffers, grid,
           {batch, m, n, k, left_row, right_row, out_row, n, left, right, out, times(m, n)});
  if (adds) b.Launch("add_f32", {y, y, z}, out_elems);
  return b;
}

void Reseal(std::string& bytes) {
  auto* data = reinterpret_cast<unsigned char*>(bytes.data());
  Preamble preamble;
  std::memcpy(&preamble.header_bytes, data + 16, 8);
  preamble.file_bytes = bytes.size();
  preamble.header_crc32c = Crc32c(data + kPreambleBytes, preamble.header_bytes);
  unsigned char encoded[kPreambleBytes];
  EncodePreamble(preamble, encoded);
  std::memcpy(data, encoded, sizeof encoded);
}

}  // namespace mlc::runtime
