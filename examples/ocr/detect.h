// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Text lines of a picture with PP-OCRv4 detection: a network that gives each pixel a probability of belonging to a (shrunken) text line, and the
// post-processing of Differentiable Binarization (Liao et al. 2020): threshold, contours, minimum-area rectangles, growing them back.
#ifndef MLC_EXAMPLES_OCR_DETECT_H
#define MLC_EXAMPLES_OCR_DETECT_H

#include <array>
#include <mlc/runtime.hpp>
#include <opencv2/core.hpp>
#include <vector>

namespace ocr {

// A text line in the picture's pixels: corners clockwise from the top left one, and the mean probability inside.
struct Box {
  std::array<cv::Point2f, 4> corners;
  float score;
};

// The values of rapidocr-onnxruntime 1.4.4, whose models these are; small pictures are enlarged less, which suffices for printed text.
struct DetectOptions {
  int min_side = 320;           // pictures are enlarged until their shorter side has this many pixels
  float pixel_threshold = 0.3f;
  float box_threshold = 0.5f;
  float unclip_ratio = 1.6f;    // a rectangle grows by area * ratio / perimeter on each side
  int max_candidates = 1000;
};

// One thread at a time.
class Detector {
 public:
  Detector(const mlc::Plan& plan, const mlc::Device& device, const DetectOptions& options = {});
  // In reading order: top to bottom, then left to right. `bgr` is 8-bit.
  std::vector<Box> Detect(const cv::Mat& bgr);

 private:
  mlc::Session session_;
  DetectOptions options_;
};

}  // namespace ocr

#endif
