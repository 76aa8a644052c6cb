// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/Target.h"
#include "backends/cuda/CudaBackend.h"
#include "backends/host/HostBackend.h"

namespace mlc {

llvm::Expected<Backends> makeBackends(llvm::ArrayRef<std::string> archs, const std::string &cudaPath, std::shared_ptr<const Tuning> tuning, bool forward) {
  Backends out;
  std::shared_ptr<const cuda::Toolchain> toolchain;
  auto add = [&](std::shared_ptr<const Backend> backend) -> llvm::Error {
    if (llvm::any_of(out, [&](const auto &other) { return other->arch == backend->arch; }))
      return llvm::createStringError("architecture " + backend->arch + " is named twice");
    out.push_back(std::move(backend));
    return llvm::Error::success();
  };
  for (const std::string &arch : archs) {
    if (host::isHostArch(arch)) {
      auto target = host::parseTarget(arch);
      if (!target)
        return target.takeError();
      if (auto error = add(host::makeBackend(*target)))
        return std::move(error);
      continue;
    }
    if (!cuda::isCudaArch(arch))
      return llvm::createStringError("unknown architecture '" + arch + "'; known are host, x86-64-v2, x86-64-v3, x86-64-v4, " + cuda::knownArchs() + " and native (the architecture of this machine's GPU)");
    auto target = cuda::parseTarget(arch);
    if (!target)
      return target.takeError();
    if (!toolchain) {
      auto found = cuda::Toolchain::find(cudaPath);
      if (!found)
        return found.takeError();
      toolchain = *found;
    }
    if (auto error = add(cuda::makeBackend(*target, toolchain, tuning)))
      return std::move(error);
  }
  if (toolchain && forward)
    if (auto error = add(cuda::makeBackend(cuda::forwardTarget(), toolchain, tuning)))
      return std::move(error);
  return out;
}

} // namespace mlc
