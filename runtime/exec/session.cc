// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/session.h"

#include <algorithm>
#include <cinttypes>

#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

using namespace mlc::runtime;

namespace {

// Holds a session for one call.
class Exclusive {
 public:
  explicit Exclusive(std::atomic_flag& busy)
      : busy_(busy), held_(!busy.test_and_set(std::memory_order_acquire)) {}
  Exclusive(const Exclusive&) = delete;
  ~Exclusive() {
    if (held_) busy_.clear(std::memory_order_release);
  }
  bool held() const { return held_; }

 private:
  std::atomic_flag& busy_;
  const bool held_;
};

#define MLC_EXCLUSIVE()             \
  const Exclusive exclusive(busy_); \
  if (!exclusive.held()) return BusyError()

Status BusyError() {
  return Error(
      MLC_STATUS_BUSY,
      "another thread uses this session: give each thread a session of its own (they share "
      "weights and code)");
}

// Dtype, rank and fixed dims.
Status CheckTensor(const char* role, const mlc_tensor_info_t& info, const mlc_tensor& tensor) {
  if (tensor.dtype != info.dtype)
    return Error(MLC_STATUS_DTYPE_MISMATCH, "%s '%s': the tensor is %s but the plan says %s", role,
                 info.name, mlc_dtype_name(tensor.dtype), mlc_dtype_name(info.dtype));
  if (tensor.dims.size() != info.rank)
    return Error(MLC_STATUS_SHAPE_MISMATCH, "%s '%s': the tensor has %zu dimensions but needs %u",
                 role, info.name, tensor.dims.size(), info.rank);
  for (uint32_t d = 0; d < info.rank; ++d)
    if (info.dims[d] >= 0 && tensor.dims[d] != info.dims[d])
      return Error(MLC_STATUS_SHAPE_MISMATCH,
                   "%s '%s', dimension %u: it is %" PRId64 " but must be %" PRId64, role, info.name,
                   d, tensor.dims[d], info.dims[d]);
  return Ok();
}

Status IndexError(const char* role, size_t index, size_t count) {
  return Error(MLC_STATUS_OUT_OF_RANGE, "there is no %s %zu: the plan has %zu", role, index, count);
}

}  // namespace

Result<Ref<mlc_session>> mlc_session::Create(mlc_plan& plan, mlc_device& device,
                                             const mlc_session_options_t& options) {
  auto session = Ref<mlc_session>::Adopt(new mlc_session);
  session->plan_ = Ref<mlc_plan>::Share(&plan);
  session->device_ = Ref<mlc_device>::Share(&device);
  MLC_TRY_ASSIGN(session->signature_, plan.FindSignature(options.entry));
  session->entry_ = session->signature_->entry;
  MLC_TRY_ASSIGN(session->executor_, device.MakeExecutor(plan, *session->entry_, options));
  session->max_cached_shapes_ = std::max(1u, options.max_cached_shapes);
  session->max_loop_iterations_ = options.max_loop_iterations;
  for (const BoundProgram& bound : session->executor_->programs())
    session->profiles_.emplace_back(bound);
  session->profiling_ = options.profile != 0;

  const mlc_signature& signature = *session->signature_;
  session->inputs_.resize(signature.inputs.size());
  session->views_.resize(signature.inputs.size());
  session->element_bytes_.resize(signature.inputs.size());
  for (const mlc::plan::Symbol* symbol : Items(session->entry_->symbols())) {
    if (symbol->source() != mlc::plan::SymbolSource::InputElement) continue;
    uint64_t& bytes = session->element_bytes_[symbol->input()];
    const size_t bits = mlc_dtype_bits(signature.inputs[symbol->input()].dtype);
    bytes = std::max<uint64_t>(bytes, (symbol->index() + 1) * (bits / 8));
  }
  session->outputs_ = std::vector<Output>(signature.outputs.size());
  session->output_tensors_.resize(signature.outputs.size());
  session->output_dims_.resize(kMaxRank);
  session->symbols_.resize(signature.symbols.size());
  session->shapes_.reserve(session->max_cached_shapes_ + 1);
  device.log.Log(MLC_LOG_INFO, "entry '%s' runs its %s code on %s, %u threads",
                 Text(session->entry_->name()), Text(session->bound().target->arch()),
                 device.name.c_str(), device.num_threads());
  return session;
}

mlc_session::~mlc_session() {
  if (executor_) (void)executor_->Wait();  // nobody is left to tell
}

Status mlc_session::SetInput(size_t index, mlc_tensor* tensor) {
  MLC_EXCLUSIVE();
  if (index >= inputs_.size()) return IndexError("input", index, inputs_.size());
  if (tensor) MLC_TRY(CheckTensor("input", signature_->inputs[index], *tensor));
  if (tensor) MLC_TRY(executor_->CheckTensor(*tensor));
  MLC_TRY(Park(inputs_[index]));
  inputs_[index] = Ref<mlc_tensor>::Share(tensor);
  return Ok();
}

Status mlc_session::SetOutput(size_t index, mlc_tensor* tensor) {
  MLC_EXCLUSIVE();
  if (index >= outputs_.size()) return IndexError("output", index, outputs_.size());
  if (tensor) MLC_TRY(CheckTensor("output", signature_->outputs[index], *tensor));
  if (tensor) MLC_TRY(executor_->CheckTensor(*tensor));
  MLC_TRY(Park(outputs_[index].bound));
  outputs_[index].bound = Ref<mlc_tensor>::Share(tensor);
  return Ok();
}

Status mlc_session::GetOutput(size_t index, mlc_tensor** out_tensor) {
  MLC_EXCLUSIVE();
  if (index >= outputs_.size()) return IndexError("output", index, outputs_.size());
  if (!has_run_)
    return Error(MLC_STATUS_INVALID_ARGUMENT, "there are no outputs before a successful run");
  *out_tensor = Ref<mlc_tensor>(outputs_[index].latest).Detach();
  return Ok();
}

Status mlc_session::SetProfile(bool enabled) {
  MLC_EXCLUSIVE();
  if (enabled)
    for (Profile& profile : profiles_) profile.Reset();
  profiling_ = enabled;
  return Ok();
}

Status mlc_session::GetMemory(mlc_session_memory_t* out_memory) {
  MLC_EXCLUSIVE();
  if (shapes_.empty())
    return Error(MLC_STATUS_INVALID_ARGUMENT, "the memory is known after a run or prepare");
  const MemoryPlan& memory = shapes_.front()->memory();
  out_memory->planned_peak_bytes = memory.peak_bytes;
  out_memory->lower_bound_bytes = memory.lower_bound_bytes;
  out_memory->scratch_bytes = executor_->ScratchBytes(memory);
  out_memory->weights_bytes = plan_->weights_bytes;
  return Ok();
}

Status mlc_session::Prepare(const int64_t* symbols, size_t count) {
  MLC_EXCLUSIVE();
  if (!symbols) {
    MLC_TRY(BindInputs());
  } else {
    if (count != symbols_.size())
      return Error(MLC_STATUS_INVALID_ARGUMENT,
                   "prepare got %zu symbol values but the plan has %zu", count, symbols_.size());
    MLC_TRY(CheckSymbols(*entry_, std::span(symbols, count)));
    symbols_.assign(symbols, symbols + count);
  }
  MLC_TRY(UseShape(symbols_));
  return executor_->Prepare(*shapes_.front());
}

Status mlc_session::Run() {
  MLC_EXCLUSIVE();
  MLC_TRY(Start(nullptr));
  return Finish();
}

Status mlc_session::Enqueue(mlc_stream& stream) {
  MLC_EXCLUSIVE();
  if (stream.device.get() != device_.get())
    return Error(MLC_STATUS_INVALID_ARGUMENT, "the stream is one of %s, the session runs on %s",
                 stream.device->name.c_str(), device_->name.c_str());
  return Start(&stream);
}

Status mlc_session::Wait() {
  MLC_EXCLUSIVE();
  return Finish();
}

Status mlc_session::Start(mlc_stream* stream) {
  cancelled_.store(false, std::memory_order_relaxed);
  has_run_ = false;
  MLC_TRY(BindInputs());
  MLC_TRY(UseShape(symbols_));
  ShapePlan& shape = *shapes_.front();
  MLC_TRY(CheckInputDims(*entry_, views_, shape.values()));
  MLC_TRY(executor_->Reserve(shape));
  for (size_t i = 0; i < outputs_.size(); ++i) MLC_TRY(PlaceOutput(i));
  MLC_TRY(CheckOverlap());
  pending_ = true;
  Status status = executor_->Enqueue(shape,
                                     {inputs_, output_tensors_, max_loop_iterations_, cancelled_,
                                      profiling_ ? &profiles_[ProgramIndex()] : nullptr},
                                     stream);
  if (!status.ok()) {
    (void)Finish();  // what was started of it uses the tensors; the first error says more
    return status;
  }
  has_run_ = true;
  return Ok();
}

Status mlc_session::Finish() {
  Status status = executor_->Wait();
  pending_ = false;
  parked_.clear();
  if (!status.ok()) has_run_ = false;
  return status;
}

// Keeps a tensor that loses its place until the runs that use it have ended.
Status mlc_session::Park(Ref<mlc_tensor>& tensor) {
  constexpr size_t kMaxParked = 256;
  if (!pending_ || !tensor) return Ok();
  parked_.push_back(std::move(tensor));
  return parked_.size() < kMaxParked ? Ok() : Finish();
}

// From the tensors that are set to views_ and symbols_.
Status mlc_session::BindInputs() {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i])
      return Error(MLC_STATUS_INVALID_ARGUMENT, "input '%s' is not set",
                   signature_->inputs[i].name);
    views_[i] = {inputs_[i]->dims.data(), inputs_[i]->data};
    const uint64_t bytes = std::min<uint64_t>(element_bytes_[i], inputs_[i]->size_bytes);
    if (bytes > 0) {
      MLC_TRY_ASSIGN(views_[i].data, executor_->ReadElements(i, *inputs_[i], bytes));
    }
  }
  return BindSymbols(*entry_, views_, symbols_);
}

// Makes the plan for these symbols the first of shapes_.
Status mlc_session::UseShape(std::span<const int64_t> symbols) {
  auto matches = [&](const std::unique_ptr<ShapePlan>& shape) {
    return std::equal(symbols.begin(), symbols.end(), shape->symbols().begin());
  };
  auto found = std::find_if(shapes_.begin(), shapes_.end(), matches);
  if (found == shapes_.begin() && found != shapes_.end()) return Ok();
  if (found != shapes_.end()) {
    std::rotate(shapes_.begin(), found, found + 1);
  } else {
    const BoundProgram& bound = ChooseProgram(executor_->programs(), symbols);
    MLC_TRY_ASSIGN(std::unique_ptr<ShapePlan> shape,
                   ShapePlan::Build(bound, symbols, device_->num_threads()));
    device_->log.Log(MLC_LOG_INFO, "a new shape runs the %s%s program",
                     bound.bucket.empty() ? "generic" : "bucket ", bound.bucket.c_str());
    shapes_.insert(shapes_.begin(), std::move(shape));
    if (shapes_.size() > max_cached_shapes_) shapes_.pop_back();
  }
  profiles_[ProgramIndex()].SetValues(shapes_.front()->values());
  return Ok();
}

// The caller's tensor, or the session's last one when it has the right shape and nobody else holds
// it, or a new one.
Status mlc_session::PlaceOutput(size_t index) {
  Output& output = outputs_[index];
  const mlc::plan::IO& io = *entry_->outputs()->Get(static_cast<uint32_t>(index));
  const uint32_t rank = Count(io.dims());
  const std::span<int64_t> dims(output_dims_.data(), rank);
  for (uint32_t d = 0; d < rank; ++d) dims[d] = shapes_.front()->values()[io.dims()->Get(d)];
  auto has_dims = [&](const mlc_tensor& tensor) {
    return std::equal(dims.begin(), dims.end(), tensor.dims.begin(), tensor.dims.end());
  };

  if (output.bound) {
    for (uint32_t d = 0; d < rank; ++d)
      if (output.bound->dims[d] != dims[d])
        return Error(MLC_STATUS_SHAPE_MISMATCH,
                     "output '%s', dimension %u: the bound tensor has %" PRId64
                     " but this run gives %" PRId64,
                     Text(io.name()), d, output.bound->dims[d], dims[d]);
    if (output.latest.get() != output.bound.get()) MLC_TRY(Park(output.latest));
    output.latest = output.bound;
  } else {
    const bool reusable = output.latest && output.latest->memory.data() &&
                          output.latest->HasOneRef() && has_dims(*output.latest);
    if (!reusable) {
      MLC_TRY(Park(output.latest));
      output.latest = Ref<mlc_tensor>();
      MLC_TRY_ASSIGN(output.latest,
                     MakeTensor(*device_, Place::Host, io.dtype(), dims.data(), rank));
    }
  }
  output_tensors_[index] = output.latest.get();
  return Ok();
}

// Only memory that callers bound can overlap.
Status mlc_session::CheckOverlap() const {
  auto overlap = [](const mlc_tensor& a, const mlc_tensor& b) {
    const auto x = reinterpret_cast<uintptr_t>(a.data), y = reinterpret_cast<uintptr_t>(b.data);
    return x < y + b.size_bytes && y < x + a.size_bytes;
  };
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const mlc_tensor* bound = outputs_[i].bound.get();
    if (!bound) continue;
    for (size_t k = 0; k < inputs_.size(); ++k)
      if (overlap(*bound, *inputs_[k]))
        return Error(MLC_STATUS_INVALID_ARGUMENT, "output '%s' overlaps input '%s'",
                     signature_->outputs[i].name, signature_->inputs[k].name);
    for (size_t k = 0; k < outputs_.size(); ++k)
      if (k != i && overlap(*bound, *outputs_[k].latest))
        return Error(MLC_STATUS_INVALID_ARGUMENT, "output '%s' overlaps output '%s'",
                     signature_->outputs[i].name, signature_->outputs[k].name);
  }
  return Ok();
}
