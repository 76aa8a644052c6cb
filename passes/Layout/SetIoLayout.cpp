// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "llvm/ADT/StringSet.h"
#include "passes/Layout/Passes.h"
#include "passes/Normalize/Build.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_SETIOLAYOUT
#include "passes/Layout/LayoutPasses.h.inc"

namespace {

using Perm = std::array<int64_t, 4>;
constexpr Perm kToLast{0, 2, 3, 1}, kToFirst{0, 3, 1, 2};

struct SetIoLayout : impl::SetIoLayoutBase<SetIoLayout> {
  using SetIoLayoutBase::SetIoLayoutBase;

  LogicalResult error(const Twine &message) { return getOperation().emitError() << "cannot set the layout: " << message; }

  /// "'x' [n, 3, 224, 224] f32, .."
  std::string describe(ValueRange values, llvm::function_ref<StringAttr(unsigned)> nameOf) {
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::interleaveComma(llvm::enumerate(values), os, [&](auto entry) {
      StringAttr name = nameOf(entry.index());
      os << "'" << (name ? name.getValue() : "") << "'";
      if (!isa<RankedTensorType>(entry.value().getType()))
        return;
      os << " [";
      llvm::interleaveComma(facts->dims(entry.value()), os, [&](const DimExpr &d) { os << d.str(); });
      os << "] " << facts->elementType(entry.value());
    });
    return text;
  }
  StringAttr inputName(unsigned i) { return getOperation().getArgAttrOfType<StringAttr>(i, kNameAttr); }
  StringAttr outputName(unsigned i) { return getOperation().getResultAttrOfType<StringAttr>(i, kNameAttr); }
  std::string known() {
    return "the inputs are " + describe(getOperation().getArguments(), [&](unsigned i) { return inputName(i); }) + ", the outputs " +
           describe(terminator()->getOperands(), [&](unsigned i) { return outputName(i); });
  }
  Operation *terminator() { return getOperation().getBody().front().getTerminator(); }

  LogicalResult check(StringRef name, Value v) {
    auto type = dyn_cast<RankedTensorType>(v.getType());
    return type && type.getRank() == 4 ? success() : error("'" + name + "' has no 4 dims; " + known());
  }

  static Dims permuted(ArrayRef<DimExpr> dims, const Perm &perm) {
    Dims out;
    for (int64_t p : perm)
      out.push_back(dims[p]);
    return out;
  }
  Value transpose(Build &b, Value x, const Perm &perm) { return b.make<TransposeOp>(x, b.b.getNamedAttr("perm", b.b.getDenseI64ArrayAttr(perm))); }
  DimsAttr attr(const Dims &dims) { return DimsAttr::get(&getContext(), ArrayRef<DimExpr>(dims)); }

  /// The program hands over `program(dims)`; `back` makes the model's input of it.
  void input(unsigned i, const Perm &program, const Perm &back) {
    func::FuncOp func = getOperation();
    Block &body = func.getBody().front();
    BlockArgument old = body.getArgument(i);
    Type element = facts->elementType(old);
    Dims dims = permuted(facts->dims(old), program);
    BlockArgument given = body.insertArgument(i, typeOf(element, dims), old.getLoc());
    facts->set(given, element, dims);
    Build b(&body.front(), *facts);
    b.loc = NameLoc::get(b.b.getStringAttr("io-layout/" + inputName(i).getValue().str()));
    old.replaceAllUsesWith(transpose(b, given, back));
    body.eraseArgument(i + 1);
    if (func.getArgAttr(i, kDimsAttr))
      func.setArgAttr(i, kDimsAttr, attr(dims));
  }

  void output(unsigned i, const Perm &program) {
    func::FuncOp func = getOperation();
    Build b(terminator(), *facts);
    b.loc = NameLoc::get(b.b.getStringAttr("io-layout/" + outputName(i).getValue().str()));
    Value old = terminator()->getOperand(i);
    Dims dims = permuted(facts->dims(old), program);
    terminator()->setOperand(i, transpose(b, old, program));
    if (func.getResultAttr(i, kDimsAttr))
      func.setResultAttr(i, kDimsAttr, attr(dims));
  }

  /// "x=nhwc"
  LogicalResult apply(StringRef entry, llvm::StringSet<> &seen) {
    auto [name, layout] = entry.rsplit('=');
    if (name.empty() || (layout != "nhwc" && layout != "nchw"))
      return error("'" + entry + "' is neither NAME=nhwc nor NAME=nchw");
    if (!seen.insert(name).second)
      return error("'" + name + "' is named twice");
    bool last = layout == "nhwc", found = false;
    for (unsigned i = 0; i < getOperation().getNumArguments(); ++i)
      if (StringAttr own = inputName(i); own && own.getValue() == name) {
        if (failed(check(name, getOperation().getArgument(i))))
          return failure();
        input(i, last ? kToLast : kToFirst, last ? kToFirst : kToLast);
        found = true;
      }
    for (unsigned i = 0; i < getOperation().getNumResults() && !found; ++i)
      if (StringAttr own = outputName(i); own && own.getValue() == name) {
        if (failed(check(name, terminator()->getOperand(i))))
          return failure();
        output(i, last ? kToLast : kToFirst);
        found = true;
      }
    numChanged += found;
    return found ? success() : error("there is no '" + name + "'; " + known());
  }

  void runOnOperation() override {
    ShapeFacts all(getOperation());
    if (!all.valid())
      return signalPassFailure();
    facts = &all;
    SmallVector<StringRef> entries;
    StringRef(layouts).split(entries, ';', -1, /*KeepEmpty=*/false);
    llvm::StringSet<> seen;
    for (StringRef entry : entries)
      if (failed(apply(entry, seen)))
        return signalPassFailure();
    Block &body = getOperation().getBody().front();
    getOperation().setFunctionType(FunctionType::get(&getContext(), body.getArgumentTypes(), terminator()->getOperandTypes()));
  }

  ShapeFacts *facts = nullptr;
};

} // namespace
} // namespace mlc
