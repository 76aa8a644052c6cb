// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cuda_executor.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/checked_math.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/cuda/memory_source.h"
#include "runtime/cuda/race_check.h"
#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

constexpr size_t kElementBytes = 512;  // 64 elements of 8 bytes (plan.fbs, Symbol)

// NOTE: what grows twice grows with the shapes, step by step in a decoder: it gets three times as
// much again within these bounds, so that hundreds of steps behind the second find room. Under a
// limit it gets as much again: others may need the rest.
constexpr uint64_t kMinHeadroom = uint64_t{16} << 20, kMaxHeadroom = uint64_t{32} << 20;

// What a shape needs besides its plan.
class CudaShape final : public ShapeState {
 public:
  explicit CudaShape(LaunchParams made, uint64_t made_number)
      : params(std::move(made)), number(made_number) {}
  LaunchParams params;
  uint64_t number;                         // of the session's shapes, never used again
  std::vector<std::vector<Piece>> pieces;  // of each block; none without graphs
};

// Places in one block of memory, one behind the other.
struct Places {
  uint64_t total = 0;
  bool fit = true;

  void* Add(uint64_t size_bytes) {
    void* const offset = reinterpret_cast<void*>(total);
    fit = fit && CheckedAdd<uint64_t>(total, size_bytes, &total) &&
          CheckedAlignUp<uint64_t>(total, MLC_CUDA_ALIGNMENT, &total);
    return offset;
  }
};

bool IsCopied(const mlc_tensor& tensor) { return !tensor.on_device() && tensor.size_bytes > 0; }

}  // namespace

CudaExecutor::CudaExecutor(std::vector<BoundProgram> programs, std::shared_ptr<PlanOnDevice> code,
                           CudaDevice& device, const mlc_session_options_t& options)
    : Executor(std::move(programs)),
      device_(device),
      context_(device.context()),
      code_(std::move(code)),
      profile_(device.context()),
      graphs_(device.context(), code_->kernels(), options.cuda_dependent_launch != 0, device.log),
      use_graphs_(options.cuda_graphs != 0),
      has_run_(this->programs().size()) {}

Result<std::unique_ptr<Executor>> CudaExecutor::Create(mlc_plan& plan, const plan::Entry& entry,
                                                       CudaDevice& device,
                                                       const mlc_session_options_t& options) {
  const Current current(device.context());
  MLC_TRY_ASSIGN(std::shared_ptr<PlanOnDevice> code, device.LoadPlan(plan, entry));
  std::vector<BoundProgram> programs =
      BindPrograms(plan, entry, code->target(), code->constants(), MLC_CUDA_ALIGNMENT);
  std::unique_ptr<CudaExecutor> executor(
      new CudaExecutor(std::move(programs), std::move(code), device, options));
  MLC_TRY(executor->Init(Count(entry.inputs())));
  if (options.cuda_inputs_ahead) {
    MLC_TRY_ASSIGN(executor->ring_, InputRing::Create(device.context()));
  }
  return std::unique_ptr<Executor>(std::move(executor));
}

Status CudaExecutor::Init(size_t num_inputs) {
  uint32_t instructions = 0;
  for (const BoundProgram& bound : programs())
    instructions = std::max(instructions, NumInstructions(*bound.program));
  elements_ = (kFaults + instructions * sizeof(int32_t) + 63) & ~size_t{63};
  const size_t pinned_bytes = elements_ + num_inputs * kElementBytes;
  MLC_TRY_ASSIGN(pinned_, DeviceMemory::Allocate(device_.host_memory(), pinned_bytes));
  std::memset(pinned_.data(), 0, pinned_bytes);
  MLC_TRY_ASSIGN(stream_, cuda::MakeStream(context_));
  MLC_TRY_ASSIGN(done_, MakeEvent(context_));
  return Ok();
}

CudaExecutor::~CudaExecutor() { (void)Wait(); }

Status CudaExecutor::CheckTensor(const mlc_tensor& tensor) const {
  if (!tensor.on_device() || tensor.device.get() == &device_) return Ok();
  return Error(MLC_STATUS_INVALID_ARGUMENT,
               "the tensor lies on %s but the session runs on %s: copy it through the host first",
               tensor.device->name.c_str(), device_.name.c_str());
}

Status CudaExecutor::CheckUsable() const {
  if (!failed_ && !context_.lost()) return Ok();
  return Error(MLC_STATUS_DEVICE_FAILED, "%s: %s", device_.name.c_str(),
               context_.lost() ? "the device was lost to this process by an earlier error"
                               : "the session was lost by an earlier error: create a new one");
}

// What earlier runs still write to the tensor must be there.
Result<const void*> CudaExecutor::ReadElements(size_t input, const mlc_tensor& tensor,
                                               uint64_t size_bytes) {
  if (!tensor.on_device()) return static_cast<const void*>(tensor.data);
  MLC_TRY(CheckUsable());
  const Current current(context_);
  char* elements = pinned_.data() + elements_ + input * kElementBytes;
  const CUstream stream = pending_program_ ? last_stream_ : stream_.get();
  MLC_CU(context_, cuMemcpyDtoHAsync, elements, Address(tensor.data), size_bytes, stream);
  MLC_TRY(Drain(context_, stream));
  return static_cast<const void*>(elements);
}

Status CudaExecutor::Reserve(ShapePlan& shape) {
  MLC_TRY(CheckUsable());
  const Current current(context_);
  if (!shape.state) {
    MLC_TRY_ASSIGN(LaunchParams params, LaunchParams::Build(shape, faults(), *code_));
    auto state = std::make_unique<CudaShape>(std::move(params), ++num_shapes_);
    MLC_TRY(CheckInstructions(shape));
    for (uint32_t block = 0; use_graphs_ && block < shape.num_blocks(); ++block) {
      state->pieces.push_back(CutIntoPieces(shape, block));
      if (shape.bound().plan->file.verified_all())
        for (const Piece& piece : state->pieces.back()) MLC_TRY(CheckOrder(shape, piece));
    }
    shape.state = std::move(state);
  }
  const uint64_t peak_bytes = shape.memory().peak_bytes;
  return peak_bytes > arena_.size_bytes() ? Grow(peak_bytes, arena_) : Ok();
}

Status CudaExecutor::Prepare(ShapePlan& shape) {
  MLC_TRY(Reserve(shape));
  for (const auto& block : static_cast<const CudaShape&>(*shape.state).pieces)
    for (const Piece& piece : block) graphs_.Expect(piece, shape);
  return Ok();
}

// The old block goes first, so both are never held, unless enqueued runs use it: then it goes when
// they have ended.
Status CudaExecutor::Grow(uint64_t size_bytes, DeviceMemory& memory) {
  const uint64_t more = device_.segments().has_limit()
                            ? std::min(size_bytes, kMaxHeadroom)
                            : std::clamp(3 * size_bytes, kMinHeadroom, kMaxHeadroom);
  const uint64_t headroom = memory.data() ? more : 0;
  if (memory.data() && pending_program_) {
    std::unique_ptr<Fence> fence = MakeFence(context_, last_stream_);
    if (!fence) MLC_TRY(Drain(context_, last_stream_));
    device_.segments().FreeAfter(memory.Detach(), std::move(fence));
  }
  memory = DeviceMemory();
  auto grown = DeviceMemory::Allocate(device_.memory(), size_bytes + headroom);
  if (!grown.ok() && headroom > 0) grown = DeviceMemory::Allocate(device_.memory(), size_bytes);
  if (!grown.ok()) return grown.TakeStatus();
  memory = std::move(*grown);
  return Ok();
}

// Equal numbers mean that every argument of every launch is as it was.
uint64_t CudaExecutor::BindingOf(const ShapePlan& shape) {
  bound_to_.resize(2 + input_data_.size() + output_data_.size());  // no shape has the number 0
  size_t next = 0;
  bool same = true;
  auto add = [&](uint64_t value) {
    same &= bound_to_[next] == value;
    bound_to_[next++] = value;
  };
  add(static_cast<const CudaShape&>(*shape.state).number);
  add(Address(arena_.data()));
  for (void* data : input_data_) add(Address(data));
  for (void* data : output_data_) add(Address(data));
  if (!same) ++binding_;
  return binding_;
}

// Device addresses of all tensors; those on the host get a place in staging_ or the ring, in order,
// so that equal bindings give equal addresses.
Status CudaExecutor::PlaceTensors(const RunRequest& request) {
  Places staged, ahead;
  const void* misplaced = nullptr;
  auto place = [&](const mlc_tensor& tensor, Places& places) {
    if (!tensor.on_device()) return places.Add(tensor.size_bytes);
    if (Address(tensor.data) % MLC_CUDA_IO_ALIGNMENT != 0 && tensor.size_bytes > 0)
      misplaced = tensor.data;
    return tensor.data;
  };
  input_data_.clear();
  output_data_.clear();
  for (const Ref<mlc_tensor>& input : request.inputs)
    input_data_.push_back(place(*input, ring_ ? ahead : staged));
  for (const mlc_tensor* output : request.outputs) output_data_.push_back(place(*output, staged));
  if (!staged.fit || !ahead.fit)
    return Error(MLC_STATUS_OUT_OF_RANGE, "the inputs' and outputs' sizes overflow");
  if (misplaced)
    return Error(MLC_STATUS_INVALID_ARGUMENT,
                 "%s: an input or output begins at %p: kernels read vectors, tensors on the device "
                 "must lie at multiples of %d bytes",
                 device_.name.c_str(), misplaced, MLC_CUDA_IO_ALIGNMENT);
  DeviceMemory& of_inputs = ring_ ? ring_->memory() : staging_;
  if (ahead.total > of_inputs.size_bytes()) MLC_TRY(Grow(ahead.total, of_inputs));
  if (staged.total > staging_.size_bytes()) MLC_TRY(Grow(staged.total, staging_));
  auto locate = [](const mlc_tensor& tensor, const DeviceMemory& memory, void*& data) {
    if (!tensor.on_device()) data = memory.data() + reinterpret_cast<uintptr_t>(data);
  };
  for (size_t i = 0; i < input_data_.size(); ++i)
    locate(*request.inputs[i], of_inputs, input_data_[i]);
  for (size_t i = 0; i < output_data_.size(); ++i)
    locate(*request.outputs[i], staging_, output_data_[i]);
  return Ok();
}

Status CudaExecutor::CopyIn(CUstream stream, const RunRequest& request) {
  for (size_t i = 0; i < input_data_.size(); ++i) {
    const mlc_tensor& input = *request.inputs[i];
    if (IsCopied(input))
      MLC_CU(context_, cuMemcpyHtoDAsync, Address(input_data_[i]), input.data, input.size_bytes,
             stream);
  }
  return Ok();
}

// To the ring: behind nothing of the stream.
Status CudaExecutor::CopyAhead(CUstream stream, const RunRequest& request) {
  MLC_TRY(ring_->BeginFill());
  MLC_TRY(CopyIn(ring_->stream(), request));
  return ring_->EndFill(stream);
}

Status CudaExecutor::CopyOut(CUstream stream, const RunRequest& request) {
  for (size_t i = 0; i < output_data_.size(); ++i) {
    const mlc_tensor& output = *request.outputs[i];
    if (IsCopied(output))
      MLC_CU(context_, cuMemcpyDtoHAsync, output.data, Address(output_data_[i]), output.size_bytes,
             stream);
  }
  return Ok();
}

// Once per session: copies of memory that is not pinned are no asynchronous ones.
void CudaExecutor::ReportPageable(const RunRequest& request) {
  if (has_reported_) return;
  auto is_pageable = [](const mlc_tensor& tensor) {
    return !tensor.on_device() && !tensor.is_host;
  };
  const plan::Entry& entry = *programs().front().entry;
  auto report = [&](const char* role, const plan::IO& io) {
    device_.log.Log(MLC_LOG_INFO,
                    "%s '%s' lies in host memory that mlc_tensor_create_host did not make: unless "
                    "it is pinned otherwise, enqueueing waits for its copy",
                    role, Text(io.name()));
    has_reported_ = true;
  };
  for (uint32_t i = 0; i < request.inputs.size(); ++i)
    if (is_pageable(*request.inputs[i])) report("input", *entry.inputs()->Get(i));
  for (uint32_t i = 0; i < request.outputs.size(); ++i)
    if (is_pageable(*request.outputs[i])) report("output", *entry.outputs()->Get(i));
}

Status CudaExecutor::Enqueue(ShapePlan& shape, const RunRequest& request, mlc_stream* stream) {
  MLC_TRY(CheckUsable());
  const Current current(context_);
  // Faults are known by the program's instructions, so pending runs are of one program.
  if (pending_program_ && pending_program_ != &shape.bound()) MLC_TRY(Wait());
  MLC_TRY(PlaceTensors(request));
  shape.Bind({arena_.data(), input_data_, output_data_});

  if (stream) ReportPageable(request);
  const CUstream on = stream ? static_cast<CUstream>(stream->native()) : stream_.get();
  if (pending_program_ && last_stream_ != on) {
    if (last_stream_ == stream_.get()) MLC_CU(context_, cuEventRecord, done_.get(), last_stream_);
    MLC_CU(context_, cuStreamWaitEvent, on, done_.get(), 0);
  }
  last_stream_ = on;
  if (last_owner_.get() != stream) last_owner_ = Ref<mlc_stream>::Share(stream);
  pending_program_ = &shape.bound();
  Status status = EnqueueOn(on, shape, request);
  if (status.ok() && stream)
    status = context_.Check(context_.driver().cuEventRecord(done_.get(), on), "cuEventRecord");
  if (status.ok()) return status;

  // What was enqueued still uses memory: nothing may go before it has ended.
  profile_.Abandon();
  const Status drained = DrainAll(on);
  pending_program_ = nullptr;
  std::memset(faults(), 0, NumInstructions(*shape.bound().program) * sizeof(int32_t));
  failed_ |= status.code() == MLC_STATUS_DEVICE_FAILED || !drained.ok();
  return status;
}

Status CudaExecutor::EnqueueOn(CUstream stream, ShapePlan& shape, const RunRequest& request) {
  const auto program = static_cast<size_t>(&shape.bound() - programs().data());
  auto* gate = reinterpret_cast<uint32_t*>(pinned_.data() + kGate);
  if (request.profile)
    MLC_TRY(profile_.Begin(stream, has_run_[program] ? gate : nullptr, request.profile));
  const bool is_ahead =
      ring_ && std::any_of(request.inputs.begin(), request.inputs.end(),
                           [](const Ref<mlc_tensor>& input) { return IsCopied(*input); });
  MLC_TRY(is_ahead ? CopyAhead(stream, request) : CopyIn(stream, request));
  auto& state = static_cast<CudaShape&>(*shape.state);
  const uint64_t binding = BindingOf(shape);
  MLC_TRY(state.params.EncodeMaps(context_, binding));
  MLC_TRY(RunOnStream({context_, shape, code_->kernels(), state.params, stream,
                       pinned_.data() + kReadback, request.max_loop_iterations, request.cancelled,
                       request.profile ? &profile_ : nullptr, use_graphs_ ? &graphs_ : nullptr,
                       state.pieces, binding}));
  if (is_ahead) MLC_TRY(ring_->EndUse(stream));
  if (request.profile) MLC_TRY(profile_.Collect());
  has_run_[program] = true;
  return CopyOut(stream, request);
}

Status CudaExecutor::Wait() {
  if (!pending_program_) return Ok();
  const Current current(context_);
  Status status = Synchronize();
  failed_ |= !status.ok();
  Status fault = TakeFault();
  pending_program_ = nullptr;
  return status.ok() ? std::move(fault) : std::move(status);
}

// Until nothing is left of any run, copies ahead included, whatever it has come to.
Status CudaExecutor::DrainAll(CUstream stream) {
  Status runs = Drain(context_, stream);
  Status copies = ring_ ? Drain(context_, ring_->stream()) : Ok();
  return runs.ok() ? std::move(copies) : std::move(runs);
}

// Until the pending runs have ended.
Status CudaExecutor::Synchronize() {
  if (last_stream_ == stream_.get()) return Drain(context_, last_stream_);
  const CUresult result = context_.driver().cuEventSynchronize(done_.get());
  if (result == CUDA_SUCCESS) return Ok();
  const Status drained = Drain(context_, last_stream_);  // more than was asked for
  return context_.Check(drained.ok() && !IsSticky(result) ? CUDA_SUCCESS : result,
                        "cuEventSynchronize");
}

// The fault of the first instruction that has one; all are reset.
Status CudaExecutor::TakeFault() {
  const BoundProgram& bound = *pending_program_;
  int32_t* fault = faults();
  const int32_t* end = reinterpret_cast<const int32_t*>(pinned_.data() + elements_);
  if (std::all_of(static_cast<const int32_t*>(fault), end, [](int32_t code) { return code == 0; }))
      [[likely]]
    return Ok();
  Status status;
  for (const plan::Block* block : Items(bound.program->blocks()))
    for (const plan::Instruction* instruction : Items(block->instructions())) {
      if (*fault != 0) [[unlikely]] {
        if (status.ok()) status = KernelFault(bound, *instruction, *fault);
        *fault = 0;
      }
      ++fault;
    }
  return status;
}

}  // namespace mlc::runtime::cuda
