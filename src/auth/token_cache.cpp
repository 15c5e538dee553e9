#include "auth/token_cache.hpp"

namespace codi::auth {

std::optional<LoginClaims> TokenCache::find(std::string const& digest, Timestamp now) {
  auto& shard = shard_of(digest);
  std::lock_guard const lock(shard.mutex);
  auto const found = shard.entries.find(digest);
  if (found == shard.entries.end() || found->second.expires_at <= now) return std::nullopt;
  return found->second.claims;
}

void TokenCache::put(std::string const& digest, LoginClaims const& claims, Timestamp expires_at) {
  auto& shard = shard_of(digest);
  std::lock_guard const lock(shard.mutex);
  if (!shard.entries.insert_or_assign(digest, Entry{claims, expires_at}).second) return;
  shard.oldest_first.push_back(digest);
  while (shard.oldest_first.size() > entries_per_shard_) {
    shard.entries.erase(shard.oldest_first.front());
    shard.oldest_first.pop_front();
  }
}

void TokenCache::clear() {
  for (auto& shard : shards_) {
    std::lock_guard const lock(shard.mutex);
    shard.entries.clear();
    shard.oldest_first.clear();
  }
}

std::size_t TokenCache::size() const {
  std::size_t total = 0;
  for (auto const& shard : shards_) {
    std::lock_guard const lock(shard.mutex);
    total += shard.entries.size();
  }
  return total;
}

}  // namespace codi::auth
