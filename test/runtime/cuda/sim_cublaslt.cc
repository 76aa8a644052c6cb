// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The simulated driver's cuBLASLt: products on host memory, enqueued as work of the driver. A large
// K is two pieces of work with half of the sums in the workspace, so that sizes decide how many
// nodes a captured product has. An algorithm knows the product that it was given for.
#include <cmath>
#include <cstring>

#include "runtime/cuda/cublaslt_types.h"
#include "test/runtime/cuda/sim_api.h"

namespace mlc::runtime::cuda {

struct cublasLtContext {};
struct cublasLtMatmulDescOpaque_t {
  int32_t transposed_a = 0, transposed_b = 0, epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  uint64_t bias = 0;
};
struct cublasLtMatrixLayoutOpaque_t {
  cudaDataType_t type;
  uint64_t rows, columns;
  int64_t step;
  int32_t batch = 1;
  int64_t batch_step = 0;
};
struct cublasLtMatmulPreferenceOpaque_t {
  uint64_t workspace_bytes = 0;
  uint32_t alignments[4] = {256, 256, 256, 256};
};

namespace {

constexpr uint64_t kSplitK = 64;

uint64_t BytesOf(cudaDataType_t type) { return type == CUDA_R_32F ? 4 : 2; }

float Load(cudaDataType_t type, uint64_t address) {
  if (type == CUDA_R_32F) return *reinterpret_cast<const float*>(address);
  if (type == CUDA_R_16F) return static_cast<float>(*reinterpret_cast<const _Float16*>(address));
  const uint32_t bits = uint32_t{*reinterpret_cast<const uint16_t*>(address)} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void Store(cudaDataType_t type, uint64_t address, float value) {
  if (type == CUDA_R_32F) {
    *reinterpret_cast<float*>(address) = value;
  } else if (type == CUDA_R_16F) {
    *reinterpret_cast<_Float16*>(address) = static_cast<_Float16>(value);
  } else {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    *reinterpret_cast<uint16_t*>(address) =
        static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
}

// Columns of neighbours, as the library's matrices are.
struct Matrix {
  cublasLtMatrixLayoutOpaque_t layout;
  bool transposed;
  uint64_t address;

  uint64_t at(int64_t batch, uint64_t row, uint64_t column) const {
    if (transposed) std::swap(row, column);
    const int64_t elements = batch * layout.batch_step +
                             static_cast<int64_t>(column) * layout.step + static_cast<int64_t>(row);
    return address + static_cast<uint64_t>(elements) * BytesOf(layout.type);
  }
  sim::Access access(bool write) const {
    const uint64_t first = layout.batch - 1, last_row = layout.rows - 1;
    Matrix stored = *this;
    stored.transposed = false;
    return {
        address,
        stored.at(static_cast<int64_t>(first), last_row, layout.columns - 1) + BytesOf(layout.type),
        write};
  }
};

struct Product {
  cublasLtMatmulDescOpaque_t desc;
  Matrix a, b, c, d;
  bool adds_c;
  uint64_t workspace, k;
  bool is_split;

  float Sum(int64_t batch, uint64_t row, uint64_t column, uint64_t begin, uint64_t end) const {
    float sum = 0;
    for (uint64_t i = begin; i < end; ++i)
      sum += Load(a.layout.type, a.at(batch, row, i)) * Load(b.layout.type, b.at(batch, i, column));
    return sum;
  }
  float Finish(float sum, int64_t batch, uint64_t row, uint64_t column) const {
    const cudaDataType_t type = d.layout.type;
    if (adds_c) sum += Load(type, c.at(batch, row, column));
    if (desc.epilogue & CUBLASLT_EPILOGUE_BIAS) sum += Load(type, desc.bias + row * BytesOf(type));
    if (desc.epilogue & CUBLASLT_EPILOGUE_RELU) sum = std::max(sum, 0.0f);
    if (desc.epilogue & CUBLASLT_EPILOGUE_GELU)
      sum = 0.5f * sum * (1 + std::tanh(0.7978845608028654f * (sum + 0.044715f * sum * sum * sum)));
    return sum;
  }
  template <typename Body>
  void ForEach(Body body) const {
    uint64_t i = 0;
    for (int64_t batch = 0; batch < d.layout.batch; ++batch)
      for (uint64_t column = 0; column < d.layout.columns; ++column)
        for (uint64_t row = 0; row < d.layout.rows; ++row) body(batch, row, column, i++);
  }
  uint64_t elements() const { return d.layout.rows * d.layout.columns * d.layout.batch; }
  float* partial(uint64_t i) const { return reinterpret_cast<float*>(workspace) + i; }

  void RunFirstHalf() const {
    ForEach([&](int64_t batch, uint64_t row, uint64_t column, uint64_t i) {
      *partial(i) = Sum(batch, row, column, 0, k / 2);
    });
  }
  void RunLast() const {
    ForEach([&](int64_t batch, uint64_t row, uint64_t column, uint64_t i) {
      const float sum = is_split ? *partial(i) + Sum(batch, row, column, k / 2, k)
                                 : Sum(batch, row, column, 0, k);
      Store(d.layout.type, d.at(batch, row, column), Finish(sum, batch, row, column));
    });
  }
};

// What an algorithm is good for.
cublasLtMatmulAlgo_t AlgorithmFor(const cublasLtMatmulDescOpaque_t& desc,
                                  const cublasLtMatrixLayoutOpaque_t& a,
                                  const cublasLtMatrixLayoutOpaque_t& d, uint64_t workspace_bytes) {
  const uint64_t k = desc.transposed_a ? a.rows : a.columns;
  const auto batch = static_cast<uint64_t>(d.batch);
  const bool splits = k > kSplitK && d.rows * d.columns * batch * 4 <= workspace_bytes;
  return {{d.rows, d.columns, k, batch, splits, static_cast<uint64_t>(desc.epilogue),
           static_cast<uint64_t>(a.type), static_cast<uint64_t>(d.type)}};
}

cublasStatus_t Failure(CUresult result) {
  return result == CUDA_ERROR_OUT_OF_MEMORY ? CUBLAS_STATUS_ALLOC_FAILED
                                            : CUBLAS_STATUS_EXECUTION_FAILED;
}

template <typename T>
cublasStatus_t New(sim::State& s, T object, T** out) {
  auto made = std::make_shared<T>(object);
  *out = made.get();
  s.library_objects[*out] = std::move(made);
  return CUBLAS_STATUS_SUCCESS;
}

template <typename T>
cublasStatus_t Delete(sim::State& s, T* object) {
  if (s.library_objects.erase(object) == 0) {
    s.Violation("something of cuBLASLt was destroyed twice");
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_SUCCESS;
}

template <typename T>
cublasStatus_t Set(T& field, const void* value, size_t size) {
  if (size != sizeof field) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&field, value, size);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

#define SIM_LT extern "C" __attribute__((visibility("default"))) cublasStatus_t
#define ENTER_LT(name)                         \
  std::lock_guard lock(sim::Lock());           \
  [[maybe_unused]] sim::State& s = sim::Get(); \
  if (const CUresult failure = s.Enter(#name, true)) return Failure(failure)

SIM_LT cublasLtCreate(cublasLtHandle_t* handle) {
  ENTER_LT(cublasLtCreate);
  if (sim::current_depth == 0) s.Violation("cublasLtCreate was called without a current context");
  return New(s, cublasLtContext{}, handle);
}

SIM_LT cublasLtDestroy(cublasLtHandle_t handle) {
  ENTER_LT(cublasLtDestroy);
  return Delete(s, handle);
}

SIM_LT cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc, cublasComputeType_t compute,
                                cudaDataType_t scale) {
  ENTER_LT(cublasLtMatmulDescCreate);
  if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  return New(s, cublasLtMatmulDescOpaque_t{}, desc);
}

SIM_LT cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) {
  ENTER_LT(cublasLtMatmulDescDestroy);
  return Delete(s, desc);
}

SIM_LT cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc,
                                      cublasLtMatmulDescAttributes_t attribute, const void* value,
                                      size_t size) {
  ENTER_LT(cublasLtMatmulDescSetAttribute);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return Set(desc->transposed_a, value, size);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return Set(desc->transposed_b, value, size);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return Set(desc->epilogue, value, size);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return Set(desc->bias, value, size);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

SIM_LT cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type,
                                  uint64_t rows, uint64_t columns, int64_t step) {
  ENTER_LT(cublasLtMatrixLayoutCreate);
  if (step < static_cast<int64_t>(rows)) return CUBLAS_STATUS_INVALID_VALUE;
  return New(s, cublasLtMatrixLayoutOpaque_t{type, rows, columns, step}, layout);
}

SIM_LT cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  ENTER_LT(cublasLtMatrixLayoutDestroy);
  return Delete(s, layout);
}

SIM_LT cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                        cublasLtMatrixLayoutAttribute_t attribute,
                                        const void* value, size_t size) {
  ENTER_LT(cublasLtMatrixLayoutSetAttribute);
  return attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT ? Set(layout->batch, value, size)
                                                         : Set(layout->batch_step, value, size);
}

SIM_LT cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  ENTER_LT(cublasLtMatmulPreferenceCreate);
  return New(s, cublasLtMatmulPreferenceOpaque_t{}, preference);
}

SIM_LT cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  ENTER_LT(cublasLtMatmulPreferenceDestroy);
  return Delete(s, preference);
}

SIM_LT cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                            cublasLtMatmulPreferenceAttributes_t attribute,
                                            const void* value, size_t size) {
  ENTER_LT(cublasLtMatmulPreferenceSetAttribute);
  if (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
    return Set(preference->workspace_bytes, value, size);
  return Set(preference->alignments[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value,
             size);
}

SIM_LT cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc,
                                      cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t,
                                      cublasLtMatrixLayout_t, cublasLtMatrixLayout_t d,
                                      cublasLtMatmulPreference_t preference, int,
                                      cublasLtMatmulHeuristicResult_t* results, int* returned) {
  ENTER_LT(cublasLtMatmulAlgoGetHeuristic);
  *returned = 0;
  if (s.options.refuse_products) return CUBLAS_STATUS_NOT_SUPPORTED;
  for (uint32_t alignment : preference->alignments)
    if (alignment == 0 || alignment % BytesOf(a->type) != 0) return CUBLAS_STATUS_NOT_SUPPORTED;
  *results = {};
  results->algo = AlgorithmFor(*desc, *a, *d, preference->workspace_bytes);
  *returned = 1;
  return CUBLAS_STATUS_SUCCESS;
}

SIM_LT cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha,
                      const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                      cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                      cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                      const cublasLtMatmulAlgo_t* algo, void* workspace, size_t workspace_bytes,
                      CUstream stream) {
  ENTER_LT(cublasLtMatmul);
  if (sim::current_depth == 0) s.Violation("cublasLtMatmul was called without a current context");
  for (void* object :
       {static_cast<void*>(handle), static_cast<void*>(desc), static_cast<void*>(a_layout),
        static_cast<void*>(b_layout), static_cast<void*>(c_layout), static_cast<void*>(d_layout)})
    if (!s.library_objects.count(object)) s.Violation("something dead of cuBLASLt was used");
  const float beta_value = *static_cast<const float*>(beta);
  const bool adds_c = beta_value == 1 && c != d;
  if (*static_cast<const float*>(alpha) != 1 || (beta_value != 0 && !adds_c) ||
      c_layout->type != d_layout->type)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const cublasLtMatmulAlgo_t wanted = AlgorithmFor(*desc, *a_layout, *d_layout, workspace_bytes);
  if (std::memcmp(algo, &wanted, sizeof wanted) != 0)
    s.Violation("an algorithm was used for another product than it was given for");
  const Product product{*desc,
                        {*a_layout, desc->transposed_a == CUBLAS_OP_T, sim::U(a)},
                        {*b_layout, desc->transposed_b == CUBLAS_OP_T, sim::U(b)},
                        {*c_layout, false, sim::U(c)},
                        {*d_layout, false, sim::U(d)},
                        adds_c,
                        sim::U(workspace),
                        wanted.data[2],
                        wanted.data[4] != 0};
  const sim::Access reads_a = product.a.access(false), reads_b = product.b.access(false);
  sim::Access partials{product.workspace, product.workspace + 4 * product.elements(), true};
  std::vector<sim::Access> last = {reads_a, reads_b, product.d.access(true)};
  if (adds_c) last.push_back(product.c.access(false));
  if (desc->epilogue & CUBLASLT_EPILOGUE_BIAS)
    last.push_back({desc->bias, desc->bias + d_layout->rows * BytesOf(d_layout->type), false});
  if (product.is_split) {
    s.Enqueue(stream, {"the first half of a product", {reads_a, reads_b, partials}, [product] {
                         product.RunFirstHalf();
                       }});
    partials.write = false;
    last.push_back(partials);
  }
  s.Enqueue(stream, {"a product", std::move(last), [product] { product.RunLast(); }});
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace mlc::runtime::cuda
