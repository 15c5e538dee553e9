#include "auth/login_throttle.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::auth {
namespace {

using namespace std::chrono_literals;

constexpr auto kAda = "ada@example.org";

class LoginThrottleTest : public ::testing::Test {
 protected:
  void fail(int times, std::string const& account, std::string const& address) {
    for (int i = 0; i < times; ++i) throttle.failed(account, address);
  }
  unsigned wait(std::string const& account, std::string const& address) {
    auto const checked = throttle.check(account, address);
    if (checked) return 0;
    EXPECT_EQ(checked.error().code, ErrorCode::rate_limited);
    return checked.error().retry_after_s.value_or(0);
  }

  ManualClock clock{Timestamp{1'772'000'000'000}};
  LoginThrottle throttle{clock};
};

TEST_F(LoginThrottleTest, a_few_failures_are_free) {
  fail(4, kAda, "192.0.2.1");
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U);
  fail(1, kAda, "192.0.2.1");
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 1U);
}

TEST_F(LoginThrottleTest, the_delay_doubles_up_to_a_limit) {
  fail(5, kAda, "192.0.2.1");
  for (unsigned const expected : {1U, 2U, 4U, 8U, 16U}) {
    EXPECT_EQ(wait(kAda, "192.0.2.1"), expected);
    fail(1, kAda, "192.0.2.1");
  }
  fail(40, kAda, "192.0.2.1");
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 60U);
}

TEST_F(LoginThrottleTest, waiting_opens_the_door_and_time_forgives) {
  fail(6, kAda, "192.0.2.1");
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 2U);
  clock.advance(1'500ms);
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 1U);
  clock.advance(500ms);
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U);
  clock.advance(10min);
  fail(4, kAda, "192.0.2.1");
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U) << "the earlier failures were forgiven";
}

TEST_F(LoginThrottleTest, a_success_clears_the_address_at_that_account) {
  fail(4, kAda, "192.0.2.1");
  throttle.succeeded(kAda, "192.0.2.1");
  fail(4, kAda, "192.0.2.1");
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U);
}

TEST_F(LoginThrottleTest, an_address_that_tries_many_accounts_is_slowed_at_all_of_them) {
  for (int i = 0; i < 50; ++i) throttle.failed(fmt::format("user{}@example.org", i), "192.0.2.1");
  EXPECT_GT(wait("someone.new@example.org", "192.0.2.1"), 0U);
  EXPECT_EQ(wait("someone.new@example.org", "192.0.2.2"), 0U);
}

TEST_F(LoginThrottleTest, any_number_of_callers_behind_one_address_sign_in) {
  for (int i = 0; i < 100; ++i) {
    auto const account = fmt::format("agent{}@example.org", i);
    EXPECT_EQ(wait(account, "198.51.100.7"), 0U);
    throttle.succeeded(account, "198.51.100.7");
    EXPECT_EQ(wait(kAda, "198.51.100.7"), 0U);
    throttle.succeeded(kAda, "198.51.100.7");
  }
}

TEST_F(LoginThrottleTest, guesses_of_others_hold_up_a_calm_address_for_seconds_only) {
  for (int i = 0; i < 60; ++i) throttle.failed(kAda, fmt::format("203.0.113.{}", i));
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 5U);
  EXPECT_EQ(wait(kAda, "203.0.113.9"), 60U) << "an address that has guessed waits longer";
  clock.advance(5s);
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U);
}

TEST_F(LoginThrottleTest, an_address_that_the_account_signed_in_from_is_not_held_up_by_others) {
  throttle.succeeded(kAda, "192.0.2.1");
  for (int i = 0; i < 60; ++i) throttle.failed(kAda, fmt::format("203.0.113.{}", i));
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U);
  fail(10, kAda, "192.0.2.1");
  EXPECT_GT(wait(kAda, "192.0.2.1"), 0U) << "but by its own failures";
}

TEST_F(LoginThrottleTest, only_the_last_few_good_addresses_are_remembered) {
  for (int i = 0; i < 10; ++i) throttle.succeeded(kAda, fmt::format("192.0.2.{}", i));
  for (int i = 0; i < 60; ++i) throttle.failed(kAda, fmt::format("203.0.113.{}", i));
  EXPECT_EQ(wait(kAda, "192.0.2.0"), 5U);
  EXPECT_EQ(wait(kAda, "192.0.2.9"), 0U);
}

TEST_F(LoginThrottleTest, an_ipv6_network_counts_as_one_address) {
  EXPECT_EQ(throttled_address("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(throttled_address("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(throttled_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(throttled_address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(throttled_address("a unix socket"), "a unix socket");
  for (int i = 0; i < 6; ++i) throttle.failed(kAda, fmt::format("2001:db8:1:2::{}", i));
  EXPECT_GT(wait(kAda, "2001:db8:1:2:ffff::1"), 0U);
  EXPECT_EQ(wait(kAda, "2001:db8:1:3::1"), 0U);
}

TEST_F(LoginThrottleTest, answers_that_an_address_is_taken_are_counted_apart) {
  for (int i = 0; i < 9; ++i) throttle.disclosed("192.0.2.1");
  EXPECT_TRUE(throttle.check_disclosure("192.0.2.1"));
  throttle.disclosed("192.0.2.1");
  auto const refused = throttle.check_disclosure("192.0.2.1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limited);
  EXPECT_EQ(refused.error().limit, RateLimit::sign_in);
  EXPECT_EQ(refused.error().retry_after_s, 1U);
  EXPECT_TRUE(throttle.check_disclosure("192.0.2.2"));
  EXPECT_EQ(wait(kAda, "192.0.2.1"), 0U);
}

TEST_F(LoginThrottleTest, its_memory_is_bounded_and_the_least_recently_used_goes_first) {
  LoginThrottle small(clock, 9);
  for (int i = 0; i < 10; ++i) small.failed(kAda, "192.0.2.1");
  for (int i = 0; i < 2; ++i) small.failed(fmt::format("user{}@example.org", i), "192.0.2.2");
  EXPECT_FALSE(small.check(kAda, "192.0.2.1"));
  for (int i = 2; i < 20; ++i) small.failed(fmt::format("user{}@example.org", i), "192.0.2.2");
  EXPECT_TRUE(small.check(kAda, "192.0.2.1")) << "forgotten";
}

}  // namespace
}  // namespace codi::auth
