// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/context.h"

namespace mlc::runtime::cuda {

Result<std::unique_ptr<Context>> Context::Retain(std::shared_ptr<const Driver> driver,
                                                 int ordinal) {
  std::unique_ptr<Context> context(new Context);
  context->driver_ = std::move(driver);
  context->place_ = "cuda:" + std::to_string(ordinal);
  const Driver& table = *context->driver_;
  int count = 0;
  MLC_CU(*context, cuDeviceGetCount, &count);
  if (ordinal >= count)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE,
                 "there is no device 'cuda:%d': the driver shows %d (CUDA_VISIBLE_DEVICES counts)",
                 ordinal, count);
  MLC_CU(*context, cuDeviceGet, &context->device_, ordinal);
  char name[256] = "";
  table.cuDeviceGetName(name, sizeof name, context->device_);
  context->product_ = name;
  context->capability_ = context->Attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 +
                         context->Attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  MLC_CU(*context, cuDevicePrimaryCtxRetain, &context->context_, context->device_);
  return context;
}

Context::~Context() {
  if (context_) driver_->cuDevicePrimaryCtxRelease(device_);
}

Status Context::Check(CUresult result, const char* call) const {
  if (result == CUDA_SUCCESS) [[likely]]
    return Ok();
  if (IsSticky(result)) lost_.store(true, std::memory_order_relaxed);
  return DriverError(*driver_, result, call, place_.c_str());
}

int Context::Attribute(CUdevice_attribute attribute) const {
  int value = 0;
  return driver_->cuDeviceGetAttribute(&value, attribute, device_) == CUDA_SUCCESS ? value : 0;
}

Status Drain(const Context& context, CUstream stream) {
  CUresult result = CUDA_SUCCESS;
  for (int attempt = 0; attempt < 4; ++attempt) {
    result = context.driver().cuStreamSynchronize(stream);
    if (result == CUDA_SUCCESS || IsSticky(result)) break;
  }
  return context.Check(result, "cuStreamSynchronize");
}

Result<Stream> MakeStream(const Context& context) {
  CUstream stream = nullptr;
  MLC_CU(context, cuStreamCreate, &stream, CU_STREAM_NON_BLOCKING);
  return Stream(context, stream);
}

Result<Event> MakeEvent(const Context& context, unsigned flags) {
  CUevent event = nullptr;
  MLC_CU(context, cuEventCreate, &event, flags);
  return Event(context, event);
}

}  // namespace mlc::runtime::cuda
