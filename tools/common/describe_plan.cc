// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/describe_plan.h"

#include <algorithm>
#include <set>

#include "runtime/exec/bound_program.h"
#include "runtime/exec/memory_plan.h"
#include "runtime/exec/shape_checks.h"
#include "runtime/exec/shape_program.h"
#include "runtime/exec/signature.h"
#include "runtime/plan/access.h"
#include "tools/common/cubin.h"
#include "tools/common/error.h"
#include "tools/common/symbols.h"

namespace mlc::tools {
namespace {

using Json = nlohmann::ordered_json;
using runtime::Count;
using runtime::Items;
using runtime::kNone;
using runtime::Text;

Json DescribeTensors(const std::vector<mlc_tensor_info_t>& infos) {
  Json list = Json::array();
  for (const mlc_tensor_info_t& info : infos) {
    Json dims = Json::array(), ranges = Json::array();
    for (uint32_t d = 0; d < info.rank; ++d) {
      dims.push_back(info.dim_names[d] ? Json(info.dim_names[d]) : Json(info.dims[d]));
      ranges.push_back({info.dim_min[d], info.dim_max[d]});
    }
    list.push_back({{"name", info.name},
                    {"dtype", mlc_dtype_name(info.dtype)},
                    {"dims", dims},
                    {"ranges", ranges}});
  }
  return list;
}

Json DescribeProduct(const plan::Product& product) {
  return {{"name", "cublaslt"},
          {"dtype", mlc_dtype_name(static_cast<mlc_dtype_t>(product.dtype()))},
          {"out_dtype", mlc_dtype_name(static_cast<mlc_dtype_t>(product.out_dtype()))},
          {"left_transposed", product.left_transposed()},
          {"right_transposed", product.right_transposed()},
          {"bias", product.bias() != kNone},
          {"addend", product.addend() != kNone},
          {"activation", plan::EnumNameActivation(product.activation())},
          {"workspace_bytes", product.workspace_bytes()}};
}

// Each kernel of a target. Those of CUDA lie in one module, which says how large they are; of PTX
// code_bytes is text.
Json DescribeKernels(const runtime::PlanFile& file, const plan::Target& target) {
  std::string_view code;
  auto kind = plan::SegmentKind::HostCode;
  if (target.code_segment() != kNone) {
    const plan::Segment& segment = *file.plan().segments()->Get(target.code_segment());
    kind = segment.kind();
    code = {reinterpret_cast<const char*>(file.SegmentData(target.code_segment())), segment.size()};
  }
  std::map<std::string, CubinKernel> cubin;
  std::map<std::string, uint64_t> ptx;
  if (kind == plan::SegmentKind::Cubin) cubin = ReadCubin(code);
  if (kind == plan::SegmentKind::Ptx) ptx = ReadPtx(code);
  Json list = Json::array();
  for (const plan::Kernel* kernel : Items(target.kernels())) {
    const std::string name = Text(kernel->name());
    Json item = {{"name", name},
                 {"kind", Text(kernel->kind())},
                 {"code_bytes", kernel->code_size() + cubin[name].code_bytes + ptx[name]}};
    if (const plan::Product* product = kernel->product()) {
      item["library"] = DescribeProduct(*product);
    } else if (kind != plan::SegmentKind::HostCode) {
      item["threads"] = kernel->threads();
      item["shared_bytes"] = kernel->shared_bytes() + cubin[name].static_shared_bytes;
    }
    if (kind == plan::SegmentKind::Cubin && !kernel->product()) {
      item["registers"] = cubin[name].registers;
      item["local_bytes"] = cubin[name].local_bytes;
    }
    list.push_back(std::move(item));
  }
  return list;
}

bool IsLaunchOrCopy(const plan::Instruction& instruction) {
  return instruction.op_type() == plan::Op::Launch || instruction.op_type() == plan::Op::Copy;
}

// Lists the launches and copies of a block and, under their own branch names, of the blocks inside
// it. Steps are counted as runtime/exec/memory_plan counts them.
class LaunchLister {
 public:
  // With `memory` the buffers that a launch uses are listed too.
  LaunchLister(const plan::Target& target, const plan::Program& program,
               const std::vector<int64_t>& values, const runtime::MemoryPlan* memory)
      : target_(target), program_(program), values_(values), memory_(memory) {
    uint32_t id = 0;
    for (const plan::Block* block : Items(program.blocks())) {
      first_ids_.push_back(id);
      for (const plan::Instruction* instruction : Items(block->instructions()))
        id += IsLaunchOrCopy(*instruction);
    }
  }

  void List(uint32_t block, const std::string& branch) {
    uint32_t id = first_ids_[block];
    for (const plan::Instruction* instruction :
         Items(program_.blocks()->Get(block)->instructions())) {
      const std::string inner = (branch.empty() ? "" : branch + "/") + Text(instruction->label());
      const uint32_t step = step_++;
      if (const plan::If* op = instruction->op_as_If()) {
        List(op->then_block(), inner + ":then");
        List(op->else_block(), inner + ":else");
      } else if (const plan::Loop* loop = instruction->op_as_Loop()) {
        List(loop->body(), inner + ":body");
        ++step_;  // the loop's end
      } else {
        Add(*instruction, branch, id++, step);
      }
    }
  }

  Json TakeList() { return std::move(list_); }

 private:
  void AddBuffers(const plan::Instruction& instruction, const plan::Kernel* kernel, Json& item) {
    std::set<uint32_t> reads, writes;
    auto add = [&](uint32_t buffer, plan::Access access) {
      const auto bits = static_cast<unsigned>(access);
      if (bits & static_cast<unsigned>(plan::Access::Read)) reads.insert(memory_->roots[buffer]);
      if (bits & static_cast<unsigned>(plan::Access::Write)) writes.insert(memory_->roots[buffer]);
    };
    if (const plan::Launch* launch = instruction.op_as_Launch()) {
      for (uint32_t i = 0; i < Count(launch->buffers()); ++i)
        add(launch->buffers()->Get(i), kernel->params()->GetEnum<plan::Access>(i));
    } else if (const plan::Copy* copy = instruction.op_as_Copy()) {
      add(copy->src(), plan::Access::Read);
      add(copy->dst(), plan::Access::Write);
    }
    item["reads"] = reads;
    item["writes"] = writes;
  }

  void Add(const plan::Instruction& instruction, const std::string& branch, uint32_t id,
           uint32_t step) {
    const plan::Launch* launch = instruction.op_as_Launch();
    const plan::Kernel* kernel = launch ? target_.kernels()->Get(launch->kernel()) : nullptr;
    Json nodes = Json::array();
    for (const flatbuffers::String* node : Items(instruction.nodes())) nodes.push_back(node->str());
    Json patterns = Json::array();
    for (const flatbuffers::String* p : Items(instruction.patterns())) patterns.push_back(p->str());
    auto value = [&](uint32_t expr) { return expr == kNone ? 0 : values_[expr]; };
    Json item = {{"id", id},
                 {"kernel", kernel ? Text(kernel->name()) : "copy"},
                 {"nodes", nodes},
                 {"patterns", patterns},
                 {"kind", kernel ? Text(kernel->kind()) : "copy"},
                 {"flops", value(instruction.flops())},
                 {"bytes", value(instruction.bytes())},
                 {"branch", branch}};
    if (instruction.stream() > 0) item["stream"] = instruction.stream();
    if (kernel && kernel->product()) {  // batch, m, n, k
      item["product"] = Json::array();
      for (uint32_t i = 0; i < 4; ++i)
        item["product"].push_back(values_[launch->scalars()->Get(i)]);
    }
    if (memory_) {
      item["step"] = step;
      AddBuffers(instruction, kernel, item);
    }
    list_.push_back(std::move(item));
  }

  const plan::Target& target_;
  const plan::Program& program_;
  const std::vector<int64_t>& values_;
  const runtime::MemoryPlan* memory_;
  std::vector<uint32_t>
      first_ids_;  // of each block's launches, in the order of mlc_session_profile
  uint32_t step_ = 0;
  Json list_ = Json::array();
};

// Root buffers that are used, in their order in the plan.
Json DescribeBuffers(const plan::Program& program, const runtime::MemoryPlan& memory) {
  Json list = Json::array();
  for (uint32_t i = 0; i < Count(program.buffers()); ++i) {
    const plan::Buffer& buffer = *program.buffers()->Get(i);
    if (memory.roots[i] != i || !memory.lifetimes[i].used()) continue;
    Json item = {{"id", i},
                 {"name", Text(buffer.name())},
                 {"kind", plan::EnumNameBufferKind(buffer.kind())},
                 {"bytes", memory.sizes[i]},
                 {"first", memory.lifetimes[i].first},
                 {"last", memory.lifetimes[i].last}};
    if (buffer.kind() == plan::BufferKind::Temp) item["offset"] = memory.arena_offsets[i];
    list.push_back(std::move(item));
  }
  return list;
}

// Numbers of the constants that a program reads and of the kernels that it launches.
struct Parts {
  std::set<uint32_t> constants, kernels;

  explicit Parts(const plan::Program& program) {
    for (const plan::Buffer* buffer : Items(program.buffers()))
      if (buffer->kind() == plan::BufferKind::Constant) constants.insert(buffer->index());
    for (const plan::Block* block : Items(program.blocks()))
      for (const plan::Instruction* instruction : Items(block->instructions()))
        if (const plan::Launch* launch = instruction->op_as_Launch())
          kernels.insert(launch->kernel());
  }
};

// Those of one set that the other lacks.
std::set<uint32_t> Without(std::set<uint32_t> numbers, const std::set<uint32_t>& others) {
  for (uint32_t other : others) numbers.erase(other);
  return numbers;
}

uint64_t WeightsBytes(const plan::Plan& plan, const std::set<uint32_t>& constants) {
  uint64_t total = 0;
  for (uint32_t constant : constants) total += plan.constants()->Get(constant)->size();
  return total;
}

// Of some kernels of a target's description.
uint64_t CodeBytes(const Json& described, const std::set<uint32_t>& kernels) {
  uint64_t total = 0;
  for (uint32_t kernel : kernels) total += described[kernel]["code_bytes"].get<uint64_t>();
  return total;
}

// Launches and memory at the given values, which the program's bucket holds.
Json DescribeProgram(const plan::Plan& plan, const plan::Entry& entry, const plan::Program& program,
                     const std::vector<int64_t>& values, bool in_full) {
  const plan::Target& target = *plan.targets()->Get(program.target());
  auto planned = runtime::PlanMemory(entry, program, values, runtime::ArenaAlignmentOf(target));
  const plan::ShapeCheck* failed =
      runtime::FindFailedCheck(entry, *program.blocks()->Get(0), values);
  if (!planned.ok() && failed)  // the check says more
    planned = runtime::CheckFailure(entry, *failed, values);
  const runtime::MemoryPlan memory = ValueOrThrow(std::move(planned));
  LaunchLister lister(target, program, values, in_full ? &memory : nullptr);
  lister.List(0, "");
  Json json = {{"launches", lister.TakeList()},
               {"weights_bytes", WeightsBytes(plan, Parts(program).constants)},
               {"planned_peak_bytes", memory.peak_bytes},
               {"lower_bound_bytes", memory.lower_bound_bytes},
               {"scratch_bytes_per_thread", memory.scratch_bytes}};
  if (in_full) json["buffers"] = DescribeBuffers(program, memory);
  return json;
}

Json DimsJson(const mlc_signature& signature, const std::vector<int64_t>& symbols) {
  Json json = Json::object();
  for (size_t i = 0; i < symbols.size(); ++i) json[signature.symbols[i].name] = symbols[i];
  return json;
}

// A specialised program at the dims of its bucket that are nearest to `symbols`, beside the generic
// one: `own` counts what the generic program does not have. `kernels` is the target's.
Json DescribeBucket(const plan::Plan& plan, const mlc_signature& signature,
                    const plan::Program& program, const plan::Program& generic, const Json& kernels,
                    std::vector<int64_t> symbols, bool in_full) {
  const plan::Entry& entry = *signature.entry;
  Json ranges = Json::object();
  for (const plan::SymbolRange* range : Items(program.bucket())) {
    ranges[signature.symbols[range->symbol()].name] = {range->min(), range->max()};
    int64_t& value = symbols[range->symbol()];
    value = std::clamp(value, range->min(), range->max());
  }
  const Parts parts(program), shared(generic);
  Json json = {
      {"bucket", runtime::BucketText(entry, program)},
      {"ranges", ranges},
      {"dims", DimsJson(signature, symbols)},
      {"num_kernels", parts.kernels.size()},
      {"own_kernels", Without(parts.kernels, shared.kernels).size()},
      {"code_bytes", CodeBytes(kernels, parts.kernels)},
      {"own_code_bytes", CodeBytes(kernels, Without(parts.kernels, shared.kernels))},
      {"own_weights_bytes", WeightsBytes(plan, Without(parts.constants, shared.constants))}};
  json.update(DescribeProgram(plan, entry, program, EvaluateAt(entry, &program, symbols), in_full));
  return json;
}

Json DescribeTarget(const runtime::PlanFile& file, const mlc_signature& signature,
                    const plan::Program& generic, const std::vector<int64_t>& symbols,
                    bool in_full) {
  const plan::Plan& plan = file.plan();
  const plan::Entry& entry = *signature.entry;
  const plan::Target& target = *plan.targets()->Get(generic.target());
  Json features = Json::array();
  for (const flatbuffers::String* feature : Items(target.features()))
    features.push_back(feature->str());
  Json json = {{"arch", Text(target.arch())},
               {"triple", Text(target.triple())},
               {"features", features},
               {"kernels", DescribeKernels(file, target)}};
  json.update(DescribeProgram(plan, entry, generic, EvaluateAt(entry, &generic, symbols), in_full));
  json["buckets"] = Json::array();
  for (const plan::Program* program : Items(entry.programs()))
    if (program->target() == generic.target() && program != &generic)
      json["buckets"].push_back(
          DescribeBucket(plan, signature, *program, generic, json["kernels"], symbols, in_full));
  return json;
}

const plan::Entry& FindEntry(const plan::Plan& plan, const std::string& name) {
  for (const plan::Entry* entry : Items(plan.entries()))
    if (name.empty() || entry->name()->str() == name) return *entry;
  throw ToolError(kUsage, "the plan has no entry '" + name + "'");
}

// Of the whole plan: what its programs share is there once.
uint64_t AllWeightsBytes(const plan::Plan& plan) {
  uint64_t total = 0;
  for (const plan::Segment* segment : Items(plan.segments()))
    if (segment->kind() == plan::SegmentKind::Weights) total += segment->size();
  return total;
}

Json DescribeChecks(const plan::Entry& entry) {
  Json list = Json::array();
  for (const plan::ShapeCheck* check : Items(entry.checks()))
    list.push_back({{"kind", plan::EnumNameCheckKind(check->kind())},
                    {"left", runtime::ExprText(entry, check->left())},
                    {"right", runtime::ExprText(entry, check->right())},
                    {"node", Text(check->node())}});
  return list;
}

Json Describe(const runtime::PlanFile& file, const std::string& entry_name,
              const std::map<std::string, int64_t>& given, bool in_full) {
  const plan::Plan& plan = file.plan();
  const plan::Entry& entry = FindEntry(plan, entry_name);
  const mlc_signature signature(entry);
  const std::vector<int64_t> symbols = ChooseSymbols(signature, given);

  Json json = {{"schema_version", 1},
               {"plan_version", std::to_string(file.preamble().format_major) + "." +
                                    std::to_string(file.preamble().format_minor)},
               {"compiler", Text(plan.compiler())},
               {"flags", Text(plan.flags())},
               {"source_hash", Text(plan.source_hash())},
               {"plan_bytes", file.size_bytes()},
               {"weights_bytes", AllWeightsBytes(plan)},
               {"entry", Text(entry.name())},
               {"dims", DimsJson(signature, symbols)},
               {"metadata", Json::object()},
               {"inputs", DescribeTensors(signature.inputs)},
               {"outputs", DescribeTensors(signature.outputs)},
               {"checks", DescribeChecks(entry)},
               {"targets", Json::array()}};
  for (const plan::KeyValue* item : Items(plan.metadata()))
    json["metadata"][item->key()->str()] = Text(item->value());
  for (const plan::Program* program : Items(entry.programs()))
    if (Count(program->bucket()) == 0)
      json["targets"].push_back(DescribeTarget(file, signature, *program, symbols, in_full));
  return json;
}

}  // namespace

Json DescribePlan(const runtime::PlanFile& file, const std::string& entry,
                  const std::map<std::string, int64_t>& dims) {
  return Describe(file, entry, dims, false);
}

Json DescribePlanInFull(const runtime::PlanFile& file, const std::string& entry,
                        const std::map<std::string, int64_t>& dims) {
  return Describe(file, entry, dims, true);
}

}  // namespace mlc::tools
