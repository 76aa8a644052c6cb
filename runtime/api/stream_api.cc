// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/api/options.h"
#include "runtime/exec/device.h"

using namespace mlc::runtime;

namespace {

mlc_status_t* MakeStream(mlc_device_t* device, void* native, mlc_stream_t** out_stream) {
  auto stream = device->MakeStream(native);
  if (!stream.ok()) return stream.TakeStatus().Release();
  *out_stream = stream->Detach();
  return nullptr;
}

}  // namespace

mlc_status_t* mlc_stream_create(mlc_device_t* device, mlc_stream_t** out_stream) {
  MLC_REQUIRE(out_stream);
  *out_stream = nullptr;
  MLC_REQUIRE(device);
  return MakeStream(device, nullptr, out_stream);
}

mlc_status_t* mlc_stream_wrap(mlc_device_t* device, void* native, mlc_stream_t** out_stream) {
  MLC_REQUIRE(out_stream);
  *out_stream = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(native);
  return MakeStream(device, native, out_stream);
}

void mlc_stream_retain(mlc_stream_t* stream) {
  if (stream) stream->Retain();
}

void mlc_stream_release(mlc_stream_t* stream) {
  if (stream) stream->Release();
}

void* mlc_stream_native(const mlc_stream_t* stream) { return stream->native(); }

mlc_status_t* mlc_stream_synchronize(mlc_stream_t* stream) {
  MLC_REQUIRE(stream);
  return stream->Synchronize().Release();
}
