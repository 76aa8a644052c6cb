// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-opt: the passes on .mlir text, as mlir-opt. An input that ends in .onnx is imported first; `--shape` and `--dims` then apply to the import.
#include "backends/cuda/choose/Passes.h"
#include "backends/host/choose/Passes.h"
#include "compiler/Compile.h"
#include "compiler/Evaluate.h"
#include "frontends/onnx/Import.h"
#include "frontends/onnx/Options.h"
#include "passes/Fuse/Passes.h"
#include "passes/Layout/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Recognise/Passes.h"
#include "passes/Schedule/Passes.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace {

void registerAll(DialectRegistry &registry) {
  mlc::registerCompilerDialects(registry);
  registerTransformsPasses();
  // The first registration of a name counts: fold-constants with something to compute with.
  registerPass([evaluator = mlc::compilingEvaluator(/*optLevel=*/2, /*threads=*/1)] { return mlc::createFoldConstants(evaluator); });
  mlc::registerNormalizePasses();
  mlc::registerRecognisePasses();
  mlc::registerPrecisionPasses();
  mlc::registerLayoutPasses();
  mlc::registerFusePasses();
  mlc::registerSchedulePasses();
  mlc::registerMemoryPasses();
  mlc::registerHostPasses();
  mlc::registerCudaPasses();
}

/// As upstream's MlirOptMain, on .mlir text.
/// NOTE: lld, which folding constants calls, resets all options of the process. So the pipeline is kept as text and the other options in a copy.
LogicalResult runOnText(int argc, char **argv, DialectRegistry &registry) {
  auto [input, output] = registerAndParseCLIOptions(argc, argv, "MLC's passes on .mlir text and on ONNX models\n", registry);
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  MLIRContext context(MLIRContext::Threading::DISABLED);
  PassManager wanted(&context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
  if (failed(config.setupPassPipeline(wanted)))
    return failure();
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(wanted.getPasses(), os, [&](Pass &pass) { pass.printAsTextualPipeline(os); }, ",");
  config.setPassPipelineSetupFn([text](PassManager &pm) { return parsePassPipeline(text, pm); });
  std::string message;
  auto in = openInputFile(input, &message);
  auto out = in ? openOutputFile(output, &message) : nullptr;
  if (!out) {
    llvm::errs() << "mlc-opt: " << message << "\n";
    return failure();
  }
  if (failed(MlirOptMain(out->os(), std::move(in), registry, config)))
    return failure();
  out->keep();
  return success();
}

/// Imports a model and runs the passes of the command line on it.
int runOnModel(std::string input, std::string output, StringRef shapes, StringRef dims, bool withWeights, const PassPipelineCLParser &passes, DialectRegistry &registry) {
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlc::OnnxImportOptions options;
  std::string error;
  if (!mlc::parseShapes(shapes, options, error) || !mlc::parseSymbols(dims, options, error)) {
    llvm::errs() << "mlc-opt: " << error << "\n";
    return 2;
  }
  auto module = mlc::importOnnxFile(input, options, context);
  if (!module)
    return 1;
  PassManager pm(&context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
  (void)applyPassManagerCLOptions(pm);
  auto report = [](const Twine &message) {
    llvm::errs() << "mlc-opt: " << message << "\n";
    return failure();
  };
  if (failed(passes.addToPipeline(pm, report)) || failed(mlir::verify(*module)) || failed(pm.run(*module)))
    return 1;
  std::string message;
  auto out = openOutputFile(output, &message);
  if (!out) {
    llvm::errs() << "mlc-opt: " << message << "\n";
    return 1;
  }
  OpPrintingFlags flags;
  if (!withWeights)
    flags.elideLargeResourceString(0).elideLargeElementsAttrs(64);
  module->print(out->os(), flags);
  out->keep();
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << "mlc-opt " MLC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n"; });
  DialectRegistry registry;
  registerAll(registry);
  bool model = llvm::any_of(ArrayRef<char *>(argv, argc).drop_front(), [](StringRef a) { return a.ends_with(".onnx"); });
  if (!model)
    return asMainReturnCode(runOnText(argc, argv, registry));
  llvm::cl::opt<std::string> input(llvm::cl::Positional, llvm::cl::Required, llvm::cl::desc("model.onnx"));
  llvm::cl::opt<std::string> output("o", llvm::cl::desc("output file"), llvm::cl::init("-"));
  llvm::cl::opt<std::string> shapes("shape", llvm::cl::desc("dims of inputs: x=1x3x224x224;y=1x16 (? keeps a dim)"));
  llvm::cl::opt<std::string> dims("dims", llvm::cl::desc("ranges of symbols: batch=1:8:32,seq=128"));
  llvm::cl::opt<bool> weights("dump-weights", llvm::cl::desc("print weights in full"));
  PassPipelineCLParser passes("", "passes to run");
  registerMLIRContextCLOptions();
  registerPassManagerCLOptions();
  registerDefaultTimingManagerCLOptions();
  registerAsmPrinterCLOptions();
  llvm::cl::ParseCommandLineOptions(argc, argv, "MLC's passes on an ONNX model\n");
  return runOnModel(input, output, shapes, dims, weights, passes, registry);
}
