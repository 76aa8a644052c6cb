// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Measured choices of kernels' configurations, in place of the cost models' (mlc-tune writes them).
// A database is text, a line for each problem of an architecture; fields are separated by tabs: architecture, problem, configuration, microseconds, what measured it. Lines that start with # are remarks. Databases
// merge by being read one after the other: the faster of two lines for one problem holds. Behind them stands what comes with the compiler (backends/cuda/choose/tuned): it decides where no database has a line,
// however fast its own is, since another machine measured it. A configuration that a family no longer has is as no line.
#ifndef MLC_BACKENDS_TUNING_H
#define MLC_BACKENDS_TUNING_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace mlc {

class Tuning {
public:
  /// Adds a database's text; the error names `path` and the line.
  llvm::Error add(llvm::StringRef text, llvm::StringRef path) { return read(text, path, choices); }
  /// The same for what stands behind all databases.
  llvm::Error addBuiltIn(llvm::StringRef text, llvm::StringRef path) { return read(text, path, builtIn); }
  /// The configuration for a problem, as the family that asks spells it; `has`: whether the family knows it; without `withBuiltIn` only databases that were added count.
  std::optional<llvm::StringRef> find(llvm::StringRef arch, llvm::StringRef problem, llvm::function_ref<bool(llvm::StringRef config)> has, bool withBuiltIn = true) const;

  /// The place in the cost model's order of what is taken for a problem that no database has (unless it is 0, the built-in one counts for none); for measuring. 0 is the best.
  unsigned candidate = 0;
  /// Whether cuBLASLt is one of the candidates of products, as the configuration "cublaslt" (mlc-compile --library).
  bool library = false;

private:
  struct Choice {
    std::string config;
    double microseconds;
  };
  using Choices = llvm::StringMap<Choice>; // by architecture and problem
  static llvm::Error read(llvm::StringRef text, llvm::StringRef path, Choices &into);
  Choices choices, builtIn;
};

} // namespace mlc

#endif
