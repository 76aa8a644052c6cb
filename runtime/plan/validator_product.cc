// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Products that a library computes. Whether they stay inside of their buffers depends on the
// shapes: cuda/library_product looks at each before it runs.
#include <iterator>

#include "mlc/runtime.h"
#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

constexpr uint32_t kProductScalars = 12;  // plan.fbs, Product

bool IsParameter(const plan::Kernel& kernel, uint32_t index, plan::Access access) {
  return index < Count(kernel.params()) && kernel.params()->GetEnum<plan::Access>(index) == access;
}

bool HasGoodOperands(const plan::Kernel& kernel, const plan::Product& product) {
  const uint32_t operands[] = {product.left(),   product.right(), product.bias(),
                               product.addend(), product.out(),   product.workspace()};
  for (size_t i = 0; i < std::size(operands); ++i)
    for (size_t k = 0; k < i; ++k)
      if (operands[i] == operands[k] && operands[i] != kNone) return false;
  return IsParameter(kernel, product.left(), plan::Access::Read) &&
         IsParameter(kernel, product.right(), plan::Access::Read) &&
         (product.bias() == kNone || IsParameter(kernel, product.bias(), plan::Access::Read)) &&
         (product.addend() == kNone || IsParameter(kernel, product.addend(), plan::Access::Read)) &&
         IsParameter(kernel, product.out(), plan::Access::Write) &&
         IsParameter(kernel, product.workspace(), plan::Access::ReadWrite);
}

bool HasGoodTypes(const plan::Product& product) {
  const int32_t type = product.dtype(), out = product.out_dtype();
  return (type == MLC_DTYPE_FLOAT32 || type == MLC_DTYPE_FLOAT16 || type == MLC_DTYPE_BFLOAT16) &&
         (out == type || out == MLC_DTYPE_FLOAT32) && product.activation() <= plan::Activation::MAX;
}

}  // namespace

Status ValidateProduct(const ValidatorContext& context, const plan::Target& target,
                       const plan::Kernel& kernel) {
  const char* name = Text(kernel.name());
  MLC_CHECK(library_feature,
            IsCuda(target) && HasFeature(context.plan, "cublaslt") && kernel.threads() == 0 &&
                kernel.shared_bytes() == 0 && kernel.code_size() == 0,
            "target '%.64s', kernel '%.64s'", Text(target.arch()), name);
  MLC_CHECK(library_operands, HasGoodOperands(kernel, *kernel.product()), "kernel '%.64s'", name);
  MLC_CHECK(library_types, HasGoodTypes(*kernel.product()), "kernel '%.64s'", name);
  MLC_CHECK(library_scalars, kernel.num_scalars() == kProductScalars, "kernel '%.64s'", name);
  return Ok();
}

Status ValidateProductLaunch(const ValidatorContext& context, const plan::Entry& entry,
                             const plan::Program& program, const plan::Product& product,
                             const plan::Launch& launch) {
  const uint32_t buffer = launch.buffers()->Get(product.workspace());
  const int64_t size_bytes = ConstantValue(entry, program.buffers()->Get(buffer)->size());
  MLC_CHECK(library_workspace,
            size_bytes >= 0 && static_cast<uint64_t>(size_bytes) >= product.workspace_bytes(),
            "buffer %u", buffer);
  return Ok();
}

}  // namespace mlc::runtime
