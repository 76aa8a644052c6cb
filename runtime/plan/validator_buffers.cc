// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Buffers of a program.
#include <vector>

#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

// Which positions of the signature have a buffer already.
struct BoundPositions {
  std::vector<bool> inputs;
  std::vector<bool> outputs;
};

bool HasTypeOf(const plan::IO& io, const plan::Buffer& buffer) {
  if (io.dtype() != buffer.dtype() || Count(io.dims()) != Count(buffer.dims())) return false;
  for (uint32_t i = 0; i < Count(io.dims()); ++i)
    if (io.dims()->Get(i) != buffer.dims()->Get(i)) return false;
  return true;
}

Status ValidateIOBuffer(const ValidatorContext& context, const plan::Entry& entry,
                        const plan::Buffer& buffer, uint32_t number, BoundPositions& bound) {
  const bool is_input = buffer.kind() == plan::BufferKind::Input;
  const auto* signature = is_input ? entry.inputs() : entry.outputs();
  std::vector<bool>& taken = is_input ? bound.inputs : bound.outputs;
  const uint32_t position = buffer.index();
  MLC_CHECK(buffer_io, position < Count(signature) && !taken[position], "buffer %u", number);
  taken[position] = true;
  MLC_CHECK(buffer_io_type, HasTypeOf(*signature->Get(position), buffer), "buffer %u '%.64s'",
            number, Text(signature->Get(position)->name()));
  return Ok();
}

Status ValidateConstantBuffer(const ValidatorContext& context, const plan::Entry& entry,
                              const plan::Buffer& buffer, uint32_t number) {
  const plan::Constant* constant = buffer.index() < Count(context.plan.constants())
                                       ? context.plan.constants()->Get(buffer.index())
                                       : nullptr;
  MLC_CHECK(buffer_constant,
            constant && IsConstant(entry, buffer.size()) &&
                static_cast<uint64_t>(ConstantValue(entry, buffer.size())) == constant->size(),
            "buffer %u", number);
  return Ok();
}

Status ValidateAlias(const ValidatorContext& context, const plan::Entry& entry,
                     const plan::Program& program, const plan::Buffer& buffer, uint32_t number) {
  MLC_CHECK(buffer_alias, buffer.index() < number && buffer.alias_offset() < Count(entry.exprs()),
            "buffer %u", number);
  const uint32_t base_size = program.buffers()->Get(buffer.index())->size();
  if (!IsConstant(entry, base_size) || !IsConstant(entry, buffer.size()) ||
      !IsConstant(entry, buffer.alias_offset()))
    return Ok();
  const int64_t capacity = ConstantValue(entry, base_size);
  const int64_t offset = ConstantValue(entry, buffer.alias_offset());
  MLC_CHECK(
      buffer_extent,
      offset >= 0 && offset <= capacity && ConstantValue(entry, buffer.size()) <= capacity - offset,
      "buffer %u", number);
  return Ok();
}

Status ValidateBuffer(const ValidatorContext& context, const plan::Entry& entry,
                      const plan::Program& program, uint32_t number, BoundPositions& bound) {
  const plan::Buffer& buffer = *program.buffers()->Get(number);
  MLC_CHECK(buffer_kind, buffer.kind() <= plan::BufferKind::MAX, "buffer %u", number);
  MLC_CHECK(buffer_size,
            buffer.size() < Count(entry.exprs()) &&
                (!IsConstant(entry, buffer.size()) || ConstantValue(entry, buffer.size()) >= 0),
            "buffer %u", number);
  for (uint32_t dim : Items(buffer.dims()))
    MLC_CHECK(buffer_dims, dim < Count(entry.exprs()), "buffer %u", number);
  switch (buffer.kind()) {
    case plan::BufferKind::Temp:
      return Ok();
    case plan::BufferKind::Input:
    case plan::BufferKind::Output:
      return ValidateIOBuffer(context, entry, buffer, number, bound);
    case plan::BufferKind::Constant:
      return ValidateConstantBuffer(context, entry, buffer, number);
    case plan::BufferKind::Alias:
      return ValidateAlias(context, entry, program, buffer, number);
  }
  return Ok();
}

}  // namespace

Status ValidateBuffers(const ValidatorContext& context, const plan::Entry& entry,
                       const plan::Program& program) {
  BoundPositions bound{std::vector<bool>(Count(entry.inputs())),
                       std::vector<bool>(Count(entry.outputs()))};
  for (uint32_t i = 0; i < Count(program.buffers()); ++i)
    MLC_TRY(ValidateBuffer(context, entry, program, i, bound));
  for (uint32_t i = 0; i < bound.outputs.size(); ++i)
    MLC_CHECK(buffer_outputs, bound.outputs[i], "output %u '%.64s'", i,
              Text(entry.outputs()->Get(i)->name()));
  return Ok();
}

}  // namespace mlc::runtime
