// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/host_executor.h"

#include "runtime/base/checked_math.h"
#include "runtime/host/interpreter.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {

Result<std::unique_ptr<Executor>> HostExecutor::Create(mlc_plan& plan, const plan::Entry& entry,
                                                       HostDevice& device) {
  const plan::Plan& table = plan.file.plan();
  MLC_TRY_ASSIGN(const uint32_t index, ChooseHostTarget(table, entry, device.cpu()));
  const plan::Target& target = *table.targets()->Get(index);
  std::vector<mlc_host_kernel> kernels;
  if (Count(target.kernels()) > 0) {
    MLC_TRY_ASSIGN(const HostImage* image, plan.Image(target.code_segment()));
    for (const plan::Kernel* kernel : Items(target.kernels()))
      kernels.push_back(image->Entry(kernel->code_offset()));
  }
  auto constants = std::make_shared<Constants>();
  for (uint32_t i = 0; i < Count(table.constants());
       ++i)  // read-only: the validator has refused writers
    constants->push_back(
        reinterpret_cast<char*>(const_cast<unsigned char*>(plan.file.ConstantData(i))));
  return std::unique_ptr<Executor>(new HostExecutor(
      BindPrograms(plan, entry, index, std::move(constants), ArenaAlignmentOf(target)),
      std::move(kernels), device));
}

Status HostExecutor::CheckTensor(const mlc_tensor& tensor) const {
  if (!tensor.on_device()) return Ok();
  return Error(MLC_STATUS_INVALID_ARGUMENT,
               "the tensor lies on %s but the session runs on the host: copy it first",
               tensor.device->name.c_str());
}

Result<const void*> HostExecutor::ReadElements(size_t, const mlc_tensor& tensor, uint64_t) {
  return static_cast<const void*>(tensor.data);
}

uint64_t HostExecutor::ScratchBytes(const MemoryPlan& memory) const {
  return memory.scratch_bytes * device_.num_threads();
}

// The old block goes before the new one comes, so both are never held.
Status HostExecutor::Reserve(ShapePlan& shape) {
  const MemoryPlan& memory = shape.memory();
  if (!arena_.data() || arena_.size_bytes() < memory.peak_bytes) {
    arena_ = DeviceMemory();
    MLC_TRY_ASSIGN(arena_, DeviceMemory::Allocate(device_.memory(), memory.peak_bytes));
  }
  uint64_t stride = 0, total = 0;
  if (!CheckedAlignUp<uint64_t>(memory.scratch_bytes, 64, &stride) ||
      !CheckedMul<uint64_t>(stride, device_.num_threads(), &total))
    return Error(MLC_STATUS_OUT_OF_RANGE, "the threads' scratch memory overflows");
  if (!scratch_.data() || scratch_.size_bytes() < total) {
    scratch_ = DeviceMemory();
    MLC_TRY_ASSIGN(scratch_, DeviceMemory::Allocate(device_.memory(), total));
  }
  return Ok();
}

Status HostExecutor::Enqueue(ShapePlan& shape, const RunRequest& request, mlc_stream*) {
  input_data_.clear();
  output_data_.clear();
  for (const Ref<mlc_tensor>& input : request.inputs) input_data_.push_back(input->data);
  for (mlc_tensor* output : request.outputs) output_data_.push_back(output->data);
  shape.Bind({arena_.data(), input_data_, output_data_});
  const uint64_t scratch_stride = scratch_.size_bytes() / device_.num_threads();
  return RunProgram({shape.bound(), shape, kernels_, device_.threads(), scratch_.data(),
                     scratch_stride, request.max_loop_iterations, request.cancelled,
                     request.profile});
}

}  // namespace mlc::runtime
