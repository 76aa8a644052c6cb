// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The cost model of depthwise convolutions. Times in clocks of one multiprocessor; constants as those of products (Product.cpp).
#include "backends/cuda/emit/Depthwise.h"
#include <cmath>

namespace mlc::cuda {
namespace {

constexpr double kL2Bytes = 28;      // per multiprocessor and clock when all read
constexpr double kMemoryBytes = 13;  // the same from memory
constexpr double kSector = 64;       // bytes that come together: half of a line
constexpr double kSharedBytes = 128; // of one multiprocessor's shared memory, per clock
constexpr double kStart = 1500;      // launch
constexpr double kBlock = 250;       // clocks between blocks that take each other's place
constexpr double kLatency = 900;     // of the windows' way, and of the store
constexpr double kSetUp = 120;       // instructions before the first load, and those of weights
constexpr double kBring = 22;        // instructions for one vector of a window
constexpr double kStore = 30;        // for one vector of results, beside the epilogue's three for each element
constexpr double kDependent = 1.6;   // clocks of an instruction in a warp that has its scheduler for itself
constexpr int64_t kRegisters = 65536, kMostRegisters = 200;
constexpr size_t kMostKept = 4; // of those with equal columns of a thread

double ceilDiv(double a, double b) { return std::ceil(a / b); }

int64_t lanes(const DepthwiseConfig &c, const DepthwiseShape &s) { return s.width / c.parts; }

int64_t registers(const DepthwiseConfig &c, const DepthwiseShape &s) { return (c.columns + s.S + 1) * lanes(c, s) + 36; }

double cost(const DepthwiseConfig &c, const DepthwiseShape &s, const CudaTarget &target) {
  double vectorBytes = s.width * s.elementBytes, all = s.C / s.width;
  double blocks = s.images * ceilDiv(s.P, c.rows) * ceilDiv(s.Q, c.groups * c.columns) * ceilDiv(all, c.vectors);
  int64_t shared = s.sharedBytes(c) + 1024;
  double resident = std::clamp<int64_t>(std::min({target.sharedBytes / shared, kRegisters / (registers(c, s) * c.threads()), 1536 / c.threads()}), 1, 16);
  double warps = c.threads() / 32.0, pixels = s.rowsIn(c) * s.columnsIn(c), window = pixels * c.vectors, results = c.rows * c.groups * c.columns;
  double widen = s.elementBytes == 4 ? 0 : 1;
  // Of one thread: it brings its part of the windows, reads vectors, widens them, adds, stores.
  double reads = s.R * (s.span(c) + s.S), adds = s.R * lanes(c, s) * (widen * (s.span(c) + s.S) + static_cast<double>(c.columns) * s.S);
  double brings = ceilDiv(window, c.threads()) * kBring, stores = c.columns * (kStore + 3.0 * lanes(c, s));
  double instructions = kSetUp + reads + adds + brings + stores;
  double issue = instructions * warps / 4, sharedTime = (reads * 32 * warps / c.parts + window) * vectorBytes / kSharedBytes;
  // What is read and written in whole sectors, unless a pixel's channels touch the next one's. Halos come from the second level, what is new and the results from memory where there is much of it.
  double perPixel = c.vectors * vectorBytes;
  if (c.vectors != all)
    perPixel = ceilDiv(perPixel, kSector) * kSector;
  double fresh = std::min(pixels, results * s.strideH * s.strideW) * perPixel, out = results * perPixel;
  bool isLarge = blocks * (fresh + out) > (32 << 20);
  double bytes = std::max((pixels * perPixel + out) / kL2Bytes, isLarge ? (fresh + out) / kMemoryBytes : 0);
  double alone = 2 * kLatency + pixels * perPixel / kL2Bytes + std::max(instructions * kDependent, issue);
  double busiest = ceilDiv(blocks, target.multiprocessors), rounds = ceilDiv(busiest, resident);
  return kStart + std::max(busiest * std::max({issue, sharedTime, bytes}), rounds * alone) + kBlock * busiest / std::min(resident, 4.0) + (rounds > 1 ? alone / 2 : 0);
}

} // namespace

int64_t DepthwiseShape::sharedBytes(const DepthwiseConfig &c) const {
  int64_t vectorBytes = width * elementBytes, filter = (R * S * c.vectors * vectorBytes + 15) / 16 * 16;
  return filter + rowsIn(c) * columnsIn(c) * c.vectors * vectorBytes;
}

std::string DepthwiseConfig::str() const {
  return std::to_string(rows) + "x" + std::to_string(groups * columns) + "x" + std::to_string(vectors) + ",columns=" + std::to_string(columns) + ",parts=" + std::to_string(parts);
}

std::vector<DepthwiseConfig> rankDepthwise(const DepthwiseShape &shape, const CudaTarget &target) {
  // Parts of a length that waste least: for each number of parts the shortest that does.
  auto parts = [](int64_t length, int64_t most) {
    std::vector<int64_t> out;
    for (int64_t n = std::min(length, most); n >= 1; --n)
      if (int64_t part = (length + (length + n - 1) / n - 1) / ((length + n - 1) / n); out.empty() || part != out.back())
        out.push_back(part);
    return out;
  };
  std::vector<std::pair<double, DepthwiseConfig>> all;
  int64_t most = 0; // workers of a block, where an image is small
  for (int64_t columns = 1; columns <= std::min<int64_t>(8, shape.Q); ++columns)
    for (int64_t groups : parts((shape.Q + columns - 1) / columns, 32))
      for (int64_t rows : parts(shape.P, 16))
        for (int64_t vectors : parts(shape.C / shape.width, 32))
          for (int64_t shared = 1; shared <= (shape.width == 8 ? 2 : 1); ++shared) {
            DepthwiseConfig c{rows, groups, columns, vectors, shared};
            if (c.workers() > 256 || shape.sharedBytes(c) > target.sharedBytes || registers(c, shape) > kMostRegisters)
              continue;
            all.emplace_back(cost(c, shape, target), c);
            most = std::max(most, c.workers());
          }
  llvm::erase_if(all, [&](const auto &entry) { return entry.second.workers() < std::min<int64_t>(most, 32); }); // no warp
  llvm::stable_sort(all, [](const auto &a, const auto &b) { return a.first < b.first; });
  std::vector<DepthwiseConfig> out;
  size_t kept[9] = {};
  for (const auto &[time, c] : all)
    if (kept[c.columns]++ < kMostKept)
      out.push_back(c);
  return out;
}

} // namespace mlc::cuda
