// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/plan/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mlc::runtime {
namespace {

Status SystemError(const char* verb, const char* path) {
  return Error(errno == ENOENT ? MLC_STATUS_NOT_FOUND : MLC_STATUS_IO, "cannot %s '%s': %s", verb,
               path, std::strerror(errno));
}

}  // namespace

Result<MappedFile> MappedFile::Open(const char* path) {
  MappedFile file;
  file.descriptor_ = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file.descriptor_ < 0) return SystemError("open", path);
  struct stat info;
  if (::fstat(file.descriptor_, &info) != 0) return SystemError("read the size of", path);
  if (!S_ISREG(info.st_mode))
    return Error(MLC_STATUS_IO, "cannot map '%s': it is not a regular file", path);
  if (info.st_size == 0) return file;
  void* mapping = ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE,
                         file.descriptor_, 0);
  if (mapping == MAP_FAILED) return SystemError("map", path);
  file.data_ = static_cast<const unsigned char*>(mapping);
  file.size_bytes_ = static_cast<uint64_t>(info.st_size);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<unsigned char*>(data_), size_bytes_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace mlc::runtime
