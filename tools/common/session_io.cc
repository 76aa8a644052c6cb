// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/session_io.h"

#include <algorithm>

#include "runtime/exec/signature.h"

namespace mlc::tools {

void SetInputs(Session& session, std::vector<Array>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    session.SetInput(i, Tensor::Wrap(inputs[i].dtype, inputs[i].dims, inputs[i].bytes.data(),
                                     inputs[i].bytes.size()));
}

void SetDeviceInputs(Session& session, const Device& device, const std::vector<Array>& inputs) {
  const mlc_signature& signature = *mlc_session_signature(session.get());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool gives_symbols =
        std::any_of(signature.symbols.begin(), signature.symbols.end(), [&](const auto& symbol) {
          return symbol.source == MLC_SYMBOL_INPUT_ELEMENT && symbol.input == i;
        });
    const Tensor host = Tensor::Wrap(inputs[i].dtype, inputs[i].dims,
                                     const_cast<char*>(inputs[i].bytes.data()), inputs[i].bytes.size());
    const Tensor tensor = gives_symbols ? Tensor::CreateHost(device, inputs[i].dtype, inputs[i].dims)
                                        : Tensor::Create(device, inputs[i].dtype, inputs[i].dims);
    host.CopyTo(tensor);
    session.SetInput(i, tensor);
  }
}

std::vector<std::pair<std::string, Array>> TakeOutputs(Session& session) {
  const mlc_signature& signature = *mlc_session_signature(session.get());
  std::vector<std::pair<std::string, Array>> outputs;
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    Tensor tensor = session.Output(i);
    if (!tensor.is_host()) {
      Array array{tensor.dtype(), tensor.dims(), std::string(tensor.size_bytes(), 0)};
      tensor.CopyTo(Tensor::Wrap(array.dtype, array.dims, array.bytes.data(), array.bytes.size()));
      outputs.emplace_back(signature.outputs[i].name, std::move(array));
      continue;
    }
    outputs.emplace_back(signature.outputs[i].name,
                         Array{tensor.dtype(), tensor.dims(),
                               std::string(tensor.data<const char>(), tensor.size_bytes())});
  }
  return outputs;
}

}  // namespace mlc::tools
