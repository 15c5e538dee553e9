#pragma once
#include "base/clock.hpp"
#include "base/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace codi {

/// What a caller has left; answered in the `RateLimit-*` header fields.
struct RateDecision {
  bool allowed = true;
  std::uint64_t limit = 0;      ///< requests in a burst
  std::uint64_t remaining = 0;  ///< requests left now
  unsigned reset_s = 0;         ///< seconds until the burst is whole again, rounded up
};

/// How fast a bucket fills, and how much it holds.
struct Rate {
  double per_second = 1;
  double burst = 1;
  bool operator==(Rate const&) const = default;
};

/// Token buckets, one a key, in memory of this server only. A full bucket is forgotten: that is what a new one is,
/// so memory holds only those who called within the last burst / rate seconds, and at most `entries_max` of them.
/// Thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(Clock const& clock, std::size_t entries_max = limits::kRateBuckets)
      : clock_(clock), entries_max_(entries_max) {}

  /// Takes one from the bucket of `key`, which fills at `rate` from now on.
  RateDecision take(std::string_view key, Rate rate);
  [[nodiscard]] std::size_t entries() const;

 private:
  struct Bucket {
    Rate rate;
    double tokens = 0;
    std::int64_t filled_at_ms = 0;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
    std::int64_t swept_at_ms = 0;
  };

  static constexpr std::size_t kShards = 16;

  Bucket& bucket_of(Shard& shard, std::string_view key, Rate rate, std::int64_t now_ms) const;

  Clock const& clock_;
  std::size_t const entries_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace codi
