// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/llvm/LowerToLLVM.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace mlc {
namespace {

/// Functions of support/math_functions.def by math op. Ops absent here are instructions.
StringRef supportName(Operation *op) {
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Case("math.exp", "exp").Case("math.exp2", "exp2").Case("math.expm1", "expm1").Case("math.log", "log").Case("math.log2", "log2")
      .Case("math.log10", "log10").Case("math.log1p", "log1p").Case("math.sin", "sin").Case("math.cos", "cos").Case("math.tan", "tan")
      .Case("math.asin", "asin").Case("math.acos", "acos").Case("math.atan", "atan").Case("math.atan2", "atan2").Case("math.sinh", "sinh")
      .Case("math.cosh", "cosh").Case("math.tanh", "tanh").Case("math.asinh", "asinh").Case("math.acosh", "acosh").Case("math.atanh", "atanh")
      .Case("math.erf", "erf").Case("math.erfc", "erfc").Case("math.powf", "pow").Case("math.cbrt", "cbrt").Case("arith.remf", "fmod")
      .Default("");
}

/// Replaces one math op by a call; f64 vectors and odd widths go element by element.
void callSupport(Operation *op, StringRef name, ValueRange arguments, ModuleOp module) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  Type type = op->getResult(0).getType(), element = getElementTypeOrSelf(type);
  auto vector = dyn_cast<VectorType>(type);
  auto call = [&](Type t, ValueRange operands) -> Value {
    std::string symbol = ("mlc_" + name + (element.isF64() ? "_f64" : "_f32")).str();
    if (auto v = dyn_cast<VectorType>(t))
      symbol += "x" + std::to_string(v.getNumElements());
    if (!module.lookupSymbol(symbol)) {
      OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
      auto decl = func::FuncOp::create(top, loc, symbol, b.getFunctionType(SmallVector<Type>(operands.size(), t), {t}));
      decl.setPrivate();
    }
    return func::CallOp::create(b, loc, symbol, TypeRange{t}, operands).getResult(0);
  };
  Value result;
  bool direct = !vector || (element.isF32() && llvm::is_contained({4, 8, 16}, vector.getNumElements()));
  if (direct) {
    result = call(type, arguments);
  } else {
    result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t i = 0; i < vector.getNumElements(); ++i) {
      SmallVector<Value> lanes;
      for (Value v : arguments)
        lanes.push_back(vector::ExtractOp::create(b, loc, v, i));
      result = vector::InsertOp::create(b, loc, call(element, lanes), result, i);
    }
  }
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

/// x when `op` is the f32 quotient 1 / (1 + exp(-x)), which one function computes for less, else null.
Value sigmoidOperand(arith::DivFOp op) {
  if (!getElementTypeOrSelf(op.getType()).isF32() || !matchPattern(op.getLhs(), m_OneFloat()))
    return {};
  auto sum = op.getRhs().getDefiningOp<arith::AddFOp>();
  auto power = sum && matchPattern(sum.getLhs(), m_OneFloat()) ? sum.getRhs().getDefiningOp<math::ExpOp>() : math::ExpOp();
  auto negated = power ? power.getOperand().getDefiningOp<arith::NegFOp>() : arith::NegFOp();
  return negated ? negated.getOperand() : Value();
}

} // namespace

LogicalResult lowerToLLVM(ModuleOp module) {
  SmallVector<arith::DivFOp> quotients;
  module.walk([&](arith::DivFOp op) { quotients.push_back(op); });
  for (arith::DivFOp op : quotients) {
    Value x = sigmoidOperand(op);
    if (!x)
      continue;
    Operation *rest = op.getRhs().getDefiningOp();
    callSupport(op, "sigmoid", x, module);
    while (rest && isOpTriviallyDead(rest)) {
      Operation *feeds = rest->getOperand(rest->getNumOperands() - 1).getDefiningOp();
      rest->erase();
      rest = feeds;
    }
  }
  SmallVector<std::pair<Operation *, StringRef>> calls;
  module.walk([&](Operation *op) {
    if (StringRef name = supportName(op); !name.empty())
      calls.push_back({op, name});
  });
  for (auto [op, name] : calls)
    callSupport(op, name, op->getOperands(), module);

  PassManager pm(module.getContext());
  pm.addPass(createSCFToControlFlowPass());
  if (failed(pm.run(module)))
    return failure();
  LLVMTypeConverter types(module.getContext());
  RewritePatternSet patterns(module.getContext());
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  populateVectorToLLVMConversionPatterns(types, patterns);
  LLVMConversionTarget target(*module.getContext());
  target.addLegalOp<ModuleOp>();
  if (failed(applyPartialConversion(module, target, std::move(patterns))))
    return failure();
  PassManager cleanup(module.getContext());
  cleanup.addPass(createReconcileUnrealizedCastsPass());
  return cleanup.run(module);
}

} // namespace mlc
