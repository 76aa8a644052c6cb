// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Machine code of kernels on disk, shared by all compilations of a user. An entry is named by the SHA-256 of everything its bytes depend on and starts with the
// SHA-256 of its object, so a cache can neither change a plan nor break a compilation: what is damaged is compiled again, what cannot be written is not kept.
// The folder may be shared by processes and removed at any time.
#ifndef MLC_BACKENDS_KERNELCACHE_H
#define MLC_BACKENDS_KERNELCACHE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include <atomic>
#include <mutex>
#include <string>

namespace mlc {

class KernelCache {
public:
  /// An empty folder: no cache, everything is compiled.
  explicit KernelCache(std::string folder) : folder(std::move(folder)) {}

  /// What `compile` gives. `key` is the text of everything that it depends on beside LLVM: the kernel, the code generator, the target. Thread-safe.
  llvm::Expected<std::string> get(llvm::StringRef key, llvm::function_ref<llvm::Expected<std::string>()> compile);

  /// Removes what was used longest ago, down to 2 GiB.
  void prune() const;

  std::atomic<size_t> hits{0}, misses{0};
  /// Why entries could not be written, empty if they could.
  std::string warning() const;

private:
  std::string load(llvm::StringRef key);
  void store(llvm::StringRef key, llvm::StringRef object);
  void warn(llvm::Error error);

  std::string folder;
  mutable std::mutex mutex;
  std::string firstWarning;
};

} // namespace mlc

#endif
