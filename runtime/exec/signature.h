// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The C API's view of an entry's inputs, outputs and symbols, made once when the plan is opened.
#ifndef MLC_RUNTIME_EXEC_SIGNATURE_H
#define MLC_RUNTIME_EXEC_SIGNATURE_H

#include <string>
#include <vector>

#include "mlc/runtime.h"
#include "runtime/plan/plan_generated.h"

struct mlc_signature {
  explicit mlc_signature(const mlc::plan::Entry& entry);
  mlc_signature(mlc_signature&&) = default;

  const mlc::plan::Entry* entry;
  std::vector<mlc_tensor_info_t> inputs;
  std::vector<mlc_tensor_info_t> outputs;
  std::vector<mlc_symbol_info_t> symbols;

 private:
  // What the infos of one tensor point to.
  struct Dims {
    std::vector<int64_t> values, min, max;
    std::vector<std::string> texts;
    std::vector<const char*> names;
  };

  mlc_tensor_info_t MakeInfo(const mlc::plan::IO& io);

  std::vector<Dims> dims_;  // inputs, then outputs; never resized once pointed to
};

#endif  // MLC_RUNTIME_EXEC_SIGNATURE_H
