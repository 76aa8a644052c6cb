// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/codegen/Toolchain.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <dlfcn.h>

namespace mlc::cuda {

/// The functions of NVRTC that we use, as its documentation declares them.
class Nvrtc {
public:
  using Program = void *;
  int (*createProgram)(Program *, const char *source, const char *name, int headers, const char *const *, const char *const *) = nullptr;
  int (*compileProgram)(Program, int options, const char *const *) = nullptr;
  int (*destroyProgram)(Program *) = nullptr;
  int (*getPTXSize)(Program, size_t *) = nullptr;
  int (*getPTX)(Program, char *) = nullptr;
  int (*getProgramLogSize)(Program, size_t *) = nullptr;
  int (*getProgramLog)(Program, char *) = nullptr;
  int (*version)(int *, int *) = nullptr;

  /// Null when the library is not one or lacks a function.
  static std::unique_ptr<Nvrtc> open(const std::string &path) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
      return nullptr;
    auto nvrtc = std::make_unique<Nvrtc>();
    bool complete = true;
    auto take = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      complete = complete && function;
    };
    take(nvrtc->createProgram, "nvrtcCreateProgram");
    take(nvrtc->compileProgram, "nvrtcCompileProgram");
    take(nvrtc->destroyProgram, "nvrtcDestroyProgram");
    take(nvrtc->getPTXSize, "nvrtcGetPTXSize");
    take(nvrtc->getPTX, "nvrtcGetPTX");
    take(nvrtc->getProgramLogSize, "nvrtcGetProgramLogSize");
    take(nvrtc->getProgramLog, "nvrtcGetProgramLog");
    take(nvrtc->version, "nvrtcVersion");
    return complete ? std::move(nvrtc) : nullptr;
  }
};

namespace {

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

std::string joined(llvm::StringRef a, llvm::StringRef b) {
  llvm::SmallString<256> p(a);
  path::append(p, b);
  return p.str().str();
}

/// Where toolkits may lie, in order.
std::vector<std::string> roots(const std::string &cudaPath) {
  std::vector<std::string> out;
  auto add = [&](llvm::StringRef root) {
    if (!root.empty() && !llvm::is_contained(out, root))
      out.push_back(root.str());
  };
  add(cudaPath);
  for (const char *variable : {"MLC_CUDA_PATH", "CUDA_HOME", "CUDA_PATH"})
    if (const char *value = std::getenv(variable))
      add(value);
  add("/usr/local/cuda");
  // Python environments: .../lib/python3.x/site-packages/nvidia/<part>.
  std::vector<std::string> environments;
  if (const char *value = std::getenv("VIRTUAL_ENV"))
    environments.push_back(value);
  std::string self = fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&roots));
  for (llvm::StringRef folder = path::parent_path(self); !folder.empty() && folder != path::root_path(folder); folder = path::parent_path(folder))
    environments.push_back(joined(folder, ".venv"));
  for (const std::string &environment : environments) {
    std::error_code error;
    for (fs::directory_iterator python(joined(environment, "lib"), error), end; !error && python != end; python.increment(error)) {
      std::string packages = joined(python->path(), "site-packages/nvidia");
      for (fs::directory_iterator part(packages, error), last; !error && part != last; part.increment(error))
        add(part->path());
    }
  }
  return out;
}

/// The first libnvrtc.so* of a folder that is the library itself.
std::string findNvrtc(llvm::StringRef folder) {
  std::error_code error;
  std::string best;
  for (fs::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
    llvm::StringRef name = path::filename(file->path());
    if (name.starts_with("libnvrtc.so") && (best.empty() || name.size() < path::filename(best).size()))
      best = file->path();
  }
  return best;
}

/// Runs a program; its standard error and output end up in *log.
llvm::Error runProgram(const std::string &program, llvm::ArrayRef<llvm::StringRef> arguments, std::string *log) {
  llvm::SmallString<128> output;
  if (auto error = fs::createTemporaryFile("mlc", "log", output))
    return llvm::createStringError("cannot make a temporary file: " + error.message());
  auto remove = llvm::make_scope_exit([&] { fs::remove(output); });
  std::string why;
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), output.str(), output.str()};
  int code = llvm::sys::ExecuteAndWait(program, arguments, std::nullopt, redirects, /*SecondsToWait=*/0, /*MemoryLimit=*/0, &why);
  if (auto buffer = llvm::MemoryBuffer::getFile(output))
    *log = (*buffer)->getBuffer().str();
  return code == 0 ? llvm::Error::success() : llvm::createStringError(program + " failed: " + (why.empty() ? *log : why));
}

} // namespace

Toolchain::~Toolchain() = default;

llvm::Expected<std::shared_ptr<const Toolchain>> Toolchain::find(const std::string &cudaPath) {
  std::shared_ptr<Toolchain> t(new Toolchain);
  std::vector<std::string> where = roots(cudaPath);
  for (const std::string &root : where) {
    std::string program = joined(root, "bin/ptxas");
    if (t->ptxas.empty() && fs::can_execute(program))
      t->ptxas = program;
    for (const char *folder : {"lib64", "lib"})
      if (std::string library = t->nvrtc ? "" : findNvrtc(joined(root, folder)); !library.empty())
        t->nvrtc = Nvrtc::open(library);
  }
  if (t->ptxas.empty())
    if (auto program = llvm::sys::findProgramByName("ptxas"))
      t->ptxas = *program;
  const char *how = "; install a CUDA toolkit of version 12 or later and name it with --cuda-path or CUDA_HOME, or the Python packages nvidia-cuda-nvcc and nvidia-cuda-nvrtc (scripts/setup does)";
  if (t->ptxas.empty())
    return llvm::createStringError("compiling for CUDA needs ptxas, which is in none of " + llvm::join(where, ", ") + how);
  if (!t->nvrtc)
    return llvm::createStringError("compiling for CUDA needs the library NVRTC (libnvrtc.so), which is in none of " + llvm::join(where, ", ") + how);
  std::string log;
  if (auto error = runProgram(t->ptxas, {t->ptxas, "--version"}, &log))
    return std::move(error);
  llvm::SmallVector<llvm::StringRef> found;
  if (!llvm::Regex("V([0-9]+)\\.([0-9.]+)").match(log, &found) || found[1].getAsInteger(10, t->ptxasMajor))
    return llvm::createStringError(t->ptxas + " does not tell its version: " + log);
  t->ptxasVersion = (found[1] + "." + found[2]).str();
  int major = 0, minor = 0;
  t->nvrtc->version(&major, &minor);
  t->ptxasVersion += "+nvrtc" + std::to_string(major) + "." + std::to_string(minor);
  if (t->ptxasMajor < 12)
    return llvm::createStringError(t->ptxas + " is of CUDA " + t->ptxasVersion + ", but 12 or later is needed" + how);
  return t;
}

llvm::Expected<Assembly> Toolchain::assemble(const std::string &ptx, const CudaTarget &target, unsigned threads) const {
  llvm::SmallString<128> folder;
  if (auto error = fs::createUniqueDirectory("mlc-ptx", folder))
    return llvm::createStringError("cannot make a temporary folder: " + error.message());
  auto remove = llvm::make_scope_exit([&] { fs::remove_directories(folder); });
  std::string input = joined(folder, "module.ptx"), output = joined(folder, "module.cubin");
  {
    std::error_code error;
    llvm::raw_fd_ostream os(input, error);
    os << ptx;
    os.close();
    if (error || os.has_error())
      return llvm::createStringError("cannot write " + input + ": " + (error ? error : os.error()).message());
  }
  std::string arch = "-arch=" + target.arch(), split = "--split-compile=" + std::to_string(threads), log;
  auto failed = runProgram(ptxas, {ptxas, arch, "-O3", "-v", split, input, "-o", output}, &log);
  auto assembly = Assembly::ofLog(log);
  if (!assembly) {
    llvm::consumeError(std::move(failed));
    return assembly.takeError();
  }
  if (failed) {
    if (!assembly->hasOverrun())
      return std::move(failed);
    llvm::consumeError(std::move(failed));
    return assembly;
  }
  auto cubin = llvm::MemoryBuffer::getFile(output);
  if (!cubin)
    return llvm::createStringError("ptxas wrote no " + output + ": " + cubin.getError().message());
  assembly->code = (*cubin)->getBuffer().str();
  return assembly;
}

llvm::Expected<std::string> Toolchain::compile(const std::string &source, const std::string &name, const CudaTarget &target) const {
  Nvrtc::Program program = nullptr;
  if (int code = nvrtc->createProgram(&program, source.c_str(), (name + ".cu").c_str(), 0, nullptr, nullptr))
    return llvm::createStringError("NVRTC cannot start: error " + llvm::Twine(code));
  auto destroy = llvm::make_scope_exit([&] { nvrtc->destroyProgram(&program); });
  std::string arch = "--gpu-architecture=compute_" + std::to_string(target.capability) + (target.hasHopper() ? "a" : "");
  std::vector<const char *> options{arch.c_str(), "--std=c++17", "--disable-warnings"}; // the front end's: templates have functions that a region does not use
  int code = nvrtc->compileProgram(program, options.size(), options.data());
  size_t size = 0;
  if (code) {
    nvrtc->getProgramLogSize(program, &size);
    std::string log(size, '\0');
    nvrtc->getProgramLog(program, log.data());
    return llvm::createStringError("NVRTC refuses " + name + ": " + log);
  }
  nvrtc->getPTXSize(program, &size);
  std::string ptx(size, '\0');
  nvrtc->getPTX(program, ptx.data());
  while (!ptx.empty() && ptx.back() == '\0')
    ptx.pop_back();
  return ptx;
}

} // namespace mlc::cuda
