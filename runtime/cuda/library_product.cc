// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// cuBLASLt's matrices have neighbours along columns, ours along rows: what we give it is the
// transposed product, out^T = right^T * left^T, of the same bytes. Its bias is one for each of its
// rows, which are our columns, as ours is.
#include "runtime/cuda/library_product.h"

#include <algorithm>
#include <cinttypes>

#include "mlc/runtime.h"
#include "runtime/base/checked_math.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime::cuda {
namespace {

constexpr uint32_t kCallerAlignment = 16;  // of tensors that the caller gives

struct Sizes {  // as the launch's scalars lie (plan.fbs, Product)
  int64_t batch, m, n, k, left_row, right_row, out_row, addend_row, left_batch, right_batch,
      out_batch, addend_batch;
};

Sizes SizesOf(const Step& step) {
  const int64_t* s = step.scalars;
  return {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]};
}

cudaDataType_t TypeOf(int32_t dtype) {
  return dtype == MLC_DTYPE_FLOAT16    ? CUDA_R_16F
         : dtype == MLC_DTYPE_BFLOAT16 ? CUDA_R_16BF
                                       : CUDA_R_32F;
}

int64_t BytesOf(int32_t dtype) { return dtype == MLC_DTYPE_FLOAT32 ? 4 : 2; }

// What the address of a buffer is surely a multiple of.
uint32_t AlignmentOf(const ShapePlan& shape, uint32_t buffer) {
  const uint32_t root = shape.memory().roots[buffer];
  const plan::BufferKind kind = shape.bound().program->buffers()->Get(root)->kind();
  const bool is_callers = kind == plan::BufferKind::Input || kind == plan::BufferKind::Output;
  const uint64_t offset = shape.memory().root_offsets[buffer];
  const uint64_t alignment = is_callers ? kCallerAlignment : MLC_CUDA_ALIGNMENT;
  const uint64_t lowest_bit = offset & (~offset + 1);  // 0 for 0
  return static_cast<uint32_t>(lowest_bit == 0 ? alignment : std::min(alignment, lowest_bit));
}

// Bytes from the first to behind the last element; false on overflow.
bool Extent(int64_t batch, int64_t rows, int64_t columns, int64_t row_step, int64_t batch_step,
            int64_t element_bytes, uint64_t* out) {
  int64_t matrices = 0, lines = 0, elements = 0, bytes = 0;
  if (!CheckedMul(batch - 1, batch_step, &matrices) || !CheckedMul(rows - 1, row_step, &lines) ||
      !CheckedAdd(matrices, lines, &elements) || !CheckedAdd(elements, columns, &elements) ||
      !CheckedMul(elements, element_bytes, &bytes))
    return false;
  *out = static_cast<uint64_t>(bytes);
  return true;
}

bool IsAligned(const void* address, uint32_t alignment) {
  return reinterpret_cast<uintptr_t>(address) % alignment == 0;
}

}  // namespace

Result<LibraryProduct::Operands> LibraryProduct::Check(const ShapePlan& shape) const {
  const Sizes s = SizesOf(step_);
  const plan::Launch& launch = *step_.instruction->op_as_Launch();
  auto bad = [&](const char* what) {
    return Error(MLC_STATUS_BAD_PLAN,
                 "%s: a product of %" PRId64 " x (%" PRId64 " x %" PRId64 " by %" PRId64 "): %s",
                 DescribeInstruction(shape.bound(), *step_.instruction).c_str(), s.batch, s.m, s.k,
                 s.n, what);
  };
  if (s.batch < 1 || s.batch > INT32_MAX || s.m < 1 || s.n < 1 || s.k < 1)
    return bad("sizes must be positive");
  Operands o{};
  auto place = [&](uint32_t parameter, bool transposed, int64_t rows, int64_t columns,
                   int64_t row_step, int64_t batch_step, int32_t dtype, Matrix* matrix) {
    if (transposed) std::swap(rows, columns);
    if (rows == 1) row_step = columns;
    if (s.batch == 1) batch_step = 0;
    const uint32_t buffer = launch.buffers()->Get(parameter);
    *matrix = {rows, columns, row_step, batch_step, AlignmentOf(shape, buffer)};
    uint64_t bytes = 0;
    return row_step >= columns && batch_step >= 0 &&
           Extent(s.batch, rows, columns, row_step, batch_step, BytesOf(dtype), &bytes) &&
           bytes <= shape.size_bytes(buffer);
  };
  if (!place(product_.left(), product_.left_transposed(), s.m, s.k, s.left_row, s.left_batch,
             product_.dtype(), &o.left))
    return bad("its left operand does not fit its buffer");
  if (!place(product_.right(), product_.right_transposed(), s.k, s.n, s.right_row, s.right_batch,
             product_.dtype(), &o.right))
    return bad("its right operand does not fit its buffer");
  if (!place(product_.out(), false, s.m, s.n, s.out_row, s.out_batch, product_.out_dtype(), &o.out))
    return bad("its result does not fit its buffer");
  o.addend = o.out;
  if (product_.addend() != kNone && !place(product_.addend(), false, s.m, s.n, s.addend_row,
                                           s.addend_batch, product_.out_dtype(), &o.addend))
    return bad("its addend does not fit its buffer");
  // Results lie behind each other, or their rows side by side. Nothing overflows: they fit.
  const Matrix& out = o.out;
  if (s.batch > 1 && out.batch_step < (out.rows - 1) * out.row_step + out.columns &&
      (out.batch_step < out.columns ||
       (out.rows > 1 && out.row_step < (s.batch - 1) * out.batch_step + out.columns)))
    return bad("its results overlap");
  if (product_.bias() != kNone) {
    const uint32_t bias = launch.buffers()->Get(product_.bias());
    if (static_cast<uint64_t>(s.n) * BytesOf(product_.out_dtype()) > shape.size_bytes(bias))
      return bad("its bias does not fit its buffer");
    o.bias_alignment = AlignmentOf(shape, bias);
  }
  return o;
}

Status LibraryProduct::MakeDesc() {
  cublasLtMatmulDesc_t desc = nullptr;
  MLC_LT(library_, cublasLtMatmulDescCreate, &desc, CUBLAS_COMPUTE_32F, CUDA_R_32F);
  desc_ = MatmulDesc(library_, desc);
  auto set = [&](cublasLtMatmulDescAttributes_t attribute, int32_t value) -> Status {
    MLC_LT(library_, cublasLtMatmulDescSetAttribute, desc, attribute, &value, sizeof value);
    return Ok();
  };
  MLC_TRY(
      set(CUBLASLT_MATMUL_DESC_TRANSA, product_.right_transposed() ? CUBLAS_OP_T : CUBLAS_OP_N));
  MLC_TRY(set(CUBLASLT_MATMUL_DESC_TRANSB, product_.left_transposed() ? CUBLAS_OP_T : CUBLAS_OP_N));
  int32_t epilogue = 0;
  if (product_.bias() != kNone) epilogue |= CUBLASLT_EPILOGUE_BIAS;
  if (product_.activation() == plan::Activation::Relu) epilogue |= CUBLASLT_EPILOGUE_RELU;
  if (product_.activation() == plan::Activation::GeluTanh) epilogue |= CUBLASLT_EPILOGUE_GELU;
  return set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue == 0 ? CUBLASLT_EPILOGUE_DEFAULT : epilogue);
}

Status LibraryProduct::MakeLayout(const Matrix& matrix, int32_t dtype, MatrixLayout& layout) const {
  cublasLtMatrixLayout_t made = nullptr;
  MLC_LT(library_, cublasLtMatrixLayoutCreate, &made, TypeOf(dtype),
         static_cast<uint64_t>(matrix.columns), static_cast<uint64_t>(matrix.rows),
         matrix.row_step);
  layout = MatrixLayout(library_, made);
  const auto batch = static_cast<int32_t>(SizesOf(step_).batch);
  if (batch == 1) return Ok();
  MLC_LT(library_, cublasLtMatrixLayoutSetAttribute, made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT,
         &batch, sizeof batch);
  MLC_LT(library_, cublasLtMatrixLayoutSetAttribute, made,
         CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &matrix.batch_step, sizeof matrix.batch_step);
  return Ok();
}

Status LibraryProduct::MakeDescriptors(const Operands& operands) {
  MLC_TRY(MakeDesc());
  MLC_TRY(MakeLayout(operands.left, product_.dtype(), left_));
  MLC_TRY(MakeLayout(operands.right, product_.dtype(), right_));
  MLC_TRY(MakeLayout(operands.addend, product_.out_dtype(), addend_));
  return MakeLayout(operands.out, product_.out_dtype(), out_);
}

// `*algorithm` is the first of the library's list.
Status LibraryProduct::Ask(const Operands& operands, cublasLtMatmulAlgo_t* algorithm) const {
  cublasLtMatmulPreference_t made = nullptr;
  MLC_LT(library_, cublasLtMatmulPreferenceCreate, &made);
  const MatmulPreference preference(library_, made);
  const uint64_t workspace_bytes = product_.workspace_bytes();
  MLC_LT(library_, cublasLtMatmulPreferenceSetAttribute, made,
         CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes, sizeof workspace_bytes);
  const std::pair<cublasLtMatmulPreferenceAttributes_t, uint32_t> alignments[] = {
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, operands.right.alignment},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, operands.left.alignment},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, operands.addend.alignment},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, operands.out.alignment}};
  for (const auto& [attribute, bytes] : alignments)
    MLC_LT(library_, cublasLtMatmulPreferenceSetAttribute, made, attribute, &bytes, sizeof bytes);
  if (product_.bias() != kNone) {
    // NOTE: not read, but its lowest bit says how the bias is aligned.
    const auto address = static_cast<uintptr_t>(operands.bias_alignment);
    MLC_LT(library_, cublasLtMatmulDescSetAttribute, desc_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER,
           &address, sizeof address);
  }
  cublasLtMatmulHeuristicResult_t result{};
  int found = 0;
  const cublasStatus_t status = library_.table().cublasLtMatmulAlgoGetHeuristic(
      library_.handle(), desc_.get(), right_.get(), left_.get(), addend_.get(), out_.get(), made, 1,
      &result, &found);
  if (status != CUBLAS_STATUS_NOT_SUPPORTED)
    MLC_TRY(library_.Check(status, "cublasLtMatmulAlgoGetHeuristic"));
  const Sizes s = SizesOf(step_);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED || found < 1 || result.state != CUBLAS_STATUS_SUCCESS ||
      result.workspaceSize > workspace_bytes)
    return Error(MLC_STATUS_UNSUPPORTED,
                 "cuBLASLt has no algorithm for a product of %" PRId64 " x (%" PRId64 " x %" PRId64
                 " by %" PRId64 ") here: compile without --library=cublaslt",
                 s.batch, s.m, s.k, s.n);
  *algorithm = result.algo;
  return Ok();
}

Status LibraryProduct::Choose(const Operands& o) {
  Library::Key key(step_.scalars, step_.scalars + 12);
  for (int64_t value :
       {int64_t{product_.dtype()}, int64_t{product_.out_dtype()},
        int64_t{product_.left_transposed()}, int64_t{product_.right_transposed()},
        static_cast<int64_t>(product_.activation()), int64_t{product_.bias() != kNone},
        static_cast<int64_t>(product_.workspace_bytes()), int64_t{o.left.alignment},
        int64_t{o.right.alignment}, int64_t{o.out.alignment}, int64_t{o.addend.alignment},
        int64_t{product_.addend() != kNone}, int64_t{o.bias_alignment}})
    key.push_back(value);
  MLC_TRY_ASSIGN(algorithm_, library_.AlgorithmOf(key, [&](cublasLtMatmulAlgo_t* algorithm) {
    return Ask(o, algorithm);
  }));
  return Ok();
}

Result<std::unique_ptr<LibraryProduct>> LibraryProduct::Make(Library& library,
                                                             const ShapePlan& shape,
                                                             const Step& step,
                                                             const plan::Product& product) {
  std::unique_ptr<LibraryProduct> made(new LibraryProduct(library, step, product));
  MLC_TRY_ASSIGN(const Operands operands, made->Check(shape));
  made->left_alignment_ = operands.left.alignment;
  made->right_alignment_ = operands.right.alignment;
  made->out_alignment_ = operands.out.alignment;
  made->addend_alignment_ = operands.addend.alignment;
  made->bias_alignment_ = operands.bias_alignment;
  Status status = made->MakeDescriptors(operands);
  if (status.ok()) status = made->Choose(operands);
  if (!status.ok())
    return Error(status.code(), "%s: %s",
                 DescribeInstruction(shape.bound(), *step.instruction).c_str(), status.message());
  return made;
}

Status LibraryProduct::Run(CUstream stream) const {
  void* const left = operand(product_.left());
  void* const right = operand(product_.right());
  void* const out = operand(product_.out());
  void* const addend = product_.addend() == kNone ? out : operand(product_.addend());
  void* const bias = product_.bias() == kNone ? nullptr : operand(product_.bias());
  if (!IsAligned(left, left_alignment_) || !IsAligned(right, right_alignment_) ||
      !IsAligned(out, out_alignment_) || !IsAligned(addend, addend_alignment_) ||
      (bias && !IsAligned(bias, bias_alignment_)))
    return Error(MLC_STATUS_INVALID_ARGUMENT,
                 "cuBLASLt takes inputs and outputs that lie at multiples of %u bytes",
                 kCallerAlignment);
  if (bias)
    MLC_LT(library_, cublasLtMatmulDescSetAttribute, desc_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER,
           &bias, sizeof bias);
  const float one = 1, zero = 0;
  MLC_LT(library_, cublasLtMatmul, library_.handle(), desc_.get(), &one, right, right_.get(), left,
         left_.get(), addend == out ? &zero : &one, addend, addend_.get(), out, out_.get(),
         &algorithm_, operand(product_.workspace()), product_.workspace_bytes(), stream);
  return Ok();
}

}  // namespace mlc::runtime::cuda
