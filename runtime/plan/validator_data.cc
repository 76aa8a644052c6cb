// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Segments, constants, targets and kernels.
#include "runtime/base/dtype.h"
#include "runtime/plan/format.h"
#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

Status ValidateSegments(const ValidatorContext& context) {
  uint64_t end = context.extent.header_end_bytes;
  for (uint32_t i = 0; i < Count(context.plan.segments()); ++i) {
    const plan::Segment& segment = *context.plan.segments()->Get(i);
    MLC_CHECK(segment_kind, segment.kind() <= plan::SegmentKind::MAX, "segment %u", i);
    MLC_CHECK(segment_order, segment.offset() >= end, "segment %u", i);
    const uint64_t alignment = segment.kind() == plan::SegmentKind::HostCode  ? kCodeAlignment
                               : segment.kind() == plan::SegmentKind::Weights ? kWeightsAlignment
                                                                              : 1;
    MLC_CHECK(segment_align, segment.offset() % alignment == 0, "segment %u", i);
    MLC_CHECK(segment_bounds,
              segment.offset() <= context.extent.file_bytes &&
                  segment.size() <= context.extent.file_bytes - segment.offset(),
              "segment %u", i);
    end = segment.offset() + segment.size();
  }
  return Ok();
}

bool HasSizeOfDims(const plan::Constant& constant) {
  int64_t size_bytes = 0;
  const int64_t* dims = constant.dims() ? constant.dims()->data() : nullptr;
  return DenseSizeBytes(constant.dtype(), dims, Count(constant.dims()), &size_bytes) &&
         static_cast<uint64_t>(size_bytes) == constant.size();
}

Status ValidateConstant(const ValidatorContext& context, uint32_t index) {
  const plan::Constant& constant = *context.plan.constants()->Get(index);
  const char* name = Text(constant.name());
  const plan::Segment* segment = constant.segment() < Count(context.plan.segments())
                                     ? context.plan.segments()->Get(constant.segment())
                                     : nullptr;
  MLC_CHECK(constant_segment, segment && segment->kind() == plan::SegmentKind::Weights,
            "constant %u '%.64s'", index, name);
  MLC_CHECK(constant_align, constant.offset() % kWeightsAlignment == 0, "constant %u '%.64s'",
            index, name);
  MLC_CHECK(constant_bounds,
            constant.offset() <= segment->size() &&
                constant.size() <= segment->size() - constant.offset(),
            "constant %u '%.64s'", index, name);
  MLC_CHECK(vector_align, IsAligned(constant.dims()), "constant %u '%.64s'", index, name);
  const bool packed = Count(constant.layout()) > 0;
  MLC_CHECK(constant_size, packed || HasSizeOfDims(constant), "constant %u '%.64s'", index, name);
  return Ok();
}

Status ValidateParams(const ValidatorContext& context, const plan::Kernel& kernel) {
  for (uint32_t i = 0; i < Count(kernel.params()); ++i) {
    const plan::Access access = kernel.params()->GetEnum<plan::Access>(i);
    MLC_CHECK(kernel_access, access >= plan::Access::MIN && access <= plan::Access::MAX,
              "kernel '%.64s', parameter %u", Text(kernel.name()), i);
  }
  return Ok();
}

Status ValidateKernel(const ValidatorContext& context, const plan::Kernel& kernel,
                      uint64_t code_bytes) {
  MLC_CHECK(kernel_code,
            kernel.code_size() > 0 && kernel.code_offset() <= code_bytes &&
                kernel.code_size() <= code_bytes - kernel.code_offset(),
            "kernel '%.64s'", Text(kernel.name()));
  return ValidateParams(context, kernel);
}

}  // namespace

Status ValidateData(const ValidatorContext& context) {
  MLC_TRY(ValidateSegments(context));
  for (uint32_t i = 0; i < Count(context.plan.constants()); ++i)
    MLC_TRY(ValidateConstant(context, i));
  return Ok();
}

Status ValidateTargets(const ValidatorContext& context) {
  for (const plan::Target* target : Items(context.plan.targets())) {
    const uint32_t index = target->code_segment();
    const plan::Segment* segment =
        index < Count(context.plan.segments()) ? context.plan.segments()->Get(index) : nullptr;
    const bool is_cuda = IsCuda(*target);
    const bool has_code = segment && (is_cuda ? segment->kind() == plan::SegmentKind::Cubin ||
                                                    segment->kind() == plan::SegmentKind::Ptx
                                              : segment->kind() == plan::SegmentKind::HostCode);
    bool needs_none = index == kNone;
    for (const plan::Kernel* kernel : Items(target->kernels())) needs_none &= !!kernel->product();
    MLC_CHECK(target_code_segment, has_code || needs_none, "target '%.64s'", Text(target->arch()));
    if (is_cuda) MLC_TRY(ValidateCudaTarget(context, *target, segment));
    for (const plan::Kernel* kernel : Items(target->kernels())) {
      if (kernel->product())
        MLC_TRY(ValidateProduct(context, *target, *kernel));
      else if (!is_cuda)
        MLC_TRY(ValidateKernel(context, *kernel, segment->size()));
      if (is_cuda) MLC_TRY(ValidateParams(context, *kernel));
    }
  }
  return Ok();
}

}  // namespace mlc::runtime
