#pragma once
#include "base/clock.hpp"

#include <atomic>
#include <chrono>
#include <mutex>

namespace codi {

/// Notices when the wall clock is moved: it then parts from the monotonic clock by more than limits::kClockStep. What
/// it says is trusted again when the two agree as before, or after limits::kClockSettle, in which those who are alive
/// can say so. A slow correction is followed. Where several servers share a store, a clock that is more than
/// limits::kClockOff off the median of theirs is not trusted either. Thread-safe.
class ClockGuard {
 public:
  explicit ClockGuard(Clock const& clock) : clock_(clock), trusted_(offset()) {}

  /// Looks at both clocks; to be called often.
  void look();
  /// How far this clock is ahead (below zero: behind) of the median of all servers; see ClockPeers.
  void compare(std::chrono::milliseconds ahead);
  /// By how much the wall clock was moved forward (or back, below zero), or is ahead of others', and is not trusted;
  /// zero while it is.
  [[nodiscard]] std::chrono::milliseconds moved() const {
    auto const moved = moved_ms_.load();
    return std::chrono::milliseconds(moved != 0 ? moved : ahead_ms_.load());
  }

 private:
  using Milliseconds = std::chrono::milliseconds;
  [[nodiscard]] Milliseconds offset() const { return Milliseconds(clock_.now().ms) - clock_.monotonic(); }

  Clock const& clock_;
  std::mutex mutex_;
  Milliseconds trusted_;
  Milliseconds moved_to_{0};     ///< the offset that is not trusted yet
  Milliseconds moved_since_{0};  ///< monotonic
  std::atomic<std::int64_t> moved_ms_ = 0;
  std::atomic<std::int64_t> ahead_ms_ = 0;
};

}  // namespace codi
