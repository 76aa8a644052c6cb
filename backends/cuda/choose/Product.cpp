// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The cost model of products. Times in clocks of one multiprocessor; the constants are figures of an H100 (docs/results.md), good enough to rank configurations.
#include "backends/cuda/emit/Product.h"

namespace mlc::cuda {
namespace {

constexpr double kMathHalf = 900;    // multiply-adds a clock that mma.sync reaches with 8 warps or more
constexpr double kMathFloat = 90;    // that the FMA loop reaches
constexpr double kBytes = 28;        // from L2, per multiprocessor and clock when all read
constexpr double kLatency = 900;     // of one load that the pipeline's depth hides
constexpr double kStart = 1500;      // launch, addresses, the first loads
constexpr double kStep = 80;         // a step's barrier
constexpr double kLink = 55;         // a step's chain for 16 of K: ldmatrix, mma.sync
constexpr double kStore = 600;       // epilogue, beside its work
constexpr double kExchange = 900;    // parts of a split K
constexpr double kClusterBytes = 24; // between shared memories, per clock

double ceilDiv(double a, double b) { return std::ceil(a / b); }

double cost(const ProductConfig &c, const ProductShape &s, const CudaTarget &target) {
  double tiles = static_cast<double>(s.batch) * ceilDiv(s.M, c.blockM) * ceilDiv(s.N, c.blockN), blocks = tiles * c.split;
  double steps = ceilDiv(ceilDiv(s.K, c.blockK), c.split);
  int64_t shared = c.sharedBytes(s.elementBytes, s.rightRows) + 1024;
  int64_t resident = std::clamp<int64_t>(std::min<int64_t>(target.sharedBytes / shared, 1024 / c.threads()), 1, 8);
  double together = std::min<double>(resident, std::max(1.0, blocks / target.multiprocessors)); // blocks that share a multiprocessor
  double warps = c.threads() / 32.0;
  bool isFloat = s.elementBytes == 4;
  double math = c.blockM * c.blockN * c.blockK / (isFloat ? kMathFloat : std::min(kMathHalf, 256.0 * warps * together));
  double chunks = (c.blockM + c.blockN) * c.blockK * s.elementBytes / 16.0;
  double issue = chunks * (s.vectors ? 16 : 60) / 32 / 4 * together; // instructions of the loads, over four schedulers
  double bytes = chunks * 16 / kBytes * together;
  double chain = kStep + (isFloat ? 0 : kLink * c.blockK / c.warpsK / 16);
  double step = std::max({math * together + issue, bytes, chain, kLatency / (c.stages - 1)});
  double waves = ceilDiv(blocks, static_cast<double>(target.multiprocessors) * together);
  double store = kStore + c.blockM * c.blockN * (8.0 / c.threads() + (s.epilogue - 6) / 128) / c.split * together + (c.warpsK > 1 ? 150 + c.blockM * c.blockN * (c.warpsK - 1) / 64.0 : 0);
  double exchange = c.split > 1 ? kExchange + 60 * c.split + c.blockM * c.blockN * 4.0 * (c.split - 1) / c.split / kClusterBytes * together : 0;
  return waves * (kStart + steps * step + store + exchange);
}

/// Of the template for sm_90a with one tile for each block; fitted to 700 measured launches of six models' products at batch 1 and 32 (mean error 15 %).
double oneTileCost(const ProductConfig &c, const ProductShape &s, const CudaTarget &target) {
  constexpr double kMath = 1700, kBoxBytes = 110, kAllBytes = 32, kBegin = 870, kFinish = 400, kSend = 740, kSendEach = 165, kLoad = 2000;
  double blocks = ceilDiv(s.M, c.blockM) * ceilDiv(s.N, c.blockN) * c.split, steps = ceilDiv(ceilDiv(s.K, c.blockK), c.split);
  double resident = std::max<double>(1, target.sharedBytes / (c.sharedBytes(2, s.rightRows) + 1024)), load = std::min(resident, blocks / target.multiprocessors), together = std::max(1.0, load);
  double math = c.blockM * c.blockN * c.blockK / (kMath * std::min(1.0, c.blockN / 128.0)) * together, bytes = (c.blockM + c.blockN) * c.blockK * 2 * std::max(together / kBoxBytes, load / kAllBytes);
  double exchange = c.split > 1 ? kSend + kSendEach * c.split + c.blockM * c.blockN * 4.0 * (c.split - 1) / c.split / kClusterBytes * together : 0;
  double finish = kFinish + c.blockM * c.blockN / c.split * (s.epilogue + 4) / 120 * together;
  return ceilDiv(blocks, target.multiprocessors * together) * (kBegin + steps * std::max({math, bytes, kLoad / c.stages}) + exchange + finish);
}

/// Of the template for sm_90a: blocks stay, and the tensor cores wait while a tile is finished.
double hopperCost(const ProductConfig &c, const ProductShape &s, const CudaTarget &target) {
  constexpr double kMath = 1500, kBoxBytes = 40, kBegin = 2500, kFinish = 700;
  double tiles = ceilDiv(s.M, c.blockM) * ceilDiv(s.N, c.blockN), steps = ceilDiv(s.K, c.blockK);
  double rate = kMath * std::min(1.0, c.blockN / 128.0) * std::min(1.0, 0.4 + 0.3 * c.blockM / 64.0);
  double rounds = ceilDiv(tiles, static_cast<double>(target.multiprocessors));
  double math = c.blockM * c.blockN * c.blockK / rate, bytes = (c.blockM + c.blockN) * c.blockK * 2 / kBoxBytes;
  double step = std::max({math, bytes, kLatency / (c.stages - 1)});
  double finish = kFinish + c.blockM * c.blockN * s.epilogue / 80 * (c.warpgroups() > 1 && !c.alternate ? 1 : 1.5); // four warps leave gaps
  if (c.alternate) // only the last tile's finish is not beside another's product
    return kBegin + rounds * std::max(steps * step, (finish + steps * step) / 2) + finish;
  return kBegin + rounds * (steps * step + finish);
}

/// A tile and how many warps lie along each of its sides.
struct TileShape {
  int64_t m, n, warpsM, warpsN;
};

/// As many stages as fit into `bytes`.
int64_t stagesFor(const ProductConfig &c, int64_t elementBytes, bool rightRows, int64_t bytes) {
  ProductConfig one = c;
  int64_t stages = 2;
  for (one.split = 1; stages < 8; ++stages) {
    one.stages = stages + 1;
    if (one.sharedBytes(elementBytes, rightRows) > bytes)
      break;
  }
  return stages;
}

void addConfigs(std::vector<ProductConfig> &out, const ProductShape &s) {
  static const TileShape kHalf[] = {{16, 32, 1, 2}, {16, 64, 1, 4}, {16, 128, 1, 4}, {32, 32, 2, 2}, {32, 64, 2, 2}, {32, 128, 1, 4}, {64, 32, 2, 2}, {64, 64, 2, 2}, {64, 128, 2, 4}, {128, 32, 4, 1}, {128, 64, 4, 2}, {128, 128, 2, 4}};
  static const TileShape kFloat[] = {{16, 32, 2, 2}, {32, 32, 2, 2}, {32, 64, 2, 4}, {64, 32, 2, 4}, {64, 64, 2, 4}, {128, 64, 2, 4}};
  bool isFloat = s.elementBytes == 4;
  for (TileShape t : isFloat ? llvm::ArrayRef<TileShape>(kFloat) : llvm::ArrayRef<TileShape>(kHalf))
    for (int64_t blockK : {16, 32, 64, 128})
      for (int64_t warpsK : {1, 2, 4}) {
        ProductConfig c{t.m, t.n, blockK, t.warpsM, t.warpsN, warpsK};
        if (isFloat ? warpsK > 1 || blockK > 32 : blockK < 32 || blockK / warpsK % 16 || c.threads() > 256 || c.threads() < 64)
          continue;
        int64_t last = 0;
        for (int64_t bytes : {48 << 10, 96 << 10}) {
          c.stages = stagesFor(c, s.elementBytes, s.rightRows, bytes);
          if (c.stages != last)
            out.push_back(c);
          last = c.stages;
        }
      }
}

void addHopperConfigs(std::vector<ProductConfig> &out, const ProductShape &s, const CudaTarget &target) {
  static const struct {
    int64_t m, n;
    bool alternate;
  } kTiles[] = {{64, 64, false}, {64, 128, false}, {64, 256, false}, {128, 64, false}, {128, 128, false}, {128, 256, false}, {64, 64, true}, {64, 128, true}, {64, 256, true}, {128, 64, true}, {128, 128, true}};
  for (auto t : kTiles) {
    ProductConfig c{t.m, t.n, 64};
    c.hopper = true;
    c.alternate = t.alternate;
    for (c.stages = 2; c.stages < 8; ++c.stages) {
      ProductConfig more = c;
      ++more.stages;
      if (more.sharedBytes(2, false) > target.sharedBytes)
        break;
    }
    out.push_back(c);
  }
  // Small products, all blocks of which find room at once, two on a multiprocessor.
  for (int64_t n : {32, 64})
    for (int64_t split : {1, 2, 4, 8}) {
      ProductConfig c{64, n, 64};
      c.hopper = c.oneTile = true;
      c.split = split;
      const int64_t steps = (s.K + 63) / 64;
      if (steps < split || ceilDiv(s.M, 64) * ceilDiv(s.N, n) * split > 2 * target.multiprocessors || (n < 64 && s.rightRows)) // boxes of rows that are k have 64 columns
        continue;
      for (c.stages = 2; c.stages < 8 && c.stages < (steps + split - 1) / split; ++c.stages) {
        ProductConfig more = c;
        ++more.stages;
        if (more.sharedBytes(2, false) > target.sharedBytes / 2 - 1024)
          break;
      }
      out.push_back(c);
    }
}

} // namespace

constexpr int64_t kRunStride = 88; // of kernels/runs.cuh, whose template refuses another

int64_t ProductConfig::sharedBytes(int64_t elementBytes, bool rightRows) const {
  if (hopper) {
    int64_t finish = oneTile ? (split > 1 ? blockM * (blockN + 4) * 4 : 0) : warpgroups() * 64 * std::max<int64_t>((columns() + 4) * 4, kRunStride * 2); // rows of accumulators, or of results
    return 1024 + stages * (blockM + blockN) * 128 + finish + 16 * stages + 16;
  }
  int64_t chunk = 16 / elementBytes, left = blockM * (blockK + chunk), right = rightRows ? blockK * (blockN + chunk) : blockN * (blockK + chunk);
  int64_t out = blockM * (blockN + 4) * 4;
  return std::max((left + right) * stages * elementBytes, std::max<int64_t>(1, warpsK - 1) * out) + (split > 1 ? out + 16 : 0);
}

std::string ProductConfig::str() const {
  auto n = [](int64_t v) { return std::to_string(v); };
  if (hopper)
    return "tma=" + n(blockM) + "x" + n(blockN) + "x" + n(blockK) + ",stages=" + n(stages) + (alternate ? ",alternate" : "") + (oneTile ? ",split=" + n(split) : "");
  return n(blockM) + "x" + n(blockN) + "x" + n(blockK) + ",warps=" + n(warpsM) + "x" + n(warpsN) + "x" + n(warpsK) + ",stages=" + n(stages) + ",split=" + n(split);
}

std::vector<ProductConfig> rankProducts(const ProductShape &shape, const CudaTarget &target) {
  bool clusters = target.hasClusters();
  std::vector<ProductConfig> configs;
  addConfigs(configs, shape);
  std::vector<std::pair<double, ProductConfig>> ranked;
  for (ProductConfig c : configs)
    for (int64_t split : {1, 2, 4, 8}) {
      c.split = split;
      if (c.sharedBytes(shape.elementBytes, shape.rightRows) > target.sharedBytes || (split > 1 && (!clusters || shape.K < split * c.blockK * 2)))
        continue;
      ranked.emplace_back(cost(c, shape, target), c);
    }
  if (shape.boxes && target.hasHopper()) {
    std::vector<ProductConfig> boxes;
    addHopperConfigs(boxes, shape, target);
    for (const ProductConfig &c : boxes)
      ranked.emplace_back(c.oneTile ? oneTileCost(c, shape, target) : hopperCost(c, shape, target), c);
  }
  llvm::stable_sort(ranked, [](const auto &a, const auto &b) { return a.first < b.first; });
  std::vector<ProductConfig> out;
  for (const auto &[time, c] : ranked)
    out.push_back(c);
  return out;
}

} // namespace mlc::cuda
