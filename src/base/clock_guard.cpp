#include "base/clock_guard.hpp"

#include "base/limits.hpp"

namespace codi {

void ClockGuard::look() {
  std::lock_guard const lock(mutex_);
  auto const here = offset();
  auto const since = clock_.monotonic();
  auto const apart = [&](Milliseconds from) { return std::chrono::abs(here - from) > limits::kClockStep; };
  if (!apart(trusted_)) {
    trusted_ = here;
    moved_ms_ = 0;
    return;
  }
  if (moved_ms_ == 0 || apart(moved_to_)) {
    moved_to_ = here;
    moved_since_ = since;
  }
  bool const settled = since - moved_since_ >= limits::kClockSettle;
  if (settled) trusted_ = here;
  moved_ms_ = settled ? 0 : (here - trusted_).count();
}

void ClockGuard::compare(Milliseconds ahead) {
  ahead_ms_ = std::chrono::abs(ahead) > limits::kClockOff ? ahead.count() : 0;
}

}  // namespace codi
