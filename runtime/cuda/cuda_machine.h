// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The interpreter's view of a GPU: every instruction goes onto one stream.
#ifndef MLC_RUNTIME_CUDA_CUDA_MACHINE_H
#define MLC_RUNTIME_CUDA_CUDA_MACHINE_H

#include <vector>

#include "runtime/cuda/cuda_device.h"
#include "runtime/exec/machine.h"

namespace mlc::runtime {

// How one launch is configured, with pointers to its parameters. Valid until the next call of LaunchOf.
struct CudaLaunch {
  CUfunction function;
  unsigned grid, threads, shared_bytes, cluster;
  void** params;
};

// Makes launches of steps.
class LaunchBuilder {
 public:
  // `fault`: where kernels report data faults.
  explicit LaunchBuilder(int* fault) : fault_(fault) {}
  // OUT_OF_RANGE: more blocks than a launch can have.
  Status Build(const BoundProgram& bound, const Step& step, CudaLaunch* out_launch);

 private:
  int* fault_;
  std::vector<void*> params_;
};

class CudaMachine final : public Machine {
 public:
  static Result<std::unique_ptr<CudaMachine>> Create(const CudaDevice& device, CUstream stream, int* fault);
  ~CudaMachine();

  void SetProgram(const BoundProgram& bound) { bound_ = &bound; }
  LaunchBuilder& launches() { return launches_; }
  // Makes every launch wait for its end and check for faults, to find the node of one.
  void CheckEachLaunch(bool enabled) { checks_each_ = enabled; }

  Status Launch(const Step& step) override;
  Status Copy(char* to, const char* from, uint64_t size_bytes) override;
  Status Read(void* to, const char* from, uint64_t size_bytes) override;
  Status Write(char* to, const void* from, uint64_t size_bytes) override;
  Status StartTimer() override;
  Status StopTimer(uint64_t* out_elapsed_ns) override;

 private:
  CudaMachine(const CudaDevice& device, CUstream stream, int* fault)
      : device_(device), stream_(stream), fault_(fault), launches_(fault) {}

  const CudaDevice& device_;
  const CUstream stream_;
  int* const fault_;
  LaunchBuilder launches_;
  const BoundProgram* bound_ = nullptr;
  CUevent start_ = nullptr, stop_ = nullptr;
  bool checks_each_ = false;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_CUDA_CUDA_MACHINE_H
