// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Calibrate.h"
#include "compiler/Compile.h"
#include "mlir/IR/AsmState.h"
#include "runtime/exec/signature.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/common/session_io.h"
#include <cmath>
#include <cstring>

namespace mlc {
namespace {

std::vector<tools::Array> inputsOf(const std::string &file, const mlc_signature &signature) {
  std::map<std::string, tools::Array> arrays = tools::ReadNpz(file);
  std::vector<tools::Array> inputs;
  for (const mlc_tensor_info_t &info : signature.inputs) {
    auto found = arrays.find(info.name);
    if (found == arrays.end())
      throw tools::ToolError(tools::kUsage, "it has no array '" + std::string(info.name) + "', which is an input of the model");
    inputs.push_back(std::move(found->second));
  }
  return inputs;
}

void runOnce(const std::string &file, Session &session, std::vector<double> &largest) {
  std::vector<tools::Array> inputs = inputsOf(file, *mlc_session_signature(session.get()));
  tools::SetInputs(session, inputs);
  session.Run();
  auto outputs = tools::TakeOutputs(session);
  largest.resize(outputs.size(), 0);
  for (size_t i = 0; i < outputs.size(); ++i) {
    float value = 0;
    std::memcpy(&value, outputs[i].second.bytes.data(), sizeof value);
    largest[i] = std::isnan(value) || std::isnan(largest[i]) ? NAN : std::max<double>(largest[i], value);
  }
}

} // namespace

RangeRunner runOnSamples(std::vector<std::string> files) {
  return [files = std::move(files)](const std::string &bytes) -> llvm::Expected<std::vector<double>> {
    std::vector<double> largest;
    mlir::AsmResourceBlob aligned = mlir::HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64);
    Device device = Device::Open("host");
    Plan plan = Plan::OpenMemory(aligned.getData().data(), aligned.getData().size());
    Session session = Session::Create(plan, device);
    for (const std::string &file : files) {
      try {
        runOnce(file, session, largest);
      } catch (const std::exception &error) {
        return llvm::make_error<OptionError>("--calibrate " + file + ": " + error.what());
      }
    }
    return largest;
  };
}

} // namespace mlc
