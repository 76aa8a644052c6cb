// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which convolutions are stems, and their cost model. Times in clocks of one multiprocessor; constants as those of products (Product.cpp).
#include "backends/cuda/emit/Stem.h"
#include <cmath>

using namespace mlc::graph;

namespace mlc::cuda {
namespace {

constexpr int64_t kMostSteps = 16, kMostFragments = 26; // of a warp: its weights take four registers each
constexpr int64_t kMostWarpsN = 8;
constexpr double kMath = 2048;     // multiply-adds a clock that mma.sync reaches
constexpr double kMemoryBytes = 13;
constexpr double kStart = 1500, kBlock = 250, kLatency = 900;
constexpr double kSetUp = 200;     // instructions before the first load, places of taps
constexpr double kBring = 45;      // for a pixel of the window
constexpr double kStore = 30;      // for a vector of results, beside the epilogue's three for each element
constexpr double kDependent = 1.6; // clocks of an instruction in a warp that has its scheduler for itself
constexpr int64_t kRegisters = 65536;
constexpr size_t kMostKept = 24;

double ceilDiv(double a, double b) { return std::ceil(a / b); }

double cost(const StemConfig &c, const StemShape &s, const CudaTarget &target) {
  double blocks = s.images * ceilDiv(s.P, c.rows) * ceilDiv(s.Q, c.columns), warps = s.threads(c) / 32.0;
  int64_t registers = s.pairs() * (s.steps() * 4 + 8) + s.steps() + 48;
  double resident = std::clamp<int64_t>(std::min(target.sharedBytes / (s.sharedBytes(c) + 1024), kRegisters / (registers * s.threads(c))), 1, 16);
  double window = s.rowsIn(c) * s.columnsIn(c), tiles = ceilDiv(c.rows * c.columns, 16), results = tiles * 16 * s.N;
  // Of one warp. A tile reads 8 bytes of each tap twice.
  double perTile = s.steps() * (4 + 2.0 * s.pairs()) + 4 * (kStore + 6 * s.pairs());
  double instructions = kSetUp + s.pairs() * s.steps() + ceilDiv(window, s.threads(c)) * kBring + ceilDiv(tiles, c.warpsM) * perTile;
  double issue = ((kSetUp + s.pairs() * s.steps()) * warps + window / 32 * kBring + tiles * s.warpsN() * perTile) / 4;
  double sharedTime = tiles * s.warpsN() * s.steps() * 4 + window * 8 / 128, math = tiles * s.warpsN() * s.pairs() * 16 * 16 * s.steps() * 16 / kMath;
  double bytes = (results * 2 + std::min<double>(window, c.rows * c.columns * s.strideH * s.strideW) * 2 * s.C) / kMemoryBytes;
  double batches = ceilDiv(ceilDiv(window, s.threads(c)), 4); // of pixels on their way at a time
  double alone = kLatency * (1 + batches) + std::max(instructions * kDependent, issue);
  double busiest = ceilDiv(blocks, target.multiprocessors), rounds = ceilDiv(busiest, resident);
  return kStart + std::max(busiest * std::max({issue, sharedTime, math, bytes}), rounds * alone) + kBlock * busiest / std::min(resident, 4.0) + (rounds > 1 ? alone / 2 : 0);
}

} // namespace

int64_t StemShape::pairs() const {
  // The vectors that a lane stores have two n for each pair: powers of two.
  auto padded = [&](int64_t pairs) { return (N + 16 * pairs - 1) / (16 * pairs) * pairs; };
  int64_t best = 1;
  for (int64_t pairs : {2, 4})
    if (pairs * steps() <= kMostFragments && padded(pairs) <= padded(best))
      best = pairs;
  return best;
}

std::string StemConfig::str() const { return std::to_string(rows) + "x" + std::to_string(columns) + ",warps=" + std::to_string(warpsM); }

std::optional<StemShape> stemShape(ConvOp conv, ShapeFacts &facts) {
  mlir::Type element = facts.elementType(conv.getY());
  if (!conv.getChannelsLast() || conv.getGroup() != 1 || conv.getBias() || facts.rank(conv.getY()) != 4 || !(element.isF16() || element.isBF16()))
    return std::nullopt;
  Dims w(facts.dims(conv.getW()));
  auto n = w[0].constant(), c = w[1].constant(), r = w[2].constant(), s = w[3].constant();
  // Fewer channels would waste most of a fragment, more are a product's; one tap is a product; of many taps the weights fit into no warp.
  if (!n || !c || !r || !s || *c < 3 || *c > 4 || *r * *s < 2 || *r * *s > 4 * kMostSteps)
    return std::nullopt;
  StemShape shape{*c, *n, *r, *s, conv.getStrides()[0], conv.getStrides()[1], conv.getDilations()[0], conv.getDilations()[1]};
  return shape.warpsN() <= kMostWarpsN ? std::optional(shape) : std::nullopt;
}

std::vector<StemConfig> rankStems(const StemShape &shape, const CudaTarget &target) {
  std::vector<std::pair<double, StemConfig>> all;
  for (int64_t parts = 1; parts <= shape.Q; ++parts) {
    StemConfig c;
    c.columns = (shape.Q + parts - 1) / parts;
    if (c.columns > 128 || (parts > 1 && (c.columns < 8 || c.columns == (shape.Q + parts - 2) / (parts - 1))))
      continue;
    for (c.rows = 1; c.rows <= std::min<int64_t>(shape.P, 32); ++c.rows)
      for (c.warpsM = 1; c.warpsM <= 8; c.warpsM *= 2) {
        int64_t tiles = (c.rows * c.columns + 15) / 16;
        if (c.warpsM > tiles || tiles > 64 || shape.threads(c) > 256 || shape.sharedBytes(c) > target.sharedBytes)
          continue;
        all.emplace_back(cost(c, shape, target), c);
      }
  }
  llvm::stable_sort(all, [](const auto &a, const auto &b) { return a.first < b.first; });
  std::vector<StemConfig> out;
  for (const auto &[time, c] : all)
    if (out.size() < kMostKept)
      out.push_back(c);
  return out;
}

} // namespace mlc::cuda
