#pragma once
#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace codi::auth {

/// What is known of tokens, by their SHA-256, for a time: a client sends one token hundreds of times. Bounded: the
/// oldest go first. Thread-safe.
template <class Value>
class TokenCache {
 public:
  explicit TokenCache(std::size_t entries) : entries_per_shard_(entries / kShards) {}

  /// What was put for the token with this digest, until its time has come.
  std::optional<Value> find(std::string const& digest, Timestamp now) {
    auto& shard = shard_of(digest);
    std::lock_guard const lock(shard.mutex);
    auto const found = shard.entries.find(digest);
    if (found == shard.entries.end() || found->second.expires_at <= now) return std::nullopt;
    return found->second.value;
  }
  void put(std::string const& digest, Value const& value, Timestamp expires_at) {
    auto& shard = shard_of(digest);
    std::lock_guard const lock(shard.mutex);
    if (!shard.entries.insert_or_assign(digest, Entry{value, expires_at}).second) return;
    shard.oldest_first.push_back(digest);
    while (shard.oldest_first.size() > entries_per_shard_) {
      shard.entries.erase(shard.oldest_first.front());
      shard.oldest_first.pop_front();
    }
  }
  void clear() {
    for (auto& shard : shards_) {
      std::lock_guard const lock(shard.mutex);
      shard.entries.clear();
      shard.oldest_first.clear();
    }
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t total = 0;
    for (auto const& shard : shards_) {
      std::lock_guard const lock(shard.mutex);
      total += shard.entries.size();
    }
    return total;
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct Entry {
    Value value;
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
