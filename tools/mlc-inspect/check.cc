// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/check.h"

#include <algorithm>
#include <set>

#include "runtime/cuda/race_check.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator_context.h"
#include "tools/common/error.h"
#include "tools/common/symbols.h"

namespace mlc::tools {
namespace {

using runtime::Count;
using runtime::Items;
using runtime::Text;

void OrThrow(const runtime::Status& status) {
  if (!status.ok()) throw Error(status.code(), status.message());
}

// What a program does at its dims, all blocks together.
struct Found {
  size_t instructions = 0, edges = 0;
  std::set<uint32_t> streams;
};

Found CheckCuda(const runtime::ShapePlan& shape) {
  Found found;
  OrThrow(runtime::cuda::CheckInstructions(shape));
  for (uint32_t block = 0; block < shape.num_blocks(); ++block)
    for (const runtime::cuda::Piece& piece : runtime::cuda::CutIntoPieces(shape, block)) {
      OrThrow(runtime::cuda::CheckOrder(shape, piece));
      found.instructions += piece.nodes.size();
      found.edges += piece.topology.edges.size();
      for (const runtime::Step* step : piece.nodes)
        found.streams.insert(step->instruction->stream());
    }
  return found;
}

std::string CheckProgram(const runtime::BoundProgram& bound, std::vector<int64_t> symbols) {
  for (const plan::SymbolRange* range : Items(bound.program->bucket())) {
    int64_t& value = symbols[range->symbol()];
    value = std::clamp(value, range->min(), range->max());
  }
  const auto shape = ValueOrThrow(runtime::ShapePlan::Build(bound, symbols, 1));
  std::string text = Text(bound.target->arch());
  if (!bound.bucket.empty()) text += ", bucket " + bound.bucket;
  text += ": arena " + std::to_string(shape->memory().peak_bytes) + " bytes";
  if (!runtime::IsCuda(*bound.target)) return text;
  const Found found = CheckCuda(*shape);
  return text + ", no races: " + std::to_string(found.instructions) + " launches and copies in " +
         std::to_string(found.streams.size()) + " streams, " + std::to_string(found.edges) +
         " edges";
}

}  // namespace

std::vector<std::string> CheckPlan(const std::string& path, const std::string& entry,
                                   const std::map<std::string, int64_t>& dims) {
  runtime::PlanReadOptions options;
  options.verify_all = true;
  mlc_plan plan(ValueOrThrow(runtime::PlanFile::OpenFile(path.c_str(), options)));
  const mlc_signature& signature =
      *ValueOrThrow(plan.FindSignature(entry.empty() ? nullptr : entry.c_str()));
  const std::vector<int64_t> symbols = ChooseSymbols(signature, dims);
  const plan::Plan& root = plan.file.plan();
  // No kernel runs: nothing needs the constants' addresses.
  const auto constants = std::make_shared<runtime::Constants>(Count(root.constants()));
  std::vector<std::string> lines;
  for (uint32_t target = 0; target < Count(root.targets()); ++target)
    for (const runtime::BoundProgram& bound :
         runtime::BindPrograms(plan, *signature.entry, target, constants,
                               runtime::ArenaAlignmentOf(*root.targets()->Get(target))))
      lines.push_back(CheckProgram(bound, symbols));
  return lines;
}

}  // namespace mlc::tools
