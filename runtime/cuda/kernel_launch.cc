// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/kernel_launch.h"

#include <cinttypes>

#include "runtime/cuda/tensor_maps.h"
#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

constexpr int64_t kMaxGrid = 0x7fffffff;  // along x, for every capability since 3.0

}  // namespace

Result<LaunchParams> LaunchParams::Build(const ShapePlan& shape, int32_t* faults,
                                         const PlanOnDevice& code) {
  LaunchParams made;
  const uint32_t count = NumInstructions(*shape.bound().program);
  made.first_.resize(count + 1);
  if (code.library()) made.products_.resize(count);
  for (uint32_t i = 0; i < count; ++i) made.fault_pointers_.push_back(faults + i);
  for (uint32_t block = 0; block < shape.num_blocks(); ++block) {
    for (const Step& step : shape.block(block)) {
      made.first_[step.number] = made.params_.size();  // blocks follow each other by number
      const plan::Launch* launch = step.instruction->op_as_Launch();
      if (!launch) continue;
      if (step.grid > kMaxGrid)
        return Error(
            MLC_STATUS_OUT_OF_RANGE, "%s would need %" PRId64 " blocks, CUDA allows %" PRId64,
            DescribeInstruction(shape.bound(), *step.instruction).c_str(), step.grid, kMaxGrid);
      for (uint32_t i = 0; i < Count(launch->buffers()); ++i)
        made.params_.push_back(const_cast<void**>(step.buffers + i));
      for (uint32_t i = 0; i < Count(launch->scalars()); ++i)
        made.params_.push_back(const_cast<int64_t*>(step.scalars + i));
      made.params_.push_back(&made.fault_pointers_[step.number]);
      for (const plan::TensorMap* row : Items(code.kernels()[step.kernel].tensor_maps)) {
        made.maps_.push_back({&step, row});
        made.params_.push_back(&made.maps_.back().value);
      }
      const plan::Product* product = code.kernels()[step.kernel].product;
      if (product && step.grid > 0) {
        MLC_TRY_ASSIGN(made.products_[step.number],
                       LibraryProduct::Make(*code.library(), shape, step, *product));
      }
    }
  }
  made.first_[count] = made.params_.size();
  return made;
}

Status LaunchParams::EncodeMaps(const Context& context, uint64_t binding) {
  if (binding == encoded_) return Ok();
  for (Map& map : maps_) {
    const void* address = map.step->buffers[map.row->buffer()];
    if (map.step->grid == 0 || map.made_for == address) continue;
    map.made_for.reset();
    MLC_TRY(EncodeTensorMap(context, *map.step, *map.row, &map.value));
    map.made_for = address;
  }
  encoded_ = binding;
  return Ok();
}

uint32_t NumInstructions(const plan::Program& program) {
  uint32_t count = 0;
  for (const plan::Block* block : Items(program.blocks())) count += Count(block->instructions());
  return count;
}

bool MayStartEarly(const std::vector<Kernel>& kernels, const Step& from, const Step& to) {
  return from.op == plan::Op::Launch && !kernels[from.kernel].product &&
         to.op == plan::Op::Launch && kernels[to.kernel].waits;
}

CUresult LaunchKernel(const Driver& driver, const Kernel& kernel, const Step& step, void** params,
                      CUstream stream, bool starts_early) {
  CUlaunchAttribute attributes[2] = {};
  unsigned num_attributes = 0;
  if (kernel.cluster > 1) {
    CUlaunchAttribute& cluster = attributes[num_attributes++];
    cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
    cluster.value.clusterDim = {kernel.cluster, 1, 1};
  }
  if (starts_early) {
    CUlaunchAttribute& dependent = attributes[num_attributes++];
    dependent.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
    dependent.value.programmaticStreamSerializationAllowed = 1;
  }
  const CUlaunchConfig config = {static_cast<unsigned>(step.grid),
                                 1,
                                 1,
                                 kernel.threads,
                                 1,
                                 1,
                                 kernel.shared_bytes,
                                 stream,
                                 attributes,
                                 num_attributes};
  return driver.cuLaunchKernelEx(&config, kernel.function, params, nullptr);
}

}  // namespace mlc::runtime::cuda
