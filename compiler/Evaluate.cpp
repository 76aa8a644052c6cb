// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/Evaluate.h"
#include "compiler/Compile.h"
#include "compiler/Constants.h"
#include "compiler/Target.h"
#include "mlc/runtime.h"
#include <mutex>

using namespace mlir;

namespace mlc {
namespace {

template <auto release> struct Release {
  template <typename T> void operator()(T *handle) const { release(handle); }
};
using Plan = std::unique_ptr<mlc_plan_t, Release<mlc_plan_release>>;
using Device = std::unique_ptr<mlc_device_t, Release<mlc_device_release>>;
using Session = std::unique_ptr<mlc_session_t, Release<mlc_session_release>>;
using Tensor = std::unique_ptr<mlc_tensor_t, Release<mlc_tensor_release>>;

llvm::Error check(mlc_status_t *status) {
  if (!status)
    return llvm::Error::success();
  auto error = llvm::createStringError(llvm::Twine(mlc_status_message(status)));
  mlc_status_release(status);
  return error;
}

/// Takes over what an API call gave.
template <typename Handle, typename Call> llvm::Error open(Handle &out, Call call) {
  typename Handle::pointer handle = nullptr;
  auto error = check(call(&handle));
  out.reset(handle);
  return error;
}

/// Borrows `bytes` as a tensor of that signature.
llvm::Error wrap(const mlc_tensor_info_t *info, ArrayRef<char> bytes, Tensor &tensor) {
  return open(tensor, [&](mlc_tensor_t **out) {
    return mlc_tensor_wrap(info->dtype, info->rank, info->dims, const_cast<char *>(bytes.data()), bytes.size(), nullptr, nullptr, out);
  });
}

/// The plan of `module`, aligned as the runtime wants it. The first error's text stands for all diagnostics.
llvm::Expected<AsmResourceBlob> compile(ModuleOp module, int optLevel, unsigned threads, const std::string &cacheFolder) {
  CompileOptions options;
  options.optLevel = std::min(optLevel, 1);
  options.runsOnce = true;
  options.threads = threads;
  options.cacheFolder = cacheFolder;
  options.foldConstants = false;
  auto targets = makeBackends({"x86-64-v2"});
  if (!targets)
    return targets.takeError();
  options.targets = std::move(*targets);
  std::string message, plan;
  ScopedDiagnosticHandler quiet(module.getContext(), [&](Diagnostic &d) {
    if (message.empty() && d.getSeverity() == DiagnosticSeverity::Error)
      message = d.str();
  });
  if (auto report = compileToBytes(module, options, plan); !report) {
    std::string text = llvm::toString(report.takeError());
    return llvm::createStringError(message.empty() ? text : message);
  }
  return HeapAsmResourceBlob::allocateAndCopyWithAlign(plan, 64);
}

llvm::Expected<std::vector<AsmResourceBlob>> evaluate(ModuleOp module, ArrayRef<ElementsAttr> inputs, int optLevel, unsigned threads, const std::string &cacheFolder) {
  auto bytes = compile(module, optLevel, threads, cacheFolder);
  if (!bytes)
    return bytes.takeError();
  // The device outlives the session, and the blobs the tensors that borrow them.
  mlc_device_options_t options;
  mlc_device_options_init(&options);
  options.num_threads = threads;
  Device device;
  Plan plan;
  Session session;
  if (auto error = open(device, [&](mlc_device_t **out) { return mlc_device_open("host", &options, out); }))
    return error;
  if (auto error = open(plan, [&](mlc_plan_t **out) { return mlc_plan_open_memory(bytes->getData().data(), bytes->getData().size(), nullptr, nullptr, nullptr, out); }))
    return error;
  std::vector<ConstantBytes> values;
  for (ElementsAttr input : inputs)
    values.push_back(ConstantBytes::of(input));
  std::vector<AsmResourceBlob> results;
  if (auto error = open(session, [&](mlc_session_t **out) { return mlc_session_create(plan.get(), device.get(), nullptr, out); }))
    return error;
  const mlc_signature_t *signature = mlc_session_signature(session.get());
  Tensor tensor;
  for (auto [i, value] : llvm::enumerate(values)) {
    if (auto error = wrap(mlc_signature_input(signature, i), value.bytes(), tensor))
      return error;
    if (auto error = check(mlc_session_set_input(session.get(), i, tensor.get())))
      return error;
  }
  for (size_t i = 0; i < mlc_signature_num_outputs(signature); ++i) {
    const mlc_tensor_info_t *info = mlc_signature_output(signature, i);
    size_t size = mlc_dtype_bits(info->dtype) / 8;
    for (uint32_t k = 0; k < info->rank; ++k)
      size *= info->dims[k];
    results.push_back(HeapAsmResourceBlob::allocate(size, 64));
    if (auto error = wrap(info, results.back().getData(), tensor))
      return error;
    if (auto error = check(mlc_session_set_output(session.get(), i, tensor.get())))
      return error;
  }
  if (auto error = check(mlc_session_run(session.get())))
    return error;
  return results;
}

} // namespace

ConstantEvaluator compilingEvaluator(int optLevel, unsigned threads, std::string cacheFolder) {
  // Functions are folded side by side, but the linker works for one at a time.
  auto mutex = std::make_shared<std::mutex>();
  return {registerCompilerDialects, [=](ModuleOp module, ArrayRef<ElementsAttr> inputs) {
            std::lock_guard<std::mutex> lock(*mutex);
            return evaluate(module, inputs, optLevel, threads, cacheFolder);
          }};
}

} // namespace mlc
