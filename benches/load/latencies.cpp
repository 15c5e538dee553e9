#include "latencies.hpp"

#include <algorithm>
#include <cmath>

namespace codi::load {

void Latencies::add(std::chrono::nanoseconds took) {
  us_.push_back(static_cast<std::uint32_t>(std::chrono::round<std::chrono::microseconds>(took).count()));
}

void Latencies::add_all(Latencies const& others) { us_.insert(us_.end(), others.us_.begin(), others.us_.end()); }

boost::json::object Latencies::summary(double seconds) {
  std::ranges::sort(us_);
  auto const percentile = [this](double part) -> std::uint32_t {
    if (us_.empty()) return 0;
    auto const rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(us_.size())));
    return us_[std::max<std::size_t>(rank, 1) - 1];
  };
  return {{"count", us_.size()},        {"per_second", static_cast<double>(us_.size()) / seconds},
          {"p50_us", percentile(0.50)}, {"p95_us", percentile(0.95)},
          {"p99_us", percentile(0.99)}, {"max_us", percentile(1)}};
}

}  // namespace codi::load
