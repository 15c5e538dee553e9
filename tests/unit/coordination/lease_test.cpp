#include "coordination/lease.hpp"

#include <gtest/gtest.h>

#include <random>

namespace codi::coordination {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{1'750'000'000'000};

SessionState state_after(std::chrono::milliseconds silence, std::chrono::seconds ttl = 3600s,
                         LeaseThresholds thresholds = {}) {
  return session_state(kStart + silence, kStart, ttl, std::nullopt, thresholds);
}

TEST(Lease, a_silent_session_goes_from_active_to_idle_to_stale_to_ended) {
  EXPECT_EQ(state_after(0ms), SessionState::active);
  EXPECT_EQ(state_after(1'198'799ms), SessionState::active);
  EXPECT_EQ(state_after(1'198'800ms), SessionState::idle);
  EXPECT_EQ(state_after(2'401'199ms), SessionState::idle);
  EXPECT_EQ(state_after(2'401'200ms), SessionState::stale);
  EXPECT_EQ(state_after(3'600'000ms), SessionState::stale) << "the grace is not over";
  EXPECT_EQ(state_after(3'601'999ms), SessionState::stale);
  EXPECT_EQ(state_after(3'602'000ms), SessionState::ended);
}

TEST(Lease, thresholds_are_configurable) {
  LeaseThresholds const early{.idle_permille = 100, .stale_permille = 200};
  EXPECT_EQ(state_after(999ms, 10s, early), SessionState::active);
  EXPECT_EQ(state_after(1000ms, 10s, early), SessionState::idle);
  EXPECT_EQ(state_after(2000ms, 10s, early), SessionState::stale);
  EXPECT_TRUE(LeaseThresholds{}.valid());
  EXPECT_TRUE((LeaseThresholds{0, 1000}.valid()));
  EXPECT_FALSE((LeaseThresholds{-1, 500}.valid()));
  EXPECT_FALSE((LeaseThresholds{600, 500}.valid()));
  EXPECT_FALSE((LeaseThresholds{600, 1001}.valid()));
}

TEST(Lease, a_written_end_ends_at_once) {
  EXPECT_EQ(session_state(kStart, kStart, 3600s, kStart), SessionState::ended);
}

TEST(Lease, a_heartbeat_of_a_server_whose_clock_is_ahead_is_active) {
  EXPECT_EQ(state_after(-5s), SessionState::active);
}

TEST(Lease, a_claim_ends_at_the_later_of_its_own_end_and_the_sessions_heartbeat) {
  EXPECT_EQ(claim_end(kStart + 60s, kStart, 30s), kStart + 60s);
  EXPECT_EQ(claim_end(kStart + 60s, kStart + 45s, 30s), kStart + 75s);
}

TEST(Hazard8, a_lease_renewed_a_moment_before_is_not_ended) {
  auto const end = lease_end(kStart, 10s);
  EXPECT_EQ(next_check(kStart + 12s, end), std::nullopt);
  auto const renewed = lease_end(kStart + 9s, 10s);
  EXPECT_EQ(next_check(kStart + 12s, renewed), kStart + 21s);
  EXPECT_FALSE(expired(kStart + 12s, renewed));
}

TEST(LeaseProperty, a_check_that_does_not_end_a_lease_looks_again_exactly_when_it_ends) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 10'000; ++round) {
    auto const draw = [&](std::int64_t below) {
      return std::chrono::milliseconds(static_cast<std::int64_t>(random() % 100'000) % below);
    };
    auto const now = kStart + draw(100'000);
    auto const end = kStart + draw(100'000);
    auto const grace = draw(5'000);
    auto const again = next_check(now, end, grace);
    ASSERT_EQ(again.has_value(), !expired(now, end, grace)) << "seed 11, round " << round;
    if (!again) continue;
    ASSERT_GT(*again, now);
    ASSERT_TRUE(expired(*again, end, grace));
    ASSERT_FALSE(expired(*again + -1ms, end, grace));
  }
}

TEST(LeaseProperty, time_only_worsens_a_state) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 10'000; ++round) {
    std::chrono::seconds const ttl(static_cast<std::int64_t>(10 + random() % 86'391));
    std::chrono::milliseconds const a(static_cast<std::int64_t>(random() % 90'000'000));
    std::chrono::milliseconds const b(static_cast<std::int64_t>(random() % 90'000'000));
    ASSERT_LE(state_after(std::min(a, b), ttl), state_after(std::max(a, b), ttl)) << "seed 12, round " << round;
  }
}

TEST(Lease, states_have_names) {
  EXPECT_EQ(to_string(SessionState::active), "active");
  EXPECT_EQ(to_string(SessionState::idle), "idle");
  EXPECT_EQ(to_string(SessionState::stale), "stale");
  EXPECT_EQ(to_string(SessionState::ended), "ended");
}

}  // namespace
}  // namespace codi::coordination
