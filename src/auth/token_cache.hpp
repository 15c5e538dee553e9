#pragma once
#include "auth/credential.hpp"
#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace codi::auth {

/// Access tokens whose signature has been verified, by their SHA-256, until they expire: a verification costs some
/// forty microseconds, and a client sends one token hundreds of times. Bounded: the oldest go first. Thread-safe.
class TokenCache {
 public:
  explicit TokenCache(std::size_t entries) : entries_per_shard_(entries / kShards) {}

  /// What was verified for the token with this digest, while it has not expired.
  std::optional<LoginClaims> find(std::string const& digest, Timestamp now);
  void put(std::string const& digest, LoginClaims const& claims, Timestamp expires_at);
  void clear();
  [[nodiscard]] std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 16;
  struct Entry {
    LoginClaims claims;
    Timestamp expires_at;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Entry> entries;
    std::deque<std::string> oldest_first;
  };
  Shard& shard_of(std::string const& digest) { return shards_[static_cast<unsigned char>(digest.front()) % kShards]; }

  std::size_t const entries_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace codi::auth
