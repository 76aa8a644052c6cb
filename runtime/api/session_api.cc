// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/api/options.h"
#include "runtime/exec/session.h"
#include "runtime/plan/access.h"

using namespace mlc::runtime;

namespace {

mlc_session_options_t DefaultOptions() {
  mlc_session_options_t options{};
  options.max_cached_shapes = 8;
  options.max_loop_iterations = uint64_t{1} << 40;
  options.cuda_graphs = SwitchFromEnvironment("MLC_CUDA_GRAPHS", true);
  options.cuda_dependent_launch = SwitchFromEnvironment("MLC_CUDA_DEPENDENT_LAUNCH", true);
  options.cuda_inputs_ahead = SwitchFromEnvironment("MLC_CUDA_INPUTS_AHEAD", false);
  return options;
}

}  // namespace

void mlc_session_options_init_sized(mlc_session_options_t* options, size_t struct_size) {
  WriteOptions(DefaultOptions(), struct_size, options);
}

mlc_status_t* mlc_session_create(mlc_plan_t* plan, mlc_device_t* device,
                                 const mlc_session_options_t* given, mlc_session_t** out_session) {
  MLC_REQUIRE(out_session);
  *out_session = nullptr;
  MLC_REQUIRE(plan);
  MLC_REQUIRE(device);
  mlc_session_options_t options;
  Status status = ReadOptions(given, DefaultOptions(), &options);
  if (!status.ok()) return status.Release();
  auto session = mlc_session::Create(*plan, *device, options);
  if (!session.ok()) return session.TakeStatus().Release();
  *out_session = session->Detach();
  return nullptr;
}

void mlc_session_retain(mlc_session_t* session) {
  if (session) session->Retain();
}

void mlc_session_release(mlc_session_t* session) {
  if (session) session->Release();
}

const mlc_signature_t* mlc_session_signature(const mlc_session_t* session) {
  return &session->signature();
}

const char* mlc_session_target(const mlc_session_t* session) {
  return Text(session->bound().target->arch());
}

const char* mlc_session_bucket(const mlc_session_t* session) {
  return session->bound().bucket.c_str();
}

mlc_status_t* mlc_session_prepare(mlc_session_t* session, const int64_t* symbol_values,
                                  size_t count) {
  MLC_REQUIRE(session);
  return session->Prepare(symbol_values, count).Release();
}

mlc_status_t* mlc_session_set_input(mlc_session_t* session, size_t index, mlc_tensor_t* tensor) {
  MLC_REQUIRE(session);
  return session->SetInput(index, tensor).Release();
}

mlc_status_t* mlc_session_set_output(mlc_session_t* session, size_t index, mlc_tensor_t* tensor) {
  MLC_REQUIRE(session);
  return session->SetOutput(index, tensor).Release();
}

mlc_status_t* mlc_session_run(mlc_session_t* session) {
  MLC_REQUIRE(session);
  return session->Run().Release();
}

mlc_status_t* mlc_session_enqueue(mlc_session_t* session, mlc_stream_t* stream) {
  MLC_REQUIRE(session);
  MLC_REQUIRE(stream);
  return session->Enqueue(*stream).Release();
}

mlc_status_t* mlc_session_wait(mlc_session_t* session) {
  MLC_REQUIRE(session);
  return session->Wait().Release();
}

void mlc_session_cancel(mlc_session_t* session) {
  if (session) session->Cancel();
}

mlc_status_t* mlc_session_get_output(mlc_session_t* session, size_t index,
                                     mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(session);
  return session->GetOutput(index, out_tensor).Release();
}

mlc_status_t* mlc_session_memory(const mlc_session_t* session, mlc_session_memory_t* out_memory) {
  MLC_REQUIRE(session);
  MLC_REQUIRE(out_memory);
  mlc_session_memory_t memory{};
  Status status = const_cast<mlc_session_t*>(session)->GetMemory(&memory);
  return status.ok() ? WriteStats(memory, out_memory).Release() : status.Release();
}

mlc_status_t* mlc_session_set_profile(mlc_session_t* session, int enabled) {
  MLC_REQUIRE(session);
  return session->SetProfile(enabled != 0).Release();
}

size_t mlc_session_profile_count(const mlc_session_t* session) {
  return session->profile().entries().size();
}

const mlc_profile_entry_t* mlc_session_profile(const mlc_session_t* session, size_t index) {
  const auto& entries = session->profile().entries();
  return index < entries.size() ? &entries[index] : nullptr;
}
