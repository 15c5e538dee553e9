#include "base/rate_limiter.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace codi {

namespace {

double filled(auto const& bucket, std::int64_t now_ms) {
  auto const passed_s = static_cast<double>(now_ms - bucket.filled_at_ms) / 1'000.0;
  return std::min(bucket.rate.burst, bucket.tokens + passed_s * bucket.rate.per_second);
}

}  // namespace

RateLimiter::Bucket& RateLimiter::bucket_of(Shard& shard, std::string_view key, Rate rate, std::int64_t now_ms) const {
  auto const whole_ms = static_cast<std::int64_t>(rate.burst / rate.per_second * 1'000.0);
  if (now_ms - shard.swept_at_ms > whole_ms) {
    shard.swept_at_ms = now_ms;
    std::erase_if(shard.buckets,
                  [&](auto const& entry) { return filled(entry.second, now_ms) >= entry.second.rate.burst; });
  }
  auto found = shard.buckets.find(std::string(key));
  if (found != shard.buckets.end()) return found->second;
  // Too many callers at once: those who come new share one bucket until older ones are whole.
  if (shard.buckets.size() >= std::max<std::size_t>(entries_max_ / kShards, 1)) key = {};
  return shard.buckets.try_emplace(std::string(key), Bucket{rate, rate.burst, now_ms}).first->second;
}

RateDecision RateLimiter::take(std::string_view key, Rate rate) {
  auto& shard = shards_[std::hash<std::string_view>{}(key) % kShards];
  std::scoped_lock const lock(shard.mutex);
  auto const now_ms = clock_.monotonic().count();  // with the lock: time never goes back from one to the next
  auto& bucket = bucket_of(shard, key, rate, now_ms);
  bucket.rate = rate;
  bucket.tokens = filled(bucket, now_ms);
  bucket.filled_at_ms = now_ms;

  RateDecision out{.allowed = bucket.tokens >= 1, .limit = static_cast<std::uint64_t>(rate.burst)};
  if (out.allowed) bucket.tokens -= 1;
  out.remaining = static_cast<std::uint64_t>(bucket.tokens);
  out.reset_s = static_cast<unsigned>(std::ceil((rate.burst - bucket.tokens) / rate.per_second));
  return out;
}

std::size_t RateLimiter::entries() const {
  std::size_t total = 0;
  for (auto const& shard : shards_) {
    std::scoped_lock const lock(shard.mutex);
    total += shard.buckets.size();
  }
  return total;
}

}  // namespace codi
