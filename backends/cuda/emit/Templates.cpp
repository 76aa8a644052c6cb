// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Templates.h"
#include "backends/cuda/emit/Attention.h"
#include "backends/cuda/emit/Depthwise.h"
#include "backends/cuda/emit/Product.h"
#include "backends/cuda/emit/Recurrent.h"
#include "backends/cuda/emit/Stem.h"

using namespace mlir;

namespace mlc::cuda {

FailureOr<Kernel> emitTemplate(TemplateContext c) {
  using Family = FailureOr<Kernel> (*)(TemplateContext);
  static constexpr Family kFamilies[] = { // the first that takes the region
      emitAttention,
      emitRecurrent,
      emitDepthwise,
      emitStem,
      emitProduct,
  };
  for (Family family : kFamilies)
    if (auto kernel = family(c); succeeded(kernel)) {
      // A family of one configuration has nothing else to give.
      kernel->isOnly |= c.refused.contains(kernel->source);
      return kernel;
    }
  return failure();
}

} // namespace mlc::cuda
