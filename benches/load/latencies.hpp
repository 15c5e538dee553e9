#pragma once
#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace codi::load {

/// How long each of many requests took. Every one is kept, so percentiles are exact.
class Latencies {
 public:
  void add(std::chrono::nanoseconds took);
  void add_all(Latencies const& others);
  [[nodiscard]] std::size_t count() const { return us_.size(); }
  /// Count, rate over these seconds, percentiles in microseconds.
  [[nodiscard]] boost::json::object summary(double seconds);

 private:
  std::vector<std::uint32_t> us_;
};

}  // namespace codi::load
