// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A device as tensors and sessions see it. runtime/host and runtime/cuda implement it; whoever asks
// what kind a device is should ask for a virtual function instead.
#ifndef MLC_RUNTIME_EXEC_DEVICE_H
#define MLC_RUNTIME_EXEC_DEVICE_H

#include <memory>
#include <string>

#include "runtime/base/log.h"
#include "runtime/base/ref_counted.h"
#include "runtime/memory/allocator.h"
#include "runtime/plan/plan_generated.h"

struct mlc_plan;
struct mlc_tensor;

namespace mlc::runtime {
class Executor;
}

// Owned by its handles, sessions, streams and tensors. Any thread may call any function.
struct mlc_device : mlc::runtime::RefCounted<mlc_device> {
  mlc_device(mlc_device_kind_t device_kind, std::string device_name,
             const mlc_device_options_t& options)
      : kind(device_kind),
        name(std::move(device_name)),
        log(options.log, options.log_user, options.log_level) {}
  virtual ~mlc_device() = default;

  virtual uint32_t num_threads() const = 0;
  virtual const char* features() const = 0;
  virtual const char* product() const = 0;  // see mlc_device_product
  // Of tensors and arenas.
  virtual mlc::runtime::Allocator& memory() = 0;
  // Host memory that the device reads and writes fast: of the outputs that sessions own.
  virtual mlc::runtime::Allocator& host_memory() = 0;
  // Runs the entry's programs by the best code in the plan that works here. NO_TARGET, IO,
  // OUT_OF_MEMORY, DEVICE_FAILED.
  virtual mlc::runtime::Result<std::unique_ptr<mlc::runtime::Executor>> MakeExecutor(
      mlc_plan& plan, const mlc::plan::Entry& entry, const mlc_session_options_t& options) = 0;
  // Copies all bytes of src, of equal size, and waits. One of both may lie on the device.
  virtual mlc::runtime::Status Copy(mlc_tensor& dst, const mlc_tensor& src) = 0;
  // `native` may be null: a stream of its own.
  virtual mlc::runtime::Result<mlc::runtime::Ref<mlc_stream>> MakeStream(void* native) = 0;

  const mlc_device_kind_t kind;
  const std::string name;
  const mlc::runtime::Logger log;
};

// An order of work on a device. Any thread may call any function.
struct mlc_stream : mlc::runtime::RefCounted<mlc_stream> {
  explicit mlc_stream(mlc_device& owner) : device(mlc::runtime::Ref<mlc_device>::Share(&owner)) {}
  virtual ~mlc_stream() = default;
  virtual mlc::runtime::Status Synchronize() = 0;
  virtual void* native() const = 0;

  const mlc::runtime::Ref<mlc_device> device;
};

#endif  // MLC_RUNTIME_EXEC_DEVICE_H
