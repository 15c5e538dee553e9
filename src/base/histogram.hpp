#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace codi {

/// What a histogram has counted. Bucket i holds the values up to `bounds[i]` that are in none before it, the last one
/// those above all bounds.
struct HistogramCounts {
  std::vector<double> bounds;          ///< in rising order
  std::vector<std::uint64_t> buckets;  ///< one more than bounds
  double sum = 0;                      ///< of all values

  /// How many values.
  [[nodiscard]] std::uint64_t count() const;
};

/// Counts values by size in fixed buckets, without a lock and without a library: for folders below the one that renders
/// metrics. Thread-safe. A reader that comes while a value is added may see it in `sum` and not yet in its bucket.
template <std::size_t N>
class Histogram {
 public:
  explicit Histogram(std::array<double, N> bounds) : bounds_(bounds) {}

  /// Counts one value.
  void observe(double value) {
    auto const bucket = static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  [[nodiscard]] HistogramCounts counts() const {
    HistogramCounts out{.bounds = {bounds_.begin(), bounds_.end()}, .buckets = {}, .sum = sum_.load()};
    for (auto const& bucket : buckets_) out.buckets.push_back(bucket.load());
    return out;
  }

 private:
  std::array<double, N> const bounds_;
  std::array<std::atomic<std::uint64_t>, N + 1> buckets_{};
  std::atomic<double> sum_ = 0;
};

inline std::uint64_t HistogramCounts::count() const {
  std::uint64_t total = 0;
  for (auto const bucket : buckets) total += bucket;
  return total;
}

}  // namespace codi
