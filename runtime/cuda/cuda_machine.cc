// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cuda_machine.h"

#include "runtime/exec/executor.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {

Status LaunchBuilder::Build(const BoundProgram& bound, const Step& step, CudaLaunch* out_launch) {
  const plan::Launch& launch = *step.instruction->op_as_Launch();
  const plan::Kernel& kernel = *bound.target->kernels()->Get(launch.kernel());
  if (step.grid > INT32_MAX)
    return Error(MLC_STATUS_OUT_OF_RANGE, "%s: the shapes need %lld thread blocks, more than a launch can have",
                 DescribeInstruction(bound, *step.instruction).c_str(), static_cast<long long>(step.grid));
  params_.clear();
  for (uint32_t i = 0; i < Count(launch.buffers()); ++i) params_.push_back(const_cast<void**>(&step.buffers[i]));
  for (uint32_t i = 0; i < Count(launch.scalars()); ++i) params_.push_back(const_cast<int64_t*>(&step.scalars[i]));
  params_.push_back(&fault_);
  *out_launch = {bound.image->functions()[launch.kernel()], static_cast<unsigned>(step.grid), kernel.threads(),
                 kernel.shared_bytes(), kernel.cluster(), params_.data()};
  return Ok();
}

Result<std::unique_ptr<CudaMachine>> CudaMachine::Create(const CudaDevice& device, CUstream stream, int* fault) {
  std::unique_ptr<CudaMachine> machine(new CudaMachine(device, stream, fault));
  MLC_CUDA(device.driver(), EventCreate(&machine->start_, 0));
  MLC_CUDA(device.driver(), EventCreate(&machine->stop_, 0));
  return machine;
}

CudaMachine::~CudaMachine() {
  for (CUevent event : {start_, stop_})
    if (event) device_.driver().EventDestroy(event);
}

Status CudaMachine::Launch(const Step& step) {
  CudaLaunch launch;
  MLC_TRY(launches_.Build(*bound_, step, &launch));
  CUlaunchAttribute cluster{};
  cluster.id = kLaunchClusterDimension;
  cluster.value.cluster = {launch.cluster, 1, 1};
  const CUlaunchConfig config{launch.grid, 1, 1, launch.threads, 1, 1, launch.shared_bytes, stream_, &cluster, launch.cluster > 1 ? 1u : 0u};
  const Driver& driver = device_.driver();
  Status status = driver.Check(driver.LaunchKernelEx(&config, launch.function, launch.params, nullptr), "LaunchKernelEx");
  if (status.ok() && checks_each_) {
    status = driver.Check(driver.StreamSynchronize(stream_), "StreamSynchronize");
    if (status.ok() && *fault_ != 0) status = Error(MLC_STATUS_DATA_FAULT, "%s", FaultText(*fault_));
  }
  if (status.ok()) return status;
  return Error(status.code(), "%s: %s", DescribeInstruction(*bound_, *step.instruction).c_str(), status.message());
}

Status CudaMachine::Copy(char* to, const char* from, uint64_t size_bytes) {
  MLC_CUDA(device_.driver(), MemcpyDtoDAsync(reinterpret_cast<CUdeviceptr>(to), reinterpret_cast<CUdeviceptr>(from), size_bytes, stream_));
  return Ok();
}

Status CudaMachine::Read(void* to, const char* from, uint64_t size_bytes) {
  MLC_CUDA(device_.driver(), MemcpyDtoHAsync(to, reinterpret_cast<CUdeviceptr>(from), size_bytes, stream_));
  MLC_CUDA(device_.driver(), StreamSynchronize(stream_));
  return Ok();
}

Status CudaMachine::Write(char* to, const void* from, uint64_t size_bytes) {
  MLC_CUDA(device_.driver(), MemcpyHtoDAsync(reinterpret_cast<CUdeviceptr>(to), from, size_bytes, stream_));
  return Ok();
}

Status CudaMachine::StartTimer() {
  MLC_CUDA(device_.driver(), EventRecord(start_, stream_));
  return Ok();
}

Status CudaMachine::StopTimer(uint64_t* out_elapsed_ns) {
  const Driver& driver = device_.driver();
  MLC_CUDA(driver, EventRecord(stop_, stream_));
  MLC_CUDA(driver, EventSynchronize(stop_));
  float milliseconds = 0;
  MLC_CUDA(driver, EventElapsedTime(&milliseconds, start_, stop_));
  *out_elapsed_ns = static_cast<uint64_t>(static_cast<double>(milliseconds) * 1e6);
  return Ok();
}

}  // namespace mlc::runtime
