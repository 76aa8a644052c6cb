// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Samples.h"
#include "compiler/Compile.h"
#include "mlir/IR/AsmState.h"
#include "runtime/exec/signature.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/common/session_io.h"
#include <cstring>

namespace mlc {
namespace {

/// A plan in memory, and a session of it.
class OpenPlan {
public:
  explicit OpenPlan(const std::string &bytes)
      : aligned(mlir::HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64)), device(Device::Open("host")), plan(Plan::OpenMemory(aligned.getData().data(), aligned.getData().size())),
        session(Session::Create(plan, device)) {}

  Samples::Outputs run(const std::string &file, llvm::ArrayRef<char> switches) {
    std::vector<tools::Array> inputs = inputsOf(file, switches);
    tools::SetInputs(session, inputs);
    session.Run();
    Samples::Outputs outputs;
    for (auto &[name, array] : tools::TakeOutputs(session)) {
      outputs.emplace_back();
      if (array.dtype != MLC_DTYPE_FLOAT32)
        continue;
      outputs.back().resize(array.bytes.size() / sizeof(float));
      std::memcpy(outputs.back().data(), array.bytes.data(), array.bytes.size());
    }
    return outputs;
  }

private:
  std::vector<tools::Array> inputsOf(const std::string &file, llvm::ArrayRef<char> switches) {
    std::map<std::string, tools::Array> arrays = tools::ReadNpz(file);
    std::vector<tools::Array> inputs;
    for (const mlc_tensor_info_t &info : mlc_session_signature(session.get())->inputs) {
      if (llvm::StringRef(info.name) == kSwitchesInput) {
        inputs.push_back(tools::Array{MLC_DTYPE_BOOL, {int64_t(switches.size())}, {switches.begin(), switches.end()}});
        continue;
      }
      auto found = arrays.find(info.name);
      if (found == arrays.end())
        throw tools::ToolError(tools::kUsage, "it has no array '" + std::string(info.name) + "', which is an input of the model");
      inputs.push_back(std::move(found->second));
    }
    return inputs;
  }

  mlir::AsmResourceBlob aligned;
  Device device;
  Plan plan;
  Session session;
};

} // namespace

Samples samplesOf(std::vector<std::string> files) {
  Samples samples;
  samples.count = files.size();
  samples.open = [files = std::move(files)](std::string bytes) -> llvm::Expected<Samples::Run> {
    auto open = std::make_shared<OpenPlan>(bytes);
    return [open, files](size_t i, llvm::ArrayRef<char> switches) -> llvm::Expected<Samples::Outputs> {
      try {
        return open->run(files[i], switches);
      } catch (const std::exception &error) {
        return llvm::make_error<OptionError>("--calibrate " + files[i] + ": " + error.what());
      }
    };
  };
  return samples;
}

} // namespace mlc
