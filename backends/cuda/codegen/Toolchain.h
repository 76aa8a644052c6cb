// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The parts of a CUDA toolkit that compiling needs: ptxas (a program) and NVRTC (a library opened at run time). Looked for in --cuda-path, MLC_CUDA_PATH, CUDA_HOME, /usr/local/cuda,
// the program path, and the Python packages nvidia-cuda-nvcc and nvidia-cuda-nvrtc of the project's .venv or of VIRTUAL_ENV. MLC is neither built nor started against any of it.
#ifndef MLC_BACKENDS_CUDA_CODEGEN_TOOLCHAIN_H
#define MLC_BACKENDS_CUDA_CODEGEN_TOOLCHAIN_H

#include "backends/cuda/CudaTarget.h"
#include "backends/cuda/codegen/Assembly.h"
#include <memory>

namespace mlc::cuda {

class Nvrtc;

class Toolchain {
public:
  /// `cudaPath`: where to look first, may be empty. The error says what is missing, where it was looked for and how to get it.
  static llvm::Expected<std::shared_ptr<const Toolchain>> find(const std::string &cudaPath);
  ~Toolchain();

  /// "13.0.88": of ptxas; part of what a plan's bytes depend on.
  const std::string &version() const { return ptxasVersion; }
  /// The lowest driver (as cuDriverGetVersion counts) that loads its machine code: 12000 or 13000.
  unsigned minCuda() const { return ptxasMajor >= 13 ? 13000 : 12000; }

  /// Machine code of a PTX module, and what its kernels use. A module that fails because kernels need more shared memory than there is has no code, but usages that say so. Warnings that mean
  /// another program than was written (C75xx) are errors when they name no kernel.
  llvm::Expected<Assembly> assemble(const std::string &ptx, const CudaTarget &target, unsigned threads) const;
  /// PTX of CUDA C++ source. Thread-safe. The error holds the compiler's log.
  llvm::Expected<std::string> compile(const std::string &source, const std::string &name, const CudaTarget &target) const;

private:
  Toolchain() = default;
  std::string ptxas, ptxasVersion;
  unsigned ptxasMajor = 0;
  std::unique_ptr<Nvrtc> nvrtc;
};

} // namespace mlc::cuda

#endif
