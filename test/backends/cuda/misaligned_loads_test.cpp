// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Loads that are split for a GPU give the same bytes, run here on the host at every offset from a vector's begin; where memory ends behind the last vector that has a byte of the load, nothing else is touched.
#include "backends/cuda/codegen/MisalignedLoads.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace mlc::cuda {
namespace {

std::unique_ptr<llvm::Module> copyOf(const std::string &type, unsigned alignment, llvm::LLVMContext &context) {
  std::string text = "define void @copy(ptr %from, ptr %to) {\n  %v = load " + type + ", ptr %from, align " + std::to_string(alignment) + "\n  store " + type + " %v, ptr %to, align 1\n  ret void\n}\n";
  llvm::SMDiagnostic error;
  auto module = llvm::parseAssemblyString(text, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  return module;
}

std::string textOf(const llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

using Copy = void (*)(const char *, char *);

/// Two pages, behind which nothing may be read.
class Guarded {
public:
  Guarded() : base(static_cast<char *>(mmap(nullptr, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    mprotect(base, kPage, PROT_NONE);
    mprotect(base + 2 * kPage, kPage, PROT_NONE);
    for (size_t i = 0; i < kPage; ++i)
      begin()[i] = static_cast<char>(i * 7 + i / 256);
  }
  ~Guarded() { munmap(base, 3 * kPage); }
  char *begin() const { return base + kPage; }
  char *end() const { return base + 2 * kPage; }

private:
  static constexpr size_t kPage = 4096;
  char *base;
};

TEST(MisalignedLoads, GiveTheSameBytes) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  const Guarded memory;
  for (auto [type, alignment] : {std::pair("<16 x i8>", 1), {"<8 x half>", 2}, {"<8 x i16>", 2}, {"<4 x float>", 4}, {"<2 x i64>", 2}}) {
    auto context = std::make_unique<llvm::LLVMContext>();
    auto module = copyOf(type, alignment, *context);
    splitMisalignedLoads(*module);
    EXPECT_EQ(textOf(*module).find(std::string("load ") + type), std::string::npos) << type;
    auto jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    module->setDataLayout(jit->getDataLayout());
    llvm::cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
    auto copy = llvm::cantFail(jit->lookup("copy")).toPtr<Copy>();
    for (int offset = 0; offset < 64; offset += alignment)
      for (const char *from : {memory.begin() + offset, memory.end() - 16 - offset}) {
        char to[16];
        copy(from, to);
        EXPECT_EQ(std::memcmp(from, to, sizeof to), 0) << type << " at " << offset;
      }
  }
}

TEST(MisalignedLoads, LeaveOthersAlone) {
  llvm::LLVMContext context;
  for (auto [type, alignment] : {std::pair("<8 x half>", 16), {"<4 x float>", 8}, {"<4 x half>", 2}, {"<8 x float>", 4}, {"i128", 2}, {"float", 1}}) {
    auto module = copyOf(type, alignment, context);
    std::string before = textOf(*module);
    splitMisalignedLoads(*module);
    EXPECT_EQ(textOf(*module), before) << type;
  }
}

} // namespace
} // namespace mlc::cuda
