// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How times of instructions by themselves and of several together become their parts of a run.
#include "runtime/exec/profile.h"

#include <gtest/gtest.h>

#include "test/runtime/plan_builder.h"

namespace mlc::runtime {
namespace {

// Instructions 0, 1, 2 and 3, launches; the profile of a bound program.
class ProfileOf4 : public testing::Test {
 protected:
  ProfileOf4() : bytes_(Chain().BuildAligned()) {
    auto file = PlanFile::OpenMemory(bytes_.data(), bytes_.size(), {});
    EXPECT_TRUE(file.ok()) << file.status().message();
    plan_.emplace(std::move(*file));
    programs_ = BindPrograms(*plan_, *plan_->file.plan().entries()->Get(0), 0,
                             std::make_shared<Constants>(), 64);
    profile_.emplace(programs_[0]);
  }

  static PlanBuilder Chain() {
    PlanBuilder b;
    const uint32_t n = b.Const(4);
    const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
    const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n});
    for (int i = 0; i < 3; ++i) b.Launch("add_f32", {x, x, b.Temp(b.buffer(x).size)}, n);
    b.Launch("add_f32", {x, x, y}, n);
    return b;
  }

  void RecordAll(std::vector<uint64_t> times_ns) {
    for (uint32_t i = 0; i < times_ns.size(); ++i) profile_->Record(i, times_ns[i]);
  }
  std::vector<uint64_t> Of(uint64_t mlc_profile_entry_t::* what) const {
    std::vector<uint64_t> values;
    for (const mlc_profile_entry_t& entry : profile_->entries()) values.push_back(entry.*what);
    return values;
  }
  using Numbers = std::vector<uint64_t>;

  AlignedBytes bytes_;
  std::optional<mlc_plan> plan_;
  std::vector<BoundProgram> programs_;
  std::optional<Profile> profile_;
};

TEST_F(ProfileOf4, WithoutPairsCountsWhatEachTakesByItself) {
  EXPECT_FALSE(profile_->IsRecorded(0));
  RecordAll({100, 200, 300, 400});
  RecordAll({120, 180, 300, 410});
  EXPECT_TRUE(profile_->IsRecorded(3));
  EXPECT_EQ(Of(&mlc_profile_entry_t::count), Numbers(4, 2));
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{220, 380, 600, 810}));
  EXPECT_EQ(Of(&mlc_profile_entry_t::alone_ns), (Numbers{220, 380, 600, 810}));
  EXPECT_EQ(Of(&mlc_profile_entry_t::min_ns), (Numbers{100, 180, 300, 400}));
}

// Overlaps of 30, 50 and 0 (a pair that takes longer than its parts hides nothing).
TEST_F(ProfileOf4, LeavesOutWhatIsHiddenBehindThePredecessor) {
  RecordAll({100, 200, 300, 400});
  profile_->Record(0, 270, 2);
  profile_->Record(2, 720, 2);
  EXPECT_EQ(Of(&mlc_profile_entry_t::count), Numbers(4, 2));
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{200, 2 * 170, 600, 800}));
  profile_->Record(0, 100);
  profile_->Record(1, 450, 2);
  profile_->Record(3, 400);
  EXPECT_EQ(Of(&mlc_profile_entry_t::count), Numbers(4, 3));
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{300, 3 * 170, 3 * 250, 1200}));
  EXPECT_EQ(Of(&mlc_profile_entry_t::alone_ns), (Numbers{300, 600, 900, 1200}));
  EXPECT_EQ(Of(&mlc_profile_entry_t::min_ns), (Numbers{100, 200, 300, 400}));
}

// Means of both, and no more is hidden than there is; a later time by itself changes the parts of
// both pairs that it is in.
TEST_F(ProfileOf4, GoesByMeans) {
  RecordAll({100, 10, 100, 100});
  profile_->Record(0, 60, 2);
  EXPECT_EQ(profile_->entries()[1].total_ns, 0u);
  profile_->Record(0, 144, 2);  // mean 102: of 10 are 8 hidden
  EXPECT_EQ(profile_->entries()[1].count, 3u);
  EXPECT_EQ(profile_->entries()[1].total_ns, 6u);
  profile_->Record(1, 105, 2);  // 5 are hidden of instruction 2
  EXPECT_EQ(profile_->entries()[2].total_ns, 2u * 95);
  profile_->Record(1, 30);  // mean 20: of 20 are 18 hidden, and 15 of instruction 2
  EXPECT_EQ(profile_->entries()[1].count, 5u);
  EXPECT_EQ(profile_->entries()[1].total_ns, 5u * 2);
  EXPECT_EQ(profile_->entries()[2].total_ns, 2u * 85);
}

// Of instruction 2 pairs hide 50, and 30 more are hidden behind the one ahead of its predecessor.
TEST_F(ProfileOf4, CountsWhatIsAddedToTwoPredecessors) {
  RecordAll({100, 200, 300, 400});
  profile_->Record(0, 270, 2);
  profile_->Record(1, 450, 2);
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{2 * 100, 3 * 170, 2 * 250, 400}));
  profile_->Record(0, 490, 3);
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{3 * 100, 4 * 170, 3 * 220, 400}));
  profile_->Record(0, 290, 2);  // mean 280
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{4 * 100, 5 * 180, 3 * 210, 400}));
  profile_->Record(1, 900, 3);  // no more than by itself
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{4 * 100, 6 * 180, 4 * 210, 2 * 400}));
}

TEST_F(ProfileOf4, ForgetsAll) {
  EXPECT_EQ(profile_->NextRun(), 0u);
  EXPECT_EQ(profile_->NextRun(), 1u);
  RecordAll({100, 200, 300, 400});
  profile_->Record(0, 150, 2);
  profile_->Reset();
  EXPECT_EQ(profile_->NextRun(), 0u);
  EXPECT_FALSE(profile_->IsRecorded(0));
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), Numbers(4, 0));
  RecordAll({100, 200, 300, 400});
  EXPECT_EQ(Of(&mlc_profile_entry_t::total_ns), (Numbers{100, 200, 300, 400}));
  EXPECT_EQ(Of(&mlc_profile_entry_t::min_ns), (Numbers{100, 200, 300, 400}));
}

}  // namespace
}  // namespace mlc::runtime
