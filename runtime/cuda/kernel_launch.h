// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The arguments of every launch of a shape as the driver wants them, made once, and one launch.
#ifndef MLC_RUNTIME_CUDA_KERNEL_LAUNCH_H
#define MLC_RUNTIME_CUDA_KERNEL_LAUNCH_H

#include <deque>
#include <optional>
#include <vector>

#include "runtime/cuda/library_product.h"
#include "runtime/cuda/plan_on_device.h"
#include "runtime/exec/shape_plan.h"

namespace mlc::runtime::cuda {

// Points into the argument pools of a ShapePlan, so that its Bind is all that a new run needs,
// unless kernels have tensor maps.
class LaunchParams {
 public:
  // faults: an int for each instruction of the program, on the host and the device at once.
  // OUT_OF_RANGE: a grid beyond what a launch can have, naming the node. The errors of
  // LibraryProduct::Make. `code` outlives the result.
  static Result<LaunchParams> Build(const ShapePlan& shape, int32_t* faults,
                                    const PlanOnDevice& code);

  // Makes the tensor maps of all launches for the addresses that the shape is bound to: those whose
  // operand lies elsewhere than when they were made last. `binding` is another number whenever any
  // address is another. The context is current. Errors are those of EncodeTensorMap.
  Status EncodeMaps(const Context& context, uint64_t binding);

  // Of a launch; in the order of runtime/cuda/kernel_abi.h.
  void** of(const Step& step) const {
    return const_cast<void**>(params_.data() + first_[step.number]);
  }

  // What a library computes for a launch whose grid is not 0; null for a kernel.
  const LibraryProduct* product(const Step& step) const {
    return products_.empty() ? nullptr : products_[step.number].get();
  }

  size_t count(const Step& step) const { return first_[step.number + 1] - first_[step.number]; }

 private:
  struct Map {
    const Step* step;
    const plan::TensorMap* row;
    CUtensorMap value{};
    std::optional<const void*> made_for = std::nullopt;
  };

  std::vector<void*> params_;
  std::vector<size_t> first_;             // by instruction, and the end
  std::vector<int32_t*> fault_pointers_;  // by instruction
  std::deque<Map> maps_;                  // in the order of launches; params_ points to them
  uint64_t encoded_ = 0;                  // the binding that all of them were made for
  std::vector<std::unique_ptr<LibraryProduct>> products_;  // by instruction, or none at all
};

// An instruction's number counts those of all blocks of its program.
uint32_t NumInstructions(const plan::Program& program);

// Whether `to`, which comes right behind `from`, may start while that still runs: both are kernels,
// and `to` waits by itself (plan.fbs, Kernel.waits).
bool MayStartEarly(const std::vector<Kernel>& kernels, const Step& from, const Step& to);

// Starts a launch whose grid is not 0. starts_early: while what the stream has before it, a kernel,
// still runs.
CUresult LaunchKernel(const Driver& driver, const Kernel& kernel, const Step& step, void** params,
                      CUstream stream, bool starts_early);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_KERNEL_LAUNCH_H
