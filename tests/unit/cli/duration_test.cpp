#include "cli/duration.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

using namespace std::chrono_literals;

TEST(Duration, reads_numbers_with_and_without_units) {
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("30m"), 30min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("2w"), 14 * 24h);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Duration, refuses_what_is_none) {
  for (auto const* const text :
       {"", "m", "-5m", "5x", "1.5h", "1h30", "h1", " 5m", "99999999999999999999", "9999999d", "src"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Duration, a_time_of_the_past_is_a_time_or_an_age) {
  Timestamp const now{1'000'000'000'000};
  EXPECT_EQ(parse_past("2h", now), now + -2h);
  EXPECT_EQ(parse_past(to_string(now + -1min), now), now + -1min);
  for (auto const* const text : {"", "yesterday", "-2h", "2026-13-01T00:00:00Z"})
    EXPECT_EQ(parse_past(text, now), std::nullopt) << text;
}

TEST(Duration, tells_times_as_people_do) {
  Timestamp const now{1'000'000'000};
  EXPECT_EQ(relative_time(now, now), "just now");
  EXPECT_EQ(relative_time(now, now + -45s), "45s ago");
  EXPECT_EQ(relative_time(now, now + -3min), "3m ago");
  EXPECT_EQ(relative_time(now, now + 57min + 20s), "in 57m");
  EXPECT_EQ(relative_time(now, now + 59min + 59s + 600ms), "in 1h");
  EXPECT_EQ(relative_time(now, now + 90min), "in 1h30m");
  EXPECT_EQ(relative_time(now, now + 11h + 20min), "in 11h");
  EXPECT_EQ(relative_time(now, now + 47h), "in 47h");
  EXPECT_EQ(relative_time(now, now + -73h), "3d ago");
  EXPECT_EQ(relative_time(now, "no time"), "no time");
}

}  // namespace
}  // namespace codi::cli
