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

void registerNests() {}

} // namespace mlc::reference
