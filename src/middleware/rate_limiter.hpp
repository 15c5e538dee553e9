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

namespace codi::middleware {

/// What a caller has left; answered in the `RateLimit-*` header fields.
struct RateDecision {
  bool allowed = true;
  std::uint64_t limit = 0;      ///< requests in a burst
  std::uint64_t remaining = 0;  ///< requests left now
  unsigned reset_s = 0;         ///< seconds until the burst is whole again, rounded up
};

/// Token buckets, one a caller, in memory of this server only. A full bucket is forgotten: that is what a new one is,
/// so memory holds only those who called within the last burst / rate seconds, and at most `entries_max` of them.
/// Thread-safe.
class RateLimiter {
 public:
  /// Size and speed of each bucket, and how many there may be.
  struct Options {
    double per_second = limits::kRequestsPerSecond;
    double burst = limits::kRequestsBurst;
    std::size_t entries_max = 65'536;
  };

  RateLimiter(Clock const& clock, Options options) : clock_(clock), options_(options) {}

  /// Takes one request from the bucket of `key`.
  RateDecision take(std::string_view key);
  [[nodiscard]] std::size_t entries() const;

 private:
  struct Bucket {
    double tokens = 0;
    std::int64_t filled_at_ms = 0;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
    std::int64_t swept_at_ms = 0;
  };

  static constexpr std::size_t kShards = 16;

  Bucket& bucket_of(Shard& shard, std::string_view key, std::int64_t now_ms) const;
  void sweep(Shard& shard, std::int64_t now_ms) const;
  [[nodiscard]] double filled(Bucket const& bucket, std::int64_t now_ms) const;

  Clock const& clock_;
  Options const options_;
  std::array<Shard, kShards> shards_;
};

}  // namespace codi::middleware
