// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "detect.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "picture.h"

namespace ocr {
namespace {

// The network halves its input five times.
int MultipleOf32(double size) { return std::max(32, static_cast<int>(std::lround(size / 32)) * 32); }

// Clockwise from the top left: the two left corners and the two right ones, each pair by height.
std::array<cv::Point2f, 4> SortedCorners(const cv::RotatedRect& rect) {
  std::array<cv::Point2f, 4> p;
  rect.points(p.data());
  std::sort(p.begin(), p.end(), [](const cv::Point2f& a, const cv::Point2f& b) { return a.x < b.x; });
  if (p[0].y > p[1].y) std::swap(p[0], p[1]);
  if (p[2].y > p[3].y) std::swap(p[2], p[3]);
  return {p[0], p[2], p[3], p[1]};
}

// The mean probability inside a rectangle.
float Score(const cv::Mat& probability, const cv::RotatedRect& rect) {
  cv::Rect bounds = rect.boundingRect() & cv::Rect(0, 0, probability.cols, probability.rows);
  if (bounds.empty()) return 0;
  std::vector<cv::Point> polygon;
  for (const cv::Point2f& p : SortedCorners(rect)) polygon.emplace_back(static_cast<int>(p.x) - bounds.x, static_cast<int>(p.y) - bounds.y);
  cv::Mat mask = cv::Mat::zeros(bounds.size(), CV_8U);
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{polygon}, 1);
  return static_cast<float>(cv::mean(probability(bounds), mask)[0]);
}

void SortForReading(std::vector<Box>& boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.corners[0].y < b.corners[0].y; });
  for (size_t i = 1; i < boxes.size(); ++i)  // boxes of nearly the same height are one row
    for (size_t j = i; j > 0 && std::abs(boxes[j].corners[0].y - boxes[j - 1].corners[0].y) < 10 && boxes[j].corners[0].x < boxes[j - 1].corners[0].x; --j)
      std::swap(boxes[j], boxes[j - 1]);
}

}  // namespace

Detector::Detector(const mlc::Plan& plan, const mlc::Device& device, const DetectOptions& options)
    : session_(mlc::Session::Create(plan, device)), options_(options) {}

std::vector<Box> Detector::Detect(const cv::Mat& bgr) {
  double ratio = std::max(1.0, static_cast<double>(options_.min_side) / std::min(bgr.cols, bgr.rows));
  cv::Mat resized;
  cv::resize(bgr, resized, cv::Size(MultipleOf32(bgr.cols * ratio), MultipleOf32(bgr.rows * ratio)));
  session_.SetInput(0, AsTensor(resized));
  session_.Run();
  mlc::Tensor output = session_.Output(0);  // [1, 1, height, width]
  cv::Mat probability(static_cast<int>(output.dims()[2]), static_cast<int>(output.dims()[3]), CV_32F, output.data<float>());

  cv::Mat mask = probability > options_.pixel_threshold;
  cv::dilate(mask, mask, cv::Mat::ones(2, 2, CV_8U));
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(mask, contours, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
  if (contours.size() > static_cast<size_t>(options_.max_candidates)) contours.resize(options_.max_candidates);

  const float scale_x = static_cast<float>(bgr.cols) / probability.cols, scale_y = static_cast<float>(bgr.rows) / probability.rows;
  std::vector<Box> boxes;
  for (const auto& contour : contours) {
    cv::RotatedRect rect = cv::minAreaRect(contour);
    if (std::min(rect.size.width, rect.size.height) < 3) continue;
    float score = Score(probability, rect);
    if (score < options_.box_threshold) continue;
    float grow = rect.size.area() * options_.unclip_ratio / (rect.size.width + rect.size.height);  // both sides
    rect.size += cv::Size2f(grow, grow);
    Box box{SortedCorners(rect), score};
    for (cv::Point2f& p : box.corners) {
      p.x = std::clamp(std::round(p.x * scale_x), 0.0f, static_cast<float>(bgr.cols));
      p.y = std::clamp(std::round(p.y * scale_y), 0.0f, static_cast<float>(bgr.rows));
    }
    boxes.push_back(box);
  }
  SortForReading(boxes);
  return boxes;
}

}  // namespace ocr
