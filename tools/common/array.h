// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A tensor as tools read and write it.
#ifndef MLC_TOOLS_COMMON_ARRAY_H
#define MLC_TOOLS_COMMON_ARRAY_H

#include <cstdint>
#include <string>
#include <vector>

#include "mlc/runtime.h"

namespace mlc::tools {

// Dense and row-major; sub-byte types packed, low bits first.
struct Array {
  mlc_dtype_t dtype = MLC_DTYPE_UNDEFINED;
  std::vector<int64_t> dims;
  std::string bytes;

  int64_t num_elems() const {
    int64_t count = 1;
    for (int64_t dim : dims) count *= dim;
    return count;
  }
};

// "float32 [1, 3, 224]".
std::string TypeText(const Array& array);

// All elements as double. Complex numbers give two each.
std::vector<double> ToDoubles(const Array& array);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_ARRAY_H
