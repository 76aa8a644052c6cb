// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The cost model of products. Times in clocks of one multiprocessor; the constants are rough figures of an H100 (docs: the kernels' README), good enough to rank configurations.
#include "backends/cuda/emit/Product.h"

namespace mlc::cuda {
namespace {

constexpr double kMathHalf = 2048;  // multiply-adds a clock that mma.sync reaches
constexpr double kMathFloat = 90;   // that the FMA loop reaches
constexpr double kBytes = 28;       // from L2, per multiprocessor and clock when all read
constexpr double kLatency = 900;    // of one load that the pipeline's depth hides
constexpr double kStart = 1500;     // launch, first loads
constexpr double kCluster = 900;    // exchange of a split K

double ceilDiv(double a, double b) { return std::ceil(a / b); }

double cost(const ProductConfig &c, const ProductShape &s, const CudaTarget &target) {
  double tiles = static_cast<double>(s.batch) * ceilDiv(s.M, c.blockM) * ceilDiv(s.N, c.blockN), blocks = tiles * c.split;
  double steps = ceilDiv(ceilDiv(s.K, c.blockK), c.split);
  int64_t resident = std::clamp<int64_t>(std::min<int64_t>(target.sharedBytes / std::max<int64_t>(1, c.sharedBytes(s.elementBytes, s.rightRows) + 1024), 2048 / c.threads()), 1, 4);
  double together = std::min<double>(resident, std::max(1.0, blocks / target.multiprocessors)); // blocks that share a multiprocessor
  double math = c.blockM * c.blockN * c.blockK / (s.elementBytes == 4 ? kMathFloat : std::min(kMathHalf, 512.0 * c.warpsM * c.warpsN)) ;
  double bytes = (c.blockM + c.blockN) * c.blockK * s.elementBytes / kBytes * (s.vectors ? 1 : 3);
  double step = std::max({math * together, bytes * together, kLatency / (c.stages - 1)});
  double waves = ceilDiv(blocks, static_cast<double>(target.multiprocessors) * together);
  double store = c.blockM * c.blockN * 8.0 / c.threads() / c.split * together;
  return waves * (kStart + steps * step + store + (c.split > 1 ? kCluster + 100 * c.split : 0));
}

} // namespace

int64_t ProductConfig::sharedBytes(int64_t elementBytes, bool rightRows) const {
  int64_t chunk = 16 / elementBytes, left = blockM * (blockK + chunk), right = rightRows ? blockK * (blockN + chunk) : blockN * (blockK + chunk);
  int64_t out = blockM * (blockN + 4) * 4;
  return std::max((left + right) * stages * elementBytes, std::max<int64_t>(1, warpsK - 1) * out) + (split > 1 ? out + 16 : 0);
}

ProductConfig chooseProduct(const ProductShape &shape, const CudaTarget &target) {
  // blockM, blockN, blockK, warpsM, warpsN, warpsK, stages
  static const ProductConfig kHalf[] = {
      {128, 128, 32, 2, 4, 1, 4}, {128, 64, 32, 4, 2, 1, 4}, {64, 128, 32, 2, 4, 1, 4}, {64, 64, 64, 2, 2, 1, 4}, {64, 32, 64, 4, 1, 1, 4}, {32, 64, 64, 2, 2, 1, 4}, {32, 128, 64, 1, 4, 1, 4}, {16, 64, 64, 1, 4, 1, 4}, {16, 128, 64, 1, 4, 1, 4}, {32, 32, 64, 2, 2, 1, 4},
  };
  static const ProductConfig kFloat[] = {{64, 64, 16, 2, 4, 1, 4}, {64, 32, 16, 2, 4, 1, 4}, {32, 64, 16, 2, 4, 1, 4}, {32, 32, 32, 2, 2, 1, 4}, {16, 32, 32, 2, 2, 1, 4}, {128, 64, 16, 2, 4, 1, 3}};
  bool clusters = target.capability >= 90 && !target.forward && target.capability < 110;
  ProductConfig best;
  double least = std::numeric_limits<double>::infinity();
  for (ProductConfig c : shape.elementBytes == 4 ? llvm::ArrayRef<ProductConfig>(kFloat) : llvm::ArrayRef<ProductConfig>(kHalf)) {
    if (c.sharedBytes(shape.elementBytes, shape.rightRows) > target.sharedBytes)
      continue;
    for (int64_t split : {1, 2, 4, 8}) {
      if (split > 1 && (!clusters || shape.K < split * c.blockK * 2 || c.blockM % split))
        continue;
      c.split = split;
      double time = cost(c, shape, target);
      if (time < least) {
        least = time;
        best = c;
      }
    }
  }
  return best;
}

} // namespace mlc::cuda
