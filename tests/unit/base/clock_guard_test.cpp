#include "base/clock_guard.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

namespace codi {
namespace {

using namespace std::chrono_literals;

class Clocks : public ::testing::Test {
 protected:
  std::chrono::milliseconds moved() {
    guard_.look();
    return guard_.moved();
  }
  ManualClock clock_{Timestamp{1'000'000}};
  ClockGuard guard_{clock_};
};

TEST_F(Clocks, that_go_together_are_trusted) {
  for (int i = 0; i < 100; ++i) {
    clock_.advance(10min);
    EXPECT_EQ(moved(), 0ms);
  }
}

TEST_F(Clocks, are_corrected_slowly_without_harm) {
  for (int i = 0; i < 100; ++i) {
    clock_.advance(1s);
    clock_.step(500ms);
    EXPECT_EQ(moved(), 0ms);
  }
}

TEST_F(Clocks, that_were_moved_are_not_trusted_for_a_while) {
  clock_.step(1h);
  EXPECT_EQ(moved(), 1h);
  clock_.advance(limits::kClockSettle - 1ms);
  EXPECT_EQ(moved(), 1h);
  clock_.advance(1ms);
  EXPECT_EQ(moved(), 0ms);
}

TEST_F(Clocks, that_are_moved_again_settle_anew) {
  clock_.step(1h);
  moved();
  clock_.advance(limits::kClockSettle - 1ms);
  clock_.step(-3h);
  EXPECT_EQ(moved(), -2h);
  clock_.advance(limits::kClockSettle - 1ms);
  EXPECT_EQ(moved(), -2h);
}

TEST_F(Clocks, that_were_moved_back_where_they_were_are_trusted_at_once) {
  clock_.step(1h);
  moved();
  clock_.step(-1h);
  EXPECT_EQ(moved(), 0ms);
}

}  // namespace
}  // namespace codi
