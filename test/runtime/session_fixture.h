// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Plan, device and session of one test, and small tensors.
#ifndef MLC_TEST_RUNTIME_SESSION_FIXTURE_H
#define MLC_TEST_RUNTIME_SESSION_FIXTURE_H

#include "mlc/runtime.hpp"
#include "test/runtime/plan_builder.h"

namespace mlc::runtime {

inline mlc_device_options_t WithThreads(uint32_t num_threads) {
  mlc_device_options_t options;
  mlc_device_options_init(&options);
  options.num_threads = num_threads;
  return options;
}

struct Opened {
  explicit Opened(const PlanBuilder& builder, uint32_t num_threads = 1)
      : Opened(builder, WithThreads(num_threads)) {}
  Opened(const PlanBuilder& builder, const mlc_device_options_t& options)
      : bytes(builder.BuildAligned()),
        plan(mlc::Plan::OpenMemory(bytes.data(), bytes.size())),
        device(mlc::Device::Open("host", &options)),
        session(mlc::Session::Create(plan, device)) {}

  AlignedBytes bytes;
  mlc::Plan plan;
  mlc::Device device;
  mlc::Session session;
};

template <typename T>
constexpr mlc_dtype_t DtypeOf() {
  if constexpr (std::is_same_v<T, float>) return MLC_DTYPE_FLOAT32;
  if constexpr (std::is_same_v<T, double>) return MLC_DTYPE_FLOAT64;
  if constexpr (std::is_same_v<T, int64_t>) return MLC_DTYPE_INT64;
  if constexpr (std::is_same_v<T, uint8_t>) return MLC_DTYPE_UINT8;
  return MLC_DTYPE_UNDEFINED;
}

// Borrows the values: they must outlive the runs.
template <typename T>
mlc::Tensor TensorOf(std::vector<T>& values) {
  return mlc::Tensor::Wrap(DtypeOf<T>(), {static_cast<int64_t>(values.size())}, values.data(),
                           values.size() * sizeof(T));
}

template <typename T>
std::vector<T> ValuesOf(const mlc::Tensor& tensor) {
  const T* data = tensor.data<T>();
  return std::vector<T>(data, data + tensor.size_bytes() / sizeof(T));
}

// The statement throws mlc::Error with this code and a message that holds this text.
#define EXPECT_FAILS(statement, expected_code, text)                                    \
  try {                                                                                 \
    statement;                                                                          \
    ADD_FAILURE() << "expected " << text;                                               \
  } catch (const mlc::Error& error) {                                                   \
    EXPECT_EQ(error.code(), expected_code) << error.what();                             \
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what(); \
  }

}  // namespace mlc::runtime

#endif  // MLC_TEST_RUNTIME_SESSION_FIXTURE_H
