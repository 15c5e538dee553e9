#include "base/clock_peers.hpp"

#include "base/clock_guard.hpp"
#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace codi {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Servers that publish their time once a second, seen by one whose clock is right.
class Servers {
 public:
  explicit Servers(std::vector<milliseconds> ahead) : ahead_(std::move(ahead)), stopped_(ahead_.size(), false) {}

  void run(int seconds, milliseconds delay = 80ms) {
    for (int i = 0; i < seconds; ++i) {
      monotonic_ += 1s;
      std::vector<ClockPeers::Published> published;
      for (std::size_t server = 0; server < ahead_.size(); ++server) {
        if (!stopped_[server]) times_[std::to_string(server)] = wall() + ahead_[server] + -delay;
        if (times_.contains(std::to_string(server)))
          published.push_back({std::to_string(server), times_[std::to_string(server)]});
      }
      peers.saw(published, wall(), monotonic_);
    }
  }
  void stop(std::size_t server) { stopped_[server] = true; }

  ClockPeers peers;

 private:
  [[nodiscard]] Timestamp wall() const { return Timestamp{1'772'000'000'000} + monotonic_; }
  std::vector<milliseconds> ahead_;
  std::vector<bool> stopped_;
  std::map<std::string, Timestamp> times_;
  milliseconds monotonic_{0};
};

TEST(ClockPeers, alone_it_is_right) {
  ClockPeers const peers;
  EXPECT_EQ(peers.ahead(), 0ms);
}

TEST(ClockPeers, with_others_that_agree_it_is_near_the_median) {
  Servers servers({0ms, 100ms, -100ms});
  servers.run(5);
  EXPECT_LE(std::chrono::abs(servers.peers.ahead()), 200ms);
}

TEST(ClockPeers, is_behind_the_median_of_most) {
  Servers servers({5s, 5s, 0s});
  servers.run(5);
  EXPECT_NEAR(static_cast<double>(servers.peers.ahead().count()), -2'500, 200);
  Servers more({5s, 5s, 5s, 0s});
  more.run(5);
  EXPECT_NEAR(static_cast<double>(more.peers.ahead().count()), -5'000, 200);
}

TEST(ClockPeers, one_that_is_wrong_does_not_move_the_median) {
  Servers servers({-1h, 0s});
  servers.run(5);
  EXPECT_LE(std::chrono::abs(servers.peers.ahead()), 200ms);
}

TEST(ClockPeers, of_two_that_differ_neither_is_right) {
  Servers servers({-10s});
  servers.run(5);
  EXPECT_NEAR(static_cast<double>(servers.peers.ahead().count()), 5'000, 200);
}

TEST(ClockPeers, a_slow_commit_among_quick_ones_does_not_count) {
  Servers servers({0s, 0s});
  servers.run(3);
  servers.run(1, 4s);
  EXPECT_LE(std::chrono::abs(servers.peers.ahead()), 200ms);
}

TEST(ClockPeers, one_that_has_fallen_silent_does_not_count) {
  Servers servers({-10s});
  servers.run(5);
  servers.stop(0);
  servers.run(11);
  EXPECT_EQ(servers.peers.ahead(), 0ms);
}

TEST(ClockPeers, what_stood_there_before_does_not_count) {
  Servers servers({-1h});
  servers.run(1);
  servers.stop(0);
  servers.run(3);
  EXPECT_EQ(servers.peers.ahead(), 0ms);
}

TEST(ClockPeers, whoever_is_silent_for_long_is_gone) {
  Servers servers({0s, 0s});
  servers.run(5);
  servers.stop(1);
  servers.run(static_cast<int>(std::chrono::seconds(limits::kServerKept).count()));
  EXPECT_TRUE(servers.peers.gone().empty());
  servers.run(1);
  EXPECT_EQ(servers.peers.gone(), std::vector<std::string>{"1"});
}

TEST(ClockGuard, a_clock_off_the_median_is_not_trusted) {
  ManualClock const clock({1'772'000'000'000});
  ClockGuard guard(clock);
  guard.compare(limits::kClockOff);
  EXPECT_EQ(guard.moved(), 0ms);
  guard.compare(limits::kClockOff + 1ms);
  EXPECT_EQ(guard.moved(), limits::kClockOff + 1ms);
  guard.compare(-limits::kClockOff - 1ms);
  EXPECT_EQ(guard.moved(), -limits::kClockOff - 1ms);
  guard.compare(0ms);
  EXPECT_EQ(guard.moved(), 0ms);
}

}  // namespace
}  // namespace codi
