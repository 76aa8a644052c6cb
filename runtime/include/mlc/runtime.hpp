// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// RAII over runtime.h, header-only, C++17. Handles are cheap to copy (they count references). A
// failed call throws mlc::Error; without exceptions it prints the message and aborts, so such
// programs use the C API where they want to recover.
#ifndef MLC_RUNTIME_HPP
#define MLC_RUNTIME_HPP

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mlc/runtime.h"

namespace mlc {

class Error : public std::runtime_error {
 public:
  Error(mlc_status_code_t code, const char* message) : std::runtime_error(message), code_(code) {}
  mlc_status_code_t code() const { return code_; }

 private:
  mlc_status_code_t code_;
};

// Takes ownership of `status` and throws when it is an error.
inline void Check(mlc_status_t* status) {
  if (!status) return;
  Error error(mlc_status_code(status), mlc_status_message(status));
  mlc_status_release(status);
#if defined(__cpp_exceptions)
  throw error;
#else
  std::fprintf(stderr, "mlc: %s\n", error.what());
  std::abort();
#endif
}

// Owns one reference of a C handle.
template <typename T, void (*Retain)(T*), void (*Release)(T*)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T* owned) : handle_(owned) {}
  Handle(const Handle& other) : handle_(other.handle_) { Retain(handle_); }
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { Release(handle_); }

  T* get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  T* handle_ = nullptr;
};

class Device : public Handle<mlc_device_t, mlc_device_retain, mlc_device_release> {
 public:
  using Handle::Handle;
  static Device Open(const std::string& name, const mlc_device_options_t* options = nullptr) {
    mlc_device_t* device = nullptr;
    Check(mlc_device_open(name.c_str(), options, &device));
    return Device(device);
  }
  const char* name() const { return mlc_device_name(get()); }
  mlc_device_kind_t kind() const { return mlc_device_kind(get()); }
  uint32_t num_threads() const { return mlc_device_num_threads(get()); }
  const char* product() const { return mlc_device_product(get()); }
  mlc_memory_stats_t memory_stats() const {
    mlc_memory_stats_t stats{};
    stats.struct_size = sizeof stats;
    Check(mlc_device_memory_stats(get(), &stats));
    return stats;
  }
};

class Stream : public Handle<mlc_stream_t, mlc_stream_retain, mlc_stream_release> {
 public:
  using Handle::Handle;
  static Stream Create(const Device& device) {
    mlc_stream_t* stream = nullptr;
    Check(mlc_stream_create(device.get(), &stream));
    return Stream(stream);
  }
  // Borrows a CUstream, which must outlive the handle.
  static Stream Wrap(const Device& device, void* native) {
    mlc_stream_t* stream = nullptr;
    Check(mlc_stream_wrap(device.get(), native, &stream));
    return Stream(stream);
  }
  void* native() const { return mlc_stream_native(get()); }
  void Synchronize() const { Check(mlc_stream_synchronize(get())); }
};

class Tensor : public Handle<mlc_tensor_t, mlc_tensor_retain, mlc_tensor_release> {
 public:
  using Handle::Handle;
  static Tensor Create(const Device& device, mlc_dtype_t dtype, const std::vector<int64_t>& dims) {
    mlc_tensor_t* tensor = nullptr;
    Check(mlc_tensor_create(device.get(), dtype, static_cast<uint32_t>(dims.size()), dims.data(),
                            &tensor));
    return Tensor(tensor);
  }
  // Borrows `data`, which must outlive the tensor.
  static Tensor Wrap(mlc_dtype_t dtype, const std::vector<int64_t>& dims, void* data,
                     size_t size_bytes) {
    mlc_tensor_t* tensor = nullptr;
    Check(mlc_tensor_wrap(dtype, static_cast<uint32_t>(dims.size()), dims.data(), data, size_bytes,
                          nullptr, nullptr, &tensor));
    return Tensor(tensor);
  }
  // Host memory that copies to and from the device fast.
  static Tensor CreateHost(const Device& device, mlc_dtype_t dtype,
                           const std::vector<int64_t>& dims) {
    mlc_tensor_t* tensor = nullptr;
    Check(mlc_tensor_create_host(device.get(), dtype, static_cast<uint32_t>(dims.size()),
                                 dims.data(), &tensor));
    return Tensor(tensor);
  }
  // Borrows memory on the device, which must outlive the tensor.
  static Tensor WrapDevice(const Device& device, mlc_dtype_t dtype,
                           const std::vector<int64_t>& dims, void* data, size_t size_bytes) {
    mlc_tensor_t* tensor = nullptr;
    Check(mlc_tensor_wrap_device(device.get(), dtype, static_cast<uint32_t>(dims.size()),
                                 dims.data(), data, size_bytes, nullptr, nullptr, &tensor));
    return Tensor(tensor);
  }
  void CopyFrom(const Tensor& source) { Check(mlc_tensor_copy(get(), source.get())); }
  bool on_device() const { return mlc_tensor_on_device(get()) != 0; }
  mlc_dtype_t dtype() const { return mlc_tensor_dtype(get()); }
  std::vector<int64_t> dims() const {
    const int64_t* dims = mlc_tensor_dims(get());
    return std::vector<int64_t>(dims, dims + mlc_tensor_rank(get()));
  }
  size_t size_bytes() const { return mlc_tensor_size_bytes(get()); }
  template <typename T = void>
  T* data() const {
    return static_cast<T*>(mlc_tensor_data(get()));
  }
};

// Inputs, outputs and symbols of an entry; valid while its plan lives.
class Signature {
 public:
  explicit Signature(const mlc_signature_t* signature) : signature_(signature) {}
  size_t num_inputs() const { return mlc_signature_num_inputs(signature_); }
  size_t num_outputs() const { return mlc_signature_num_outputs(signature_); }
  size_t num_symbols() const { return mlc_signature_num_symbols(signature_); }
  const mlc_tensor_info_t& input(size_t i) const { return *mlc_signature_input(signature_, i); }
  const mlc_tensor_info_t& output(size_t i) const { return *mlc_signature_output(signature_, i); }
  const mlc_symbol_info_t& symbol(size_t i) const { return *mlc_signature_symbol(signature_, i); }
  size_t FindInput(const std::string& name) const {
    size_t index = 0;
    Check(mlc_signature_find_input(signature_, name.c_str(), &index));
    return index;
  }
  size_t FindOutput(const std::string& name) const {
    size_t index = 0;
    Check(mlc_signature_find_output(signature_, name.c_str(), &index));
    return index;
  }

 private:
  const mlc_signature_t* signature_;
};

class Plan : public Handle<mlc_plan_t, mlc_plan_retain, mlc_plan_release> {
 public:
  using Handle::Handle;
  static Plan OpenFile(const std::string& path, const mlc_plan_options_t* options = nullptr) {
    mlc_plan_t* plan = nullptr;
    Check(mlc_plan_open_file(path.c_str(), options, &plan));
    return Plan(plan);
  }
  // Borrows the bytes, which must outlive the plan and be aligned to 64.
  static Plan OpenMemory(const void* data, size_t size_bytes,
                         const mlc_plan_options_t* options = nullptr) {
    mlc_plan_t* plan = nullptr;
    Check(mlc_plan_open_memory(data, size_bytes, nullptr, nullptr, options, &plan));
    return Plan(plan);
  }
  Signature signature(const char* entry = nullptr) const {
    const mlc_signature_t* signature = nullptr;
    Check(mlc_plan_signature(get(), entry, &signature));
    return Signature(signature);
  }
  // Null when the model's metadata has no such key.
  const char* metadata(const std::string& key) const {
    return mlc_plan_metadata(get(), key.c_str());
  }
};

class Session : public Handle<mlc_session_t, mlc_session_retain, mlc_session_release> {
 public:
  using Handle::Handle;
  static Session Create(const Plan& plan, const Device& device,
                        const mlc_session_options_t* options = nullptr) {
    mlc_session_t* session = nullptr;
    Check(mlc_session_create(plan.get(), device.get(), options, &session));
    return Session(session);
  }
  Signature signature() const { return Signature(mlc_session_signature(get())); }
  const char* target() const { return mlc_session_target(get()); }
  const char* bucket() const { return mlc_session_bucket(get()); }
  void Prepare(const std::vector<int64_t>& symbols) {
    Check(mlc_session_prepare(get(), symbols.data(), symbols.size()));
  }
  void SetInput(size_t index, const Tensor& tensor) {
    Check(mlc_session_set_input(get(), index, tensor.get()));
  }
  void SetInput(const std::string& name, const Tensor& tensor) {
    SetInput(signature().FindInput(name), tensor);
  }
  void SetOutput(size_t index, const Tensor& tensor) {
    Check(mlc_session_set_output(get(), index, tensor.get()));
  }
  void Run() { Check(mlc_session_run(get())); }
  void Enqueue(const Stream& stream) { Check(mlc_session_enqueue(get(), stream.get())); }
  void Wait() { Check(mlc_session_wait(get())); }
  Tensor Output(size_t index) {
    mlc_tensor_t* tensor = nullptr;
    Check(mlc_session_get_output(get(), index, &tensor));
    return Tensor(tensor);
  }
  Tensor Output(const std::string& name) { return Output(signature().FindOutput(name)); }
};

}  // namespace mlc

#endif  // MLC_RUNTIME_HPP
