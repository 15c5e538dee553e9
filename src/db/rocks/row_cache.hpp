#pragma once
#include "db/rocks/layer.hpp"

#include <rocksdb/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace codi::db {

/// Rows that were read lately, as the newest durable batch left them: a look into RocksDB's memtable costs some sixty
/// comparisons of keys, and every request reads the same few rows (token, user, tenant, project, session).
///
/// Times are RocksDB's sequence numbers. What is found is what a read at that time would find; a time for which that is
/// not sure finds nothing. Thread-safe, but committed() is called by one thread.
class RowCache {
 public:
  using Sequence = rocksdb::SequenceNumber;
  using Value = std::optional<std::string>;  ///< nothing: there is no such row

  /// Holds at most about `bytes` of keys and values; the store stands at `now`.
  RowCache(std::size_t bytes, Sequence now);

  /// The row at the time `at`; nothing when it is not known here.
  std::optional<Value> find(std::string_view key, Sequence at);
  /// The same for who reads on top of all batches that are not durable yet: the newest known.
  std::optional<Value> find_newest(std::string_view key);

  /// Keeps what was read at the time `at`, unless a batch has been committed since.
  void keep(std::string_view key, Value const& value, Sequence at);
  /// For find_newest: the time to give to keep(), asked for before the row is read.
  [[nodiscard]] Sequence newest() const { return begun_.load(std::memory_order_acquire); }

  /// Takes over what a durable batch has changed. The store stands at `after` since, and readers may see so already.
  void committed(Layer const& batch, Sequence after);

 private:
  struct Row {
    Value value;
    Sequence since = 0;  ///< it is right for reads from then on
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Rows = std::unordered_map<std::string, Row, Hash, std::equal_to<>>;
  /// Two generations: what is found moves to the young one; when that is full, the old one is dropped.
  struct Shard {
    std::mutex mutex;
    Rows young;
    Rows old;
    std::size_t young_bytes = 0;
  };

  [[nodiscard]] Shard& shard_of(std::string_view key) { return shards_[Hash()(key) % shards_.size()]; }
  std::optional<Value> find_in(Shard& shard, std::string_view key, Sequence at);
  void make_room(Shard& shard) const;
  static void change(Shard& shard, std::string const& key, Write const& write, Sequence after);

  std::array<Shard, 16> shards_;
  std::size_t const young_bytes_max_;
  std::atomic<Sequence> begun_;  ///< of the newest batch that committed() was called with
  std::atomic<Sequence> done_;   ///< of the newest one that it has taken over
};

}  // namespace codi::db
