// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. find rotary embeddings by halves and write those that are turned as a whole by parts; 2. remove what nobody reads any more, which facts were kept of;
// 3. make each a region with the slices and negations that feed it alone.
#include "dialects/Graph/NodeNames.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Rotary.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FUSEROTARY
#include "passes/Fuse/FusePasses.h.inc"

namespace {

class Rotary {
public:
  Rotary(RotaryForm form, ShapeFacts &facts) : form(form), facts(facts) {}

  /// Why it stays as it is; empty when it may be fused.
  StringRef whyNot() {
    Value y = form.last->getResult(0);
    int64_t rank = facts.rank(y);
    if (form.interleaved)
      return "neighbours would be computed lane by lane";
    if (!facts.elementType(y).isF32())
      return "its type is not f32";
    if (static_cast<int64_t>(form.parts.getAxis()) + 1 != rank || facts.rank(form.parts.getY()) != rank || Dims(facts.dims(form.parts.getY())) != Dims(facts.dims(y)))
      return "its halves are not those of the last dim";
    if (form.straight && (Dims(facts.dims(form.x)) != Dims(facts.dims(y)) || form.parts.getY() != (form.turned.getA() == form.sin ? form.turned.getB() : form.turned.getA())))
      return "it is written with views between its ops";
    for (Operation *op : {form.straight.getOperation(), form.turned.getOperation(), form.last == form.parts ? nullptr : form.parts.getOperation()})
      if (op && !op->hasOneUse())
        return "what it is made of is read elsewhere too";
    return "";
  }

  /// The concat of its parts; ops that it leaves without readers are added to `dead`, readers first.
  ConcatOp byParts(SmallVectorImpl<Operation *> &dead) {
    if (!form.straight)
      return form.parts;
    dead.append({form.last, form.straight, form.turned, form.parts});
    return writtenByParts();
  }

private:
  /// The k-th half of v along its last dim; v itself where that is broadcast.
  Value half(Build &b, Value v, unsigned k) {
    Dims dims(facts.dims(v)), starts(dims.size(), DimExpr(0));
    if (dims.empty() || dims.back().isConstant(1))
      return v;
    dims.back() = facts.dims(form.parts.getXs()[k]).back();
    starts.back() = k ? facts.dims(form.parts.getXs()[0]).back() : DimExpr(0);
    auto attr = [&](const Dims &d) { return DimsAttr::get(b.b.getContext(), ArrayRef<DimExpr>(d)); };
    return b.make<SliceOp>(v, {b.b.getNamedAttr("starts", attr(starts)), b.b.getNamedAttr("steps", b.b.getDenseI64ArrayAttr(SmallVector<int64_t>(dims.size(), 1))), b.b.getNamedAttr("dims", attr(dims))});
  }

  ConcatOp writtenByParts() {
    Build b(form.last, facts);
    SmallVector<Value> results;
    for (unsigned k : {0u, 1u}) {
      Value straight = b.make<MulOp>({half(b, form.x, k), half(b, form.cos, k)}), turned = b.make<MulOp>({form.parts.getXs()[k], half(b, form.sin, k)});
      bool turnedFirst = form.last->getOperand(0) == form.turned.getY();
      SmallVector<Value> terms{turnedFirst ? turned : straight, turnedFirst ? straight : turned};
      results.push_back(isa<SubOp>(form.last) ? b.make<SubOp>(terms) : b.make<AddOp>(terms));
    }
    auto concat = b.make<ConcatOp>(results, b.b.getNamedAttr("axis", form.parts.getAxisAttr())).getDefiningOp<ConcatOp>();
    form.last->getResult(0).replaceAllUsesWith(concat.getY());
    return concat;
  }

  RotaryForm form;
  ShapeFacts &facts;
};

/// The arithmetic and slices that feed the concat alone, and the concat, in block order.
SmallVector<Operation *> feeding(ConcatOp concat) {
  llvm::SetVector<Operation *> group;
  group.insert(concat);
  bool grew = true;
  while (grew) { // a slice may have readers that join after it was looked at
    grew = false;
    for (size_t i = 0; i < group.size(); ++i)
      for (Value v : group[i]->getOperands()) {
        Operation *op = v.getDefiningOp();
        bool fits = op && op->getBlock() == concat->getBlock() && isa<MulOp, AddOp, SubOp, NegOp, SliceOp>(op) && isComputed(op);
        // A sum is one of two products, a product one of a part: what scales x before that stays where it is.
        bool own = fits && (!isa<MulOp>(op) || llvm::all_of(op->getUsers(), [](Operation *user) { return isa<AddOp, SubOp>(user); }));
        if (own && llvm::all_of(op->getUsers(), [&](Operation *user) { return group.contains(user); }))
          grew |= group.insert(op);
      }
  }
  SmallVector<Operation *> ops(group.begin(), group.end());
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

struct FuseRotary : impl::FuseRotaryBase<FuseRotary> {
  using FuseRotaryBase::FuseRotaryBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Operation *> ends;
    getOperation().walk([&](Operation *op) {
      if (isa<AddOp, SubOp, ConcatOp>(op) && isComputed(op))
        ends.push_back(op);
    });
    SmallVector<ConcatOp> concats;
    SmallVector<Operation *> dead;
    for (Operation *op : ends) {
      auto form = rotaryForm(op, facts);
      if (!form)
        continue;
      Rotary rotary(*form, facts);
      if (StringRef why = rotary.whyNot(); !why.empty()) {
        if (explain)
          llvm::errs() << llvm::formatv("fuse-rotary: '{0}' stays apart: {1}\n", firstName(op->getLoc()), why);
        continue;
      }
      concats.push_back(rotary.byParts(dead));
    }
    for (Operation *op : dead)
      op->erase();
    for (ConcatOp concat : concats)
      makeRegion(feeding(concat), "move");
    numFused += concats.size();
  }
};

} // namespace
} // namespace mlc
