#include "base/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace codi {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, a_burst_is_allowed_and_then_the_rate) {
  ManualClock clock({0});
  RateLimiter limiter(clock);
  Rate const rate{.per_second = 10, .burst = 5};
  for (unsigned i = 0; i < 5; ++i) {
    auto const decision = limiter.take("a", rate);
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.remaining, 4 - i);
    EXPECT_EQ(decision.limit, 5U);
  }
  auto const refused = limiter.take("a", rate);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_EQ(refused.reset_s, 1U);
  clock.advance(100ms);
  EXPECT_TRUE(limiter.take("a", rate).allowed);
  EXPECT_FALSE(limiter.take("a", rate).allowed);
}

// Says how late it is to one after the other only.
class ClockOfOne final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return {}; }
  [[nodiscard]] std::chrono::milliseconds monotonic() const override {
    if (++asking_ > 1) overlapped_ = true;
    std::this_thread::sleep_for(1ms);
    --asking_;
    return 0ms;
  }
  [[nodiscard]] bool overlapped() const { return overlapped_; }

 private:
  mutable std::atomic<int> asking_ = 0;
  mutable std::atomic<bool> overlapped_ = false;
};

// Else who has read it and was held up comes with an older time than the one before, and pays for the difference.
TEST(RateLimiter, looks_at_the_clock_in_the_order_in_which_it_takes) {
  ClockOfOne clock;
  RateLimiter limiter(clock);
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int n = 0; n < 5; ++n) limiter.take("a", {.per_second = 10, .burst = 100});
    });
  callers.clear();
  EXPECT_FALSE(clock.overlapped());
}

TEST(RateLimiter, callers_do_not_share) {
  ManualClock clock({0});
  RateLimiter limiter(clock);
  Rate const rate{.per_second = 1, .burst = 1};
  EXPECT_TRUE(limiter.take("a", rate).allowed);
  EXPECT_TRUE(limiter.take("b", rate).allowed);
  EXPECT_FALSE(limiter.take("a", rate).allowed);
}

TEST(Hazard28, nobody_is_limited_below_the_promised_rate) {
  ManualClock clock({0});
  RateLimiter limiter(clock);
  Rate const rate{.per_second = limits::kCallerRequestsPerSecond,
                  .burst = limits::kCallerRequestsPerSecond * limits::kBurstSeconds};
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(limiter.take("a", rate).allowed) << i;
  EXPECT_FALSE(limiter.take("a", rate).allowed);
  for (int i = 0; i < 5'000; ++i) {
    clock.advance(1ms);
    ASSERT_TRUE(limiter.take("a", rate).allowed) << i;
  }
}

TEST(RateLimiter, memory_is_bounded_and_whole_buckets_are_forgotten) {
  ManualClock clock({0});
  RateLimiter limiter(clock, 160);
  Rate const rate{.per_second = 10, .burst = 10};
  for (int i = 0; i < 10'000; ++i) limiter.take("caller " + std::to_string(i), rate);
  EXPECT_LE(limiter.entries(), 160U + 16U);
  clock.advance(3s);
  for (int i = 0; i < 64; ++i) limiter.take("late " + std::to_string(i), rate);
  EXPECT_LE(limiter.entries(), 64U);
}

TEST(RateLimiter, strangers_share_a_bucket_when_there_are_too_many) {
  ManualClock clock({0});
  RateLimiter limiter(clock, 16);
  Rate const rate{.per_second = 1, .burst = 2};
  unsigned allowed = 0;
  for (int i = 0; i < 1'000; ++i) allowed += limiter.take("flood " + std::to_string(i), rate).allowed ? 1 : 0;
  EXPECT_LE(allowed, 16U * 2 + 16U);
}

TEST(RateLimiter, threads_take_no_more_than_there_is) {
  ManualClock clock({0});
  RateLimiter limiter(clock);
  Rate const rate{.per_second = 1, .burst = 1'000};
  std::atomic<int> allowed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) allowed += limiter.take("one", rate).allowed ? 1 : 0;
      });
  }
  EXPECT_EQ(allowed, 1'000);
}

TEST(RateLimiter, a_changed_rate_holds_from_the_next_take_on) {
  ManualClock clock({0});
  RateLimiter limiter(clock);
  EXPECT_TRUE(limiter.take("a", {.per_second = 1, .burst = 100}).allowed);
  auto const narrowed = limiter.take("a", {.per_second = 1, .burst = 100});
  EXPECT_EQ(narrowed.remaining, 98U);
  clock.advance(1s);
  EXPECT_EQ(limiter.take("a", {.per_second = 1, .burst = 2}).remaining, 1U) << "no more than the new burst";
}

}  // namespace
}  // namespace codi
