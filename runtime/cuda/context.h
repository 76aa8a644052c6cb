// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A device's primary context and how calls of the driver fail: what every file of this folder
// needs.
#ifndef MLC_RUNTIME_CUDA_CONTEXT_H
#define MLC_RUNTIME_CUDA_CONTEXT_H

#include <atomic>

#include "runtime/cuda/driver.h"

namespace mlc::runtime::cuda {

// Retains the context. Any thread may call any function.
class Context {
 public:
  // DEVICE_UNAVAILABLE: there is no such device. OUT_OF_MEMORY, DEVICE_FAILED.
  static Result<std::unique_ptr<Context>> Retain(std::shared_ptr<const Driver> driver, int ordinal);
  Context(const Context&) = delete;
  ~Context();

  const Driver& driver() const { return *driver_; }
  CUdevice device() const { return device_; }
  CUcontext handle() const { return context_; }
  int capability() const { return capability_; }       // 90 for sm_90
  const std::string& place() const { return place_; }  // "cuda:0"
  const std::string& product() const { return product_; }

  // An error of the driver as a Status; a sticky one marks the device lost.
  Status Check(CUresult result, const char* call) const;
  bool lost() const { return lost_.load(std::memory_order_relaxed); }
  // 0 when the driver does not know it.
  int Attribute(CUdevice_attribute attribute) const;

 private:
  Context() = default;

  std::shared_ptr<const Driver> driver_;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
  int capability_ = 0;
  std::string place_;
  std::string product_;
  mutable std::atomic<bool> lost_{false};
};

// Makes a context current on this thread, and what was current before again at the end.
class Current {
 public:
  explicit Current(const Context& context) : context_(context) {
    pushed_ = context.driver().cuCtxPushCurrent(context.handle()) == CUDA_SUCCESS;
  }
  Current(const Current&) = delete;
  ~Current() {
    CUcontext popped;
    if (pushed_) context_.driver().cuCtxPopCurrent(&popped);
  }

 private:
  const Context& context_;
  bool pushed_;
};

// MLC_CU(context, cuFoo, arguments...): leaves the function when the call fails.
#define MLC_CU(context, function, ...) \
  MLC_TRY((context).Check((context).driver().function(__VA_ARGS__), #function))

inline CUdeviceptr Address(const void* memory) { return reinterpret_cast<CUdeviceptr>(memory); }

// A stream, event or module that goes with its owner. The owner's context outlives it.
template <typename T, CUresult (*Driver::*Destroy)(T)>
class Owned {
 public:
  Owned() = default;
  Owned(const Context& context, T handle) : context_(&context), handle_(handle) {}
  Owned(Owned&& other) noexcept { *this = std::move(other); }
  Owned& operator=(Owned&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (!handle_) return;
    const Current current(*context_);
    (context_->driver().*Destroy)(handle_);
  }
  T get() const { return handle_; }
  explicit operator bool() const { return handle_ != T{}; }

 private:
  const Context* context_ = nullptr;
  T handle_{};
};

using Stream = Owned<CUstream, &Driver::cuStreamDestroy>;
using Event = Owned<CUevent, &Driver::cuEventDestroy>;
using Module = Owned<CUmodule, &Driver::cuModuleUnload>;
using Graph = Owned<CUgraph, &Driver::cuGraphDestroy>;
using GraphExec = Owned<CUgraphExec, &Driver::cuGraphExecDestroy>;

// Waits until the stream is empty and tries again when the call itself fails, since memory that its
// work uses cannot go before. An error that stays, or a sticky one, is returned.
Status Drain(const Context& context, CUstream stream);

// The context is current. DEVICE_FAILED, OUT_OF_MEMORY.
Result<Stream> MakeStream(const Context& context);
Result<Event> MakeEvent(const Context& context, unsigned flags = CU_EVENT_DISABLE_TIMING);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_CONTEXT_H
