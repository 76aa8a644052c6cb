// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/signature.h"

#include "runtime/exec/shape_program.h"
#include "runtime/plan/access.h"

using mlc::runtime::Count;
using mlc::runtime::Items;
using mlc::runtime::Text;

mlc_signature::mlc_signature(const mlc::plan::Entry& table) : entry(&table) {
  dims_.reserve(Count(table.inputs()) + Count(table.outputs()));
  for (const mlc::plan::IO* io : Items(table.inputs())) inputs.push_back(MakeInfo(*io));
  for (const mlc::plan::IO* io : Items(table.outputs())) outputs.push_back(MakeInfo(*io));
  for (const mlc::plan::Symbol* symbol : Items(table.symbols()))
    symbols.push_back({Text(symbol->name()), static_cast<mlc_symbol_source_t>(symbol->source()),
                       symbol->input(), symbol->index(), symbol->min(), symbol->opt(),
                       symbol->max(), symbol->divisor()});
}

mlc_tensor_info_t mlc_signature::MakeInfo(const mlc::plan::IO& io) {
  Dims& dims = dims_.emplace_back();
  for (uint32_t expr : Items(io.dims())) {
    const mlc::plan::ExprNode& node = *entry->exprs()->Get(expr);
    const bool fixed = node.op() == mlc::plan::ExprOp::Const;
    const mlc::plan::Symbol* symbol = node.op() == mlc::plan::ExprOp::Symbol
                                          ? entry->symbols()->Get(static_cast<uint32_t>(node.a()))
                                          : nullptr;
    dims.values.push_back(fixed ? node.a() : -1);
    dims.min.push_back(fixed ? node.a() : symbol ? symbol->min() : 0);
    dims.max.push_back(fixed ? node.a() : symbol ? symbol->max() : INT64_MAX);
    dims.texts.push_back(fixed ? "" : mlc::runtime::ExprText(*entry, expr));
  }
  for (size_t i = 0; i < dims.texts.size(); ++i)
    dims.names.push_back(dims.values[i] >= 0 ? nullptr : dims.texts[i].c_str());
  return {Text(io.name()),   static_cast<mlc_dtype_t>(io.dtype()),
          Count(io.dims()),  dims.values.data(),
          dims.names.data(), dims.min.data(),
          dims.max.data()};
}
