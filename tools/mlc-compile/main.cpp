// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-compile: a model in, a plan out.
#include "compiler/Compile.h"
#include "compiler/Pipeline.h"
#include "frontends/onnx/Import.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/mlc-compile/Options.h"
#include "tools/mlc-compile/Report.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include <CLI/CLI.hpp>
#include <chrono>

using namespace mlc;

namespace {

using tools::kModelFault;
using tools::kOk;
using tools::kSystem;
using tools::kUsage;

/// The command line.
struct Arguments {
  std::string model, output, dumpAfter, stopAfter, saveAsm, json;
  std::vector<std::string> archs{"host"}, shapes, dims, keep;
  int optLevel = 2;
  unsigned threads = 0;
  bool timePasses = false, quiet = false;
};

void declare(CLI::App &app, Arguments &a) {
  app.add_option("model", a.model, "The model, .onnx or .mlir")->required()->type_name("MODEL");
  app.add_option("--arch", a.archs, "What to compile for: host (this machine), x86-64-v2, x86-64-v3, x86-64-v4; several give one plan that holds all")->delimiter(',')->type_name("LIST")->capture_default_str();
  app.add_option("-o,--output", a.output, "The plan to write (default: the model's name with .plan)")->type_name("PLAN");
  app.add_option("--shape", a.shapes, "Fix an input's dims; '?' keeps one as the model has it; may be repeated")->type_name("INPUT=1x3x224x224")->allow_extra_args(false);
  app.add_option("--dims", a.dims, "Range of a symbolic dim, or NAME=N to fix it; may be repeated")->type_name("NAME=MIN:OPT:MAX")->allow_extra_args(false);
  app.add_option("--keep", a.keep, "Inner tensors of the ONNX model that become outputs too, behind the model's own")->delimiter(',')->type_name("NAMES")->allow_extra_args(false);
  app.add_option("-O", a.optLevel, "0: reference lowering only; 1: no layout changes; 2 and 3: everything")->check(CLI::Range(0, 3))->capture_default_str();
  app.add_option("--threads", a.threads, "Threads that generate code (default: all); the plan does not depend on it")->type_name("N");
  app.add_option("--dump-after", a.dumpAfter, "Print the module to stderr after this pass")->type_name("PASS");
  app.add_option("--stop-after", a.stopAfter, "Print the module to stdout after this stage, and stop")->check(CLI::IsMember({"import", "normalize", "fuse", "plan"}));
  app.add_option("--save-asm", a.saveAsm, "Write each kernel's assembly into this folder")->check(CLI::ExistingDirectory)->type_name("DIR");
  app.add_flag("--time-passes", a.timePasses, "Print the time of each pass");
  app.add_option("--json", a.json, "Write what the compilation did as JSON ('-': stdout)")->type_name("FILE");
  app.add_flag("--quiet", a.quiet, "No progress and no summary");
  app.set_version_flag("--version", "mlc-compile " MLC_VERSION);
  app.footer("Examples:\n  mlc-compile model.onnx -o model.plan\n  mlc-compile model.onnx --arch x86-64-v3,x86-64-v4 --dims batch=1:8:32 -o model.plan\n\n"
             "Exit codes: 0 done, 1 the model is at fault, 2 usage, 3 the system failed.");
}

int fail(int code, const llvm::Twine &message) {
  llvm::errs() << "mlc-compile: error: " << message << '\n';
  return code;
}

std::string sha256(llvm::StringRef bytes) { return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes)), /*LowerCase=*/true); }

} // namespace

static int run(int argc, char **argv) {
  CLI::App app("Compiles a neural network into a plan that mlc-run and libmlc_runtime execute.", "mlc-compile");
  Arguments a;
  declare(app, a);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    return app.exit(e) ? kUsage : kOk;
  }
  auto start = std::chrono::steady_clock::now();

  CompileOptions options;
  options.optLevel = a.optLevel;
  options.threads = a.threads;
  options.dumpAfter = a.dumpAfter;
  options.stopAfter = a.stopAfter;
  options.asmFolder = a.saveAsm;
  options.timePasses = a.timePasses;
  for (const std::string &arch : a.archs) {
    auto target = host::parseTarget(arch);
    if (!target)
      return fail(kUsage, llvm::toString(target.takeError()));
    if (llvm::any_of(options.targets, [&](const auto &t) { return t.arch == target->arch; }))
      return fail(kUsage, "architecture " + target->arch + " is named twice");
    options.flags += (options.flags.empty() ? "--arch " : ",") + target->arch;
    options.targets.push_back(*target);
  }
  options.flags += " -O" + std::to_string(a.optLevel);
  OnnxImportOptions import;
  if (auto error = parseShapeOptions(a.shapes, a.dims, import, options.flags))
    return fail(kUsage, llvm::toString(std::move(error)));
  if (auto error = parseKeep(a.keep, import, options.flags))
    return fail(kUsage, llvm::toString(std::move(error)));
  bool wrongOption = false;
  import.wrongOption = &wrongOption;
  bool progress = !a.quiet && llvm::sys::Process::StandardErrIsDisplayed();
  if (progress)
    options.progress = [](const std::string &stage, unsigned done, unsigned total) { llvm::errs() << llvm::formatv("\r{0} {1}/{2} ", stage, done, total); };

  auto buffer = llvm::MemoryBuffer::getFile(a.model, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(kModelFault, "cannot read " + a.model + ": " + buffer.getError().message());
  mlir::DialectRegistry registry;
  registerCompilerDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  mlir::ScopedDiagnosticHandler diagnostics(&context, [](mlir::Diagnostic &d) {
    printDiagnostic(d, llvm::errs());
    return mlir::success();
  });
  options.sourceHash = sha256((*buffer)->getBuffer());
  mlir::OwningOpRef<mlir::ModuleOp> module;
  bool isText = llvm::StringRef(a.model).ends_with(".mlir");
  if (isText && !a.keep.empty())
    return fail(kUsage, "--keep takes names of an ONNX model's tensors; a .mlir file returns what it likes");
  if (isText)
    module = mlir::parseSourceFile<mlir::ModuleOp>(a.model, &context);
  else {
    buffer->reset();
    module = importOnnxFile(a.model, import, context);
  }
  if (!module)
    return wrongOption ? kUsage : kModelFault;
  if (a.stopAfter == "import") {
    module->print(llvm::outs());
    return kOk;
  }

  std::string path = a.output;
  if (path.empty())
    path = llvm::StringRef(a.model).substr(0, llvm::StringRef(a.model).rfind('.')).str() + ".plan";
  auto report = compileToFile(*module, options, path);
  if (progress)
    llvm::errs() << "\r                              \r";
  if (!report) {
    auto error = report.takeError();
    if (error.isA<ModelError>()) {
      llvm::consumeError(std::move(error));
      return kModelFault;
    }
    return fail(kSystem, llvm::toString(std::move(error)));
  }
  double milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (report->stopped)
    return kOk;
  nlohmann::ordered_json said = makeReport(*report, path, milliseconds);
  if (!a.quiet)
    llvm::errs() << summaryText(said, path);
  if (a.json == "-")
    llvm::outs() << said.dump(2) << '\n';
  else if (!a.json.empty())
    tools::WriteWholeFile(a.json, said.dump(2) + "\n");
  return kOk;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return tools::RunTool("mlc-compile", run, argc, argv);
}
