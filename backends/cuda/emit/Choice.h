// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which configuration a family takes: a measured one where a tuning database has the problem, else the cost model's best, in either case the first whose code was not refused.
#ifndef MLC_BACKENDS_CUDA_EMIT_CHOICE_H
#define MLC_BACKENDS_CUDA_EMIT_CHOICE_H

#include "backends/cuda/emit/Templates.h"

namespace mlc::cuda {

/// Sets source, config and isOnly of a kernel whose problem is set, and gives its configuration. `ranked`: not empty, the best first; a Config has str(). `candidate`: how many of them a tuner passes over. `source(config)`: the kernel's text.
template <typename Config, typename Source> Config choose(const TemplateContext &c, std::vector<Config> ranked, unsigned candidate, Kernel &kernel, Source source) {
  constexpr size_t kMostTried = 6; // each refusal is one more compilation
  auto isKnown = [&](llvm::StringRef config) { return llvm::any_of(ranked, [&](const Config &known) { return known.str() == config; }); };
  if (auto tuned = c.tuning.find(c.target.arch(), kernel.problem, isKnown))
    std::stable_partition(ranked.begin(), ranked.end(), [&](const Config &known) { return known.str() == *tuned; });
  else
    ranked.erase(ranked.begin(), ranked.begin() + std::min<size_t>(candidate, ranked.size() - 1));
  ranked.resize(std::min(ranked.size(), kMostTried));
  auto chosen = llvm::find_if(ranked, [&](const Config &config) { return !c.refused.contains(source(config)); });
  kernel.isOnly = chosen == ranked.end();
  Config config = kernel.isOnly ? ranked.front() : *chosen;
  kernel.source = source(config);
  kernel.config = config.str();
  return config;
}

} // namespace mlc::cuda

#endif
