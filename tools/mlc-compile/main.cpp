// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-compile: a model in, a plan out.
#include "backends/cuda/CudaBackend.h"
#include "compiler/Compile.h"
#include "compiler/Target.h"
#include "frontends/onnx/Import.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "runtime/base/log.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/mlc-compile/Arguments.h"
#include "tools/mlc-compile/Emit.h"
#include "tools/mlc-compile/Options.h"
#include "tools/mlc-compile/Report.h"
#include "tools/mlc-compile/Samples.h"
#include "tools/mlc-compile/Verify.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include <chrono>
#include <fstream>
#include <future>

using namespace mlc;

namespace {

using tools::ToolError;

void orUsage(llvm::Error error) {
  if (error)
    throw ToolError(tools::kUsage, llvm::toString(std::move(error)));
}

/// The value; what is wrong with the model or an option has been said already, anything else is the system's.
template <typename T> T orFail(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  llvm::Error error = value.takeError();
  auto status = error.isA<ModelError>() ? tools::kModelFault : error.isA<OptionError>() ? tools::kUsage : tools::kSystem;
  throw ToolError(status, llvm::toString(std::move(error)));
}

/// --io, --calibrate, --max-error: what --fp16 and --bf16 leave open. (--keep-fp32 goes by the model's names, which are not known yet.)
void precisionOptions(const Arguments &a, CompileOptions &options) {
  bool isNarrow = a.fp16 || a.bf16;
  if (!a.keepFp32.empty() && !isNarrow)
    throw ToolError(tools::kUsage, "--keep-fp32 needs --fp16 or --bf16: without them everything is as in the model");
  if (!a.io.empty()) {
    if (a.io != (a.fp16 ? "fp16" : a.bf16 ? "bf16" : ""))
      throw ToolError(tools::kUsage, "--io " + a.io + " needs --" + a.io);
    options.narrowIo = true;
    options.flags += " --io " + a.io;
  }
  if (a.calibrate.empty() && a.maxError)
    throw ToolError(tools::kUsage, "--max-error needs --calibrate: the error is measured on samples");
  if (a.calibrate.empty())
    return;
  if (!isNarrow)
    throw ToolError(tools::kUsage, "--calibrate needs --fp16 or --bf16: without them everything is as in the model");
  if (a.maxError) {
    options.maxError = *a.maxError;
    options.flags += llvm::formatv(" --max-error {0}", *a.maxError);
  }
  if (!a.buckets.empty())
    throw ToolError(tools::kUsage, "--calibrate and --bucket: samples have the shapes of one program; leave one of them out");
  options.samples = samplesOf(a.calibrate);
  for (const std::string &file : a.calibrate)
    options.flags += " --calibrate " + llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(tools::ReadWholeFile(file))), /*LowerCase=*/true).substr(0, 16);
}

std::unique_ptr<llvm::MemoryBuffer> readModel(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    throw ToolError(tools::kUsage, "cannot read " + path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

/// The model's SHA-256, found beside the compilation: of weights by the hundred megabytes it takes as long as the passes do. Read piece by piece, since the importer holds the file already.
std::shared_future<std::string> hashBeside(const std::string &path) {
  (void)readModel(path); // that it can be read
  return std::async(std::launch::async, [path] {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> piece(1 << 20);
    llvm::SHA256 hash;
    while (file.read(piece.data(), piece.size()) || file.gcount() > 0)
      hash.update(llvm::StringRef(piece.data(), file.gcount()));
    return llvm::toHex(hash.final(), /*LowerCase=*/true);
  });
}

/// --tuning, --tuning-candidate. `flags` gets what was read by its hash: where it lay does not change the plan.
std::shared_ptr<const Tuning> measuredChoices(const Arguments &a, std::string &flags) {
  auto tuning = std::make_shared<Tuning>();
  tuning->candidate = a.tuningCandidate;
  tuning->library = !a.library.empty();
  if (tuning->library)
    flags += " --library " + a.library;
  bool hasBuiltIn = true;
  for (const std::string &path : a.tuning) {
    flags += " --tuning ";
    if (path == "none") {
      hasBuiltIn = false;
      flags += path;
      continue;
    }
    auto text = readModel(path);
    orUsage(tuning->add(text->getBuffer(), path));
    flags += llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(text->getBuffer())), /*LowerCase=*/true).substr(0, 16);
  }
  if (hasBuiltIn)
    if (auto error = cuda::addBuiltInTuning(*tuning))
      throw ToolError(tools::kSystem, llvm::toString(std::move(error)));
  if (a.tuningCandidate)
    flags += " --tuning-candidate " + std::to_string(a.tuningCandidate);
  return tuning;
}

CompileOptions compileOptions(const Arguments &a) {
  CompileOptions options;
  options.optLevel = a.optLevel;
  options.threads = a.threads;
  options.dumpAfter = a.dumpAfter;
  options.stopAfter = a.stopAfter;
  options.asmFolder = a.saveAsm;
  options.explainFusion = a.explainFusion;
  options.cacheFolder = a.noCache ? "" : cacheFolder();
  std::string tuningFlags;
  auto targets = makeBackends(a.archs, a.cudaPath, measuredChoices(a, tuningFlags), !a.noForward);
  if (!targets)
    throw ToolError(tools::kUsage, llvm::toString(targets.takeError()));
  options.targets = std::move(*targets);
  for (const auto &target : options.targets)
    options.flags += (options.flags.empty() ? "--arch " : ",") + target->arch;
  options.flags += tuningFlags;
  options.precision = a.fp16 ? "f16" : a.bf16 ? "bf16" : "";
  if (!options.precision.empty()) {
    for (const auto &target : options.targets)
      if (target->minCuda == 0)
        throw ToolError(tools::kUsage, "--fp16 and --bf16 are for CUDA targets; " + target->arch + " computes in the model's types: compile for it without them");
    options.flags += a.fp16 ? " --fp16" : " --bf16";
  }
  if (a.streams) {
    if (llvm::none_of(options.targets, [](const auto &target) { return target->concurrency.has_value(); }))
      throw ToolError(tools::kUsage, "--streams is for CUDA targets, of which --arch names none");
    options.streams = a.streams;
    options.flags += " --streams " + std::to_string(a.streams);
  }
  if (!a.library.empty() && llvm::none_of(options.targets, [](const auto &target) { return target->minCuda > 0; }))
    throw ToolError(tools::kUsage, "--library is for CUDA targets, of which --arch names none");
  precisionOptions(a, options);
  if (!a.emit.empty())
    for (const auto &target : options.targets)
      if (target->minCuda == 0)
        throw ToolError(tools::kUsage, "--emit is for CUDA targets; " + target->arch + " has no " + a.emit + ": mlc-inspect --extract gives the code of a plan");
  options.flags += " -O" + std::to_string(a.optLevel);
  options.rematerialize = a.rematerialize || a.optLevel >= 3;
  if (a.rematerialize)
    options.flags += " --rematerialize";
  if (!a.quiet && llvm::sys::Process::StandardErrIsDisplayed())
    options.progress = [](const std::string &stage, unsigned done, unsigned total) {
      llvm::errs() << llvm::formatv("\r{0} {1}/{2} ", stage, done, total);
      if (done == total)
        llvm::errs() << "\r                              \r";
    };
  return options;
}

mlir::OwningOpRef<mlir::ModuleOp> importModel(const Arguments &a, OnnxImportOptions &import, mlir::MLIRContext &context) {
  bool isText = llvm::StringRef(a.model).ends_with(".mlir");
  if (isText && (!a.keep.empty() || a.stripWeights))
    throw ToolError(tools::kUsage, "--keep and --strip-weights go by the names of an ONNX model, which a .mlir file does not have");
  bool wrongOption = false;
  import.wrongOption = &wrongOption;
  auto module = isText ? mlir::parseSourceFile<mlir::ModuleOp>(a.model, &context) : importOnnxFile(a.model, import, context);
  if (!module)
    throw ToolError(wrongOption ? tools::kUsage : tools::kModelFault, wrongOption ? "an option does not fit the model" : "the model cannot be imported");
  return module;
}

/// --verify: the exit code.
int verify(mlir::ModuleOp module, const CompileOptions &options, const std::string &path, bool quiet, nlohmann::ordered_json &report) {
  Verification verification = orFail(verifyPlan(module, options, path));
  for (const auto &[name, bucket, difference] : verification.outputs)
    report["verify"].push_back({{"arch", verification.arch}, {"bucket", bucket}, {"name", name}, {"within", difference.within}, {"max_abs_error", difference.max_abs_error}, {"max_rel_error", difference.max_rel_error}});
  if (!quiet || !verification.within())
    llvm::errs() << verificationText(verification);
  return verification.within() ? tools::kOk : tools::kDiffers;
}

int run(int argc, char **argv) {
  CLI::App app("Compiles a neural network into a plan that mlc-run and libmlc_runtime execute.", "mlc-compile");
  Arguments a;
  declareArguments(app, a);
  try {
    app.parse(argc, argv);
    if (a.model.empty())
      throw CLI::RequiredError("MODEL");
  } catch (const CLI::ParseError &e) {
    return app.exit(e) ? tools::kUsage : tools::kOk;
  }
  auto start = std::chrono::steady_clock::now();
  CompileOptions options = compileOptions(a);
  OnnxImportOptions import;
  orUsage(parseShapeOptions(a.shapes, a.dims, import, options.flags));
  orUsage(parseShapeRanges(a.minShapes, a.optShapes, a.maxShapes, import, options.flags));
  orUsage(parseBuckets(a.buckets, options.buckets, options.flags));
  orUsage(parseKeep(a.keep, import, options.flags));
  orUsage(parseKeepFp32(a.keepFp32, options.flags));
  options.preprocess = llvm::join(a.preprocess, ";");
  for (const std::string &picture : a.preprocess)
    options.flags += " --preprocess " + picture;
  options.ioLayout = llvm::join(a.ioLayout, ";");
  for (const std::string &layout : a.ioLayout)
    options.flags += " --io-layout " + layout;
  for (const std::string &picture : a.preprocess)
    for (const std::string &layout : a.ioLayout)
      if (llvm::StringRef name = llvm::StringRef(layout).split('=').first; name == llvm::StringRef(picture).split('=').first)
        throw ToolError(tools::kUsage, "--io-layout " + layout + ": input '" + name.str() + "' is in --preprocess too; say nhwc there");

  options.sourceHash = hashBeside(a.model);
  mlir::DialectRegistry registry;
  registerCompilerDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false); // an error at a function would print the whole model
  mlir::ScopedDiagnosticHandler diagnostics(&context, [](mlir::Diagnostic &d) {
    printDiagnostic(d, llvm::errs());
    return mlir::success();
  });
  options.stripWeights = a.stripWeights;
  if (a.stripWeights)
    import.initializers = &options.initializers;
  llvm::StringMap<std::string> nodesByTensor;
  if (!a.keepFp32.empty())
    import.nodesByTensor = &nodesByTensor;
  StageTimes times;
  auto module = [&] {
    StageTimer timer(times, "import");
    return importModel(a, import, context);
  }();
  auto kept = nodesNamed(*module, a.keepFp32, nodesByTensor);
  if (!kept)
    throw ToolError(tools::kUsage, llvm::toString(kept.takeError()));
  options.keepF32 = std::move(*kept);
  orUsage(resolveBuckets(*module, options.buckets));
  if (a.stopAfter == "import") {
    module->print(llvm::outs());
    return tools::kOk;
  }
  EmittedCode emitted;
  if (!a.emit.empty())
    options.takeCode = [&](const Backend &target, const TargetCode &code) { return emitted.add(target, code, a.emit); };
  std::string path = a.output.empty() ? llvm::StringRef(a.model).substr(0, llvm::StringRef(a.model).rfind('.')).str() + ".plan" : a.output;
  mlir::OwningOpRef<mlir::ModuleOp> twin(a.verify ? module->clone() : nullptr);
  CompileReport done = orFail(compileToFile(*module, options, path));
  if (done.stopped)
    return tools::kOk;
  std::vector<std::string> files;
  if (!a.emit.empty())
    files = emitted.write(a.emit, a.model, a.output);
  double milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  done.times.insert(done.times.begin(), times.begin(), times.end());
  nlohmann::ordered_json report = makeReport(done, a.emit.empty() ? path : "", milliseconds);
  if (!files.empty())
    report["files"] = files;
  if (a.timePasses)
    llvm::errs() << timesText(report);
  if (!a.quiet)
    llvm::errs() << summaryText(report, a.emit.empty() ? path : llvm::join(files, ", "));
  if (!a.quiet)
    llvm::errs() << precisionText(report, options.maxError);
  for (const std::string &warning : done.warnings)
    if (!a.quiet)
      llvm::errs() << "mlc-compile: warning: " << warning << '\n';
  if (a.timePasses)
    for (const std::string &refused : done.refused)
      llvm::errs() << refused << ": another candidate took its place\n";
  if (!a.quiet && !done.cacheWarning.empty())
    llvm::errs() << "mlc-compile: warning: " << done.cacheWarning << "; name another folder with MLC_CACHE_DIR, or --no-cache\n";
  if (!options.cacheFolder.empty() && (a.timePasses || runtime::LogLevelFromEnvironment() >= MLC_LOG_INFO))
    llvm::errs() << llvm::formatv("kernel cache {0}: {1} hits, {2} misses\n", options.cacheFolder, done.cacheHits, done.cacheMisses);
  int code = a.verify ? verify(*twin, options, path, a.quiet, report) : tools::kOk;
  if (a.json == "-")
    llvm::outs() << report.dump(2) << '\n';
  else if (!a.json.empty())
    tools::WriteWholeFile(a.json, report.dump(2) + "\n");
  return code;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return tools::RunTool("mlc-compile: error", run, argc, argv);
}
