// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/session_io.h"

#include "runtime/exec/signature.h"

namespace mlc::tools {

void SetInputs(Session& session, std::vector<Array>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    session.SetInput(i, Tensor::Wrap(inputs[i].dtype, inputs[i].dims, inputs[i].bytes.data(),
                                     inputs[i].bytes.size()));
}

std::vector<std::pair<std::string, Array>> TakeOutputs(Session& session) {
  const mlc_signature& signature = *mlc_session_signature(session.get());
  std::vector<std::pair<std::string, Array>> outputs;
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    const Tensor tensor = session.Output(i);
    outputs.emplace_back(signature.outputs[i].name,
                         Array{tensor.dtype(), tensor.dims(),
                               std::string(tensor.data<const char>(), tensor.size_bytes())});
  }
  return outputs;
}

}  // namespace mlc::tools
