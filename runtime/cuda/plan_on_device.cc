// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/plan_on_device.h"

#include <array>
#include <chrono>

#include "runtime/cuda/weights.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime::cuda {
namespace {

constexpr size_t kLogBytes = 8192;
constexpr unsigned kDefaultShared = 48 << 10;
constexpr unsigned kPortableCluster = 8;

// Whether another target of the plan may load where this one does not.
bool IsRefusal(CUresult result) {
  return result == CUDA_ERROR_INVALID_IMAGE || result == CUDA_ERROR_NO_BINARY_FOR_GPU ||
         result == CUDA_ERROR_INVALID_PTX || result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
}

// PTX is text that ends with a 0, which a segment need not have.
std::string WithTerminator(const unsigned char* data, uint64_t size_bytes) {
  return std::string(reinterpret_cast<const char*>(data), size_bytes);
}

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

Result<Module> LoadModule(const Context& context, const void* image, const char* arch,
                          const Logger& log, CUresult* out_refused) {
  std::vector<char> errors(kLogBytes), infos(kLogBytes);
  std::array<CUjit_option, 4> options = {CU_JIT_ERROR_LOG_BUFFER,
                                         CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, CU_JIT_INFO_LOG_BUFFER,
                                         CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES};
  void* const size = reinterpret_cast<void*>(kLogBytes - 1);
  std::array<void*, 4> values = {errors.data(), size, infos.data(), size};
  CUmodule module = nullptr;
  const CUresult result = context.driver().cuModuleLoadDataEx(&module, image, options.size(),
                                                              options.data(), values.data());
  if (infos[0]) log.Log(MLC_LOG_DEBUG, "%s code: %s", arch, infos.data());
  if (result == CUDA_SUCCESS) return Module(context, module);
  if (IsRefusal(result)) *out_refused = result;
  const Status failure = context.Check(result, "cuModuleLoadDataEx");
  return Error(failure.code(), "%s (%s code)%s%s", failure.message(), arch, errors[0] ? ": " : "",
               errors.data());
}

}  // namespace

Result<std::shared_ptr<PlanOnDevice>> PlanOnDevice::Load(CudaDevice& device, mlc_plan& plan,
                                                         uint32_t target, CUresult* out_refused) {
  auto loaded = std::make_shared<PlanOnDevice>();
  loaded->target_ = target;
  const auto start = std::chrono::steady_clock::now();
  WeightsUpload upload(device);
  MLC_TRY(upload.Start(plan, target));
  const double staged_ms = MillisecondsSince(start);
  MLC_TRY(loaded->LoadCode(device, plan, out_refused));
  const double code_ms = MillisecondsSince(start) - staged_ms;
  MLC_TRY(upload.Finish());
  device.log.Log(MLC_LOG_INFO,
                 "%s: loaded in %.1f ms: %.1f until the last weights were staged, %.1f for %zu "
                 "kernels, then %.1f for copies",
                 device.name.c_str(), MillisecondsSince(start), staged_ms, code_ms,
                 loaded->kernels_.size(), MillisecondsSince(start) - staged_ms - code_ms);
  loaded->weights_ = upload.TakeMemory();
  loaded->constants_ = upload.TakeConstants();
  return loaded;
}

// All kernels, but those of code without their functions.
Status PlanOnDevice::LoadProducts(const Context& context, const plan::Target& target) {
  for (const plan::Kernel* row : Items(target.kernels())) {
    kernels_.emplace_back().product = row->product();
    if (row->product() && !library_) {
      MLC_TRY_ASSIGN(library_, Library::Open(context));
    }
  }
  return Ok();
}

Status PlanOnDevice::LoadCode(CudaDevice& device, const mlc_plan& plan, CUresult* out_refused) {
  const plan::Target& target = *plan.file.plan().targets()->Get(target_);
  const Context& context = device.context();
  MLC_TRY(LoadProducts(context, target));
  if (target.code_segment() == kNone) return Ok();  // nothing but copies and products
  const plan::Segment& segment = *plan.file.plan().segments()->Get(target.code_segment());
  const unsigned char* data = plan.file.SegmentData(target.code_segment());
  std::string text;
  if (segment.kind() == plan::SegmentKind::Ptx) text = WithTerminator(data, segment.size());
  MLC_TRY_ASSIGN(module_,
                 LoadModule(context, text.empty() ? static_cast<const void*>(data) : text.c_str(),
                            Text(target.arch()), device.log, out_refused));
  for (uint32_t i = 0; i < kernels_.size(); ++i) {
    const plan::Kernel* row = target.kernels()->Get(i);
    if (row->product()) continue;
    Kernel& kernel = kernels_[i];
    kernel.threads = row->threads();
    kernel.shared_bytes = row->shared_bytes();
    kernel.cluster = row->cluster();
    kernel.waits = row->waits();
    kernel.tensor_maps = row->tensor_maps();
    const CUresult result =
        context.driver().cuModuleGetFunction(&kernel.function, module_.get(), Text(row->name()));
    if (result == CUDA_ERROR_NOT_FOUND)
      return Error(MLC_STATUS_BAD_PLAN, "damaged plan: its %s code has no kernel '%s'",
                   Text(target.arch()), Text(row->name()));
    MLC_TRY(context.Check(result, "cuModuleGetFunction"));
    if (kernel.shared_bytes > kDefaultShared)
      MLC_CU(context, cuFuncSetAttribute, kernel.function,
             CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
             static_cast<int>(kernel.shared_bytes));
    if (kernel.cluster > kPortableCluster)
      MLC_CU(context, cuFuncSetAttribute, kernel.function,
             CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1);
  }
  return Ok();
}

}  // namespace mlc::runtime::cuda
