// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/emit/Kernel.h"
#include "passes/Memory/Placement.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Index;

namespace mlc::host {

KernelBuilder::KernelBuilder(RegionOp region, ShapeFacts &facts, const EmitOptions &options)
    : region(region), facts(facts), options(options), b(region.getContext()), loc(UnknownLoc::get(region.getContext())) {
  kernel.kind = region.getKind().str();
  kernel.module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(kernel.module->getBody());
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  auto func = func::FuncOp::create(b, loc, "kernel", b.getFunctionType({ptr}, {}));
  entry = func.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  args = entry->getArgument(0);
  buffers = argument(0, ptr);
  scalars = argument(8, ptr);
  scratch = argument(16, ptr);
  begin = argument(24, b.getI64Type());
  end = argument(32, b.getI64Type());
  Value fault = argument(40, ptr);
  auto anchor = func::ReturnOp::create(b, loc);
  entryEnd = anchor;
  b.setInsertionPoint(anchor);
  int64_t width = options.scalar ? 1 : options.target.width();
  e = std::make_unique<reference::Emitter>(b, loc, facts, width, [this](const DimExpr &x) { return scalar(x); });
  e->fault = fault;
  e->exactSums = options.scalar;
  for (auto [i, arg] : llvm::enumerate(body().getArguments()))
    setMemory(arg, region.getInputs()[i], bufferPointer(i));
  unsigned first = body().getNumArguments();
  for (unsigned i = 0; i < region.getNumResults(); ++i)
    setMemory(region.getResult(i), region.getResult(i), bufferPointer(first + i));
}

void KernelBuilder::setMemory(Value inner, Value outer, Value pointer) {
  auto place = options.placements.of(outer);
  if (!place)
    return e->setMemory(inner, pointer);
  reference::Memory memory{pointer, {}};
  for (const DimExpr &stride : place->strides)
    memory.strides.push_back(e->dim(stride));
  e->setMemory(inner, memory);
}

Value KernelBuilder::argument(int64_t byteOffset, Type type) {
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  Value at = LLVM::GEPOp::create(b, loc, ptr, b.getI8Type(), args, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(byteOffset)});
  return LLVM::LoadOp::create(b, loc, type, at, 8);
}

Value KernelBuilder::bufferPointer(unsigned number) {
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  Value at = LLVM::GEPOp::create(b, loc, ptr, ptr, buffers, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(number)});
  return LLVM::LoadOp::create(b, loc, ptr, at, 8);
}

Value KernelBuilder::workspace(const DimExpr &bytes) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(begin);
  kernel.workspaces.push_back(bytes);
  return bufferPointer(body().getNumArguments() + region.getNumResults() + kernel.workspaces.size() - 1);
}

Value KernelBuilder::scalar(const DimExpr &x) {
  std::string text = x.str();
  auto it = scalarValues.find(text);
  if (it != scalarValues.end())
    return it->second;
  // Loaded right after the arguments, so that it dominates every use.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(end);
  Value at = LLVM::GEPOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), b.getI64Type(), scalars, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(kernel.scalars.size())});
  Value v = LLVM::LoadOp::create(b, loc, b.getI64Type(), at, 8);
  kernel.scalars.push_back(x);
  scalarValues[text] = v;
  return v;
}

void KernelBuilder::forEachTask(llvm::function_ref<void(Value)> body) { e->loop(begin, end, e->i64(1), body); }

void KernelBuilder::storeResult(unsigned i, ArrayRef<Index> index) {
  e->store(region.getResult(i), index, e->at(terminator()->getOperand(i), index));
}

bool KernelBuilder::isLatencyBound() {
  return llvm::any_of(body().without_terminator(), [](Operation &op) {
    return isa<ExpOp, TanhOp, ErfOp, LogOp, SigmoidOp, SwishOp, GeluOp, SoftplusOp, PowOp, DivOp, SqrtOp, SinOp, CosOp>(op);
  });
}

Kernel KernelBuilder::finish() { return std::move(kernel); }

namespace {

/// A family takes only regions that hold its anchor; most regions need not be tried.
struct Family {
  bool (*isAnchor)(Operation &);
  LogicalResult (*emit)(KernelBuilder &);
};

bool isReduction(Operation &op) { return op.hasTrait<Reduction>(); }
bool isNest(Operation &op) { return !reference::elementFunction(&op); }
template <typename Op> bool is(Operation &op) { return isa<Op>(op); }

bool isAny(Operation &) { return true; }

/// The first that takes the region; map takes all that element functions express. The last two are the reference.
constexpr Family kFamilies[] = {
    {is<MatMulOp>, emitAttention}, {is<MatMulOp>, emitGemm},  {is<ConvOp>, emitConv}, {is<ConvOp>, emitDepthwise}, {isReduction, emitRows},
    {isReduction, emitColumns},    {is<ConcatOp>, emitConcat}, {isNest, emitNest},     {isAny, emitMap},
};
constexpr size_t kReferenceFamilies = 2;

} // namespace

FailureOr<Kernel> emitKernel(RegionOp region, ShapeFacts &facts, const EmitOptions &options) {
  auto ops = region.getBody().front().without_terminator();
  for (Operation &op : ops)
    if (!reference::elementFunction(&op) && !reference::nest(&op))
      return op.emitOpError() << "has no host lowering";
  ArrayRef<Family> families(kFamilies);
  for (const Family &family : options.scalar ? families.take_back(kReferenceFamilies) : families) {
    if (!llvm::any_of(ops, family.isAnchor))
      continue;
    KernelBuilder k(region, facts, options);
    if (succeeded(family.emit(k)))
      return k.finish();
  }
  return region.emitOpError() << "cannot be lowered as one kernel";
}

} // namespace mlc::host
