// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How functions of the runtime fail: a pointer-sized Status (null = success) that becomes the C
// API's mlc_status_t, and Result<T>.
#ifndef MLC_RUNTIME_BASE_STATUS_H
#define MLC_RUNTIME_BASE_STATUS_H

#include <optional>
#include <utility>

#include "mlc/runtime.h"

namespace mlc::runtime {

// Owns an mlc_status_t. Making an error may find no memory: it then is a preallocated
// OUT_OF_MEMORY.
class [[nodiscard]] Status {
 public:
  Status() = default;
  explicit Status(mlc_status_t* owned) : status_(owned) {}
  Status(Status&& other) noexcept : status_(std::exchange(other.status_, nullptr)) {}
  Status& operator=(Status&& other) noexcept {
    std::swap(status_, other.status_);
    return *this;
  }
  ~Status() { mlc_status_release(status_); }

  bool ok() const { return status_ == nullptr; }
  mlc_status_code_t code() const { return mlc_status_code(status_); }
  const char* message() const { return mlc_status_message(status_); }
  // Hands the error to a caller of the C API.
  mlc_status_t* Release() { return std::exchange(status_, nullptr); }

 private:
  mlc_status_t* status_ = nullptr;
};

inline Status Ok() { return Status(); }

// An error with a printf-formatted message.
[[gnu::format(printf, 2, 3)]] Status Error(mlc_status_code_t code, const char* format, ...);

// A value or the error that kept it from being made.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status error) : status_(std::move(error)) {}

  bool ok() const { return status_.ok(); }
  Status TakeStatus() { return std::move(status_); }
  const Status& status() const { return status_; }
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }

 private:
  Status status_;
  std::optional<T> value_;
};

#define MLC_CONCAT_(a, b) a##b
#define MLC_CONCAT(a, b) MLC_CONCAT_(a, b)

// Leaves the function when `expression`, a Status, is an error.
#define MLC_TRY(expression)                            \
  do {                                                 \
    ::mlc::runtime::Status mlc_status_ = (expression); \
    if (!mlc_status_.ok()) [[unlikely]]                \
      return mlc_status_;                              \
  } while (false)

// MLC_TRY_ASSIGN(auto x, F()): x becomes the value of a Result, or the function is left.
#define MLC_TRY_ASSIGN(declaration, expression)             \
  auto MLC_CONCAT(mlc_result_, __LINE__) = (expression);    \
  if (!MLC_CONCAT(mlc_result_, __LINE__).ok()) [[unlikely]] \
    return MLC_CONCAT(mlc_result_, __LINE__).TakeStatus();  \
  declaration = std::move(*MLC_CONCAT(mlc_result_, __LINE__))

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_BASE_STATUS_H
