// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/Backend.h"

namespace mlc {

char RefusedKernels::ID = 0;

std::string LibraryProduct::str() const {
  std::string out;
  llvm::raw_string_ostream os(out);
  os << element << (leftTransposed ? "^T" : "") << " x " << element << (rightTransposed ? "^T" : "") << (addend ? " + addend" : "") << (bias ? " + bias" : "");
  os << (activation == Activation::Relu ? ", relu" : activation == Activation::GeluTanh ? ", gelu tanh" : "") << " -> " << outElement << ", " << workspaceBytes << " bytes of workspace";
  return out;
}

} // namespace mlc
