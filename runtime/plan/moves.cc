// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/plan/moves.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/checked_math.h"
#include "runtime/base/dtype.h"

namespace mlc::runtime {
namespace {

using Dims = std::span<const int64_t>;

Status BadMove(const char* what) {
  return Error(MLC_STATUS_BAD_PLAN, "damaged plan: a weight's recipe %s", what);
}

bool SizeOf(Dims dims, size_t element_bytes, uint64_t* size_bytes) {
  uint64_t size = element_bytes;
  for (int64_t dim : dims)
    if (dim < 0 || !CheckedMul<uint64_t>(size, static_cast<uint64_t>(dim), &size)) return false;
  *size_bytes = size;
  return size <= uint64_t{1} << 46;
}

std::vector<int64_t> RowMajor(Dims dims) {
  std::vector<int64_t> strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0; stride *= dims[i]) strides[i] = stride;
  return strides;
}

// A transposition in blocks that fit in the cache: `from` is contiguous along the outer dim, `to`
// along the inner one.
void CopyTransposed(const char* from, int64_t from_stride, char* to, int64_t to_stride,
                    int64_t outer, int64_t inner, int64_t bytes) {
  constexpr int64_t kBlock = 32;
  for (int64_t o = 0; o < outer; o += kBlock)
    for (int64_t i = 0; i < inner; i += kBlock)
      for (int64_t oo = o; oo < std::min(outer, o + kBlock); ++oo)
        for (int64_t ii = i; ii < std::min(inner, i + kBlock); ++ii)
          std::memcpy(to + (oo * to_stride + ii) * bytes, from + (ii * from_stride + oo) * bytes,
                      static_cast<size_t>(bytes));
}

// Copies a box: for each index of `extents`, one element from `from + index . from_strides` to `to
// + index . to_strides` (strides in elements, may be negative).
void CopyBox(const char* from, Dims from_strides, char* to, Dims to_strides, Dims extents,
             int64_t bytes) {
  if (std::find(extents.begin(), extents.end(), 0) != extents.end()) return;
  if (extents.empty()) {
    std::memcpy(to, from, static_cast<size_t>(bytes));
    return;
  }
  const int64_t n = extents[0], from_step = from_strides[0] * bytes,
                to_step = to_strides[0] * bytes;
  if (extents.size() == 1) {
    if (from_strides[0] == 1 && to_strides[0] == 1)
      std::memcpy(to, from, static_cast<size_t>(n * bytes));
    else if (bytes == 4)
      for (int64_t i = 0; i < n; ++i) std::memcpy(to + i * to_step, from + i * from_step, 4);
    else
      for (int64_t i = 0; i < n; ++i)
        std::memcpy(to + i * to_step, from + i * from_step, static_cast<size_t>(bytes));
    return;
  }
  if (extents.size() == 2 && from_strides[0] == 1 && to_strides[1] == 1)
    return CopyTransposed(from, from_strides[1], to, to_strides[0], extents[0], extents[1], bytes);
  for (int64_t i = 0; i < n; ++i)
    CopyBox(from + i * from_step, from_strides.subspan(1), to + i * to_step, to_strides.subspan(1),
            extents.subspan(1), bytes);
}

// The bits of an f32 rounded to bfloat16, to nearest, ties to even; NaN stays NaN.
uint16_t Bfloat16Bits(uint32_t bits) {
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The same to float16. Source of the numbers: IEEE 754-2019, binary16: bias 15, 10 bits of fraction.
uint16_t HalfBits(uint32_t bits) {
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);
  if (magnitude >= 0x47800000) return static_cast<uint16_t>(sign | 0x7c00);  // 65536 and more
  if (magnitude >= 0x38800000) {                                             // normal: 2^-14 and more
    const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13));
  }
  // Subnormal: a multiple of 2^-24, which adding 0.5 in f32 rounds to.
  float value = 0;
  std::memcpy(&value, &magnitude, sizeof value);
  value += 0.5f;
  uint32_t sum = 0;
  std::memcpy(&sum, &value, sizeof sum);
  return static_cast<uint16_t>(sign | (sum - 0x3f000000));
}

// One move between checked operands and a result of the right size, filled with zeros.
class Mover {
 public:
  Mover(const Move& move, std::span<const MoveOperand> operands, size_t element_bytes,
        std::vector<char>* out)
      : move_(move),
        operands_(operands),
        bytes_(static_cast<int64_t>(element_bytes)),
        out_(out),
        strides_(RowMajor(move.dims)) {}

  Status Run() {
    if (operands_.empty() || (operands_.size() > 1 && move_.op != plan::MoveOp::Concat))
      return BadMove("has a step with the wrong number of operands");
    switch (move_.op) {
      case plan::MoveOp::Reshape:
        if (operands_[0].bytes.size() != out_->size()) return BadMove("reshapes to another size");
        std::copy(operands_[0].bytes.begin(), operands_[0].bytes.end(), out_->begin());
        return Ok();
      case plan::MoveOp::Transpose:
        return Transpose();
      case plan::MoveOp::Pad:
        return Pad();
      case plan::MoveOp::Slice:
        return Slice();
      case plan::MoveOp::Narrow:
        return Narrow();
      case plan::MoveOp::Concat:
        return Concat();
      default:
        return BadMove("has an unknown step");
    }
  }

 private:
  bool SameRank() const {
    const size_t rank = move_.dims.size();
    return operands_[0].dims.size() == rank && move_.a.size() == rank;
  }

  Status Transpose() {
    const Dims dims = operands_[0].dims;
    if (!SameRank()) return BadMove("transposes to another rank");
    const std::vector<int64_t> from = RowMajor(dims);
    std::vector<int64_t> permuted;
    std::vector<bool> seen(dims.size());
    for (size_t i = 0; i < dims.size(); ++i) {
      const int64_t axis = move_.a[i];
      if (axis < 0 || axis >= static_cast<int64_t>(dims.size()) || seen[axis] ||
          dims[axis] != move_.dims[i])
        return BadMove("transposes by no permutation");
      seen[axis] = true;
      permuted.push_back(from[axis]);
    }
    CopyBox(operands_[0].bytes.data(), permuted, out_->data(), strides_, move_.dims, bytes_);
    return Ok();
  }

  Status Pad() {
    const Dims dims = operands_[0].dims;
    if (!SameRank()) return BadMove("pads to another rank");
    const std::vector<int64_t> from = RowMajor(dims);
    int64_t from_at = 0, to_at = 0;
    std::vector<int64_t> extents;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (move_.a[i] < -dims[i] || move_.a[i] > move_.dims[i])
        return BadMove("pads outside of the result");
      const int64_t crop = std::max<int64_t>(-move_.a[i], 0),
                    low = std::max<int64_t>(move_.a[i], 0);
      from_at += crop * from[i];
      to_at += low * strides_[i];
      extents.push_back(std::min(dims[i] - crop, move_.dims[i] - low));
    }
    if (std::find(extents.begin(), extents.end(), 0) != extents.end()) return Ok();
    CopyBox(operands_[0].bytes.data() + from_at * bytes_, from, out_->data() + to_at * bytes_,
            strides_, extents, bytes_);
    return Ok();
  }

  Status Slice() {
    const Dims dims = operands_[0].dims;
    if (!SameRank() || move_.b.size() != dims.size()) return BadMove("slices to another rank");
    std::vector<int64_t> from = RowMajor(dims);
    int64_t at = 0;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (move_.dims[i] == 0) return Ok();
      const int64_t first = move_.a[i];
      int64_t last = 0;
      if (!CheckedMul(move_.dims[i] - 1, move_.b[i], &last) || !CheckedAdd(last, first, &last) ||
          move_.b[i] == 0 || first < 0 || first >= dims[i] || last < 0 || last >= dims[i])
        return BadMove("slices outside of its operand");
      at += first * from[i];
      from[i] *= move_.b[i];
    }
    CopyBox(operands_[0].bytes.data() + at * bytes_, from, out_->data(), strides_, move_.dims,
            bytes_);
    return Ok();
  }

  Status Concat() {
    const size_t rank = move_.dims.size();
    if (move_.a.size() != 1 || move_.a[0] < 0 || move_.a[0] >= static_cast<int64_t>(rank))
      return BadMove("concatenates along no axis");
    const auto axis = static_cast<size_t>(move_.a[0]);
    int64_t total = 0;
    for (const MoveOperand& operand : operands_) {
      if (operand.dims.size() != rank) return BadMove("concatenates other ranks");
      for (size_t i = 0; i < rank; ++i)
        if (i != axis && operand.dims[i] != move_.dims[i])
          return BadMove("concatenates dims that differ");
      if (!CheckedAdd(total, operand.dims[axis], &total)) return BadMove("overflows");
    }
    if (total != move_.dims[axis]) return BadMove("concatenates to another size");
    int64_t at = 0;
    for (const MoveOperand& operand : operands_) {
      const bool empty =
          std::find(operand.dims.begin(), operand.dims.end(), 0) != operand.dims.end();
      if (!empty)
        CopyBox(operand.bytes.data(), RowMajor(operand.dims), out_->data() + at * bytes_, strides_,
                operand.dims, bytes_);
      at += operand.dims[axis] * strides_[axis];
    }
    return Ok();
  }

  Status Narrow() {
    const bool is_half = move_.a.size() == 1 && move_.a[0] == MLC_DTYPE_FLOAT16;
    if (move_.a.size() != 1 || (!is_half && move_.a[0] != MLC_DTYPE_BFLOAT16) || bytes_ != 2 ||
        !std::equal(move_.dims.begin(), move_.dims.end(), operands_[0].dims.begin(), operands_[0].dims.end()))
      return BadMove("narrows to no type of 16 bits");
    for (size_t i = 0; 2 * i < out_->size(); ++i) {
      uint32_t bits = 0;
      std::memcpy(&bits, operands_[0].bytes.data() + 4 * i, sizeof bits);
      const uint16_t narrow = is_half ? HalfBits(bits) : Bfloat16Bits(bits);
      std::memcpy(out_->data() + 2 * i, &narrow, sizeof narrow);
    }
    return Ok();
  }

  const Move& move_;
  std::span<const MoveOperand> operands_;
  const int64_t bytes_;
  std::vector<char>* out_;
  const std::vector<int64_t> strides_;
};

}  // namespace

Status ApplyMove(const Move& move, std::span<const MoveOperand> operands, size_t element_bytes,
                 uint64_t max_bytes, std::vector<char>* out) {
  uint64_t size_bytes = 0;
  if (!SizeOf(move.dims, element_bytes, &size_bytes))
    return BadMove("has a step of impossible size");
  const size_t operand_bytes = move.op == plan::MoveOp::Narrow ? sizeof(float) : element_bytes;
  for (const MoveOperand& operand : operands)
    if (!SizeOf(operand.dims, operand_bytes, &size_bytes) || size_bytes != operand.bytes.size())
      return BadMove("has an operand whose size is not that of its dims");
  (void)SizeOf(move.dims, element_bytes, &size_bytes);
  if (size_bytes > max_bytes) return BadMove("has a step of impossible size");
  out->assign(size_bytes, 0);
  return Mover(move, operands, element_bytes, out).Run();
}

}  // namespace mlc::runtime
