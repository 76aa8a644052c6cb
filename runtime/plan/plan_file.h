// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The reader: a plan's bytes, mapped or borrowed, checked before anything is used.
#ifndef MLC_RUNTIME_PLAN_PLAN_FILE_H
#define MLC_RUNTIME_PLAN_PLAN_FILE_H

#include "runtime/base/status.h"
#include "runtime/plan/format.h"
#include "runtime/plan/mapped_file.h"
#include "runtime/plan/plan_generated.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {

struct PlanReadOptions {
  bool verify_all = false;            // weights' checksums too
  PlanCheckCounts* counts = nullptr;  // statistics for tests
};

// Immutable after opening.
class PlanFile {
 public:
  static Result<PlanFile> OpenFile(const char* path, const PlanReadOptions& options);
  // Borrows the bytes for the life of the object. They start at a multiple of 64.
  static Result<PlanFile> OpenMemory(const void* data, uint64_t size_bytes,
                                     const PlanReadOptions& options);

  const plan::Plan& plan() const { return *plan_; }
  const Preamble& preamble() const { return preamble_; }
  uint64_t size_bytes() const { return preamble_.file_bytes; }
  bool verified_all() const { return verified_all_; }  // PlanReadOptions::verify_all
  const unsigned char* SegmentData(uint32_t segment) const;
  const unsigned char* ConstantData(uint32_t constant) const;
  // The mapped file's descriptor, -1 for borrowed bytes.
  int descriptor() const { return file_.descriptor(); }

 private:
  Status Check(const unsigned char* data, uint64_t size_bytes, const PlanReadOptions& options);
  Status CheckSegments(bool weights_too) const;

  MappedFile file_;
  const unsigned char* data_ = nullptr;
  Preamble preamble_;
  bool verified_all_ = false;
  const plan::Plan* plan_ = nullptr;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_PLAN_FILE_H
