// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the compiler asks of a target: which types it computes with, how a region becomes a kernel, and machine code for a set of kernels.
// One object per architecture named on the command line; immutable, so that any thread may use it.
#ifndef MLC_BACKENDS_BACKEND_H
#define MLC_BACKENDS_BACKEND_H

#include "backends/KernelCache.h"
#include "dialects/Graph/ShapeFacts.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Memory/Placement.h"
#include "llvm/ADT/StringSet.h"

namespace mlc {

/// How a kernel sees an operand of which it copies boxes by itself (plan.fbs, TensorMap). Sizes are positions in Kernel::scalars.
struct TensorMap {
  unsigned buffer = 0;
  bool isBf16 = false; // else f16
  std::vector<uint32_t> dims, strides; // innermost first; bytes from one to the next of all dims but the innermost
  std::vector<uint32_t> box;           // elements of each dim, or of windows: channels and pixels
  std::vector<uint32_t> steps;         // of windows, along each dim
  std::vector<int32_t> lower, upper;   // of windows: where the first and the last corner lie, from the first and the last pixel, along W and H
};

/// A product that a library of the vendor computes (runtime/plan/plan.fbs, Product); operands are numbers of the kernel's buffers: inputs, results, workspaces.
struct LibraryProduct {
  enum class Activation { None, Relu, GeluTanh };
  unsigned left = 0, right = 0, out = 0, workspace = 0;
  std::optional<unsigned> bias, addend;
  mlir::Type element, outElement;
  bool leftTransposed = false, rightTransposed = false;
  Activation activation = Activation::None;
  uint64_t workspaceBytes = 0;

  /// "f16 x f16^T + addend + bias, relu -> f16, 33554432 bytes of workspace"; equal texts and operands are equal products.
  std::string str() const;
};

/// What the plan needs to know to launch a kernel, and what its code is made from: a module, or source text.
struct Kernel {
  mlir::OwningOpRef<mlir::ModuleOp> module; // one func.func @kernel
  std::string source;                       // text in the target's language, where there is no module
  std::string kind;
  std::vector<DimExpr> scalars;    // values of the scalar arguments, in order
  DimExpr grid = 1;                // number of tasks, or of thread blocks
  DimExpr scratchBytes = 0;        // private memory per worker
  std::vector<DimExpr> workspaces; // bytes of shared buffers after the results
  double taskNanoseconds = 1000;   // estimate for one task
  bool inPlace = false;            // each result element is read before it is written: result 0 may share memory with an operand of its shape
  unsigned threads = 0;            // of a block; sharedBytes of dynamic shared memory, cluster blocks: for targets that have them
  unsigned sharedBytes = 0;
  unsigned cluster = 1;
  bool waits = false;              // waits by itself for the launches before, so that it may start while they still run (plan.fbs, Kernel.waits)
  std::vector<TensorMap> tensorMaps; // in the order of its parameters
  std::optional<LibraryProduct> library; // computed by a library: there is neither module nor source
  std::string problem, config;     // of a family with configurations: what it computes, and how (Tuning.h); else empty
  bool isOnly = false;             // emit has nothing else for the region: generate takes it though it is not what was hoped for
};

/// A kernel of a target's set. `digest` (SHA-256 in hexadecimal) names what it does: equal kernels were joined.
struct NamedKernel {
  std::string name;
  std::string digest;
  Kernel kernel;
  unsigned inputs, results;
};

/// Machine code of a set of kernels.
struct TargetCode {
  enum class Kind { HostImage, Cubin, Ptx };
  Kind kind = Kind::HostImage;
  std::string bytes;
  std::string ptx; // that a cubin was assembled from; of PTX itself empty
  std::vector<std::string> warnings; // about kernels that had to be taken
  struct Range {
    uint64_t offset = 0, size = 0;
  };
  std::vector<Range> ranges; // of each kernel inside of `bytes`; zeros where symbols tell
};

/// Sources of kernels, by which emit is told what generate did not take.
using RefusedSources = llvm::StringSet<>;

/// Returned by generate when the machine code of some candidates is not worth running (spilled registers, more shared memory than there is): emit, told of them, gives others.
class RefusedKernels : public llvm::ErrorInfo<RefusedKernels> {
public:
  static char ID;
  std::vector<std::pair<std::string, std::string>> kernels; // source, "k3_gemm spills 24 bytes"
  void log(llvm::raw_ostream &os) const override {
    for (const auto &[source, why] : kernels)
      os << why << '\n';
  }
  std::error_code convertToErrorCode() const override { return std::make_error_code(std::errc::not_supported); }
};

/// How machine code is made.
struct CodegenContext {
  int optLevel = 2;
  bool runsOnce = false; // the code: what that takes counts with what making it takes
  unsigned threads = 0;  // 0: as many as the machine has
  KernelCache &cache;
  std::string asmFolder; // where each kernel's assembly goes, if not empty
  std::function<void(const std::string &stage, unsigned done, unsigned total)> progress;
};

class Backend {
public:
  virtual ~Backend() = default;

  std::string arch;                  // as the plan names it: "x86-64-v3", "sm_90a", "compute_80"
  std::string triple;
  std::vector<std::string> features; // LLVM names, sorted, all that the processor must have
  int rank = 0;                      // higher is better; the runtime takes the highest that fits
  unsigned minCuda = 0;              // lowest driver, as cuDriverGetVersion counts; 0: none needed

  /// The attentions that emit takes as one kernel, when what lies in memory has this precision ("", "f16", "bf16"): options of fuse-attention. 0: no limit.
  struct Attention {
    bool any = true;
    bool onlySoftmax = false;
    int64_t mostQueries = 0, headMultiple = 1, mostHead = 0;
  };
  virtual Attention attention(llvm::StringRef precision) const { return {}; }

  /// How fast launches are that run beside each other: options of assign-streams, which say what each is. `half`: of products of 16-bit floats.
  struct Concurrency {
    double flopsPerNs, halfFlopsPerNs, bytesPerNs, launchNs, forkNs, fillElements;
  };
  std::optional<Concurrency> concurrency; // none: a launch ends before the next one starts

  bool channelsLastAlways = false;   // whether its kernels want it whatever the borders cost; the layout's cost model is the host's

  /// Refuses element types that no kernel handles, naming the op or input.
  virtual mlir::LogicalResult checkTypes(mlir::func::FuncOp func) const = 0;
  /// Operand layouts and what else is decided per region, after fusion.
  virtual void addChoosePasses(mlir::OpPassManager &func) const = 0;
  /// The same for what depends on element types, once --fp16 has decided those.
  virtual void addTypedPasses(mlir::OpPassManager &func) const {}
  /// The kernel of a region; `reference`: the oracle's scalar code; `refused`: what not to give again while there is another candidate. Fails with an error at the region when it has no lowering.
  virtual mlir::FailureOr<Kernel> emit(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements, bool reference, const RefusedSources &refused) const = 0;
  /// Code for all kernels, whose modules it may take. The error names the kernel, or is RefusedKernels.
  virtual llvm::Expected<TargetCode> generate(llvm::MutableArrayRef<NamedKernel> kernels, const CodegenContext &context) const = 0;
};

} // namespace mlc

#endif
