// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// cuBLASLt as a table of function pointers, found when a plan with products for it is loaded
// (plan.fbs, Product), and a handle of it on a device.
#ifndef MLC_RUNTIME_CUDA_CUBLASLT_H
#define MLC_RUNTIME_CUDA_CUBLASLT_H

#include <map>
#include <mutex>
#include <vector>

#include "runtime/cuda/context.h"
#include "runtime/cuda/cublaslt_types.h"

namespace mlc::runtime::cuda {

struct CublasLt {
#define MLC_CUBLASLT_FUNCTION(name, ...) cublasStatus_t (*name)(__VA_ARGS__) = nullptr;
#include "runtime/cuda/cublaslt_symbols.def"
#undef MLC_CUBLASLT_FUNCTION

  // DEVICE_UNAVAILABLE: functions are missing.
  static Result<std::shared_ptr<const CublasLt>> Load(Driver::Resolve resolve, void* library);
  // From the file that MLC_CUBLASLT names, else libcublasLt.so.13 or .12 as the system finds
  // libraries (LD_LIBRARY_PATH, ldconfig); it stays loaded until the process ends.
  // DEVICE_UNAVAILABLE: there is none.
  static Result<std::shared_ptr<const CublasLt>> LoadSystem();
};

// A handle, shared by the sessions of a plan. Any thread may use it while the context is current.
class Library {
 public:
  // DEVICE_UNAVAILABLE, OUT_OF_MEMORY, DEVICE_FAILED.
  static Result<std::unique_ptr<Library>> Open(const Context& context);
  Library(const Library&) = delete;
  ~Library();

  const Context& context() const { return context_; }
  const CublasLt& table() const { return *table_; }
  cublasLtHandle_t handle() const { return handle_; }
  // OUT_OF_MEMORY for ALLOC_FAILED, else DEVICE_FAILED.
  Status Check(cublasStatus_t result, const char* call) const;

  // The library's first choice for a product, asked for once: equal keys get equal algorithms.
  // `ask` fills in the result.
  using Key = std::vector<int64_t>;
  template <typename Ask>
  Result<cublasLtMatmulAlgo_t> AlgorithmOf(const Key& key, Ask ask) {
    std::lock_guard lock(mutex_);
    const auto known = algorithms_.find(key);
    if (known != algorithms_.end()) return known->second;
    cublasLtMatmulAlgo_t algorithm{};
    MLC_TRY(ask(&algorithm));
    if (algorithms_.size() >= kMaxAlgorithms) algorithms_.clear();  // many shapes; asked for again
    algorithms_.emplace(key, algorithm);
    return algorithm;
  }

 private:
  static constexpr size_t kMaxAlgorithms = 4096;
  Library(const Context& context, std::shared_ptr<const CublasLt> table)
      : context_(context), table_(std::move(table)) {}

  const Context& context_;
  const std::shared_ptr<const CublasLt> table_;
  cublasLtHandle_t handle_ = nullptr;
  std::mutex mutex_;
  std::map<Key, cublasLtMatmulAlgo_t> algorithms_;
};

// MLC_LT(library, cublasLtFoo, arguments...): leaves the function when the call fails.
#define MLC_LT(library, function, ...) \
  MLC_TRY((library).Check((library).table().function(__VA_ARGS__), #function))

// A descriptor that goes with its owner. The library outlives it.
template <typename T, cublasStatus_t (*CublasLt::*Destroy)(T)>
class LibraryOwned {
 public:
  LibraryOwned() = default;
  LibraryOwned(const Library& library, T handle) : library_(&library), handle_(handle) {}
  LibraryOwned(LibraryOwned&& other) noexcept { *this = std::move(other); }
  LibraryOwned& operator=(LibraryOwned&& other) noexcept {
    std::swap(library_, other.library_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~LibraryOwned() {
    if (handle_) (library_->table().*Destroy)(handle_);
  }
  T get() const { return handle_; }

 private:
  const Library* library_ = nullptr;
  T handle_{};
};

using MatmulDesc = LibraryOwned<cublasLtMatmulDesc_t, &CublasLt::cublasLtMatmulDescDestroy>;
using MatrixLayout = LibraryOwned<cublasLtMatrixLayout_t, &CublasLt::cublasLtMatrixLayoutDestroy>;
using MatmulPreference =
    LibraryOwned<cublasLtMatmulPreference_t, &CublasLt::cublasLtMatmulPreferenceDestroy>;

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_CUBLASLT_H
