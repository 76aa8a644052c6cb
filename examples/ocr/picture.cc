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

void ToPlanes(const cv::Mat& bgr, float* out, int row_elems) {
  const size_t plane_elems = static_cast<size_t>(bgr.rows) * row_elems;
  for (int y = 0; y < bgr.rows; ++y) {
    const uchar* pixel = bgr.ptr(y);
    for (int x = 0; x < bgr.cols; ++x, pixel += 3)
      for (int c = 0; c < 3; ++c) out[c * plane_elems + static_cast<size_t>(y) * row_elems + x] = pixel[c] / 127.5f - 1.0f;
  }
}

}  // namespace ocr
