#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace codi {

/// Notices whether several tenants worked lately: only then is the work of one held back so that the others are served.
/// Not thread-safe.
class Neighbours {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// A tenant has worked.
  void saw(std::string_view tenant, Time now) {
    if (tenant == last_) return;
    if (!last_.empty()) several_at_ = now;
    last_ = tenant;
  }
  /// True when another than the last one has, not long ago.
  [[nodiscard]] bool several(Time now) const { return several_at_ && now - *several_at_ < kLately; }

 private:
  static constexpr auto kLately = std::chrono::seconds(10);
  std::string last_;
  std::optional<Time> several_at_;  // when the tenant was another than before
};

}  // namespace codi
