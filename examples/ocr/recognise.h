// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The text of one line with PP-OCRv4 recognition: the line is straightened to 48 pixels of height; the network gives a distribution over characters
// for every 8 pixels of width; repeats and blanks are dropped (greedy CTC decoding, Graves et al. 2006).
#ifndef MLC_EXAMPLES_OCR_RECOGNISE_H
#define MLC_EXAMPLES_OCR_RECOGNISE_H

#include <mlc/runtime.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "detect.h"

namespace ocr {

struct Line {
  std::string text;  // UTF-8
  float confidence;  // the mean probability of its characters; 0 for no text
};

// One thread at a time.
class Recogniser {
 public:
  // Throws std::runtime_error when the plan's metadata has no characters.
  Recogniser(const mlc::Plan& plan, const mlc::Device& device);
  Line Read(const cv::Mat& bgr, const Box& box);

 private:
  Line Decode(const float* scores, int64_t steps, int64_t classes) const;

  mlc::Session session_;
  std::vector<std::string> characters_;  // by class; class 0 is CTC's blank
};

}  // namespace ocr

#endif
