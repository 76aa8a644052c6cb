// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// print_scalars --list: the names of all pointwise ops. print_scalars FILE.mlir: for each function of the file (they are separated by "// -----"), which has one region over tensors of one dim
// of 16 bytes' worth of elements or a multiple, C++ that a host compiler takes: the holes that templates would get, one element and one vector at a time, and `extern "C" void NAME(char **buffers, n)`
// around them, NAME_vector for the second. Says on standard error which functions no op takes ("invalid NAME") and which have no C++ spelling ("unprinted NAME").
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/kernels/Sources.h"
#include "compiler/Compile.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlc;
using mlc::cuda::Holes;
using namespace mlc::graph;

namespace {

constexpr int64_t kVectorBytes = 16;

/// Lanes of the vector hole: 16 bytes of the widest element.
int64_t lanes(RegionOp region, ShapeFacts &facts) {
  int64_t bytes = 1;
  for (ValueRange values : {ValueRange(region.getInputs()), ValueRange(region.getResults())})
    for (Value v : values)
      bytes = std::max<int64_t>(bytes, (facts.elementType(v).getIntOrFloatBitWidth() + 7) / 8);
  return kVectorBytes / bytes;
}

bool addHole(Holes &holes, StringRef name, int64_t width) {
  return holes.add(name, holes.positions({"i"}), width, Type(), [&](reference::Emitter &e, ArrayRef<Value> v) {
    reference::Index at{v[0], width > 1, width > 1};
    for (auto [result, yielded] : llvm::zip(holes.region.getResults(), holes.region.getBody().front().getTerminator()->getOperands()))
      e.store(result, at, e.at(yielded, at));
    return std::optional<Value>(Value());
  });
}

bool print(func::FuncOp func) {
  std::string name = func.getName().str();
  ShapeFacts facts(func);
  if (!facts.valid())
    return false;
  RegionOp region = *func.getOps<RegionOp>().begin();
  Placements placements(func, facts);
  Holes holes(region, facts, placements);
  int64_t width = lanes(region, facts);
  if (!addHole(holes, "one", 1) || !addHole(holes, "vector", width))
    return false;
  unsigned buffers = region.getNumOperands() + region.getNumResults();
  llvm::outs() << "namespace ns_" << name << " {\n" << holes.text() << "}\n";
  for (auto [suffix, hole, step] : {std::tuple("", "one", int64_t(1)), std::tuple("_vector", "vector", width)}) {
    llvm::outs() << "extern \"C\" void " << name << suffix << "(char **b, int64_t n) {\n  int fault = 0;\n  ns_" << name << "::Params p = {";
    for (unsigned i = 0; i < buffers; ++i)
      llvm::outs() << "b[" << i << "], ";
    llvm::outs() << "&fault};\n  for (int64_t i = 0; i < n; i += " << step << ")\n    ns_" << name << "::" << hole << "(p, i);\n}\n";
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  if (argc != 2)
    return 2;
  if (StringRef(argv[1]) == "--list") {
    for (RegisteredOperationName op : context.getRegisteredOperations())
      if (op.hasTrait<Pointwise>())
        llvm::outs() << op.stripDialect() << '\n';
    return 0;
  }
  auto file = llvm::MemoryBuffer::getFile(argv[1]);
  if (!file)
    return 2;
  llvm::outs() << "#define MLC_HOST_SCALAR\n" << cuda::kScalarSource;
  llvm::SmallVector<StringRef> parts;
  (*file)->getBuffer().split(parts, "// -----");
  for (StringRef part : parts) {
    StringRef name = part.split('@').second.split('(').first;
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    auto module = parseSourceString<ModuleOp>(part, &context);
    if (!module)
      llvm::errs() << "invalid " << name << '\n';
    else if (!print(*module->getOps<func::FuncOp>().begin()))
      llvm::errs() << "unprinted " << name << '\n';
  }
  return 0;
}
