// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_HOST_HOSTBACKEND_H
#define MLC_BACKENDS_HOST_HOSTBACKEND_H

#include "backends/Backend.h"
#include "backends/host/HostTarget.h"

namespace mlc::host {

/// x86-64 code as one flat image (runtime/host/kernel_abi.h).
std::shared_ptr<const Backend> makeBackend(const HostTarget &target);

} // namespace mlc::host

#endif
