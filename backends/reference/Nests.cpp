// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Ops whose reference is a loop nest over memory.
#include "backends/reference/Emitter.h"

namespace mlc::reference {

void registerScans();
void registerScatters();
void registerSorts();
void registerRecurrences();

double roughCount(llvm::ArrayRef<DimExpr> dims) {
  double n = 1;
  for (const DimExpr &d : dims)
    n *= static_cast<double>(d.constant().value_or(300));
  return n;
}

void registerNests() {
  registerScans();
  registerScatters();
  registerSorts();
  registerRecurrences();
}

} // namespace mlc::reference
