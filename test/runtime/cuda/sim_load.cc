// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The simulated driver as a table, for tests that link it.
#include <cstring>

#include "runtime/cuda/cublaslt.h"

#include "test/runtime/cuda/sim_state.h"

namespace mlc::runtime::cuda {

extern "C" {
#define MLC_CUDA_FUNCTION(name, exported, ...) CUresult exported(__VA_ARGS__);
#define MLC_CUDA_OPTIONAL MLC_CUDA_FUNCTION
#include "runtime/cuda/symbols.def"
#undef MLC_CUDA_FUNCTION
#undef MLC_CUDA_OPTIONAL
#define MLC_CUBLASLT_FUNCTION(name, ...) cublasStatus_t name(__VA_ARGS__);
#include "runtime/cuda/cublaslt_symbols.def"
#undef MLC_CUBLASLT_FUNCTION
}

namespace sim {
namespace {

void* Resolve(void*, const char* symbol) {
  if (Get().options.missing.count(symbol)) return nullptr;
#define MLC_CUDA_FUNCTION(name, exported, ...) \
  if (std::strcmp(symbol, #exported) == 0) return reinterpret_cast<void*>(&exported);
#define MLC_CUDA_OPTIONAL MLC_CUDA_FUNCTION
#include "runtime/cuda/symbols.def"
#undef MLC_CUDA_FUNCTION
#undef MLC_CUDA_OPTIONAL
  return nullptr;
}

void* ResolveCublasLt(void*, const char* symbol) {
  if (Get().options.missing.count(symbol)) return nullptr;
#define MLC_CUBLASLT_FUNCTION(name, ...) \
  if (std::strcmp(symbol, #name) == 0) return reinterpret_cast<void*>(&name);
#include "runtime/cuda/cublaslt_symbols.def"
#undef MLC_CUBLASLT_FUNCTION
  return nullptr;
}

Result<std::shared_ptr<const CublasLt>> LoadCublasLt() {
  return Get().options.system_cublaslt ? CublasLt::LoadSystem()
                                       : CublasLt::Load(ResolveCublasLt, nullptr);
}

}  // namespace

Result<std::shared_ptr<const Driver>> Load() {
  return Driver::Load(Resolve, nullptr, LoadCublasLt);
}

}  // namespace sim
}  // namespace mlc::runtime::cuda
