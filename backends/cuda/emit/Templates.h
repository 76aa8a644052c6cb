// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The template route: kernels of CUDA C++ (kernels/*.cuh) with their holes filled for a region.
#ifndef MLC_BACKENDS_CUDA_EMIT_TEMPLATES_H
#define MLC_BACKENDS_CUDA_EMIT_TEMPLATES_H

#include "backends/Backend.h"
#include "backends/Tuning.h"
#include "backends/cuda/CudaTarget.h"
#include "dialects/Graph/AssumedSizes.h"

namespace mlc::cuda {

/// What a family may look at.
struct TemplateContext {
  graph::RegionOp region;
  graph::ShapeFacts &facts;
  const Placements &placements;
  const CudaTarget &target;
  const graph::AssumedSizes &sizes;
  const Tuning &tuning;
  const RefusedSources &refused;
};

/// The kernel of the first family that takes the region. Fails, with nothing emitted, when none does: the generic route takes everything.
mlir::FailureOr<Kernel> emitTemplate(TemplateContext context);

} // namespace mlc::cuda

#endif
