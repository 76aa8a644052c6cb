// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Ranges of what a fused module keeps in memory and multiplies, measured by running its very regions on the host in f32. convert-precision reads them as attributes of the regions.
#ifndef MLC_COMPILER_CALIBRATE_H
#define MLC_COMPILER_CALIBRATE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace mlc {

struct CompileOptions;

class Calibration {
public:
  /// Measures `fused` on `options.samples`, once for equal modules, and puts the ranges on its regions. Returns a line for each region that does not fit f16. Regions inside of control flow
  /// are not measured.
  llvm::Expected<std::vector<std::string>> apply(mlir::ModuleOp fused, const CompileOptions &options);

private:
  llvm::StringMap<std::vector<double>> known; // by the module's text
};

} // namespace mlc

#endif
