// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "recognise.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <stdexcept>

#include "picture.h"

namespace ocr {
namespace {

constexpr int kHeight = 48;
constexpr int kGrey = 128;  // near 0 when normalised, what the network was trained to see behind a line

// The box as an upright rectangle; a box that is much higher than wide is turned by a quarter.
cv::Mat Straighten(const cv::Mat& bgr, const Box& box) {
  const auto& p = box.corners;
  float width = static_cast<float>(std::max(cv::norm(p[0] - p[1]), cv::norm(p[3] - p[2])));
  float height = static_cast<float>(std::max(cv::norm(p[0] - p[3]), cv::norm(p[1] - p[2])));
  width = std::max(1.0f, std::floor(width)), height = std::max(1.0f, std::floor(height));
  const cv::Point2f upright[] = {{0, 0}, {width, 0}, {width, height}, {0, height}};
  cv::Mat line;
  cv::warpPerspective(bgr, line, cv::getPerspectiveTransform(p.data(), upright), cv::Size(static_cast<int>(width), static_cast<int>(height)), cv::INTER_CUBIC,
                      cv::BORDER_REPLICATE);
  if (height >= 1.5f * width) cv::rotate(line, line, cv::ROTATE_90_COUNTERCLOCKWISE);
  return line;
}

}  // namespace

Recogniser::Recogniser(const mlc::Plan& plan, const mlc::Device& device) : session_(mlc::Session::Create(plan, device)) {
  const char* listed = plan.metadata("character");
  if (!listed) throw std::runtime_error("the recognition plan's metadata has no key 'character'");
  characters_.push_back("");
  std::istringstream lines(listed);
  for (std::string line; std::getline(lines, line);) characters_.push_back(line);
  characters_.push_back(" ");
}

Line Recogniser::Read(const cv::Mat& bgr, const Box& box) {
  cv::Mat line = Straighten(bgr, box), resized;
  int width = std::max(1, static_cast<int>(std::ceil(static_cast<double>(kHeight) * line.cols / line.rows)));
  cv::resize(line, resized, cv::Size(width, kHeight));
  int padded = (width + 31) / 32 * 32;  // fewer distinct shapes, so that more lines find theirs planned already
  cv::copyMakeBorder(resized, line, 0, 0, 0, padded - width, cv::BORDER_CONSTANT, cv::Scalar::all(kGrey));
  session_.SetInput(0, AsTensor(line));
  session_.Run();
  mlc::Tensor output = session_.Output(0);  // [1, steps, classes]
  return Decode(output.data<float>(), output.dims()[1], output.dims()[2]);
}

Line Recogniser::Decode(const float* scores, int64_t steps, int64_t classes) const {
  if (classes != static_cast<int64_t>(characters_.size()))
    throw std::runtime_error("the recognition plan gives " + std::to_string(classes) + " classes, its metadata lists " + std::to_string(characters_.size()));
  Line line{"", 0};
  int64_t last = 0, count = 0;
  for (int64_t t = 0; t < steps; ++t, scores += classes) {
    int64_t best = std::max_element(scores, scores + classes) - scores;
    if (best != last && best != 0) {
      line.text += characters_[static_cast<size_t>(best)];
      line.confidence += scores[best];
      ++count;
    }
    last = best;
  }
  if (count) line.confidence /= static_cast<float>(count);
  return line;
}

}  // namespace ocr
