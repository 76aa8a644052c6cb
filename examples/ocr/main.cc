// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-ocr: finds the text lines of a PNG with one plan, reads each with another, prints text, confidence and box.
// Exit codes: 0 ok, 1 a plan or the picture is at fault, 2 usage, 3 the device failed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mlc/runtime.hpp>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "detect.h"
#include "picture.h"
#include "recognise.h"

namespace {

const char kUsage[] =
    "usage: mlc-ocr --det DET.plan --rec REC.plan PICTURE.png [--out BOXES.png] [--threads N] [--json]\n"
    "  --det, --rec   plans of PP-OCRv4 detection and recognition, compiled with\n"
    "                 --arch host --preprocess x=u8,nhwc,mean=0.5,std=0.5\n"
    "  --out FILE     write the picture with the boxes drawn\n"
    "  --threads N    threads of a run (default: what this process may use)\n"
    "  --json         print one JSON object instead of lines\n";

struct Arguments {
  std::string det, rec, picture, out;
  uint32_t threads = 0;
  bool json = false;
};

bool Parse(int argc, char** argv, Arguments& a) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    auto value = [&](std::string& to) { return i + 1 < argc && (to = argv[++i], true); };
    std::string number;
    if (word == "--det" ? value(a.det) : word == "--rec" ? value(a.rec) : word == "--out" ? value(a.out) : false) continue;
    if (word == "--threads" && value(number)) {
      a.threads = static_cast<uint32_t>(std::strtoul(number.c_str(), nullptr, 10));
    } else if (word == "--json") {
      a.json = true;
    } else if (!word.empty() && word[0] != '-' && a.picture.empty()) {
      a.picture = word;
    } else {
      return false;
    }
  }
  return !a.det.empty() && !a.rec.empty() && !a.picture.empty();
}

double MsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

struct Found {
  ocr::Box box;
  ocr::Line line;
};

void PrintLines(const std::vector<Found>& found, double load_ms, double detect_ms, double read_ms) {
  for (const Found& f : found) {
    std::printf("%s\t%.3f", f.line.text.c_str(), f.line.confidence);
    for (const cv::Point2f& p : f.box.corners) std::printf(" %.0f,%.0f", p.x, p.y);
    std::printf("\n");
  }
  std::fprintf(stderr, "%zu lines; load %.1f ms, detection %.1f ms, recognition %.1f ms\n", found.size(), load_ms, detect_ms, read_ms);
}

void PrintJson(const std::vector<Found>& found, double load_ms, double detect_ms, double read_ms) {
  nlohmann::json lines = nlohmann::json::array();
  for (const Found& f : found) {
    nlohmann::json box = nlohmann::json::array();
    for (const cv::Point2f& p : f.box.corners) box.push_back({p.x, p.y});
    lines.push_back({{"text", f.line.text}, {"confidence", f.line.confidence}, {"box", box}, {"box_score", f.box.score}});
  }
  nlohmann::json all = {{"lines", lines}, {"load_ms", load_ms}, {"detect_ms", detect_ms}, {"read_ms", read_ms}};
  std::printf("%s\n", all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void DrawBoxes(cv::Mat& picture, const std::vector<Found>& found) {
  for (const Found& f : found) {
    std::vector<cv::Point> polygon(f.box.corners.begin(), f.box.corners.end());
    cv::polylines(picture, polygon, true, cv::Scalar(40, 40, 220), 2, cv::LINE_AA);
  }
}

int Run(const Arguments& a) {
  cv::Mat picture = ocr::ReadPng(a.picture);
  auto start = std::chrono::steady_clock::now();
  mlc_device_options_t options;
  mlc_device_options_init(&options);
  options.num_threads = a.threads;
  mlc::Device device = mlc::Device::Open("host", &options);
  ocr::Detector detector(mlc::Plan::OpenFile(a.det), device);
  ocr::Recogniser recogniser(mlc::Plan::OpenFile(a.rec), device);
  double load_ms = MsSince(start);

  start = std::chrono::steady_clock::now();
  std::vector<ocr::Box> boxes = detector.Detect(picture);
  double detect_ms = MsSince(start);

  start = std::chrono::steady_clock::now();
  std::vector<Found> found;
  for (const ocr::Box& box : boxes) {
    ocr::Line line = recogniser.Read(picture, box);
    if (line.confidence >= 0.5f) found.push_back({box, line});
  }
  double read_ms = MsSince(start);

  (a.json ? PrintJson : PrintLines)(found, load_ms, detect_ms, read_ms);
  if (!a.out.empty()) {
    DrawBoxes(picture, found);
    ocr::WritePng(a.out, picture);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (argc == 2 && !std::strcmp(argv[1], "--help")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (!Parse(argc, argv, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    return Run(arguments);
  } catch (const mlc::Error& e) {
    std::fprintf(stderr, "mlc-ocr: %s: %s\n", mlc_status_code_name(e.code()), e.what());
    bool device = e.code() == MLC_STATUS_DEVICE_UNAVAILABLE || e.code() == MLC_STATUS_DEVICE_FAILED || e.code() == MLC_STATUS_OUT_OF_MEMORY;
    return device ? 3 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mlc-ocr: %s\n", e.what());
    return 1;
  }
}
