// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Damaged models: every import ends in a module or in one error. MLC_FUZZ_MODELS names the files, separated by ':'.
#include "dialects/Graph/Graph.h"
#include "frontends/onnx/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <sys/resource.h>

namespace {

constexpr int kTruncations = 500, kFlips = 2000;

std::vector<std::string> Models() {
  std::vector<std::string> models;
  const char* names = std::getenv("MLC_FUZZ_MODELS");
  for (llvm::StringRef rest = names ? names : ""; !rest.empty();) {
    auto [path, tail] = rest.split(':');
    std::ifstream file(path.str(), std::ios::binary);
    models.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    rest = tail;
  }
  return models;
}

/// Imports and verifies; counts errors. A context per call, so that nothing of one model is seen by the next.
struct Outcome {
  bool imported;
  int errors;
};
Outcome Import(const std::string& bytes) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlc::graph::GraphDialect, mlir::func::FuncDialect>();
  Outcome outcome{false, 0};
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    outcome.errors += d.getSeverity() == mlir::DiagnosticSeverity::Error;
    return mlir::success();
  });
  auto module = mlc::importOnnx(llvm::MemoryBuffer::getMemBufferCopy(bytes, "model"), "", {}, context);
  outcome.imported = static_cast<bool>(module);
  if (module) {
    EXPECT_EQ(outcome.errors, 0);
    EXPECT_TRUE(succeeded(mlir::verify(*module)));
  } else {
    EXPECT_EQ(outcome.errors, 1);
  }
  return outcome;
}

class ImportFuzz : public testing::Test {
protected:
  void SetUp() override {
    models_ = Models();
    if (models_.empty()) GTEST_SKIP() << "MLC_FUZZ_MODELS is not set";
  }
  void TearDown() override {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    EXPECT_LT(usage.ru_maxrss, 4L << 20) << "kilobytes at the peak";
  }
  std::vector<std::string> models_;
};

TEST_F(ImportFuzz, AcceptsTheModelsThemselves) {
  for (const std::string& model : models_) EXPECT_TRUE(Import(model).imported);
}

TEST_F(ImportFuzz, SurvivesTruncation) {
  int imported = 0;
  for (const std::string& model : models_)
    for (int i = 0; i < kTruncations; ++i) imported += Import(model.substr(0, model.size() * i / kTruncations)).imported;
  std::printf("%d truncated models still import\n", imported);
}

TEST_F(ImportFuzz, SurvivesFlippedBytes) {
  std::mt19937 random(1);
  int imported = 0;
  for (const std::string& model : models_)
    for (int i = 0; i < kFlips; ++i) {
      std::string damaged = model;
      damaged[random() % damaged.size()] ^= static_cast<char>(1 + random() % 255);
      imported += Import(damaged).imported;
    }
  std::printf("%d damaged models still import\n", imported);
}

} // namespace
