// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Verify.h"
#include "mlir/IR/AsmState.h"
#include "runtime/exec/signature.h"
#include "tools/common/random_inputs.h"
#include "tools/common/session_io.h"
#include "tools/common/symbols.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlc {
namespace {

constexpr uint64_t kSeed = 0;

std::vector<std::pair<std::string, tools::Array>> runOnce(Session &session, std::vector<tools::Array> &inputs) {
  tools::SetInputs(session, inputs);
  session.Run();
  return tools::TakeOutputs(session);
}

bool holds(const Bucket &bucket, const mlc_signature &signature, llvm::ArrayRef<int64_t> symbols) {
  for (auto [info, value] : llvm::zip(signature.symbols, symbols))
    if (auto range = bucket.find(info.name); range != bucket.end() && (value < range->second.min || value > range->second.max))
      return false;
  return true;
}

/// The opt point, or one beside it that no bucket holds, so that the generic program runs there. All dims move together: some may have to be equal.
std::vector<int64_t> genericPoint(const mlc_signature &signature, const std::vector<Bucket> &buckets) {
  std::vector<int64_t> opt = tools::ChooseSymbols(signature, {});
  for (int64_t steps : {0, 1, -1}) {
    std::vector<int64_t> point = opt;
    for (auto [value, info] : llvm::zip(point, signature.symbols))
      if (int64_t moved = value + steps * info.divisor; moved >= info.min && moved <= info.max)
        value = moved;
    if (llvm::none_of(buckets, [&](const Bucket &b) { return holds(b, signature, point); }))
      return point;
  }
  return opt;
}

/// Where to run: one point for the generic program, one of each bucket.
std::vector<std::vector<int64_t>> pointsOf(const mlc_signature &signature, const std::vector<Bucket> &buckets) {
  std::vector<std::vector<int64_t>> points{genericPoint(signature, buckets)};
  for (const Bucket &bucket : buckets) {
    std::map<std::string, int64_t> dims;
    for (const auto &[name, range] : bucket)
      dims[name] = range.opt;
    points.push_back(tools::ChooseSymbols(signature, dims));
  }
  return points;
}

} // namespace

bool Verification::within() const {
  return llvm::all_of(outputs, [](const Output &o) { return o.difference.within; });
}

llvm::Expected<Verification> verifyPlan(mlir::ModuleOp module, CompileOptions options, const std::string &planPath) {
  Verification result;
  Device device = Device::Open("host");
  Plan plan = Plan::OpenFile(planPath);
  result.arch = Session::Create(plan, device).target();
  llvm::erase_if(options.targets, [&](const auto &t) { return t->arch != result.arch; });
  std::vector<Bucket> buckets;
  std::swap(buckets, options.buckets); // the twin has none
  options.optLevel = 0;
  options.asmFolder.clear();
  options.dumpAfter.clear();
  std::string bytes;
  if (auto report = compileToBytes(module, options, bytes); !report)
    return report.takeError();
  mlir::AsmResourceBlob twinBytes = mlir::HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64);
  Plan twin = Plan::OpenMemory(twinBytes.getData().data(), twinBytes.getData().size());

  Session session = Session::Create(plan, device), oracle = Session::Create(twin, device);
  const mlc_signature &signature = *mlc_session_signature(session.get());
  for (const std::vector<int64_t> &point : pointsOf(signature, buckets)) {
    std::vector<tools::Array> inputs = tools::RandomInputs(signature, point, kSeed);
    auto ours = runOnce(session, inputs), reference = runOnce(oracle, inputs);
    for (auto [i, output] : llvm::enumerate(ours))
      result.outputs.push_back({output.first, session.bucket(), tools::CompareWithOracle(output.second, reference[i].second)});
  }
  return result;
}

std::string verificationText(const Verification &verification) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const auto &[name, bucket, difference] : verification.outputs) {
    os << llvm::formatv("verify {0}{1}: output '{2}' {3} -O0: max abs error {4:e2}, max rel error {5:e2}", verification.arch, bucket.empty() ? "" : " bucket " + bucket, name, difference.within ? "agrees with" : "DIFFERS from", difference.max_abs_error, difference.max_rel_error);
    os << (difference.within ? "" : " (" + difference.why + ")") << '\n';
  }
  return text;
}

} // namespace mlc
