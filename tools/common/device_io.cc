// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/device_io.h"

#include <cstring>

namespace mlc::tools {
namespace {

bool HoldsSizes(const Signature& signature, size_t input) {
  for (size_t i = 0; i < signature.num_symbols(); ++i)
    if (signature.symbol(i).source == MLC_SYMBOL_INPUT_ELEMENT &&
        signature.symbol(i).input == input)
      return true;
  return false;
}

}  // namespace

DeviceIO::DeviceIO(Session& session, const Device& device, const std::vector<Array>& inputs,
                   const std::vector<std::pair<std::string, Array>>& outputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Array& array = inputs[i];
    Pair pair{Tensor::CreateHost(device, array.dtype, array.dims), Tensor(), {}};
    std::memcpy(pair.host.data(), array.bytes.data(), pair.host.size_bytes());
    const bool stays = HoldsSizes(session.signature(), i);
    if (!stays) pair.device = Tensor::Create(device, array.dtype, array.dims);
    session.SetInput(i, stays ? pair.host : pair.device);
    inputs_.push_back(std::move(pair));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Array& array = outputs[i].second;
    outputs_.push_back({Tensor::CreateHost(device, array.dtype, array.dims),
                        Tensor::Create(device, array.dtype, array.dims),
                        {}});
    session.SetOutput(i, outputs_.back().device);
  }
  CopyIn();
}

void DeviceIO::CopyIn() {
  for (Pair& pair : inputs_)
    if (pair.device) pair.device.CopyFrom(pair.host);
}

void DeviceIO::CopyOut() {
  for (Pair& pair : outputs_) {
    if (memory_ == IOMemory::kDevice) pair.host.CopyFrom(pair.device);
    if (memory_ == IOMemory::kPageable)
      std::memcpy(pair.host.data(), pair.pageable.data(), pair.pageable.size());
  }
}

Tensor DeviceIO::At(Pair& pair, IOMemory memory) {
  if (memory == IOMemory::kDevice) return pair.device ? pair.device : pair.host;
  if (memory == IOMemory::kPinned) return pair.host;
  pair.pageable.assign(pair.host.data<const char>(), pair.host.size_bytes());
  return Tensor::Wrap(pair.host.dtype(), pair.host.dims(), pair.pageable.data(),
                      pair.pageable.size());
}

void DeviceIO::Bind(Session& session, IOMemory memory) {
  memory_ = memory;
  for (size_t i = 0; i < inputs_.size(); ++i) session.SetInput(i, At(inputs_[i], memory));
  for (size_t i = 0; i < outputs_.size(); ++i) session.SetOutput(i, At(outputs_[i], memory));
}

std::vector<std::pair<std::string, Array>> DeviceIO::Outputs(
    const std::vector<std::pair<std::string, Array>>& named) const {
  std::vector<std::pair<std::string, Array>> outputs;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const Tensor& host = outputs_[i].host;
    outputs.emplace_back(
        named[i].first,
        Array{host.dtype(), host.dims(), std::string(host.data<const char>(), host.size_bytes())});
  }
  return outputs;
}

}  // namespace mlc::tools
