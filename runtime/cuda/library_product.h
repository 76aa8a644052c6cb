// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One launch of a product that cuBLASLt computes (plan.fbs, Product), at one shape: its descriptors
// and its algorithm, fixed when it is made, so that every run gives the same bits.
#ifndef MLC_RUNTIME_CUDA_LIBRARY_PRODUCT_H
#define MLC_RUNTIME_CUDA_LIBRARY_PRODUCT_H

#include "runtime/cuda/cublaslt.h"
#include "runtime/exec/shape_plan.h"

namespace mlc::runtime::cuda {

class LibraryProduct {
 public:
  // Of a launch whose grid is not 0. The shape and the library outlive it; the context is current.
  // BAD_PLAN: an operand leaves its buffer. UNSUPPORTED: the library has no algorithm.
  // OUT_OF_MEMORY, DEVICE_FAILED. All name the node.
  static Result<std::unique_ptr<LibraryProduct>> Make(Library& library, const ShapePlan& shape,
                                                      const Step& step,
                                                      const plan::Product& product);

  // Enqueues it with the buffers that the shape is bound to; a stream that is captured records it.
  // INVALID_ARGUMENT: a tensor of the caller lies at no multiple of 16 bytes.
  Status Run(CUstream stream) const;

 private:
  // How a matrix lies: `rows` of `columns` neighbours each, steps in elements.
  struct Matrix {
    int64_t rows, columns, row_step, batch_step;
    uint32_t alignment;
  };
  struct Operands {
    Matrix left, right, out, addend;  // without an addend out again, which is not read then
    uint32_t bias_alignment;
  };

  LibraryProduct(Library& library, const Step& step, const plan::Product& product)
      : library_(library), step_(step), product_(product) {}
  Result<Operands> Check(const ShapePlan& shape) const;
  Status MakeDescriptors(const Operands& operands);
  Status MakeDesc();
  Status MakeLayout(const Matrix& matrix, int32_t dtype, MatrixLayout& layout) const;
  Status Choose(const Operands& operands);
  Status Ask(const Operands& operands, cublasLtMatmulAlgo_t* algorithm) const;
  void* operand(uint32_t parameter) const { return step_.buffers[parameter]; }

  Library& library_;
  const Step& step_;
  const plan::Product& product_;
  MatmulDesc desc_;
  MatrixLayout left_, right_, out_, addend_;
  cublasLtMatmulAlgo_t algorithm_{};
  uint32_t left_alignment_ = 0, right_alignment_ = 0, out_alignment_ = 0, bias_alignment_ = 0,
           addend_alignment_ = 0;
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_LIBRARY_PRODUCT_H
