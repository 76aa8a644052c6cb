// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Measured choices: which line of several holds, what is no line, and that the families still have every configuration of the built-in database.
#include "backends/cuda/CudaBackend.h"
#include "backends/cuda/emit/Product.h"
#include "backends/cuda/kernels/Sources.h"
#include "llvm/ADT/StringExtras.h"
#include <gtest/gtest.h>

namespace mlc::cuda {
namespace {

bool any(llvm::StringRef) { return true; }

std::string found(const Tuning &tuning, llvm::StringRef problem, llvm::function_ref<bool(llvm::StringRef)> has = any) {
  return tuning.find("sm_90a", problem, has).value_or("nothing").str();
}

std::string addError(llvm::StringRef text) {
  Tuning tuning;
  return llvm::toString(tuning.add(text, "mine.tsv"));
}

TEST(Tuning, FasterOfTwoLinesHolds) {
  Tuning tuning;
  ASSERT_FALSE(tuning.add("# a remark\n\nsm_90a\tp\tslow\t3.5\nsm_90a\tp\tfast\t2.5\tsomewhere\nsm_80\tp\tother\t1\n", "a"));
  ASSERT_FALSE(tuning.add("sm_90a\tp\tslower\t3\nsm_90a\tq\tq\t9\n", "b"));
  EXPECT_EQ(found(tuning, "p"), "fast");
  EXPECT_EQ(found(tuning, "q"), "q");
  EXPECT_EQ(found(tuning, "r"), "nothing");
}

TEST(Tuning, DatabasesStandBeforeTheBuiltInWhateverTheirTimes) {
  Tuning tuning;
  ASSERT_FALSE(tuning.addBuiltIn("sm_90a\tp\tours\t1\nsm_90a\tq\tours\t1\n", "built-in"));
  ASSERT_FALSE(tuning.add("sm_90a\tp\ttheirs\t5\n", "a"));
  EXPECT_EQ(found(tuning, "p"), "theirs");
  EXPECT_EQ(found(tuning, "q"), "ours");
  EXPECT_EQ(found(tuning, "p", [](llvm::StringRef config) { return config != "theirs"; }), "ours");
  EXPECT_EQ(found(tuning, "p", [](llvm::StringRef) { return false; }), "nothing");
}

TEST(Tuning, BadLinesAreNamed) {
  EXPECT_EQ(addError("# fine\nsm_90a p c 3\n"), "mine.tsv:2: a line of a tuning database is ARCH, PROBLEM, CONFIGURATION and MICROSECONDS with tabs between them, got 'sm_90a p c 3'");
  for (const char *line : {"sm_90a\tp\tc", "sm_90a\tp\tc\tfast", "sm_90a\tp\tc\t0", "sm_90a\tp\tc\t-1", "sm_90a\tp\tc\tnan"})
    EXPECT_NE(addError(line).find("mine.tsv:1: "), std::string::npos) << line;
}

/// What Product.cpp's problem() writes, read again; nullopt: another family's.
std::optional<ProductShape> productOf(llvm::StringRef problem) {
  llvm::SmallVector<llvm::StringRef> words, sizes;
  problem.split(words, ' ');
  if (words.size() < 3 || (words[0] != "conv" && words[0] != "gemm"))
    return std::nullopt;
  words[2].split(sizes, 'x');
  int64_t n[4];
  if (sizes.size() != 4)
    return std::nullopt;
  for (int i = 0; i < 4; ++i)
    if (sizes[i].getAsInteger(10, n[i]))
      return std::nullopt;
  return ProductShape{n[0], n[1], n[2], n[3], words[1] == "f32" ? 4 : 2, llvm::is_contained(words, "rows"), !llvm::is_contained(words, "elements"), words[1] != "f32"};
}

// Else nothing that the built-in database knows could be measured again.
TEST(Tuning, OtherCandidatesPassOverTheBuiltInDatabase) {
  Tuning tuning;
  ASSERT_FALSE(tuning.addBuiltIn("sm_90a\tgemm f16 1x2x3x4\tbuilt-in\t1.0\n", "built-in"));
  ASSERT_FALSE(tuning.add("sm_90a\tgemm f16 5x6x7x8\tadded\t1.0\n", "added"));
  auto all = [](llvm::StringRef) { return true; };
  EXPECT_TRUE(tuning.find("sm_90a", "gemm f16 1x2x3x4", all));
  tuning.candidate = 2;
  EXPECT_FALSE(tuning.find("sm_90a", "gemm f16 1x2x3x4", all));
  EXPECT_TRUE(tuning.find("sm_90a", "gemm f16 5x6x7x8", all));
}

TEST(Tuning, BuiltInConfigurationsAreStillLegal) {
  Tuning tuning;
  ASSERT_FALSE(addBuiltInTuning(tuning));
  auto target = parseTarget("sm_90");
  ASSERT_TRUE(!!target);
  unsigned lines = 0;
  llvm::StringSet<> problems;
  for (llvm::StringRef line : llvm::split(llvm::StringRef(kTunedSm90), '\n')) {
    if (line.empty() || line.starts_with("#"))
      continue;
    ++lines;
    llvm::SmallVector<llvm::StringRef> fields;
    line.split(fields, '\t');
    EXPECT_EQ(fields[0], target->arch());
    EXPECT_TRUE(problems.insert(fields[1]).second) << "twice: " << fields[1].str();
    auto shape = productOf(fields[1]);
    ASSERT_TRUE(shape) << "a problem of no family: " << line.str();
    EXPECT_TRUE(llvm::any_of(rankProducts(*shape, *target), [&](const ProductConfig &c) { return c.str() == fields[2]; })) << "no such configuration: " << line.str();
  }
  EXPECT_GT(lines, 50u);
}

} // namespace
} // namespace mlc::cuda
