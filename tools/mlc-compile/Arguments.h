// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_COMPILE_ARGUMENTS_H
#define MLC_TOOLS_MLC_COMPILE_ARGUMENTS_H

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace mlc {

/// mlc-compile's command line as it was typed.
struct Arguments {
  std::string model, output, minShapes, optShapes, maxShapes, dumpAfter, stopAfter, saveAsm, json, cudaPath, emit, io, library;
  std::vector<std::string> archs{"host"}, shapes, dims, buckets, keep, preprocess, ioLayout, keepFp32, calibrate, tuning;
  int optLevel = 2;
  std::optional<double> maxError;
  unsigned threads = 0, tuningCandidate = 0, streams = 0;
  bool verify = false, fp16 = false, bf16 = false, noCache = false, stripWeights = false, timePasses = false, explainFusion = false, quiet = false, rematerialize = false, noForward = false;
};

void declareArguments(CLI::App &app, Arguments &arguments);

} // namespace mlc

#endif
