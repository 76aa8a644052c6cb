// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// print_templates FILE.mlir ARCH HEADER: for each function of the file (separated by "// -----"), which has one region of static shapes, the sources of the templates that take it, in a form for the host:
// HEADER (host_device.h) stands for kernels/device.cuh. Of a function whose name ends in "_all" configurations that between them have all there is (of one that starts with "boxes", of the template for sm_90a), else the one that is chosen. Each is `extern "C" void NAME_<number>(char **buffers)`;
// standard error tells "NAME_<number> <kind> <threads> <shared bytes> <cluster> <grid>" of each.
#include "backends/cuda/CudaTarget.h"
#include "backends/cuda/emit/Templates.h"
#include "backends/cuda/kernels/Sources.h"
#include "compiler/Compile.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlc;

namespace {

void replaceAll(std::string &text, StringRef what, StringRef by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

/// One launch of the kernel on the host.
void print(const Kernel &kernel, const std::string &name, unsigned buffers) {
  std::string source = kernel.source;
  replaceAll(source, cuda::kScalarSource, "");
  replaceAll(source, cuda::kDeviceSource, "");
  replaceAll(source, cuda::kHopperDeviceSource, "");
  replaceAll(source, "extern __shared__ __align__(16) char MLC_KERNEL_shared[];", "char *MLC_KERNEL_shared = host::shared();");
  replaceAll(source, "MLC_KERNEL", "kernel_" + name);
  std::string arguments;
  for (unsigned i = 0; i < buffers; ++i)
    arguments += "b[" + std::to_string(i) + "], ";
  for (const DimExpr &s : kernel.scalars)
    arguments += std::to_string(*s.constant()) + ", ";
  arguments += "&fault";
  auto list = [](const auto &numbers) { return "{" + llvm::join(llvm::map_range(numbers, [](auto v) { return std::to_string(v); }), ", ") + "}"; };
  for (const TensorMap &m : kernel.tensorMaps) {
    auto sizes = [&](llvm::ArrayRef<uint32_t> places) { return list(llvm::map_to_vector(places, [&](uint32_t i) { return *kernel.scalars[i].constant(); })); };
    arguments += ", host::tensorMap(b[" + std::to_string(m.buffer) + "], " + sizes(m.dims) + ", " + sizes(m.strides) + ", " + list(m.box) + ", " + list(m.steps) + ", " + list(m.lower) + ", " + list(m.upper) + ")";
  }
  int64_t grid = *kernel.grid.constant();
  llvm::outs() << source << "extern \"C\" void " << name << "(char **b) {\n  int fault = 0;\n  host::body = [&] { kernel_" << name << "_ns::kernel_" << name << "(" << arguments << "); };\n  host::grid.x = " << grid << ";\n  for (int64_t i = 0; i < "
               << grid << "; i += " << kernel.cluster << ")\n    host::runCluster(i, " << kernel.cluster << ", " << kernel.threads << ", " << kernel.sharedBytes << ");\n}\n";
  llvm::errs() << name << ' ' << kernel.kind << ' ' << kernel.threads << ' ' << kernel.sharedBytes << ' ' << kernel.cluster << ' ' << grid << '\n';
}

struct Parts {
  graph::RegionOp region;
  graph::ShapeFacts &facts;
  const cuda::CudaTarget &target;
  Placements placements;
  graph::AssumedSizes sizes;

  /// The kernel with the configuration at a place of the cost model's order; past the end the last one.
  FailureOr<Kernel> kernel(unsigned place) const {
    Tuning tuning;
    tuning.candidate = place;
    return cuda::emitTemplate({region, facts, placements, target, sizes, tuning, RefusedSources()});
  }
};

/// What of a configuration decides how elements are found: "64x32" and "warps=..", "64x32" and "split=..". Depth and stages differ along with them.
std::vector<std::string> traits(StringRef config) {
  llvm::SmallVector<StringRef> fields;
  config.split(fields, ',');
  if (config.starts_with("tma="))
    return {config.str()};
  std::string tile = fields[0].rsplit('x').first.str();
  if (fields.size() < 4) // "4x14x8,columns=7,parts=2": what one thread has
    return {fields.back().str() + fields[1].str()};
  return {tile + fields[1].str(), tile + fields[3].str()};
}

/// Kernels whose configurations start with `prefix` and that between them have every tile with every arrangement of warps, and with every split.
std::vector<Kernel> covering(const Parts &parts, StringRef prefix) {
  std::vector<Kernel> out;
  llvm::StringSet<> seen;
  std::string last;
  for (unsigned place = 0;; ++place) {
    auto kernel = parts.kernel(place);
    if (failed(kernel) || kernel->config == last)
      return out;
    last = kernel->config;
    if (!StringRef(last).starts_with(prefix))
      continue;
    bool isNew = false;
    for (const std::string &trait : traits(last))
      isNew |= seen.insert(trait).second;
    if (isNew)
      out.push_back(std::move(*kernel));
  }
}

bool printAll(func::FuncOp func, const cuda::CudaTarget &target) {
  graph::ShapeFacts facts(func);
  if (!facts.valid())
    return false;
  graph::RegionOp region = *func.getOps<graph::RegionOp>().begin();
  Parts parts{region, facts, target, Placements(func, facts), graph::AssumedSizes(func, facts)};
  std::vector<Kernel> kernels;
  if (func.getName().ends_with("_all"))
    kernels = covering(parts, func.getName().starts_with("boxes") ? "tma=" : "");
  else if (auto kernel = parts.kernel(0); succeeded(kernel))
    kernels.push_back(std::move(*kernel));
  for (auto [number, kernel] : llvm::enumerate(kernels))
    print(kernel, (func.getName() + "_" + llvm::Twine(number)).str(), region.getNumOperands() + region.getNumResults());
  return !kernels.empty();
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto target = cuda::parseTarget(argv[2]);
  auto file = llvm::MemoryBuffer::getFile(argv[1]);
  if (!target || !file)
    return 2;
  llvm::outs() << "#define MLC_HOST_SCALAR\n" << cuda::kScalarSource << "#include \"" << argv[3] << "\"\n";
  llvm::SmallVector<StringRef> parts;
  (*file)->getBuffer().split(parts, "// -----");
  for (StringRef part : parts) {
    auto module = parseSourceString<ModuleOp>(part, &context);
    if (!module || !printAll(*module->getOps<func::FuncOp>().begin(), *target)) {
      llvm::errs() << "no template takes " << part << '\n';
      return 1;
    }
  }
  return 0;
}
