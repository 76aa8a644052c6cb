// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cublaslt.h"

#include <dlfcn.h>

#include <cstdlib>

namespace mlc::runtime::cuda {
namespace {

constexpr const char kMissing[] =
    "plan needs cuBLASLt (libcublasLt.so.13 or .12): install it or compile without "
    "--library=cublaslt";

void* FromLibrary(void* library, const char* symbol) { return ::dlsym(library, symbol); }

void* OpenFile(const char* name) {
  // NOTE: never unloaded, as the driver.
  return ::dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

const char* StatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "an unknown status";
}

}  // namespace

Result<std::shared_ptr<const CublasLt>> CublasLt::Load(Driver::Resolve resolve, void* library) {
  auto table = std::make_shared<CublasLt>();
  const char* missing = nullptr;
#define MLC_CUBLASLT_FUNCTION(name, ...)                                                    \
  table->name = reinterpret_cast<cublasStatus_t (*)(__VA_ARGS__)>(resolve(library, #name)); \
  if (!table->name && !missing) missing = #name;
#include "runtime/cuda/cublaslt_symbols.def"
#undef MLC_CUBLASLT_FUNCTION
  if (missing)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE, "%s; the one found has no function %s", kMissing,
                 missing);
  return std::shared_ptr<const CublasLt>(std::move(table));
}

Result<std::shared_ptr<const CublasLt>> CublasLt::LoadSystem() {
  if (const char* file = std::getenv("MLC_CUBLASLT"); file && *file) {
    if (void* library = OpenFile(file)) return Load(FromLibrary, library);
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE, "%s; MLC_CUBLASLT: %s", kMissing, ::dlerror());
  }
  void* library = OpenFile("libcublasLt.so.13");
  if (!library) library = OpenFile("libcublasLt.so.12");
  if (library) return Load(FromLibrary, library);
  return Error(MLC_STATUS_DEVICE_UNAVAILABLE,
               "%s; LD_LIBRARY_PATH may name its folder, MLC_CUBLASLT its file: %s", kMissing,
               ::dlerror());
}

Result<std::unique_ptr<Library>> Library::Open(const Context& context) {
  MLC_TRY_ASSIGN(std::shared_ptr<const CublasLt> table, context.driver().load_cublaslt());
  std::unique_ptr<Library> library(new Library(context, std::move(table)));
  MLC_LT(*library, cublasLtCreate, &library->handle_);
  return library;
}

Library::~Library() {
  if (!handle_) return;
  const Current current(context_);
  table_->cublasLtDestroy(handle_);
}

Status Library::Check(cublasStatus_t result, const char* call) const {
  if (result == CUBLAS_STATUS_SUCCESS) return Ok();
  return Error(
      result == CUBLAS_STATUS_ALLOC_FAILED ? MLC_STATUS_OUT_OF_MEMORY : MLC_STATUS_DEVICE_FAILED,
      "%s: %s failed with %s (%d)", context_.place().c_str(), call, StatusName(result),
      static_cast<int>(result));
}

}  // namespace mlc::runtime::cuda
