// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// LLVM's local cache (atomic entries) and its pruning do the work; this adds the key, the checksum and the time of the last use.
#include "backends/KernelCache.h"
#include "llvm-c/Core.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Caching.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"

namespace mlc {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{2} << 30;
constexpr size_t kDigestBytes = 32;

std::string digest(llvm::StringRef bytes) {
  auto hash = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
  return std::string(hash.begin(), hash.end());
}

/// With LLVM as it is loaded.
std::string entryKey(llvm::StringRef key) {
  unsigned major, minor, patch;
  LLVMGetVersion(&major, &minor, &patch);
  return llvm::toHex(digest((key + "\n" + llvm::Twine(major) + "." + llvm::Twine(minor) + "." + llvm::Twine(patch)).str()), /*LowerCase=*/true);
}

/// LLVM's names of entries, by which its pruning knows them.
std::string entryPath(const std::string &folder, llvm::StringRef key) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, "llvmcache-" + key);
  return path.str().str();
}

/// Marks an entry as used now. NOTE: pruning goes by access times, which most systems update once a day or never (relatime, noatime).
void touch(const std::string &path) {
  int fd;
  if (llvm::sys::fs::openFileForRead(path, fd))
    return;
  (void)llvm::sys::fs::setLastAccessAndModificationTime(fd, std::chrono::system_clock::now());
  llvm::sys::Process::SafelyCloseFileDescriptor(fd);
}

} // namespace

/// The object, empty when there is no sound one.
std::string KernelCache::load(llvm::StringRef key) {
  std::string found;
  auto take = [&](unsigned, const llvm::Twine &, std::unique_ptr<llvm::MemoryBuffer> buffer) { found = buffer->getBuffer().str(); };
  auto cache = llvm::localCache("mlc", "mlc", folder, take);
  auto missing = cache ? (*cache)(0, key, "") : llvm::Expected<llvm::AddStreamFn>(cache.takeError());
  if (!missing) {
    warn(missing.takeError());
    return "";
  }
  if (*missing)
    return "";
  llvm::StringRef entry(found);
  if (entry.size() > kDigestBytes && digest(entry.drop_front(kDigestBytes)) == entry.take_front(kDigestBytes)) {
    touch(entryPath(folder, key));
    return entry.drop_front(kDigestBytes).str();
  }
  llvm::sys::fs::remove(entryPath(folder, key));
  return "";
}

void KernelCache::store(llvm::StringRef key, llvm::StringRef object) {
  auto cache = llvm::localCache("mlc", "mlc", folder);
  auto add = cache ? (*cache)(0, key, "") : llvm::Expected<llvm::AddStreamFn>(cache.takeError());
  if (!add)
    return warn(add.takeError());
  if (!*add)
    return; // another process was faster
  auto stream = (*add)(0, "");
  if (!stream)
    return warn(stream.takeError());
  *(*stream)->OS << digest(object) << object;
  // NOTE: a stream must be committed, and aborts the process when it is closed with an error (a full disk). localCache's is a raw_fd_ostream, which LLVM 22 cannot
  // tell by itself. A cut entry is found out by its checksum.
  auto &file = static_cast<llvm::raw_fd_ostream &>(*(*stream)->OS);
  file.flush();
  if (file.has_error())
    warn(llvm::errorCodeToError(file.error()));
  file.clear_error();
  if (auto error = (*stream)->commit())
    warn(std::move(error));
}

void KernelCache::warn(llvm::Error error) {
  std::lock_guard<std::mutex> lock(mutex);
  std::string text = llvm::toString(std::move(error));
  if (firstWarning.empty())
    firstWarning = "kernels are not kept in the cache " + folder + ": " + text;
}

std::string KernelCache::warning() const {
  std::lock_guard<std::mutex> lock(mutex);
  return firstWarning;
}

llvm::Expected<std::string> KernelCache::get(llvm::StringRef whole, llvm::function_ref<llvm::Expected<std::string>()> compile) {
  if (folder.empty())
    return compile();
  std::string key = entryKey(whole), object = load(key);
  if (!object.empty()) {
    ++hits;
    return object;
  }
  ++misses;
  auto compiled = compile();
  if (compiled)
    store(key, *compiled);
  return compiled;
}

void KernelCache::prune() const {
  llvm::CachePruningPolicy policy;
  policy.Expiration = std::chrono::seconds(0); // age alone removes nothing
  policy.MaxSizePercentageOfAvailableSpace = 0;
  policy.MaxSizeBytes = kMaxBytes;
  if (!folder.empty())
    llvm::pruneCache(folder, policy);
}

} // namespace mlc
