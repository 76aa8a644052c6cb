// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The compiler as a function: a graph module in, a plan file out.
#ifndef MLC_COMPILER_COMPILE_H
#define MLC_COMPILER_COMPILE_H

#include "backends/Backend.h"
#include "compiler/Buckets.h"
#include "compiler/Samples.h"
#include "compiler/StageTimes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <future>
#include <string>
#include <vector>

namespace mlc {

struct CompileOptions {
  std::vector<std::shared_ptr<const Backend>> targets;
  std::vector<Bucket> buckets; // resolved; each gets a program of its own, for each target
  int optLevel = 2;
  bool runsOnce = false;      // the plan: kernels that are brief are not optimised
  bool foldConstants = true;  // by running what derives from constants alone (Evaluate.h)
  std::string precision;      // "f16" or "bf16": what lies between kernels is narrowed, for targets with narrow products; empty: as in the model
  std::vector<std::string> keepF32; // nodes that stay f32 all the same
  bool narrowIo = false;      // f32 inputs and outputs take the precision too
  Samples samples;            // if any: what does not fit f16 in their runs stays f32 (Calibrate.h), and what it takes for the answers to be within maxError (Accuracy.h)
  double maxError = 0.02;     // of an output, beside f32: root mean square over the standard deviation
  unsigned threads = 0;       // 0: as many as the machine has
  std::string preprocess;     // pictures that inputs take, as add-preprocessing spells them; empty: inputs as the model has them
  std::string ioLayout;       // of inputs and outputs, as set-io-layout spells them; empty: as the model has them
  bool rematerialize = false; // trade time for memory (passes/Schedule)
  unsigned streams = 4;       // most at once, for targets whose launches run beside each other; 1: one after the other
  std::shared_future<std::string> sourceHash; // SHA-256 of the model's bytes, needed when the plan is written; none: empty
  std::string flags;          // what shaped the plan, for its provenance
  std::string dumpAfter;      // pass or stage whose result is printed to stderr
  std::string stopAfter;      // stage after which nothing more is done
  std::string asmFolder;      // where each kernel's assembly goes, if not empty
  bool stripWeights = false;  // constants that `initializers` give again are left out (mlc-refit)
  llvm::DenseMap<const void *, std::string> initializers; // names of the model's, by where their bytes lie
  std::string cacheFolder;    // of kernels' object code (KernelCache.h); empty: none
  bool explainFusion = false;
  std::function<llvm::Error(const Backend &, const TargetCode &)> takeCode; // gets each target's code; then no plan is written
  std::function<void(const std::string &stage, unsigned done, unsigned total)> progress;
};

/// What a compilation did; printed as the summary and as JSON.
struct CompileReport {
  struct Target {
    std::string arch;
    size_t kernels = 0, launches = 0;
    uint64_t codeBytes = 0;
    struct Choice {
      std::string kernel, problem, config;
    };
    std::vector<Choice> choices; // of the kernels that have configurations (backends/Tuning.h)
    std::string flops, bytes; // expressions over the symbols
    std::vector<int64_t> rematerialized; // regions that run a second time, the peak before and after; empty when there are none
    std::vector<int64_t> peaks; // bytes live at once in source, depth-first and greedy order (passes/Schedule); empty at -O0
  };
  std::vector<Target> targets;
  size_t graphOps = 0; // of the module that came in, constants not counted
  std::map<std::string, unsigned> recognised; // patterns of the normalised module by name: how many of each (passes/Recognise); empty at -O0
  uint64_t planBytes = 0;
  size_t cacheHits = 0, cacheMisses = 0; // kernels of the targets; both 0 without a cache
  std::string cacheWarning;              // why the cache could not be written, if so
  std::vector<std::string> refused;      // candidates that gave way to others, and why
  std::vector<std::string> warnings;     // about kernels that had none
  std::vector<std::string> keptF32;      // regions that stay f32, and why, where samples decided
  struct Accuracy {
    std::string arch;
    double narrow = 0, chosen = 0; // errors on the samples (CompileOptions::maxError): with all regions in 16 bits that could be, and with those that are
    size_t kept = 0, regions = 0;  // regions that stay f32 for it, of how many
  };
  std::vector<Accuracy> accuracy; // of each target that samples measured
  StageTimes times;     // of each pass, and of what lies between them
  bool stopped = false; // by stopAfter
};

/// Compiles `module` (one function `main` of the graph dialect) and writes the plan to `path`, beside and renamed, unless `takeCode` asks for the code alone. Errors of the model are emitted as diagnostics,
/// those of the system come back as text.
llvm::Expected<CompileReport> compileToFile(mlir::ModuleOp module, const CompileOptions &options, const std::string &path);

/// The same into memory.
llvm::Expected<CompileReport> compileToBytes(mlir::ModuleOp module, const CompileOptions &options, std::string &plan);

/// Loads every dialect that the compiler uses.
void registerCompilerDialects(mlir::DialectRegistry &registry);

/// Returned when diagnostics have already said what is wrong with the model.
class ModelError : public llvm::ErrorInfo<ModelError> {
public:
  static char ID;
  void log(llvm::raw_ostream &os) const override { os << "the model cannot be compiled"; }
  std::error_code convertToErrorCode() const override { return std::make_error_code(std::errc::invalid_argument); }
};

/// Returned for options that do not fit the model or the compiler.
class OptionError : public llvm::ErrorInfo<OptionError> {
public:
  static char ID;
  explicit OptionError(std::string message = "an option does not fit the model") : message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return std::make_error_code(std::errc::invalid_argument); }

private:
  std::string message;
};

} // namespace mlc

#endif
