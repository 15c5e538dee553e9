#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace codi::testing {

/// The seeds of the histories that a test runs: `count` from 1, or from CODI_SEED; with CODI_SOAK_SECONDS as many as
/// that time allows.
class Seeds {
 public:
  explicit Seeds(std::size_t count) : left_(count), next_(number_of("CODI_SEED").value_or(1)) {
    if (auto const seconds = number_of("CODI_SOAK_SECONDS")) until_ = Clock::now() + std::chrono::seconds(*seconds);
  }
  /// Nothing at the end.
  std::optional<std::uint64_t> next() {
    if (until_ ? Clock::now() >= *until_ : left_-- == 0) return std::nullopt;
    return next_++;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static std::optional<std::uint64_t> number_of(char const* variable) {
    auto const* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return text == nullptr ? std::nullopt : std::optional(std::strtoull(text, nullptr, 10));
  }

  std::size_t left_;
  std::uint64_t next_;
  std::optional<Clock::time_point> until_;
};

}  // namespace codi::testing
