// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cuda_image.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/base/checked_math.h"
#include "runtime/cuda/cuda_device.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/exec/device.h"
#include "runtime/exec/loaded_plan.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {
namespace {

constexpr uint64_t kConstantAlignment = 256;

// "sm_90a" and "compute_80" as numbers.
struct Arch {
  int capability = 0;
  bool is_ptx = false, is_exact = false;  // exact: code for one architecture only ("sm_90a")
};

Arch ParseArch(const char* text) {
  Arch arch;
  arch.is_ptx = std::strncmp(text, "compute_", 8) == 0;
  char* end = nullptr;
  const char* digits = std::strchr(text, '_');
  arch.capability = digits ? static_cast<int>(std::strtol(digits + 1, &end, 10)) : 0;
  arch.is_exact = end && *end == 'a';
  return arch;
}

// 0: it cannot run; the higher the better.
int Fitness(const Arch& arch, const CudaDevice& device) {
  const int ours = device.capability();
  if (arch.is_ptx) return arch.capability <= ours && !arch.is_exact ? 1 : 0;
  if (arch.capability == ours) return arch.is_exact ? 2000 : 1000 + arch.capability;
  if (arch.is_exact || arch.capability / 10 != ours / 10 || arch.capability > ours) return 0;
  return arch.capability;
}

}  // namespace

Result<uint32_t> ChooseCudaTarget(const plan::Plan& plan, const plan::Entry& entry, const CudaDevice& device, bool force_ptx) {
  uint32_t best = kNone;
  int best_fitness = 0;
  std::string refused;
  auto refuse = [&](const plan::Target& target, const std::string& why) {
    refused += std::string(refused.empty() ? "" : "; ") + Text(target.arch()) + " " + why;
  };
  for (const plan::Program* program : Items(entry.programs())) {
    if (Count(program->bucket()) > 0) continue;  // behind the generic one of its target
    const plan::Target& target = *plan.targets()->Get(program->target());
    if (std::strcmp(Text(target.triple()), MLC_CUDA_TRIPLE) != 0) {
      refuse(target, "is no GPU code");
      continue;
    }
    const Arch arch = ParseArch(Text(target.arch()));
    const int fitness = force_ptx && !arch.is_ptx ? 0 : Fitness(arch, device);
    if (force_ptx && !arch.is_ptx)
      refuse(target, "is not asked for");
    else if (fitness == 0)
      refuse(target, "is for other GPUs");
    else if (static_cast<int>(target.min_cuda()) > device.driver_version())
      refuse(target, "needs a driver for CUDA " + std::to_string(target.min_cuda() / 1000) + (target.min_cuda() >= 13000 ? " (580 or later)" : ""));
    else if (fitness > best_fitness)
      best = program->target(), best_fitness = fitness;
  }
  if (best != kNone) return best;
  return Error(MLC_STATUS_NO_TARGET,
               "nothing in the plan runs on this GPU (%s, compute capability %d.%d, driver for CUDA %d.%d): %s; compile with "
               "--arch sm_%d",
               device.gpu_name().c_str(), device.capability() / 10, device.capability() % 10, device.driver_version() / 1000,
               device.driver_version() % 1000 / 10, refused.empty() ? "it has no programs" : refused.c_str(),
               device.capability());
}

Result<std::shared_ptr<const CudaImage>> CudaImage::Load(mlc_device& device, const mlc_plan& plan, uint32_t target) {
  std::shared_ptr<CudaImage> image(new CudaImage(*device.cuda));
  MLC_TRY(device.cuda->MakeCurrent());
  MLC_TRY(image->LoadModule(plan, *plan.file.plan().targets()->Get(target)));
  MLC_TRY(image->Upload(device, plan, target));
  return std::shared_ptr<const CudaImage>(std::move(image));
}

CudaImage::~CudaImage() {
  if (module_ && device_.MakeCurrent().ok()) device_.driver().ModuleUnload(module_);
}

Status CudaImage::LoadModule(const mlc_plan& plan, const plan::Target& target) {
  if (Count(target.kernels()) == 0) return Ok();
  const Driver& driver = device_.driver();
  const plan::Segment& segment = *plan.file.plan().segments()->Get(target.code_segment());
  const char* code = reinterpret_cast<const char*>(plan.file.SegmentData(target.code_segment()));
  std::string text;  // PTX must end with a zero
  if (segment.kind() == plan::SegmentKind::Ptx) {
    text.assign(code, segment.size());
    code = text.c_str();
  }
  char log[4096] = {};
  int options[] = {kJitErrorLog, kJitErrorLogBytes};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log - 1)};
  const CUresult result = driver.ModuleLoadDataEx(&module_, code, 2, options, values);
  if (result == kCudaInvalidImage || result == kCudaNoBinaryForGpu || result == kCudaUnsupportedPtx || result == 218)
    return Error(MLC_STATUS_NO_TARGET, "the driver refuses the plan's %s code: %s%s%s", Text(target.arch()),
                 driver.Check(result, "ModuleLoadDataEx").message(), log[0] ? "\n" : "", log);
  MLC_TRY(driver.Check(result, "ModuleLoadDataEx"));
  for (const plan::Kernel* kernel : Items(target.kernels())) {
    CUfunction function = nullptr;
    if (driver.ModuleGetFunction(&function, module_, Text(kernel->name())) != kCudaSuccess)
      return Error(MLC_STATUS_BAD_PLAN, "the plan's %s code has no kernel '%s'", Text(target.arch()), Text(kernel->name()));
    if (kernel->shared_bytes() > 0)
      MLC_CUDA(driver, FuncSetAttribute(function, kFunctionMaxDynamicShared, static_cast<int>(kernel->shared_bytes())));
    functions_.push_back(function);
  }
  return Ok();
}

Status CudaImage::Upload(mlc_device& device, const mlc_plan& plan, uint32_t target) {
  const uint32_t count = Count(plan.file.plan().constants());
  std::vector<bool> used(count);
  for (const plan::Entry* entry : Items(plan.file.plan().entries()))
    for (const plan::Program* program : Items(entry->programs()))
      if (program->target() == target)
        for (const plan::Buffer* buffer : Items(program->buffers()))
          if (buffer->kind() == plan::BufferKind::Constant) used[buffer->index()] = true;
  std::vector<uint64_t> offsets(count);
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (!used[i]) continue;
    offsets[i] = total;
    uint64_t padded = 0;
    if (!CheckedAlignUp<uint64_t>(plan.file.plan().constants()->Get(i)->size(), kConstantAlignment, &padded) ||
        !CheckedAdd(total, padded, &total))
      return Error(MLC_STATUS_OUT_OF_RANGE, "the plan's weights overflow");
  }
  MLC_TRY_ASSIGN(weights_, DeviceMemory::Allocate(device.allocator, total));
  constants_.assign(count, nullptr);
  const Driver& driver = device_.driver();
  for (uint32_t i = 0; i < count; ++i) {
    if (!used[i]) continue;
    constants_[i] = weights_.data() + offsets[i];
    if (const uint64_t size = plan.file.plan().constants()->Get(i)->size(); size > 0)
      MLC_CUDA(driver, MemcpyHtoDAsync(reinterpret_cast<CUdeviceptr>(constants_[i]), plan.file.ConstantData(i), size, nullptr));
  }
  MLC_CUDA(driver, StreamSynchronize(nullptr));
  return Ok();
}

}  // namespace mlc::runtime
