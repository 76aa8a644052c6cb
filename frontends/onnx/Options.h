// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The command line's spelling of shapes and symbol ranges, shared by the tools.
#ifndef MLC_FRONTENDS_ONNX_OPTIONS_H
#define MLC_FRONTENDS_ONNX_OPTIONS_H

#include "frontends/onnx/Import.h"

namespace mlc {

/// "x=1x3x224x224;y=?x16" (`,` separates too when what follows holds a `=`). False with `error` set when the text does not fit.
bool parseShapes(llvm::StringRef text, OnnxImportOptions &options, std::string &error);
/// "batch=1:8:32,seq=128": min:opt:max, min:max, or one number that makes the dim static.
bool parseSymbols(llvm::StringRef text, OnnxImportOptions &options, std::string &error);

} // namespace mlc

#endif
