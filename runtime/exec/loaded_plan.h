// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RUNTIME_EXEC_LOADED_PLAN_H
#define MLC_RUNTIME_EXEC_LOADED_PLAN_H

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/ref_counted.h"
#include "runtime/exec/signature.h"
#include "runtime/host/host_image.h"
#include "runtime/plan/plan_file.h"

// An open plan with what its sessions share: signatures and mapped code.
struct mlc_plan : mlc::runtime::RefCounted<mlc_plan> {
  explicit mlc_plan(mlc::runtime::PlanFile opened);
  ~mlc_plan() {
    if (release_fn) release_fn(release_user, borrowed);
  }

  // The code of a segment, mapped by the first session that needs it. Lives as long as the plan.
  mlc::runtime::Result<const mlc::runtime::HostImage*> Image(uint32_t segment);
  // Null means the first entry. NOT_FOUND lists the names.
  mlc::runtime::Result<const mlc_signature*> FindSignature(const char* entry) const;

  mlc::runtime::PlanFile file;
  std::vector<mlc_signature> signatures;  // one per entry
  std::string format_version;
  uint64_t weights_bytes = 0;
  mlc_release_fn release_fn = nullptr;
  void* release_user = nullptr;
  const void* borrowed = nullptr;

 private:
  std::mutex mutex_;
  std::map<uint32_t, mlc::runtime::HostImage> images_;  // by segment
};

#endif  // MLC_RUNTIME_EXEC_LOADED_PLAN_H
