// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/host_image.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mlc::runtime {
namespace {

// Null when the file cannot be mapped executable: pages larger than 4096, a file system mounted
// noexec.
void* MapFromFile(int descriptor, uint64_t offset, uint64_t size_bytes) {
  const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (descriptor < 0 || offset % page_bytes != 0) return nullptr;
  void* base = ::mmap(nullptr, size_bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor,
                      static_cast<off_t>(offset));
  return base == MAP_FAILED ? nullptr : base;
}

void* CopyToPages(const unsigned char* code, uint64_t size_bytes) {
  void* base =
      ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  std::memcpy(base, code, size_bytes);
  if (::mprotect(base, size_bytes, PROT_READ | PROT_EXEC) == 0) return base;
  ::munmap(base, size_bytes);
  return nullptr;
}

}  // namespace

Result<HostImage> HostImage::Map(const PlanFile& plan, uint32_t segment) {
  const plan::Segment& table = *plan.plan().segments()->Get(segment);
  HostImage image;
  if (table.size() == 0) return image;
  image.base_ = MapFromFile(plan.descriptor(), table.offset(), table.size());
  if (!image.base_) image.base_ = CopyToPages(plan.SegmentData(segment), table.size());
  if (!image.base_)
    return Error(MLC_STATUS_IO, "cannot make the plan's machine code executable: %s",
                 std::strerror(errno));
  image.size_bytes_ = table.size();
  return image;
}

HostImage::HostImage(HostImage&& other) noexcept { *this = std::move(other); }

HostImage& HostImage::operator=(HostImage&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

HostImage::~HostImage() {
  if (base_) ::munmap(base_, size_bytes_);
}

mlc_host_kernel HostImage::Entry(uint64_t offset) const {
  return reinterpret_cast<mlc_host_kernel>(static_cast<char*>(base_) + offset);
}

}  // namespace mlc::runtime
