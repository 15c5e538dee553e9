#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi {
namespace {

using namespace std::chrono_literals;

TEST(Clock, times_are_written_in_utc_with_milliseconds) {
  EXPECT_EQ(to_string(Timestamp{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_string(Timestamp{1'769'851'800'125}), "2026-01-31T09:30:00.125Z");
  EXPECT_EQ(to_string(Timestamp{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_string(Timestamp{951'782'400'000}), "2000-02-29T00:00:00.000Z");
}

TEST(Clock, rfc_3339_is_read_in_each_of_its_forms) {
  Timestamp const expected{1'769'851'800'125};
  for (auto const* text : {"2026-01-31T09:30:00.125Z", "2026-01-31t09:30:00.125z", "2026-01-31 09:30:00.125Z",
                           "2026-01-31T09:30:00.125999999Z", "2026-01-31T10:30:00.125+01:00",
                           "2026-01-30T23:45:00.125-09:45", "2026-01-31T09:30:00.125-00:00"})
    EXPECT_EQ(parse_timestamp(text), expected) << text;
  EXPECT_EQ(parse_timestamp("2026-01-31T09:30:00Z"), Timestamp{expected.ms - 125});
  EXPECT_EQ(parse_timestamp("2026-01-31T09:30:00.1Z"), Timestamp{expected.ms - 25});
  EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60Z"), parse_timestamp("2017-01-01T00:00:00Z")) << "a leap second";
  EXPECT_EQ(parse_timestamp("2024-02-29T00:00:00Z"), Timestamp{1'709'164'800'000});
}

TEST(Clock, anything_else_is_no_time) {
  for (auto const* text : {"",
                           "2026",
                           "2026-01-31",
                           "2026-01-31T09:30:00",
                           "2026-01-31T09:30Z",
                           "26-01-31T09:30:00Z",
                           "2026-1-31T09:30:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-30T00:00:00Z",
                           "2025-02-29T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T09:60:00Z",
                           "2026-01-31T09:30:61Z",
                           "2026-01-31T09:30:00.Z",
                           "2026-01-31T09:30:00.1234567890Z",
                           "2026-01-31T09:30:00,5Z",
                           "2026-01-31T09:30:00Zx",
                           " 2026-01-31T09:30:00Z",
                           "2026-01-31T09:30:00+0100",
                           "2026-01-31T09:30:00+01",
                           "2026-01-31T09:30:00+24:00",
                           "2026-01-31T09:30:00+01:60",
                           "2026-01-31T09:30:00+1:00",
                           "2026-01-31T09:30:00+01:0",
                           "2026/01/31T09:30:00Z",
                           "2026-01/31T09:30:00Z",
                           "2026-01-31X09:30:00Z",
                           "2026-01-31T09-30:00Z",
                           "2026-01-31T09:30-00Z",
                           "+026-01-31T09:30:00Z",
                           "2026-01-31T0a:30:00Z",
                           "2026-01-31T09:3a:00Z",
                           "2026-01-31T09:30:0aZ",
                           "2026-a1-31T09:30:00Z",
                           "2026-01-a1T09:30:00Z"})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(ClockProperty, what_is_written_reads_back) {
  constexpr std::uint64_t kSeed = 4;
  std::mt19937_64 random(kSeed);
  auto const first = parse_timestamp("0000-01-01T00:00:00.000Z").value();
  auto const last = parse_timestamp("9999-12-31T23:59:59.999Z").value();
  EXPECT_EQ(to_string(first), "0000-01-01T00:00:00.000Z");
  std::uniform_int_distribution any(first.ms, last.ms);
  std::string before = to_string(first);
  Timestamp earlier = first;
  for (int round = 0; round < 100'000; ++round) {
    Timestamp const at{any(random)};
    auto const text = to_string(at);
    ASSERT_EQ(parse_timestamp(text), at) << "seed " << kSeed << " round " << round << ": " << text;
    ASSERT_EQ(text < before, at < earlier) << "the text sorts as time does";
    before = text;
    earlier = at;
  }
}

TEST(ClockProperty, random_bytes_never_break_the_reader) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 100'000; ++round) {
    std::string text = "2026-01-31T09:30:00.125Z";
    for (auto left = random() % 4; left > 0; --left) text[random() % text.size()] = "0123456789-:.TZ+ x"[random() % 18];
    if (auto const at = parse_timestamp(text)) {
      ASSERT_EQ(parse_timestamp(to_string(*at)), at) << "seed 5, round " << round << ": " << text;
    }
  }
}

TEST(Clock, time_can_be_calculated_with) {
  EXPECT_EQ((Timestamp{1000} + 500ms).ms, 1500);
  EXPECT_EQ(Timestamp{1500} - Timestamp{2000}, -500ms);
  EXPECT_LT(Timestamp{1}, Timestamp{2});
}

TEST(Clock, the_systems_clock_runs) {
  SystemClock const clock;
  EXPECT_GT(clock.now(), parse_timestamp("2025-01-01T00:00:00Z").value());
  auto const before = clock.monotonic();
  EXPECT_GE(clock.monotonic(), before);
}

TEST(Clock, a_manual_clock_moves_only_when_told) {
  ManualClock clock(Timestamp{1000});
  EXPECT_EQ(clock.now(), Timestamp{1000});
  auto const start = clock.monotonic();
  clock.advance(250ms);
  EXPECT_EQ(clock.now(), Timestamp{1250});
  EXPECT_EQ(clock.monotonic() - start, 250ms);
  clock.step(-1000ms);
  EXPECT_EQ(clock.now(), Timestamp{250});
  EXPECT_EQ(clock.monotonic() - start, 250ms) << "a step of the wall clock is none of the other";
}

}  // namespace
}  // namespace codi
