// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which instructions this CPU and its operating system can run, by LLVM's feature names.
#ifndef MLC_RUNTIME_HOST_CPU_FEATURES_H
#define MLC_RUNTIME_HOST_CPU_FEATURES_H

#include <string>
#include <string_view>
#include <vector>

namespace mlc::runtime {

class CpuFeatures {
 public:
  // Asks CPUID, and XGETBV for the register state that the system saves.
  static CpuFeatures Detect();
  // For tests.
  explicit CpuFeatures(std::vector<std::string_view> names);

  // False for names that the table does not have.
  bool Has(std::string_view name) const;
  // Comma-separated, in the order of cpu_features.def.
  const std::string& text() const { return text_; }

 private:
  std::vector<std::string_view> names_;
  std::string text_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_CPU_FEATURES_H
