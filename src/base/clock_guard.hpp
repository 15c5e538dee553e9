#pragma once
#include "base/clock.hpp"

#include <atomic>
#include <chrono>
#include <mutex>

namespace codi {

/// Notices when the wall clock is moved: it then parts from the monotonic clock by more than limits::kClockStep. What
/// it says is trusted again when the two agree as before, or after limits::kClockSettle, in which those who are alive
/// can say so. A slow correction is followed. Thread-safe.
class ClockGuard {
 public:
  explicit ClockGuard(Clock const& clock) : clock_(clock), trusted_(offset()) {}

  /// Looks at both clocks; to be called often.
  void look();
  /// By how much the wall clock was moved forward (or back, below zero) and is not trusted yet; zero while they agree.
  [[nodiscard]] std::chrono::milliseconds moved() const { return std::chrono::milliseconds(moved_ms_.load()); }

 private:
  using Milliseconds = std::chrono::milliseconds;
  [[nodiscard]] Milliseconds offset() const { return Milliseconds(clock_.now().ms) - clock_.monotonic(); }

  Clock const& clock_;
  std::mutex mutex_;
  Milliseconds trusted_;
  Milliseconds moved_to_{0};     ///< the offset that is not trusted yet
  Milliseconds moved_since_{0};  ///< monotonic
  std::atomic<std::int64_t> moved_ms_ = 0;
};

}  // namespace codi
