// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/compare.h"

#include <cmath>
#include <cstdio>
#include <limits>

namespace mlc::tools {
namespace {

double ErrorOf(double ours, double reference) {
  if (std::isnan(ours) && std::isnan(reference)) return 0;
  if (ours == reference) return 0;
  const double error = std::abs(ours - reference);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

bool IsFloat(mlc_dtype_t dtype) {
  switch (dtype) {
    case MLC_DTYPE_BOOL:
    case MLC_DTYPE_INT4:
    case MLC_DTYPE_UINT4:
    case MLC_DTYPE_INT8:
    case MLC_DTYPE_UINT8:
    case MLC_DTYPE_INT16:
    case MLC_DTYPE_UINT16:
    case MLC_DTYPE_INT32:
    case MLC_DTYPE_UINT32:
    case MLC_DTYPE_INT64:
    case MLC_DTYPE_UINT64:
      return false;
    default:
      return true;
  }
}

// Of the finite elements.
double StandardDeviation(const Array& array) {
  double count = 0, mean = 0, squares = 0;  // Welford's running form
  for (double value : ToDoubles(array)) {
    if (!std::isfinite(value)) continue;
    const double delta = value - mean;
    mean += delta / ++count;
    squares += delta * (value - mean);
  }
  return count > 0 ? std::sqrt(squares / count) : 0;
}

}  // namespace

Difference Compare(const Array& ours, const Array& reference, double rtol, double atol) {
  Difference difference;
  if (ours.dims != reference.dims) {
    difference.within = false;
    difference.max_abs_error = difference.max_rel_error = std::numeric_limits<double>::infinity();
    difference.why = "it is " + TypeText(ours) + ", the reference is " + TypeText(reference);
    return difference;
  }
  const std::vector<double> a = ToDoubles(ours), b = ToDoubles(reference);
  double worst_excess = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double error = ErrorOf(a[i], b[i]);
    const double magnitude = std::isfinite(b[i]) ? std::abs(b[i]) : 0;
    difference.max_abs_error = std::fmax(difference.max_abs_error, error);
    difference.max_rel_error = std::fmax(
        difference.max_rel_error, error / std::fmax(magnitude, std::numeric_limits<float>::min()));
    const double excess = error - (atol + rtol * magnitude);
    if (excess <= worst_excess) continue;
    worst_excess = excess;
    difference.within = false;
    char text[128];
    std::snprintf(text, sizeof text, "element %zu is %.9g, the reference has %.9g", i, a[i], b[i]);
    difference.why = text;
  }
  return difference;
}

Difference CompareWithOracle(const Array& ours, const Array& reference) {
  if (IsFloat(reference.dtype))
    return Compare(ours, reference, 1e-3, 1e-4 * std::fmax(1, StandardDeviation(reference)));
  Difference difference = Compare(ours, reference, 0, 0);
  if (difference.within && ours.bytes != reference.bytes) {  // beyond what a double resolves
    difference.within = false;
    difference.why = "integers differ in their low bits";
  }
  return difference;
}

}  // namespace mlc::tools
