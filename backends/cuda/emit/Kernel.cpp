// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Kernel.h"
#include <numeric>

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Index;

namespace mlc::cuda {

constexpr unsigned kSharedSpace = 3;
constexpr int64_t kBlockThreads = 256;

KernelBuilder::KernelBuilder(RegionOp region, ShapeFacts &facts, const Placements &placements, int64_t width)
    : region(region), facts(facts), b(region.getContext()), loc(UnknownLoc::get(region.getContext())), placements(placements) {
  kernel.kind = region.getKind().str();
  kernel.module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(kernel.module->getBody());
  func = func::FuncOp::create(b, loc, "kernel", b.getFunctionType({}, {}));
  entry = func.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  auto anchor = func::ReturnOp::create(b, loc);
  b.setInsertionPoint(anchor);
  thread = special("llvm.nvvm.read.ptx.sreg.tid.x");
  block = special("llvm.nvvm.read.ptx.sreg.ctaid.x");
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  fault = addArgument(ptr);
  e = std::make_unique<reference::Emitter>(b, loc, facts, width, [this](const DimExpr &x) { return scalar(x); });
  e->fault = fault;
  for (auto [i, arg] : llvm::enumerate(body().getArguments())) {
    buffers.push_back({addArgument(ptr), true});
    setMemory(arg, region.getInputs()[i], buffers.back().value);
  }
  for (Value r : region.getResults()) {
    buffers.push_back({addArgument(ptr), false});
    setMemory(r, r, buffers.back().value);
  }
}

Value KernelBuilder::special(StringRef name) {
  Value v = LLVM::CallIntrinsicOp::create(b, loc, b.getI32Type(), b.getStringAttr(name), ValueRange{}).getResult(0);
  return arith::ExtUIOp::create(b, loc, b.getI64Type(), v);
}

Value KernelBuilder::addArgument(Type type) { return entry->addArgument(type, loc); }

void KernelBuilder::setMemory(Value inner, Value outer, Value pointer) {
  auto place = placements.of(outer);
  if (!place)
    return e->setMemory(inner, pointer, kVectorBytes);
  reference::Memory memory{pointer, {}, 0};
  int64_t bytes = (facts.elementType(outer).getIntOrFloatBitWidth() + 7) / 8;
  auto offset = place->offset.constant();
  memory.alignment = offset ? std::gcd(kVectorBytes, *offset * bytes) : bytes;
  for (const DimExpr &stride : place->strides)
    memory.strides.push_back(e->dim(stride));
  e->setMemory(inner, memory);
}

Value KernelBuilder::scalar(const DimExpr &x) {
  Value &v = scalarValues[x.str()];
  if (!v) {
    v = addArgument(b.getI64Type());
    scalars.push_back(v);
    kernel.scalars.push_back(x);
  }
  return v;
}

Value KernelBuilder::workspace(const DimExpr &bytes) {
  kernel.workspaces.push_back(bytes);
  buffers.push_back({addArgument(LLVM::LLVMPointerType::get(b.getContext())), false});
  return buffers.back().value;
}

Value KernelBuilder::shared(Type type, int64_t elements) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(kernel.module->getBody());
  auto array = LLVM::LLVMArrayType::get(type, elements);
  std::string name = "shared" + std::to_string(numShared++);
  LLVM::GlobalOp::create(b, loc, array, /*isConstant=*/false, LLVM::Linkage::Internal, name, Attribute(), /*alignment=*/16, kSharedSpace);
  b.setInsertionPointToStart(entry);
  Value at = LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace), name);
  return LLVM::AddrSpaceCastOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), at);
}

void KernelBuilder::barrier() {
  Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
  LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr("llvm.nvvm.barrier.cta.sync.aligned.all"), ValueRange{zero});
}

Value KernelBuilder::shuffleXor(Value v, int64_t mask) {
  auto i32 = [&](int64_t x) -> Value { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(x)); };
  Type type = v.getType();
  unsigned bits = type.getIntOrFloatBitWidth();
  auto shuffle = [&](Value word) -> Value {
    return LLVM::CallIntrinsicOp::create(b, loc, b.getI32Type(), b.getStringAttr("llvm.nvvm.shfl.sync.bfly.i32"), ValueRange{i32(-1), word, i32(mask), i32(kWarp - 1)}).getResult(0);
  };
  if (bits < 32) {
    Type whole = b.getIntegerType(bits);
    Value raw = type == whole ? v : Value(arith::BitcastOp::create(b, loc, whole, v));
    Value back = arith::TruncIOp::create(b, loc, whole, shuffle(arith::ExtUIOp::create(b, loc, b.getI32Type(), raw)));
    return type == whole ? back : Value(arith::BitcastOp::create(b, loc, type, back));
  }
  if (bits == 32) {
    bool isInt = type.isInteger();
    Value back = shuffle(isInt ? v : Value(arith::BitcastOp::create(b, loc, b.getI32Type(), v)));
    return isInt ? back : Value(arith::BitcastOp::create(b, loc, type, back));
  }
  auto pair = VectorType::get({2}, b.getI32Type());
  Value words = LLVM::BitcastOp::create(b, loc, pair, v), out = words;
  for (int64_t i = 0; i < 2; ++i)
    out = vector::InsertOp::create(b, loc, shuffle(vector::ExtractOp::create(b, loc, words, i)), out, i);
  return LLVM::BitcastOp::create(b, loc, type, out);
}

void KernelBuilder::forEachThread(const DimExpr &extent, llvm::function_ref<void(Value)> body) {
  auto total = extent.constant();
  int64_t threads = kBlockThreads;
  // Few elements: small blocks reach more multiprocessors.
  while (total && threads > 64 && *total < threads * 128)
    threads /= 2;
  kernel.threads = threads;
  kernel.grid = DimExpr::ceilDiv(extent, threads);
  Value v = e->add(e->mul(block, e->i64(threads)), thread);
  if (total && *total <= INT32_MAX - threads) {
    // Narrow divisions are several times cheaper; LLVM sees that the value fits.
    Value narrow = arith::TruncIOp::create(b, loc, b.getI32Type(), v);
    v = arith::ExtUIOp::create(b, loc, b.getI64Type(), narrow);
  }
  if (total && *total % threads == 0) {
    reference::Emitter::Scope scope(*e);
    body(v);
  } else {
    e->when(e->less(v, e->dim(extent)), [&] { body(v); });
  }
}

void KernelBuilder::storeResult(unsigned i, ArrayRef<Index> index) { e->store(region.getResult(i), index, e->at(terminator()->getOperand(i), index)); }

Kernel KernelBuilder::finish() {
  // Arguments came as they were needed; the convention's order is buffers, scalars, fault.
  SmallVector<Value> order;
  for (const Argument &a : buffers)
    order.push_back(a.value);
  llvm::append_range(order, scalars);
  order.push_back(fault);
  unsigned n = order.size();
  SmallVector<Type> types;
  for (Value v : order) {
    types.push_back(v.getType());
    v.replaceAllUsesWith(entry->addArgument(v.getType(), loc));
  }
  entry->eraseArguments(0, n);
  func.setFunctionType(b.getFunctionType(types, {}));
  for (auto [i, a] : llvm::enumerate(buffers)) {
    if (a.isInput && !kernel.inPlace) {
      func.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
      func.setArgAttr(i, "llvm.readonly", b.getUnitAttr());
    }
  }
  return std::move(kernel);
}

int64_t vectorWidth(RegionOp region, ShapeFacts &facts, int64_t line) {
  int64_t bytes = 0;
  for (Value r : region.getResults())
    bytes = std::max<int64_t>(bytes, (facts.elementType(r).getIntOrFloatBitWidth() + 7) / 8);
  for (Value v : region.getInputs())
    if (facts.rank(v) > 0 && facts.elementType(v).getIntOrFloatBitWidth() < 64) // indices of gathers are scalars to us
      bytes = std::max<int64_t>(bytes, (facts.elementType(v).getIntOrFloatBitWidth() + 7) / 8);
  int64_t width = kVectorBytes / bytes;
  for (Value r : region.getResults()) {
    auto extent = facts.dim(r, line).constant();
    while (width > 1 && (!extent || *extent % width))
      width /= 2;
  }
  return std::min<int64_t>(width, 8);
}

FailureOr<Kernel> emitGeneric(RegionOp region, ShapeFacts &facts, const Placements &placements) {
  for (Operation &op : region.getBody().front().without_terminator())
    if (!reference::elementFunction(&op) && !reference::nest(&op))
      return op.emitOpError() << "has no CUDA lowering";
  using Family = FailureOr<Kernel> (*)(RegionOp, ShapeFacts &, const Placements &);
  // The first family that takes the region; map takes all that element functions express.
  for (Family family : {emitRows, emitColumns, emitNest, emitMap})
    if (auto kernel = family(region, facts, placements); succeeded(kernel))
      return std::move(*kernel);
  return region.emitOpError() << "cannot be lowered as one CUDA kernel";
}

} // namespace mlc::cuda
