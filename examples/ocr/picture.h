// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// PNG files as 8-bit BGR pictures, the channel order that the PP-OCR models were trained with.
#ifndef MLC_EXAMPLES_OCR_PICTURE_H
#define MLC_EXAMPLES_OCR_PICTURE_H

#include <mlc/runtime.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace ocr {

// Any PNG; transparency is laid on white. Throws std::runtime_error with the file's name.
cv::Mat ReadPng(const std::string& path);
void WritePng(const std::string& path, const cv::Mat& bgr);

// The picture's own bytes as a tensor uint8 [1, height, width, 3]; the plans normalise (--preprocess x=u8,nhwc,mean=0.5,std=0.5). The picture must outlive the runs
// that read it, and its rows lie without gaps, as in every picture that is no part of another.
mlc::Tensor AsTensor(const cv::Mat& bgr);

}  // namespace ocr

#endif
