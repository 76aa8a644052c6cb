// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/reference/Emitter.h"

using namespace mlir;

namespace mlc::reference {

// ---- types

Type Emitter::computeType(Type elementType) {
  if (auto integer = dyn_cast<IntegerType>(elementType))
    return IntegerType::get(b.getContext(), integer.getWidth());
  return elementType;
}

Type Emitter::storageType(Type elementType) {
  return elementType.isInteger(1) ? b.getI8Type() : computeType(elementType);
}

Type Emitter::sumType(Type computeType) { return exactSums && computeType.isF32() ? b.getF64Type() : accumulatorType(computeType); }

bool Emitter::isUnsigned(Type elementType) {
  return elementType.isUnsignedInteger() || elementType.isInteger(1);
}

Type Emitter::shapedLike(Type scalarType, Value like) {
  auto vector = dyn_cast<VectorType>(like.getType());
  return vector ? Type(VectorType::get(vector.getShape(), scalarType)) : scalarType;
}

// ---- values

Value Emitter::i64(int64_t v) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v)); }

Value Emitter::dim(const DimExpr &e) {
  if (auto c = e.constant())
    return i64(*c);
  Value v = scalar(e);
  int64_t &divisor = divisors[v];
  if (!divisor)
    for (const DimExpr::Term &term : e.terms())
      divisor = std::gcd(divisor, term.coefficient);
  return v;
}

Value Emitter::constant(Type type, double v) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attr;
  if (auto f = dyn_cast<FloatType>(element)) {
    APFloat value(v);
    bool lost;
    value.convert(f.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    attr = FloatAttr::get(f, value);
  } else {
    attr = b.getIntegerAttr(element, static_cast<int64_t>(v));
  }
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(b, loc, attr);
}

Value Emitter::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value Emitter::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value Emitter::mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value Emitter::div(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value Emitter::rem(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }
Value Emitter::less(Value x, Value y) { return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y); }
Value Emitter::both(Value x, Value y) { return b.createOrFold<arith::AndIOp>(loc, x, y); }
Value Emitter::minimum(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); }
Value Emitter::maximum(Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(loc, x, y); }

Value Emitter::select(Value c, Value x, Value y) {
  if (isVector(x) != isVector(y)) {
    x = isVector(x) ? x : splat(x);
    y = isVector(y) ? y : splat(y);
  }
  if (isVector(c) && !isVector(x)) {
    x = splat(x);
    y = splat(y);
  }
  return b.createOrFold<arith::SelectOp>(loc, c, x, y);
}

Value Emitter::splat(Value v) {
  if (isVector(v))
    return v;
  return vector::BroadcastOp::create(b, loc, VectorType::get({width}, v.getType()), v);
}

void Emitter::unify(MutableArrayRef<Value> values) {
  if (llvm::none_of(values, [&](Value v) { return isVector(v); }))
    return;
  for (Value &v : values)
    v = splat(v);
}

Value Emitter::convert(Value v, Type from, Type to) {
  Type source = computeType(from), target = computeType(to);
  if (source == target && isUnsigned(from) == isUnsigned(to))
    return v;
  Type type = shapedLike(target, v);
  auto make = [&](auto op) { return Value(op); };
  if (auto f = dyn_cast<FloatType>(target)) {
    if (auto g = dyn_cast<FloatType>(source)) {
      if (f == g)
        return v;
      if (f.getWidth() == g.getWidth()) // f16 <-> bf16
        return convert(convert(v, from, b.getF32Type()), b.getF32Type(), to);
      return f.getWidth() > g.getWidth() ? make(arith::ExtFOp::create(b, loc, type, v)) : make(arith::TruncFOp::create(b, loc, type, v));
    }
    // Narrow integers go through i32, which every target converts.
    if (source.getIntOrFloatBitWidth() < 32) {
      Type wide = shapedLike(b.getI32Type(), v);
      v = isUnsigned(from) ? make(arith::ExtUIOp::create(b, loc, wide, v)) : make(arith::ExtSIOp::create(b, loc, wide, v));
      return make(arith::SIToFPOp::create(b, loc, type, v));
    }
    return isUnsigned(from) ? make(arith::UIToFPOp::create(b, loc, type, v)) : make(arith::SIToFPOp::create(b, loc, type, v));
  }
  if (auto g = dyn_cast<FloatType>(source)) {
    if (target.isInteger(1))
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, v, constant(v.getType(), 0));
    if (g.getWidth() < 32)
      return convert(convert(v, from, b.getF32Type()), b.getF32Type(), to);
    // Through i64, so that out-of-range values wrap as on every peer instead of being undefined for narrow types.
    unsigned bits = target.getIntOrFloatBitWidth();
    if (isUnsigned(to) && bits == 64) {
      // Values from 2^63 on are converted after subtracting it.
      Value half = constant(v.getType(), 9223372036854775808.0);
      Value big = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, v, half);
      Value lowered = arith::SelectOp::create(b, loc, big, make(arith::SubFOp::create(b, loc, v, half)), v);
      Value r = arith::FPToSIOp::create(b, loc, type, lowered);
      Value top = arith::ConstantOp::create(b, loc, isVector(v) ? TypedAttr(DenseElementsAttr::get(cast<VectorType>(type), b.getI64IntegerAttr(INT64_MIN))) : TypedAttr(b.getI64IntegerAttr(INT64_MIN)));
      return arith::SelectOp::create(b, loc, big, make(arith::XOrIOp::create(b, loc, r, top)), r);
    }
    Type wide = shapedLike(bits == 32 && !isUnsigned(to) ? b.getI32Type() : b.getI64Type(), v);
    Value r = arith::FPToSIOp::create(b, loc, wide, v);
    return wide == type ? r : make(arith::TruncIOp::create(b, loc, type, r));
  }
  if (target.isInteger(1))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, constant(v.getType(), 0));
  unsigned sw = source.getIntOrFloatBitWidth(), tw = target.getIntOrFloatBitWidth();
  if (sw == tw)
    return v;
  if (sw > tw)
    return arith::TruncIOp::create(b, loc, type, v);
  return isUnsigned(from) ? make(arith::ExtUIOp::create(b, loc, type, v)) : make(arith::ExtSIOp::create(b, loc, type, v));
}

Value Emitter::checkedIndex(Value element, Type elementType, Value extent) {
  Value i = convert(element, elementType, b.getI64Type());
  Value negative = less(i, i64(0));
  i = arith::SelectOp::create(b, loc, negative, add(i, extent), i);
  // One unsigned comparison covers both ends.
  Value good = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, i, extent);
  Value bad = arith::XOrIOp::create(b, loc, good, arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
  when(bad, [&] {
    Value one = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(1));
    LLVM::StoreOp::create(b, loc, one, fault);
  });
  return arith::SelectOp::create(b, loc, good, i, i64(0));
}

Value Emitter::linearize(ArrayRef<Index> index, ArrayRef<DimExpr> dims) {
  Value linear = i64(0);
  for (auto [i, d] : llvm::zip(index, dims))
    linear = add(mul(linear, dim(d)), i.base);
  return linear;
}

SmallVector<Value> Emitter::delinearize(Value linear, ArrayRef<DimExpr> dims) {
  SmallVector<Value> out(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    if (dims[i].isConstant(1)) {
      out[i] = i64(0);
      continue;
    }
    // The outermost needs no remainder.
    bool last = llvm::all_of(dims.take_front(i), [](const DimExpr &d) { return d.isConstant(1); });
    Value extent = dim(dims[i]);
    out[i] = last ? linear : rem(linear, extent);
    if (!last)
      linear = div(linear, extent);
    else
      linear = i64(0);
  }
  return out;
}

std::optional<Indices> Emitter::broadcastIndex(Value operand, ArrayRef<DimExpr> resultDims, ArrayRef<Index> index) {
  Dims dims(facts.dims(operand));
  Indices out;
  size_t skip = resultDims.size() - dims.size();
  for (size_t i = 0; i < dims.size(); ++i) {
    const Index &at = index[skip + i];
    const DimExpr &result = resultDims[skip + i];
    if (dims[i].isConstant(1)) {
      out.push_back(zero());
    } else if (dims[i] == result || dims[i].constant()) {
      out.push_back(at);
    } else {
      // Known only at run time whether the dim is 1.
      if (at.lane)
        return std::nullopt;
      Value one = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, dim(dims[i]), i64(1));
      out.push_back(position(select(one, i64(0), at.base)));
    }
  }
  return out;
}

// ---- memory

void Emitter::setMemory(Value tensor, Value pointer, int64_t alignment) {
  Memory m{pointer, {}, alignment};
  Dims dims(facts.dims(tensor));
  DimExpr stride = 1;
  m.strides.resize(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    m.strides[i] = dim(stride);
    stride = stride * dims[i];
  }
  memories[tensor] = m;
}

const Memory *Emitter::memory(Value tensor) const {
  auto it = memories.find(tensor);
  return it == memories.end() ? nullptr : &it->second;
}

static Value elementPointer(Emitter &e, const Memory &m, Type storage, ArrayRef<Index> index) {
  Value offset = e.i64(0);
  for (auto [i, s] : llvm::zip(index, m.strides))
    offset = e.add(offset, e.mul(i.base, s));
  return LLVM::GEPOp::create(e.b, e.loc, LLVM::LLVMPointerType::get(e.b.getContext()), storage, m.pointer, ArrayRef<LLVM::GEPArg>{offset});
}

/// Whether lanes lie next to each other: the lane's stride is the constant 1.
static bool contiguousLanes(const Memory &m, ArrayRef<Index> index) {
  for (auto [i, s] : llvm::zip(index, m.strides))
    if (i.lane && getConstantIntValue(s) != 1)
      return false;
  return true;
}

static unsigned byteSize(Type storage) { return (storage.getIntOrFloatBitWidth() + 7) / 8; }

unsigned Emitter::alignmentOf(const Memory &m, Type storage, ArrayRef<Index> index) {
  int64_t element = byteSize(storage), alignment = m.alignment;
  if (!alignment)
    return element;
  for (auto [i, s] : llvm::zip(index, m.strides)) {
    if (getConstantIntValue(i.base) == 0)
      continue;
    if (i.lane && !i.aligned)
      return element;
    int64_t stride = getConstantIntValue(s).value_or(std::max<int64_t>(1, divisors.lookup(s)));
    alignment = std::gcd(alignment, stride * element * (i.lane ? width : 1));
  }
  return std::clamp<int64_t>(alignment & -alignment, element, width * element);
}

std::optional<Value> Emitter::addressOf(Value tensor, ArrayRef<Index> index, int64_t *alignment) {
  Probe found = probed(tensor, index);
  if (alignment)
    *alignment = found.alignment;
  return found.loads == 1 && found.laneLoads == 1 && found.contiguous && !found.computed ? std::optional<Value>(found.address) : std::nullopt;
}

bool Emitter::readsNeighbours(Value tensor, ArrayRef<Index> index) {
  Probe found = probed(tensor, index);
  return found.laneLoads > 0 && found.contiguous;
}

Emitter::Probe Emitter::probed(Value tensor, ArrayRef<Index> index) {
  Probe found;
  Scope scope(*this);
  probe = &found;
  at(tensor, index);
  probe = nullptr;
  return found;
}

Value Emitter::load(const Memory &m, Type elementType, ArrayRef<Index> index) {
  Type storage = storageType(elementType);
  bool lanes = width > 1 && llvm::any_of(index, [](const Index &i) { return i.lane; });
  if (probe) {
    ++probe->loads;
    if (lanes) {
      ++probe->laneLoads;
      probe->contiguous = probe->contiguous && contiguousLanes(m, index);
    }
    probe->address = elementPointer(*this, m, storage, index);
    probe->alignment = lanes ? alignmentOf(m, storage, index) : byteSize(storage);
    Type type = computeType(elementType);
    return constant(lanes ? Type(VectorType::get({width}, type)) : type, 0);
  }
  Value v;
  if (lanes && !contiguousLanes(m, index)) {
    Type vectorType = VectorType::get({width}, computeType(elementType));
    v = arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));
    for (int64_t l = 0; l < width; ++l) {
      Indices one;
      for (const Index &i : index)
        one.push_back(i.lane ? position(add(i.base, i64(l))) : i);
      v = vector::InsertOp::create(b, loc, load(m, elementType, one), v, l);
    }
    return v;
  }
  Type type = lanes ? Type(VectorType::get({width}, storage)) : storage;
  v = LLVM::LoadOp::create(b, loc, type, elementPointer(*this, m, storage, index), lanes ? alignmentOf(m, storage, index) : byteSize(storage));
  if (elementType.isInteger(1))
    v = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, constant(v.getType(), 0));
  return v;
}

void Emitter::store(Value tensor, ArrayRef<Index> index, Value value) {
  store(memories.find(tensor)->second, facts.elementType(tensor), index, value);
}

void Emitter::store(const Memory &m, Type elementType, ArrayRef<Index> index, Value value) {
  Type storage = storageType(elementType);
  bool lanes = width > 1 && llvm::any_of(index, [](const Index &i) { return i.lane; });
  if (lanes)
    value = splat(value);
  if (elementType.isInteger(1))
    value = arith::ExtUIOp::create(b, loc, shapedLike(storage, value), value);
  if (lanes && !contiguousLanes(m, index)) {
    for (int64_t l = 0; l < width; ++l) {
      Indices one;
      for (const Index &i : index)
        one.push_back(i.lane ? position(add(i.base, i64(l))) : i);
      Value element = vector::ExtractOp::create(b, loc, value, l);
      LLVM::StoreOp::create(b, loc, element, elementPointer(*this, m, storage, one), byteSize(storage));
    }
    return;
  }
  LLVM::StoreOp::create(b, loc, value, elementPointer(*this, m, storage, index), lanes ? alignmentOf(m, storage, index) : byteSize(storage));
}

// ---- elements

Emitter::Key Emitter::key(Value tensor, ArrayRef<Index> index) {
  Key k{tensor.getAsOpaquePointer(), {}};
  for (const Index &i : index) {
    // Equal constants may be different ops.
    if (auto c = getConstantIntValue(i.base))
      k.second.push_back(reinterpret_cast<void *>(static_cast<uintptr_t>(*c) * 4 + 1));
    else
      k.second.push_back(i.base.getAsOpaquePointer());
    k.second.push_back(reinterpret_cast<void *>(static_cast<uintptr_t>(i.lane ? width : 0)));
  }
  return k;
}

void Emitter::remember(Value tensor, ArrayRef<Index> index, Value value) { scopes.back()[key(tensor, index)] = value; }

Value Emitter::at(Value tensor, ArrayRef<Index> index) {
  Key k = key(tensor, index);
  for (auto &scope : scopes)
    if (auto it = scope.find(k); it != scope.end())
      return it->second;
  Value v;
  if (const Memory *m = memory(tensor)) {
    v = m->held ? convert(load(*m, m->held, index), m->held, facts.elementType(tensor)) : load(*m, facts.elementType(tensor), index);
  } else {
    Operation *op = tensor.getDefiningOp();
    ElementFn fn = elementFunction(op);
    assert(fn && "the fuser only puts ops with element functions inside a region");
    v = fn(*this, op, cast<OpResult>(tensor).getResultNumber(), index);
  }
  scopes.back()[k] = v;
  return v;
}

Value Emitter::scalarize(Value tensor, ArrayRef<Index> index) {
  Type vectorType = VectorType::get({width}, computeType(facts.elementType(tensor)));
  Value v = arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));
  for (int64_t l = 0; l < width; ++l) {
    Indices one;
    for (const Index &i : index)
      one.push_back(i.lane ? position(add(i.base, i64(l))) : i);
    v = vector::InsertOp::create(b, loc, at(tensor, one), v, l);
  }
  return v;
}

// ---- loops

SmallVector<Value> Emitter::loop(Value low, Value high, Value step, ValueRange init,
                                 llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, loc, low, high, step, init);
  OpBuilder::InsertionGuard guard(b);
  Block *block = op.getBody();
  if (init.empty())
    b.setInsertionPoint(block->getTerminator());
  else
    b.setInsertionPointToEnd(block);
  Scope scope(*this);
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!init.empty())
    scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(op.getResults());
}

void Emitter::loop(Value low, Value high, Value step, llvm::function_ref<void(Value)> body) {
  loop(low, high, step, {}, [&](Value i, ValueRange) -> SmallVector<Value> {
    body(i);
    return {};
  });
}

void Emitter::when(Value condition, llvm::function_ref<void()> body) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.thenBlock()->getTerminator());
  Scope scope(*this);
  body();
}

Indices operandBatch(Emitter &e, ArrayRef<DimExpr> own, ArrayRef<DimExpr> batch, ArrayRef<Index> at) {
  Indices index;
  size_t skip = batch.size() - own.size();
  for (auto [i, dim] : llvm::enumerate(own)) {
    if (dim.isConstant(1)) {
      index.push_back(e.zero());
    } else if (dim == batch[skip + i] || dim.constant()) {
      index.push_back(at[skip + i]);
    } else {
      Value one = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.dim(dim), e.i64(1));
      index.push_back(e.position(e.select(one, e.i64(0), at[skip + i].base)));
    }
  }
  return index;
}

// ---- the table of lowerings

namespace {
struct Table {
  llvm::StringMap<ElementFn> elements;
  llvm::StringMap<Nest> nests;
};
} // namespace

void registerPointwise();
void registerMoves();
void registerResize();
void registerReductions();
void registerGemms();
void registerNests();

static Table &storage() {
  static Table table;
  return table;
}

static Table &table() {
  static bool filled = [] {
    registerPointwise();
    registerMoves();
    registerResize();
    registerReductions();
    registerGemms();
    registerNests();
    return true;
  }();
  (void)filled;
  return storage();
}

void registerElement(StringRef opName, ElementFn fn) { storage().elements[opName] = fn; }
void registerNest(StringRef opName, const Nest &nest) { storage().nests[opName] = nest; }

ElementFn elementFunction(Operation *op) { return table().elements.lookup(op->getName().getStringRef()); }

const Nest *nest(Operation *op) {
  auto it = table().nests.find(op->getName().getStringRef());
  return it == table().nests.end() ? nullptr : &it->second;
}

} // namespace mlc::reference
