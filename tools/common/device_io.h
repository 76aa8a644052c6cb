// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_DEVICE_IO_H
#define MLC_TOOLS_COMMON_DEVICE_IO_H

#include <string>
#include <utility>
#include <vector>

#include "mlc/runtime.hpp"
#include "tools/common/array.h"

namespace mlc::tools {

enum class IOMemory { kDevice, kPinned, kPageable };

// A session's inputs and outputs in memory of its device, with pinned copies on the host. Inputs
// whose elements are sizes stay on the host, where the session needs them.
class DeviceIO {
 public:
  // Binds those on the device. `outputs` say the dims; inputs are copied to the device.
  DeviceIO(Session& session, const Device& device, const std::vector<Array>& inputs,
           const std::vector<std::pair<std::string, Array>>& outputs);

  // Binds the copies in another memory: the session then moves data itself. Pageable ones are made
  // here.
  void Bind(Session& session, IOMemory memory);
  void CopyIn();
  // From the bound outputs to the pinned copies.
  void CopyOut();
  // What CopyOut brought, with the given names.
  std::vector<std::pair<std::string, Array>> Outputs(
      const std::vector<std::pair<std::string, Array>>& named) const;

 private:
  struct Pair {
    Tensor host, device;
    std::string pageable;
  };
  Tensor At(Pair& pair, IOMemory memory);

  std::vector<Pair> inputs_, outputs_;
  IOMemory memory_ = IOMemory::kDevice;  // that is bound
};

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_DEVICE_IO_H
