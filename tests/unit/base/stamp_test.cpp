#include "base/stamp.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi {
namespace {

Stamp random_stamp(std::mt19937_64& random) {
  Stamp stamp;
  // Few values, so that equal prefixes and neighbours come up.
  stamp.epoch = static_cast<std::uint32_t>(random() % 3 * 0x7F00FF01U);
  for (auto& byte : stamp.commit) byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : 0);
  stamp.order = static_cast<std::uint16_t>(random() % 3 * 255);
  return stamp;
}

TEST(Stamp, its_text_is_the_bytes_in_order) {
  Stamp const stamp{0x01020304, {5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, 0x0F10, false};
  EXPECT_EQ(to_string(stamp), "0102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(to_string(stamp).size(), kStampTextSize);
  EXPECT_EQ(stamp_bytes(stamp).size(), kStampBytesSize);
  EXPECT_EQ(parse_stamp("0102030405060708090a0b0c0d0e0f10"), stamp);
}

TEST(Stamp, a_pending_one_has_room_for_the_commit) {
  auto const stamp = Stamp::make_pending(1, 2);
  EXPECT_TRUE(stamp.pending);
  EXPECT_EQ(to_string(stamp), "00000001000000000000000000000002");
}

TEST(Stamp, only_its_own_text_is_read) {
  for (auto const* bad : {"", "0102030405060708090a0b0c0d0e0f1", "0102030405060708090a0b0c0d0e0f1000",
                          "0102030405060708090A0b0c0d0e0f10", "0102030405060708090g0b0c0d0e0f10"})
    EXPECT_EQ(parse_stamp(bad), std::nullopt) << bad;
  EXPECT_EQ(stamp_from_bytes("short"), std::nullopt);
  EXPECT_EQ(stamp_from_bytes(std::string(17, 'x')), std::nullopt);
}

TEST(StampProperty, text_and_bytes_compare_as_stamps_do_and_read_back) {
  constexpr std::uint64_t kSeed = 9;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 50'000; ++round) {
    auto const a = random_stamp(random);
    auto const b = random_stamp(random);
    ASSERT_EQ(a < b, to_string(a) < to_string(b)) << "seed " << kSeed << " round " << round;
    ASSERT_EQ(a < b, stamp_bytes(a) < stamp_bytes(b)) << "seed " << kSeed << " round " << round;
    ASSERT_EQ(parse_stamp(to_string(a)), a) << "seed " << kSeed << " round " << round;
    ASSERT_EQ(stamp_from_bytes(stamp_bytes(a)), a) << "seed " << kSeed << " round " << round;
  }
}

TEST(Stamp, a_higher_epoch_sorts_behind_every_older_stamp) {
  Stamp const old{1, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255}, 65'535, false};
  EXPECT_LT(to_string(old), to_string(Stamp{2, {}, 0, false}));
}

}  // namespace
}  // namespace codi
