// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Expressions, inputs, outputs, symbols and shape checks of an entry.
#include "runtime/base/dtype.h"
#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

Status ValidateExpr(const ValidatorContext& context, const plan::Entry& entry, uint32_t index) {
  const plan::ExprNode& node = *entry.exprs()->Get(index);
  MLC_CHECK(expr_op, node.op() <= plan::ExprOp::MAX, "expression %u", index);
  if (node.op() == plan::ExprOp::Const) return Ok();
  if (node.op() == plan::ExprOp::Symbol) {
    MLC_CHECK(expr_symbol, node.a() >= 0 && node.a() < Count(entry.symbols()), "expression %u",
              index);
    return Ok();
  }
  MLC_CHECK(expr_operands, node.a() >= 0 && node.a() < index && node.b() >= 0 && node.b() < index,
            "expression %u", index);
  return Ok();
}

Status ValidateIO(const ValidatorContext& context, const plan::Entry& entry, const plan::IO& io) {
  const char* name = Text(io.name());
  int64_t size_bytes = 0;
  MLC_CHECK(io_kind, io.kind() == 0, "'%.64s'", name);
  MLC_CHECK(io_dtype, DenseSizeBytes(io.dtype(), 0, &size_bytes), "'%.64s'", name);
  MLC_CHECK(io_dims, Count(io.dims()) <= kMaxRank, "'%.64s'", name);
  for (uint32_t dim : Items(io.dims()))
    MLC_CHECK(io_dims, dim < Count(entry.exprs()), "'%.64s'", name);
  return Ok();
}

Status ValidateSymbol(const ValidatorContext& context, const plan::Entry& entry,
                      const plan::Symbol& symbol) {
  const char* name = Text(symbol.name());
  MLC_CHECK(symbol_source,
            symbol.source() <= plan::SymbolSource::MAX && symbol.input() < Count(entry.inputs()),
            "symbol '%.64s'", name);
  const plan::IO& input = *entry.inputs()->Get(symbol.input());
  const bool is_dim = symbol.source() == plan::SymbolSource::InputDim;
  if (is_dim)
    MLC_CHECK(symbol_dim, symbol.index() < Count(input.dims()), "symbol '%.64s'", name);
  else
    MLC_CHECK(symbol_element,
              symbol.index() < 64 &&
                  (input.dtype() == MLC_DTYPE_INT32 || input.dtype() == MLC_DTYPE_INT64),
              "symbol '%.64s'", name);
  const bool holds_opt =
      symbol.opt() == 0 || (symbol.opt() >= symbol.min() && symbol.opt() <= symbol.max());
  MLC_CHECK(symbol_range,
            symbol.min() <= symbol.max() && holds_opt && (!is_dim || symbol.min() >= 0),
            "symbol '%.64s'", name);
  MLC_CHECK(symbol_divisor, symbol.divisor() >= 1, "symbol '%.64s'", name);
  return Ok();
}

Status ValidateShapeCheck(const ValidatorContext& context, const plan::Entry& entry,
                          const plan::ShapeCheck& check) {
  const uint32_t num_exprs = Count(entry.exprs());
  MLC_CHECK(shape_check_kind, check.kind() <= plan::CheckKind::MAX, "node '%.64s'",
            Text(check.node()));
  MLC_CHECK(shape_check_exprs, check.left() < num_exprs && check.right() < num_exprs,
            "node '%.64s'", Text(check.node()));
  return Ok();
}

}  // namespace

Status ValidateSignature(const ValidatorContext& context, const plan::Entry& entry) {
  MLC_CHECK(vector_align, IsAligned(entry.exprs()), "expressions of '%.64s'", Text(entry.name()));
  for (uint32_t i = 0; i < Count(entry.exprs()); ++i) MLC_TRY(ValidateExpr(context, entry, i));
  for (const plan::IO* io : Items(entry.inputs())) MLC_TRY(ValidateIO(context, entry, *io));
  for (const plan::IO* io : Items(entry.outputs())) MLC_TRY(ValidateIO(context, entry, *io));
  for (const plan::Symbol* symbol : Items(entry.symbols()))
    MLC_TRY(ValidateSymbol(context, entry, *symbol));
  for (const plan::ShapeCheck* check : Items(entry.checks()))
    MLC_TRY(ValidateShapeCheck(context, entry, *check));
  return Ok();
}

}  // namespace mlc::runtime
