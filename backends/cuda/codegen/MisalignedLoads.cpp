// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/codegen/MisalignedLoads.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

namespace mlc::cuda {
namespace {

constexpr uint64_t kVector = 16, kTwoLoads = 8; // bytes; aligned to 8, two loads are made anyway

bool isMisaligned(const llvm::LoadInst &load) {
  auto type = llvm::dyn_cast<llvm::FixedVectorType>(load.getType());
  return type && load.isSimple() && load.getAlign().value() < kTwoLoads && load.getDataLayout().getTypeStoreSize(type) == kVector && load.getDataLayout().getTypeSizeInBits(type) == 8 * kVector &&
         llvm::isa<llvm::Argument>(llvm::getUnderlyingObject(load.getPointerOperand(), /*MaxLookup=*/0));
}

/// The 16 bytes from byte `offset` of the first vector on; where that is 0 the second is not used.
llvm::Value *shift(llvm::IRBuilder<> &b, llvm::Value *first, llvm::Value *second, llvm::Value *offset, bool isWords) {
  llvm::SmallVector<llvm::Value *> words;
  for (llvm::Value *v : {first, second})
    for (unsigned i = 0; i < 4; ++i)
      words.push_back(b.CreateExtractElement(v, i));
  for (unsigned step : {2, 1}) { // words
    llvm::Value *isSet = b.CreateICmpNE(b.CreateAnd(offset, 4 * step), b.getInt32(0));
    for (unsigned i = 0; i + step < words.size(); ++i)
      words[i] = b.CreateSelect(isSet, words[i + step], words[i]);
    words.resize(words.size() - step);
  }
  llvm::Value *out = llvm::PoisonValue::get(first->getType()), *bits = b.CreateShl(b.CreateAnd(offset, 3), 3);
  for (unsigned i = 0; i < 4; ++i)
    out = b.CreateInsertElement(out, isWords ? words[i] : b.CreateIntrinsic(llvm::Intrinsic::fshr, {b.getInt32Ty()}, {words[i + 1], words[i], bits}), i);
  return out;
}

void split(llvm::LoadInst &load) {
  llvm::IRBuilder<> b(&load);
  llvm::Value *at = load.getPointerOperand(), *address = b.CreatePtrToInt(at, b.getInt64Ty()), *offset = b.CreateAnd(address, kVector - 1);
  // NOTE: by offsets from the pointer, which LLVM still knows the address space of; ptrmask crashes LLVM 22's separate-const-offset-from-gep.
  auto vectorAt = [&](llvm::Value *bytes) {
    llvm::LoadInst *v = b.CreateAlignedLoad(llvm::FixedVectorType::get(b.getInt32Ty(), 4), b.CreateGEP(b.getInt8Ty(), at, bytes), llvm::Align(kVector));
    v->copyMetadata(load, {llvm::LLVMContext::MD_invariant_load, llvm::LLVMContext::MD_alias_scope, llvm::LLVMContext::MD_noalias});
    return v;
  };
  llvm::Value *first = vectorAt(b.CreateNeg(offset)), *second = vectorAt(b.CreateAnd(b.CreateNeg(address), kVector - 1));
  offset = b.CreateTrunc(offset, b.getInt32Ty());
  load.replaceAllUsesWith(b.CreateBitCast(shift(b, first, second, offset, load.getAlign().value() >= 4), load.getType()));
  load.eraseFromParent();
}

} // namespace

void splitMisalignedLoads(llvm::Module &module) {
  llvm::SmallVector<llvm::LoadInst *> loads;
  for (llvm::Function &f : module)
    for (llvm::Instruction &i : llvm::instructions(f))
      if (auto load = llvm::dyn_cast<llvm::LoadInst>(&i); load && isMisaligned(*load))
        loads.push_back(load);
  for (llvm::LoadInst *load : loads)
    split(*load);
}

} // namespace mlc::cuda
