// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "picture.h"

#include <png.h>

#include <stdexcept>

namespace ocr {

cv::Mat ReadPng(const std::string& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&header, path.c_str())) throw std::runtime_error(path + ": " + header.message);
  header.format = PNG_FORMAT_BGR;
  if (uint64_t{header.width} * header.height > 100'000'000) {
    png_image_free(&header);
    throw std::runtime_error(path + ": over 100 megapixels");
  }
  cv::Mat picture(static_cast<int>(header.height), static_cast<int>(header.width), CV_8UC3);
  png_color white{255, 255, 255};
  if (!png_image_finish_read(&header, &white, picture.data, 0, nullptr)) throw std::runtime_error(path + ": " + header.message);
  return picture;
}

void WritePng(const std::string& path, const cv::Mat& bgr) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(bgr.cols);
  header.height = static_cast<png_uint_32>(bgr.rows);
  header.format = PNG_FORMAT_BGR;
  if (!png_image_write_to_file(&header, path.c_str(), 0, bgr.data, 0, nullptr)) throw std::runtime_error(path + ": " + header.message);
}

mlc::Tensor AsTensor(const cv::Mat& bgr) {
  CV_Assert(bgr.isContinuous() && bgr.type() == CV_8UC3);
  return mlc::Tensor::Wrap(MLC_DTYPE_UINT8, {1, bgr.rows, bgr.cols, 3}, bgr.data, bgr.total() * bgr.elemSize());
}

}  // namespace ocr
