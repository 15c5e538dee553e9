#pragma once
#include "base/clock.hpp"

namespace codi::testing {

/// The clock of a second server, which goes ahead or behind.
class ShiftedClock final : public Clock {
 public:
  ShiftedClock(Clock const& below, std::chrono::milliseconds by) : below_(below), by_(by) {}
  [[nodiscard]] Timestamp now() const override { return below_.now() + by_; }
  [[nodiscard]] std::chrono::milliseconds monotonic() const override { return below_.monotonic(); }

 private:
  Clock const& below_;
  std::chrono::milliseconds by_;
};

}  // namespace codi::testing
