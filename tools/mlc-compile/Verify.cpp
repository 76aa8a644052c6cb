// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Verify.h"
#include "mlir/IR/AsmState.h"
#include "tools/common/random_inputs.h"
#include "tools/common/session_io.h"
#include "tools/common/symbols.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlc {
namespace {

constexpr uint64_t kSeed = 0;

std::vector<std::pair<std::string, tools::Array>> runOnce(const Plan &plan, const Device &device, std::vector<tools::Array> &inputs) {
  Session session = Session::Create(plan, device);
  if (inputs.empty()) {
    const mlc_signature &signature = *mlc_session_signature(session.get());
    inputs = tools::RandomInputs(signature, tools::ChooseSymbols(signature, {}), kSeed);
  }
  tools::SetInputs(session, inputs);
  session.Run();
  return tools::TakeOutputs(session);
}

} // namespace

bool Verification::within() const {
  return llvm::all_of(outputs, [](const auto &o) { return o.second.within; });
}

llvm::Expected<Verification> verifyPlan(mlir::ModuleOp module, CompileOptions options, const std::string &planPath) {
  Verification result;
  Device device = Device::Open("host");
  Plan plan = Plan::OpenFile(planPath);
  result.arch = Session::Create(plan, device).target();
  llvm::erase_if(options.targets, [&](const host::HostTarget &t) { return t.arch != result.arch; });
  options.optLevel = 0;
  options.asmFolder.clear();
  options.dumpAfter.clear();
  std::string bytes;
  if (auto report = compileToBytes(module, options, bytes); !report)
    return report.takeError();
  mlir::AsmResourceBlob twinBytes = mlir::HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64);
  Plan twin = Plan::OpenMemory(twinBytes.getData().data(), twinBytes.getData().size());

  std::vector<tools::Array> inputs;
  auto ours = runOnce(plan, device, inputs), reference = runOnce(twin, device, inputs);
  for (auto [i, output] : llvm::enumerate(ours))
    result.outputs.emplace_back(output.first, tools::CompareWithOracle(output.second, reference[i].second));
  return result;
}

std::string verificationText(const Verification &verification) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const auto &[name, difference] : verification.outputs) {
    os << llvm::formatv("verify {0}: output '{1}' {2} -O0: max abs error {3:e2}, max rel error {4:e2}", verification.arch, name, difference.within ? "agrees with" : "DIFFERS from", difference.max_abs_error, difference.max_rel_error);
    os << (difference.within ? "" : " (" + difference.why + ")") << '\n';
  }
  return text;
}

} // namespace mlc
