// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/Accuracy.h"
#include "compiler/Evaluate.h"
#include "compiler/HostTwin.h"
#include "compiler/Probe.h"
#include "dialects/Graph/NodeNames.h"
#include "passes/Fuse/Cost.h"
#include "passes/Precision/Passes.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

double outputError(ArrayRef<float> exact, ArrayRef<float> ours) {
  double sum = 0, squares = 0, differences = 0;
  size_t count = 0;
  for (auto [a, b] : llvm::zip(exact, ours)) {
    if ((a == b && !std::isfinite(a)) || (std::isnan(a) && std::isnan(b)))
      continue;
    if (!std::isfinite(a) || !std::isfinite(b))
      return INFINITY;
    sum += a;
    squares += double(a) * a;
    differences += (double(a) - b) * (double(a) - b);
    ++count;
  }
  if (differences == 0)
    return 0;
  double mean = sum / count, variance = squares / count - mean * mean;
  return std::sqrt(differences / count / (variance > 1e-12 * squares / count ? variance : squares / count));
}

constexpr double kClose = 0.9;         // of the aim's square: what a step goes for
constexpr double kLargestSquare = 1e6; // what is infinite counts as, so that sums stay numbers

Narrowing::Options narrowingOptions(const CompileOptions &options) { return {options.precision, {options.keepF32.begin(), options.keepF32.end()}, options.narrowIo}; }

/// One module's search.
class Search {
public:
  Search(ModuleOp fused, const CompileOptions &options, const Backend &target)
      : fused(fused), options(options), target(target), func(fused.lookupSymbol<func::FuncOp>("main")), narrowing(narrowingOptions(options)) {}

  /// Which regions stay f32, and what comes of it.
  llvm::Expected<std::vector<bool>> run(Accuracy::Result &result) {
    ShapeFacts facts(func);
    if (!facts.valid())
      return llvm::make_error<ModelError>();
    regions = narrowedRegions(fused, Narrowing(func, facts, narrowing));
    std::vector<bool> kept(regions.size());
    result.figures.arch = target.arch;
    result.figures.regions = regions.size();
    step(0);
    if (auto error = openProbe())
      return error;
    auto measured = probeError(std::vector<char>(regions.size(), true));
    if (!measured)
      return measured.takeError();
    result.figures.narrow = result.figures.chosen = *measured;
    if (*measured <= aim()) {
      step(regions.size() + 1);
      return kept;
    }
    if (auto error = measureRegions())
      return error;
    sortRegions(facts);
    auto chosen = mostNarrow(*measured);
    if (!chosen)
      return chosen.takeError();
    result.figures.chosen = chosen->error;
    for (unsigned region : llvm::reverse(ArrayRef(order).drop_front(chosen->count))) { // the worst come last
      kept[region] = true;
      result.kept.push_back(llvm::formatv("'{0}' ({1}) alone moves the answer by {2:e1}", firstName(regions[region].getLoc()), regions[region].getKind(), errors[region]));
    }
    result.figures.kept = result.kept.size();
    return kept;
  }

private:
  double aim() const { return Accuracy::kAim * options.maxError; }

  void step(unsigned done) {
    if (options.progress)
      options.progress("accuracy", done, regions.size() + 1);
  }

  llvm::Error openProbe() {
    auto module = makeProbe(fused, narrowing, compilingEvaluator(options.optLevel, options.threads, options.cacheFolder));
    if (!module)
      return llvm::make_error<ModelError>();
    auto opened = openTwin(*module, options);
    if (!opened)
      return opened.takeError();
    probe = std::move(*opened);
    for (size_t i = 0; i < options.samples.count; ++i) {
      auto outputs = probe(i, std::vector<char>(regions.size(), false));
      if (!outputs)
        return outputs.takeError();
      for (const std::vector<float> &output : *outputs)
        if (!output.empty() && llvm::none_of(output, [](float x) { return std::isfinite(x); }))
          return llvm::make_error<OptionError>("--calibrate, sample " + std::to_string(i + 1) + ": an output has no finite number in f32, so it says nothing about 16 bits");
      exact.push_back(std::move(*outputs));
    }
    return llvm::Error::success();
  }

  /// The largest over the samples, with these regions narrowed.
  llvm::Expected<double> probeError(ArrayRef<char> switches) {
    double worst = 0;
    for (size_t i = 0; i < options.samples.count; ++i) {
      auto outputs = probe(i, switches);
      if (!outputs)
        return outputs.takeError();
      worst = std::max(worst, answersError(exact[i], *outputs));
    }
    return worst;
  }

  llvm::Error measureRegions() {
    for (unsigned i = 0; i < regions.size(); ++i) {
      std::vector<char> switches(regions.size(), false);
      switches[i] = true;
      auto error = probeError(switches);
      if (!error)
        return error.takeError();
      errors.push_back(*error);
      step(i + 1);
    }
    step(regions.size() + 1);
    return llvm::Error::success();
  }

  /// Those first whose narrowing saves most for the error that it adds.
  void sortRegions(ShapeFacts &facts) {
    AssumedSizes sizes(func, facts);
    std::vector<double> prices;
    for (auto [region, error] : llvm::zip(regions, errors))
      prices.push_back(error * error / regionNs(region, facts, sizes));
    order.resize(regions.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::stable_sort(order, [&](unsigned a, unsigned b) { return prices[a] < prices[b]; });
  }

  struct Prefix {
    size_t count;
    double error;
  };

  /// How many regions of `order`, from the first on, may be narrowed. `all`: the error with all of them. Each step goes where errors that add up as squares would meet the aim, in the measure of
  /// the last step; a step that is close enough is the last.
  llvm::Expected<Prefix> mostNarrow(double all) {
    std::vector<double> squares{0}; // of the first n
    for (unsigned region : order)
      squares.push_back(squares.back() + std::min(errors[region] * errors[region], kLargestSquare));
    Prefix fits{0, 0}, last{order.size(), all};
    for (size_t beyond = order.size(); fits.count + 1 < beyond;) {
      double scale = std::isfinite(last.error) && squares[last.count] > 0 ? last.error * last.error / squares[last.count] : 1;
      size_t guess = llvm::upper_bound(squares, kClose * aim() * aim() / scale) - squares.begin() - 1;
      last.count = std::clamp(guess, fits.count + 1, beyond - 1);
      std::vector<char> switches(order.size(), false);
      for (unsigned region : ArrayRef(order).take_front(last.count))
        switches[region] = true;
      auto error = probeError(switches);
      if (!error)
        return error.takeError();
      last.error = *error;
      if (!(last.error <= aim())) {
        beyond = last.count;
        continue;
      }
      fits = last;
      if (fits.error * fits.error >= kClose * kClose * aim() * aim())
        break;
    }
    return fits;
  }

  ModuleOp fused;
  const CompileOptions &options;
  const Backend &target;
  func::FuncOp func;
  Narrowing::Options narrowing;
  std::vector<RegionOp> regions;
  Samples::Run probe;
  std::vector<Samples::Outputs> exact;
  std::vector<double> errors; // of each region alone
  std::vector<unsigned> order;
};

} // namespace

double answersError(const Samples::Outputs &exact, const Samples::Outputs &ours) {
  double worst = 0;
  for (auto [a, b] : llvm::zip(exact, ours))
    worst = std::max(worst, outputError(a, b));
  return worst;
}

llvm::Expected<Accuracy::Result> Accuracy::apply(ModuleOp fused, const CompileOptions &options, const Backend &target) {
  std::string key;
  llvm::raw_string_ostream os(key);
  fused.print(os, OpPrintingFlags().elideLargeResourceString(64));
  auto [it, isNew] = known.try_emplace(key);
  if (isNew) {
    auto kept = Search(fused, options, target).run(it->second.result);
    if (!kept)
      return kept.takeError();
    it->second.kept = std::move(*kept);
  }
  auto func = fused.lookupSymbol<func::FuncOp>("main");
  ShapeFacts facts(func);
  for (auto [region, isKept] : llvm::zip(narrowedRegions(fused, Narrowing(func, facts, narrowingOptions(options))), it->second.kept))
    if (isKept)
      region->setAttr(kKeepAttr, UnitAttr::get(fused.getContext()));
  Result result = it->second.result;
  result.figures.arch = target.arch;
  return result;
}

} // namespace mlc
