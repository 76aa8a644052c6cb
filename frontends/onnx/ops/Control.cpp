// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// To come.
#include "frontends/onnx/Registry.h"

namespace mlc::importer {

void addControl(Registry &r) {}

} // namespace mlc::importer
