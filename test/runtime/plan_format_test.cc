// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The file around the metadata: preamble, checksums, versions, the writer.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/plan/access.h"
#include "runtime/plan/crc32c.h"
#include "runtime/plan/format.h"
#include "runtime/plan/plan_file.h"
#include "runtime/plan/plan_writer.h"
#include "test/runtime/plan_builder.h"

namespace mlc::runtime {
namespace {

// Opens borrowed bytes and gives the outcome only.
Status Open(const std::string& bytes, bool verify_all = true) {
  AlignedBytes aligned(bytes);
  PlanReadOptions options;
  options.verify_all = verify_all;
  return PlanFile::OpenMemory(aligned.data(), aligned.size(), options).TakeStatus();
}

std::string WithVersion(std::string bytes, uint16_t major, uint16_t minor, uint16_t min_reader) {
  auto preamble =
      DecodePreamble(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  preamble->format_major = major;
  preamble->format_minor = minor;
  preamble->min_reader_minor = min_reader;
  unsigned char encoded[kPreambleBytes];
  EncodePreamble(*preamble, encoded);
  bytes.replace(0, sizeof encoded, reinterpret_cast<const char*>(encoded), sizeof encoded);
  return bytes;
}

void ExpectRefused(const std::string& bytes, mlc_status_code_t code, const char* text) {
  const Status status = Open(bytes);
  EXPECT_EQ(status.code(), code) << status.message();
  EXPECT_NE(std::string(status.message()).find(text), std::string::npos) << status.message();
}

TEST(Crc32c, AgreesWithThePublishedValueAndTheTables) {
  EXPECT_EQ(Crc32c("123456789", 9), 0xe3069283u);  // RFC 3720, B.4
  std::string bytes(1000, 0);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 37);
  for (size_t size = 0; size < 40; ++size)
    EXPECT_EQ(Crc32c(bytes.data() + 1, size), Crc32cPortable(bytes.data() + 1, size));
  EXPECT_EQ(Crc32c(bytes.data() + 400, 600, Crc32c(bytes.data(), 400)), Crc32c(bytes.data(), 1000));
}

TEST(PlanFormat, ReadsWhatItWrote) {
  AlignedBytes copy = EverythingPlan().BuildAligned();
  auto plan = PlanFile::OpenMemory(copy.data(), copy.size(), {.verify_all = true});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_STREQ(Text(plan->plan().compiler()), "plan_builder 1");
  ASSERT_EQ(Count(plan->plan().segments()), 2u);
  EXPECT_EQ(plan->plan().segments()->Get(0)->offset() % kWeightsAlignment, 0u);
  EXPECT_EQ(plan->plan().segments()->Get(1)->offset() % kCodeAlignment, 0u);
  int64_t four = 0;
  std::memcpy(&four, plan->ConstantData(1), sizeof four);
  EXPECT_EQ(four, 4);
}

TEST(PlanFormat, SamePlanSameBytes) {
  EXPECT_EQ(EverythingPlan().Build(), EverythingPlan().Build());
}

TEST(PlanFormat, WritesFilesThatAreMapped) {
  const std::string path = testing::TempDir() + "plan_format_test.plan";
  PlanWriter writer;
  flatbuffers::FlatBufferBuilder builder;
  writer.AddSegment(plan::SegmentKind::Weights, 5, [](ByteSink& sink) {
    Status first = sink.Write("12", 2);
    return first.ok() ? sink.Write("345", 3) : std::move(first);
  });
  auto segments = writer.BuildSegments(builder);
  auto compiler = builder.CreateString("t");
  auto entry = plan::CreateEntry(builder, builder.CreateString("main"));
  auto entries = builder.CreateVector(&entry, 1);
  plan::PlanBuilder table(builder);
  table.add_compiler(compiler);
  table.add_segments(segments);
  table.add_entries(entries);
  plan::FinishPlanBuffer(builder, table.Finish());
  Status status = writer.WriteFile(path, builder);
  ASSERT_TRUE(status.ok()) << status.message();
  auto plan = PlanFile::OpenFile(path.c_str(), {.verify_all = true});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(std::memcmp(plan->SegmentData(0), "12345", 5), 0);
  std::remove(path.c_str());
}

TEST(PlanFormat, LeavesNoFileBehindWhenASegmentFails) {
  const std::string folder = testing::TempDir() + "plan_format_test_folder";
  std::filesystem::create_directory(folder);
  PlanWriter writer;
  flatbuffers::FlatBufferBuilder builder;
  writer.AddSegment(plan::SegmentKind::Weights, 5,
                    [](ByteSink& sink) { return sink.Write("1", 1); });
  auto segments = writer.BuildSegments(builder);
  auto compiler = builder.CreateString("t");
  plan::PlanBuilder table(builder);
  table.add_compiler(compiler);
  table.add_segments(segments);
  plan::FinishPlanBuffer(builder, table.Finish());
  EXPECT_EQ(writer.WriteFile(folder + "/a.plan", builder).code(), MLC_STATUS_INTERNAL);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST(PlanFormat, RefusesOtherVersionsNamingBoth) {
  const std::string bytes = DoublePlan().Build();
  ExpectRefused(WithVersion(bytes, 1, 0, 0), MLC_STATUS_PLAN_VERSION,
                "the plan has format 1.0, this runtime reads format 0.1");
  ExpectRefused(WithVersion(bytes, 0, 7, 5), MLC_STATUS_PLAN_VERSION,
                "the plan has format 0.7 and needs a runtime of format 0.5 or newer, this one "
                "reads up to 0.1");
  ExpectRefused(WithVersion(bytes, 0, 0, 0), MLC_STATUS_PLAN_VERSION, "format 0.0");
  EXPECT_TRUE(Open(WithVersion(bytes, 0, 7, 1)).ok());  // newer, but says that this reader will do
}

TEST(PlanFormat, RefusesDamage) {
  const std::string bytes = EverythingPlan().Build();
  ExpectRefused("", MLC_STATUS_BAD_PLAN, "fewer than 64 bytes");
  ExpectRefused(std::string(100, 'x'), MLC_STATUS_BAD_PLAN, "not a plan file");
  ExpectRefused(bytes.substr(0, bytes.size() - 1), MLC_STATUS_BAD_PLAN, "cut off");
  ExpectRefused(bytes + "x", MLC_STATUS_BAD_PLAN, "appended");
  auto flipped = [&](size_t at) {
    std::string copy = bytes;
    copy[at] ^= 1;
    return copy;
  };
  ExpectRefused(flipped(20), MLC_STATUS_BAD_PLAN, "first 64 bytes");
  ExpectRefused(flipped(100), MLC_STATUS_BAD_PLAN, "metadata is damaged");
  ExpectRefused(flipped(bytes.size() - 1), MLC_STATUS_BAD_PLAN, "segment 1 (HostCode");
  const uint64_t weights =
      plan::GetPlan(bytes.data() + kPreambleBytes)->segments()->Get(0)->offset();
  ExpectRefused(flipped(weights), MLC_STATUS_BAD_PLAN, "segment 0 (Weights");
  EXPECT_TRUE(Open(flipped(weights), false).ok());  // weights are checked on request only
}

TEST(PlanFormat, RefusesMisalignedMemory) {
  AlignedBytes bytes(" " + DoublePlan().Build());
  EXPECT_EQ(PlanFile::OpenMemory(bytes.data() + 1, bytes.size() - 1, {}).TakeStatus().code(),
            MLC_STATUS_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace mlc::runtime
