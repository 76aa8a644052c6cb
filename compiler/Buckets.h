// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Parts of the shapes a model may have, for which a plan holds programs of their own beside the generic one.
#ifndef MLC_COMPILER_BUCKETS_H
#define MLC_COMPILER_BUCKETS_H

#include "dialects/Graph/DimExpr.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>
#include <vector>

namespace mlc {

/// Ranges of some symbols, narrower than those of the model; min = max fixes one. Divisors are not used.
using Bucket = std::map<std::string, SymbolInfo>;

/// "batch=8,sequence=64:128:256", as --bucket and SpecializeShapes take it.
std::string bucketText(const Bucket &bucket);

/// Checks buckets against the symbols of the module's function, and orders them: of several that hold for a shape the runtime takes the first, so those of fewer shapes come first. An empty bucket becomes the
/// opt point of all symbols that have one. The error says what is wrong with which bucket.
llvm::Error resolveBuckets(mlir::ModuleOp module, std::vector<Bucket> &buckets);

} // namespace mlc

#endif
