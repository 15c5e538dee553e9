#include "db/rocks/row_cache.hpp"

#include <limits>
#include <utility>

namespace codi::db {
namespace {

// Larger ones are seldom read twice, and would push many small ones out.
constexpr std::size_t kRowBytes = 4'096;
constexpr std::size_t kOverhead = 128;  // of an entry in the map

std::size_t bytes_of(std::string_view key, RowCache::Value const& value) {
  return kOverhead + key.size() + (value ? value->size() : 0);
}

}  // namespace

RowCache::RowCache(std::size_t bytes, Sequence now)
    : young_bytes_max_(bytes / (2 * shards_.size())), begun_(now), done_(now) {}

std::optional<RowCache::Value> RowCache::find(std::string_view key, Sequence at) {
  // A batch that the reader sees and the cache does not know yet: any row may be older than what the reader must find.
  if (done_.load(std::memory_order_acquire) < at) return std::nullopt;
  auto& shard = shard_of(key);
  std::lock_guard const lock(shard.mutex);
  return find_in(shard, key, at);
}

// A row that is changed by a batch on the way is found in that batch by its reader, not here: any other is the same
// before and after it.
std::optional<RowCache::Value> RowCache::find_newest(std::string_view key) {
  auto& shard = shard_of(key);
  std::lock_guard const lock(shard.mutex);
  return find_in(shard, key, std::numeric_limits<Sequence>::max());
}

std::optional<RowCache::Value> RowCache::find_in(Shard& shard, std::string_view key, Sequence at) {
  auto found = shard.young.find(key);
  if (found == shard.young.end()) {
    auto const aged = shard.old.find(key);
    if (aged == shard.old.end()) return std::nullopt;
    shard.young_bytes += bytes_of(key, aged->second.value);
    found = shard.young.insert(shard.old.extract(aged)).position;
  }
  if (found->second.since > at) return std::nullopt;
  auto value = found->second.value;
  make_room(shard);
  return value;
}

void RowCache::keep(std::string_view key, Value const& value, Sequence at) {
  if (value && value->size() > kRowBytes) return;
  auto& shard = shard_of(key);
  std::lock_guard const lock(shard.mutex);
  // With the lock held: a batch that comes now finds the row here and changes it.
  if (begun_.load(std::memory_order_acquire) != at) return;
  if (!shard.young.try_emplace(std::string(key), value, at).second) return;
  shard.young_bytes += bytes_of(key, value);
  make_room(shard);
}

void RowCache::make_room(Shard& shard) const {
  if (shard.young_bytes <= young_bytes_max_) return;
  shard.old = std::exchange(shard.young, {});
  shard.young_bytes = 0;
}

void RowCache::committed(Layer const& batch, Sequence after) {
  begun_.store(after, std::memory_order_release);
  if (!batch.cleared.empty()) {
    for (auto& shard : shards_) {
      std::lock_guard const lock(shard.mutex);
      shard.young.clear();
      shard.old.clear();
      shard.young_bytes = 0;
    }
  }
  for (auto const& [key, write] : batch.entries) {
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    change(shard, key, write, after);
  }
  done_.store(after, std::memory_order_release);
}

void RowCache::change(Shard& shard, std::string const& key, Write const& write, Sequence after) {
  shard.old.erase(key);
  auto const found = shard.young.find(key);
  if (found == shard.young.end()) return;
  shard.young_bytes -= bytes_of(key, found->second.value);
  if (write.value.size() > kRowBytes) {
    shard.young.erase(found);
    return;
  }
  found->second = {write.kind == Write::Kind::clear ? Value() : Value(write.value), after};
  shard.young_bytes += bytes_of(key, found->second.value);
}

}  // namespace codi::db
