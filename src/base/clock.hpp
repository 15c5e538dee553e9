#pragma once
#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi {

/// A point of wall time, in milliseconds since the Unix epoch, UTC.
struct Timestamp {
  std::int64_t ms = 0;
  auto operator<=>(Timestamp const&) const = default;
};

constexpr Timestamp operator+(Timestamp at, std::chrono::milliseconds by) { return {at.ms + by.count()}; }
constexpr std::chrono::milliseconds operator-(Timestamp a, Timestamp b) {
  return std::chrono::milliseconds(a.ms - b.ms);
}

/// RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.125Z`.
std::string to_string(Timestamp at);

/// Reads RFC 3339 with any offset and 0 to 9 fractional digits (cut to milliseconds); nothing when it is not one.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// Where time comes from; the seam by which tests move it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time; may be stepped.
  virtual Timestamp now() const = 0;
  /// Never goes back; unrelated to wall time.
  virtual std::chrono::milliseconds monotonic() const = 0;
};

/// The operating system's clocks.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::milliseconds monotonic() const override;
};

/// A clock that stands still until a test moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : wall_ms_(start.ms) {}
  Timestamp now() const override { return {wall_ms_.load()}; }
  std::chrono::milliseconds monotonic() const override { return std::chrono::milliseconds(monotonic_ms_.load()); }
  /// Moves wall and monotonic time forward together.
  void advance(std::chrono::milliseconds by) {
    wall_ms_ += by.count();
    monotonic_ms_ += by.count();
  }
  /// Moves only wall time, as a clock step does.
  void step(std::chrono::milliseconds by) { wall_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_ms_;
  std::atomic<std::int64_t> monotonic_ms_{0};
};

}  // namespace codi
