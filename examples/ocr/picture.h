// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// PNG files as 8-bit BGR pictures, the channel order that the PP-OCR models were trained with.
#ifndef MLC_EXAMPLES_OCR_PICTURE_H
#define MLC_EXAMPLES_OCR_PICTURE_H

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace ocr {

// Any PNG; transparency is laid on white. Throws std::runtime_error with the file's name.
cv::Mat ReadPng(const std::string& path);
void WritePng(const std::string& path, const cv::Mat& bgr);

// The picture as float32 [3, height, width] in -1..1, (v / 255 - 0.5) / 0.5, written to `out`, whose rows are `row_elems` apart.
void ToPlanes(const cv::Mat& bgr, float* out, int row_elems);

}  // namespace ocr

#endif
