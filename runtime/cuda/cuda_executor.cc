// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cuda_executor.h"

#include <algorithm>
#include <utility>

namespace mlc::runtime {
namespace {

// Kernels read whole vectors: a caller's device memory that is less aligned is copied.
constexpr uintptr_t kVectorBytes = 16;

CUdeviceptr Address(const void* data) { return reinterpret_cast<CUdeviceptr>(data); }

}  // namespace

Result<std::unique_ptr<Executor>> CudaExecutor::Create(mlc_device& device) {
  std::unique_ptr<CudaExecutor> executor(new CudaExecutor(device));
  const CudaDevice& cuda = *device.cuda;
  MLC_TRY(cuda.MakeCurrent());
  MLC_CUDA(cuda.driver(), StreamCreate(&executor->stream_, kStreamNonBlocking));
  MLC_TRY_ASSIGN(executor->fault_memory_, DeviceMemory::Allocate(device.host_memory(), sizeof(int)));
  int* fault = reinterpret_cast<int*>(executor->fault_memory_.data());
  *fault = 0;
  MLC_TRY_ASSIGN(executor->machine_, CudaMachine::Create(cuda, executor->stream_, fault));
  return std::unique_ptr<Executor>(std::move(executor));
}

CudaExecutor::~CudaExecutor() {
  if (!device_.cuda->MakeCurrent().ok()) return;
  graphs_.clear();
  machine_.reset();
  if (stream_) device_.cuda->driver().StreamDestroy(stream_);
}

Status CudaExecutor::Reserve(const MemoryPlan& memory) {
  MLC_TRY(device_.cuda->MakeCurrent());
  if (!arena_.data() || arena_.size_bytes() < memory.peak_bytes) {
    arena_ = DeviceMemory();
    MLC_TRY_ASSIGN(arena_, DeviceMemory::Allocate(device_.allocator, memory.peak_bytes));
  }
  return Ok();
}

// Where the kernels find the tensor: itself when it lies on this GPU.
Status CudaExecutor::Stage(mlc_tensor& tensor, Staged& staged, void** out_data) {
  staged.is_used = tensor.gpu != &device_ || reinterpret_cast<uintptr_t>(tensor.data) % kVectorBytes != 0;
  *out_data = tensor.data;
  if (!staged.is_used) return Ok();
  if (tensor.gpu && tensor.gpu != &device_)
    return Error(MLC_STATUS_INVALID_ARGUMENT, "a tensor lies on another device than the session's, %s", device_.name.c_str());
  if (!staged.memory.data() || staged.memory.size_bytes() < tensor.size_bytes) {
    staged.memory = DeviceMemory();
    MLC_TRY_ASSIGN(staged.memory, DeviceMemory::Allocate(device_.allocator, tensor.size_bytes));
  }
  *out_data = staged.memory.data();
  return Ok();
}

Status CudaExecutor::Run(const SessionRun& run) {
  MLC_TRY(device_.cuda->MakeCurrent());
  const Driver& driver = device_.cuda->driver();
  inputs_.resize(run.inputs.size());
  outputs_.resize(run.outputs.size());
  input_data_.resize(run.inputs.size());
  output_data_.resize(run.outputs.size());
  for (size_t i = 0; i < run.inputs.size(); ++i) {
    mlc_tensor& tensor = *run.inputs[i];
    MLC_TRY(Stage(tensor, inputs_[i], &input_data_[i]));
    if (!inputs_[i].is_used || tensor.size_bytes == 0) continue;
    if (tensor.gpu)
      MLC_CUDA(driver, MemcpyDtoDAsync(Address(input_data_[i]), Address(tensor.data), tensor.size_bytes, stream_));
    else
      MLC_CUDA(driver, MemcpyHtoDAsync(Address(input_data_[i]), tensor.data, tensor.size_bytes, stream_));
  }
  for (size_t i = 0; i < run.outputs.size(); ++i) MLC_TRY(Stage(*run.outputs[i], outputs_[i], &output_data_[i]));
  run.shape.Bind({arena_.data(), input_data_, output_data_, run.shape.bound().image->constants()});
  MLC_TRY(RunInstructions(run));
  for (size_t i = 0; i < run.outputs.size(); ++i) {
    mlc_tensor& tensor = *run.outputs[i];
    if (!outputs_[i].is_used || tensor.size_bytes == 0) continue;
    if (tensor.gpu)
      MLC_CUDA(driver, MemcpyDtoDAsync(Address(tensor.data), Address(output_data_[i]), tensor.size_bytes, stream_));
    else
      MLC_CUDA(driver, MemcpyDtoHAsync(tensor.data, Address(output_data_[i]), tensor.size_bytes, stream_));
  }
  MLC_CUDA(driver, StreamSynchronize(stream_));
  int& fault = *reinterpret_cast<int*>(fault_memory_.data());
  if (fault == 0) [[likely]]
    return Ok();
  return FindFault(run, *machine_, std::exchange(fault, 0));
}

Status CudaExecutor::RunInstructions(const SessionRun& run) {
  const BoundProgram& bound = run.shape.bound();
  machine_->SetProgram(bound);
  if (device_.use_graphs && !run.profile) {
    auto found = std::find_if(graphs_.begin(), graphs_.end(), [&](const auto& graph) { return &graph->bound() == &bound; });
    if (found == graphs_.end()) found = graphs_.insert(found, std::make_unique<CudaGraph>(*device_.cuda, bound));
    if ((*found)->IsDue()) return (*found)->Launch(run.shape, machine_->launches(), stream_);
  }
  return RunProgram({bound, run.shape, *machine_, run.max_loop_iterations, run.cancelled, run.profile});
}

// Runs again, one launch at a time, for the name of the node.
Status CudaExecutor::FindFault(const SessionRun& run, CudaMachine& machine, int32_t fault) {
  machine.CheckEachLaunch(true);
  Status status = RunProgram({run.shape.bound(), run.shape, machine, run.max_loop_iterations, run.cancelled, nullptr});
  machine.CheckEachLaunch(false);
  *reinterpret_cast<int*>(fault_memory_.data()) = 0;
  return status.ok() ? Error(MLC_STATUS_DATA_FAULT, "%s", FaultText(fault)) : std::move(status);
}

}  // namespace mlc::runtime
