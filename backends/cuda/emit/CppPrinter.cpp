// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/CppPrinter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace mlc::cuda {

std::string cppType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return "Pack<" + cppType(vector.getElementType()) + ", " + std::to_string(vector.getNumElements()) + ">";
  if (isa<LLVM::LLVMPointerType>(type))
    return "char *";
  if (type.isF16())
    return "half_t";
  if (type.isBF16())
    return "bf16_t";
  if (type.isF32())
    return "float";
  if (type.isF64())
    return "double";
  if (auto integer = dyn_cast<IntegerType>(type))
    switch (integer.getWidth()) {
    case 1: return "bool";
    case 8: return "int8_t";
    case 16: return "int16_t";
    case 32: return "int";
    case 64: return "int64_t";
    default: break;
    }
  return type.isIndex() ? "int64_t" : "";
}

namespace {

/// How an op of scalars is spelled, $0 to $2 being its operands; $u the unsigned type of its first operand, $r its result's type.
StringRef formulaOf(Operation *op) {
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    using P = arith::CmpIPredicate;
    switch (compare.getPredicate()) {
    case P::eq: return "$0 == $1";
    case P::ne: return "$0 != $1";
    case P::slt: return "$0 < $1";
    case P::sle: return "$0 <= $1";
    case P::sgt: return "$0 > $1";
    case P::sge: return "$0 >= $1";
    case P::ult: return "($u)$0 < ($u)$1";
    case P::ule: return "($u)$0 <= ($u)$1";
    case P::ugt: return "($u)$0 > ($u)$1";
    case P::uge: return "($u)$0 >= ($u)$1";
    }
  }
  if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    using P = arith::CmpFPredicate;
    switch (compare.getPredicate()) {
    case P::OEQ: return "$0 == $1";
    case P::ONE: return "$0 < $1 || $0 > $1";
    case P::OLT: return "$0 < $1";
    case P::OLE: return "$0 <= $1";
    case P::OGT: return "$0 > $1";
    case P::OGE: return "$0 >= $1";
    case P::UNE: return "$0 != $1";
    case P::UEQ: return "!($0 < $1 || $0 > $1)";
    case P::ULT: return "!($0 >= $1)";
    case P::ULE: return "!($0 > $1)";
    case P::UGT: return "!($0 <= $1)";
    case P::UGE: return "!($0 < $1)";
    case P::ORD: return "$0 == $0 && $1 == $1";
    case P::UNO: return "$0 != $0 || $1 != $1";
    default: return "";
    }
  }
  static const llvm::StringMap<StringRef> formulas = {
      {"arith.addi", "$0 + $1"}, {"arith.subi", "$0 - $1"}, {"arith.muli", "$0 * $1"}, {"arith.divui", "($u)$0 / ($u)$1"}, {"arith.remui", "($u)$0 % ($u)$1"},
      {"arith.divsi", "$0 / $1"}, {"arith.remsi", "$0 % $1"}, {"arith.andi", "$0 & $1"}, {"arith.ori", "$0 | $1"}, {"arith.xori", "$0 ^ $1"},
      {"arith.shli", "($u)$0 << $1"}, {"arith.shrui", "($u)$0 >> $1"}, {"arith.shrsi", "$0 >> $1"},
      {"arith.minsi", "$0 < $1 ? $0 : $1"}, {"arith.maxsi", "$0 > $1 ? $0 : $1"}, {"arith.minui", "($u)$0 < ($u)$1 ? $0 : $1"}, {"arith.maxui", "($u)$0 > ($u)$1 ? $0 : $1"},
      {"arith.extsi", "$0"}, {"arith.extui", "($u)$0"}, {"arith.trunci", "$0"}, {"arith.index_cast", "$0"}, {"arith.sitofp", "from_int<$r>($0)"}, {"arith.uitofp", "from_int<$r>(($u)$0)"},
      {"arith.fptosi", "to_int<$r>($0)"}, {"arith.addf", "$0 + $1"}, {"arith.subf", "$0 - $1"}, {"arith.mulf", "$0 * $1"}, {"arith.divf", "divide($0, $1)"}, {"arith.negf", "-$0"},
      {"arith.maximumf", "maximum($0, $1)"}, {"arith.minimumf", "minimum($0, $1)"}, {"arith.maxnumf", "fmax($0, $1)"}, {"arith.minnumf", "fmin($0, $1)"},
      {"arith.extf", "convert<$r>($0)"}, {"arith.truncf", "convert<$r>($0)"}, {"arith.bitcast", "bitcast<$r>($0)"}, {"arith.select", "$0 ? $1 : $2"},
      {"math.exp", "math_exp($0)"}, {"math.exp2", "math_exp2($0)"}, {"math.expm1", "math_expm1($0)"}, {"math.log", "math_log($0)"}, {"math.log1p", "math_log1p($0)"},
      {"math.sqrt", "math_sqrt($0)"}, {"math.rsqrt", "math_rsqrt($0)"}, {"math.tanh", "math_tanh($0)"}, {"math.erf", "math_erf($0)"}, {"math.sin", "math_sin($0)"}, {"math.cos", "math_cos($0)"},
      {"math.tan", "math_tan($0)"}, {"math.asin", "math_asin($0)"}, {"math.acos", "math_acos($0)"}, {"math.atan", "math_atan($0)"}, {"math.sinh", "math_sinh($0)"}, {"math.cosh", "math_cosh($0)"},
      {"math.asinh", "math_asinh($0)"}, {"math.acosh", "math_acosh($0)"}, {"math.atanh", "math_atanh($0)"}, {"arith.remf", "math_mod($0, $1)"},
      {"math.powf", "math_pow($0, $1)"}, {"math.absf", "math_abs($0)"}, {"math.absi", "($0 < 0 ? -$0 : $0)"}, {"math.floor", "math_floor($0)"}, {"math.ceil", "math_ceil($0)"},
      {"math.roundeven", "math_round($0)"}, {"math.trunc", "math_trunc($0)"}, {"math.copysign", "math_copysign($0, $1)"}, {"math.fma", "math_fma($0, $1, $2)"}};
  return formulas.lookup(op->getName().getStringRef());
}

/// Halves are only moved and converted; everything else computes in f32.
bool isComputedInHalf(Operation *op) {
  Type element = getElementTypeOrSelf(op->getNumResults() ? op->getResult(0).getType() : op->getOperand(0).getType());
  return (element.isF16() || element.isBF16()) && !isa<arith::TruncFOp, arith::SelectOp, arith::BitcastOp, arith::SIToFPOp, arith::UIToFPOp>(op);
}

std::string unsignedType(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isInteger(1))
    return "bool";
  return "u" + (element.isInteger(32) ? std::string("int32_t") : cppType(element));
}

class Printer {
public:
  FailureOr<std::string> run(func::FuncOp func, StringRef name, StringRef head, ArrayRef<std::string> argumentNames) {
    Block &body = func.getBody().front();
    for (auto [value, text] : llvm::zip(body.getArguments(), argumentNames))
      names[value] = text;
    std::string result = func.getNumResults() ? cppType(func.getResultTypes()[0]) : "void";
    os << "DEVICE " << result << ' ' << name << '(' << head << ") {\n";
    if (!block(body, {}))
      return failure();
    os << "}\n";
    return os.str();
  }

private:
  std::string &nameOf(Value v) {
    std::string &name = names[v];
    if (name.empty())
      name = "v" + std::to_string(next++);
    return name;
  }

  /// Number `lane` of a vector, or the scalar itself.
  std::string at(Value v, int64_t lane) { return isa<VectorType>(v.getType()) ? nameOf(v) + ".v[" + std::to_string(lane) + "]" : nameOf(v); }

  static std::string literal(Attribute value, Type type) {
    if (auto f = dyn_cast<FloatAttr>(value)) {
      if (type.isF32() || type.isF64()) {
        llvm::SmallString<32> text;
        APInt bits = f.getValue().bitcastToAPInt();
        if (f.getValue().isFinite()) {
          f.getValue().toString(text, 17, 0);
          std::string out = text.str().str();
          if (out.find_first_of(".eE") == std::string::npos)
            out += ".0";
          return out + (type.isF32() ? "f" : "");
        }
        return (type.isF32() ? "bitcast<float>(" : "bitcast<double>(") + llvm::toString(bits, 10, false) + (type.isF32() ? "u)" : "ull)");
      }
      return cppType(type) + "{" + llvm::toString(f.getValue().bitcastToAPInt(), 10, false) + "}";
    }
    APInt bits = cast<IntegerAttr>(value).getValue();
    if (type.isInteger(1))
      return bits.isZero() ? "false" : "true";
    if (bits.isMinSignedValue() && bits.getBitWidth() >= 32)
      return "(" + llvm::toString(bits + 1, 10, true) + (bits.getBitWidth() == 64 ? "ll" : "") + " - 1)";
    return llvm::toString(bits, 10, true) + (type.isInteger(64) || type.isIndex() ? "ll" : "");
  }

  void define(Value v, StringRef text) { os << "  " << cppType(v.getType()) << ' ' << nameOf(v) << " = " << text << ";\n"; }

  /// One formula for each lane, or for the scalar.
  void defineLanes(Value v, llvm::function_ref<std::string(int64_t)> formula) {
    auto vector = dyn_cast<VectorType>(v.getType());
    if (!vector)
      return define(v, formula(0));
    std::string text = "{{";
    for (int64_t l = 0; l < vector.getNumElements(); ++l)
      text += (l ? ", " : "") + formula(l);
    define(v, text + "}}");
  }

  /// An operand in a formula: comparisons of halves are of floats.
  std::string number(Operation *op, Value v, int64_t lane) {
    Type element = getElementTypeOrSelf(v.getType());
    bool isHalf = isa<arith::CmpFOp>(op) && (element.isF16() || element.isBF16());
    return isHalf ? "convert<float>(" + at(v, lane) + ")" : at(v, lane);
  }

  std::string filled(Operation *op, StringRef formula, int64_t lane) {
    std::string out;
    for (size_t i = 0; i < formula.size(); ++i) {
      if (formula[i] != '$') {
        out += formula[i];
        continue;
      }
      char c = formula[++i];
      if (c == 'u')
        out += unsignedType(op->getOperand(0).getType());
      else if (c == 'r')
        out += cppType(getElementTypeOrSelf(op->getResult(0).getType()));
      else
        out += number(op, op->getOperand(c - '0'), lane);
    }
    std::string type = cppType(getElementTypeOrSelf(op->getResult(0).getType()));
    return "(" + type + ")(" + out + ")";
  }

  bool constant(arith::ConstantOp op) {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue())) {
      auto values = llvm::to_vector(dense.getValues<Attribute>());
      defineLanes(op.getResult(), [&](int64_t l) { return literal(values[l], element); });
      return true;
    }
    define(op.getResult(), literal(op.getValue(), type));
    return true;
  }

  bool address(LLVM::GEPOp op) {
    if (op.getIndices().size() != 1)
      return false;
    std::string type = cppType(op.getElemType());
    auto index = op.getIndices()[0];
    std::string text = isa<IntegerAttr>(index) ? std::to_string(cast<IntegerAttr>(index).getInt()) : nameOf(cast<Value>(index));
    define(op.getResult(), nameOf(op.getBase()) + " + (int64_t)(" + text + ") * sizeof(" + type + ")");
    return !type.empty();
  }

  /// A vector that is aligned as a whole is one access, others go element by element.
  bool load(LLVM::LoadOp op) {
    Type type = op.getResult().getType(), element = getElementTypeOrSelf(type);
    std::string pointer = nameOf(op.getAddr());
    auto vector = dyn_cast<VectorType>(type);
    if (!vector) {
      define(op.getResult(), "*(const " + cppType(type) + " *)(" + pointer + ")");
      return true;
    }
    uint64_t bytes = vector.getNumElements() * ((element.getIntOrFloatBitWidth() + 7) / 8);
    if (op.getAlignment().value_or(1) >= std::min<uint64_t>(bytes, 16))
      define(op.getResult(), "*(const " + cppType(type) + " *)(" + pointer + ")");
    else
      defineLanes(op.getResult(), [&](int64_t l) { return "((const " + cppType(element) + " *)(" + pointer + "))[" + std::to_string(l) + "]"; });
    return true;
  }

  bool store(LLVM::StoreOp op) {
    Type type = op.getValue().getType(), element = getElementTypeOrSelf(type);
    std::string pointer = nameOf(op.getAddr());
    auto vector = dyn_cast<VectorType>(type);
    uint64_t bytes = vector ? vector.getNumElements() * ((element.getIntOrFloatBitWidth() + 7) / 8) : 0;
    if (!vector || op.getAlignment().value_or(1) >= std::min<uint64_t>(bytes, 16)) {
      os << "  *(" << cppType(type) << " *)(" << pointer << ") = " << nameOf(op.getValue()) << ";\n";
      return true;
    }
    for (int64_t l = 0; l < vector.getNumElements(); ++l)
      os << "  ((" << cppType(element) << " *)(" << pointer << "))[" << l << "] = " << at(op.getValue(), l) << ";\n";
    return true;
  }

  bool loop(scf::ForOp op) {
    for (auto [result, init, carried] : llvm::zip(op.getResults(), op.getInitArgs(), op.getRegionIterArgs())) {
      define(result, nameOf(init));
      std::string name = nameOf(result); // NOTE: a copy: the map may move when it grows
      names[carried] = std::move(name);
    }
    std::string i = nameOf(op.getInductionVar());
    os << "  for (int64_t " << i << " = " << nameOf(op.getLowerBound()) << "; " << i << " < " << nameOf(op.getUpperBound()) << "; " << i << " += " << nameOf(op.getStep()) << ") {\n";
    if (!block(*op.getBody(), op.getResults()))
      return false;
    os << "  }\n";
    return true;
  }

  bool branch(scf::IfOp op) {
    for (Value result : op.getResults())
      os << "  " << cppType(result.getType()) << ' ' << nameOf(result) << ";\n";
    os << "  if (" << nameOf(op.getCondition()) << ") {\n";
    if (!block(*op.thenBlock(), op.getResults()))
      return false;
    os << "  }\n";
    if (!op.elseBlock())
      return true;
    os << "  else {\n";
    if (!block(*op.elseBlock(), op.getResults()))
      return false;
    os << "  }\n";
    return true;
  }

  /// The yielded values go to `targets`; all are read before one is written.
  void yield(ValueRange values, ValueRange targets) {
    for (auto [i, v] : llvm::enumerate(values))
      os << "  " << cppType(v.getType()) << " y" << next + i << " = " << nameOf(v) << ";\n";
    for (auto [i, target] : llvm::enumerate(targets))
      os << "  " << nameOf(target) << " = y" << next + i << ";\n";
    next += values.size();
  }

  bool block(Block &b, ValueRange targets) {
    return llvm::all_of(b, [&](Operation &op) { return operation(&op, targets); });
  }

  bool operation(Operation *op, ValueRange targets) {
    for (Value r : op->getResults())
      if (cppType(r.getType()).empty())
        return false;
    if (auto c = dyn_cast<arith::ConstantOp>(op))
      return constant(c);
    if (auto gep = dyn_cast<LLVM::GEPOp>(op))
      return address(gep);
    if (auto l = dyn_cast<LLVM::LoadOp>(op))
      return load(l);
    if (auto s = dyn_cast<LLVM::StoreOp>(op))
      return store(s);
    if (auto f = dyn_cast<scf::ForOp>(op))
      return loop(f);
    if (auto i = dyn_cast<scf::IfOp>(op))
      return branch(i);
    if (auto y = dyn_cast<scf::YieldOp>(op)) {
      yield(y.getOperands(), targets);
      return true;
    }
    if (auto ret = dyn_cast<func::ReturnOp>(op)) {
      if (ret.getNumOperands())
        os << "  return " << nameOf(ret.getOperand(0)) << ";\n";
      return ret.getNumOperands() <= 1;
    }
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
      defineLanes(broadcast.getResult(), [&](int64_t l) { return at(broadcast.getSource(), l); });
      return !isa<VectorType>(broadcast.getSource().getType());
    }
    if (auto extract = dyn_cast<vector::ExtractOp>(op)) {
      if (extract.getStaticPosition().size() != 1 || extract.hasDynamicPosition())
        return false;
      define(extract.getResult(), at(extract.getSource(), extract.getStaticPosition()[0]));
      return true;
    }
    if (auto insert = dyn_cast<vector::InsertOp>(op)) {
      if (insert.getStaticPosition().size() != 1 || insert.hasDynamicPosition())
        return false;
      define(insert.getResult(), nameOf(insert.getDest()));
      os << "  " << nameOf(insert.getResult()) << ".v[" << insert.getStaticPosition()[0] << "] = " << nameOf(insert.getValueToStore()) << ";\n";
      return true;
    }
    StringRef formula = formulaOf(op);
    if (formula.empty() || op->getNumResults() != 1 || isComputedInHalf(op))
      return false;
    defineLanes(op->getResult(0), [&](int64_t l) { return filled(op, formula, l); });
    return true;
  }

  llvm::DenseMap<Value, std::string> names;
  std::string text;
  llvm::raw_string_ostream os{text};
  unsigned next = 0;
};

} // namespace

FailureOr<std::string> printFunction(func::FuncOp func, StringRef name, StringRef head, ArrayRef<std::string> argumentNames) { return Printer().run(func, name, head, argumentNames); }

} // namespace mlc::cuda
