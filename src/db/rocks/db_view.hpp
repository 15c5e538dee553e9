#pragma once
#include "db/rocks/layer.hpp"
#include "db/rocks/row_cache.hpp"

#include <rocksdb/db.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace codi::db {

/// Thrown inside a read that is confined to memory when it would need the disk. Never leaves the engine.
struct NeedsDisk {};

/// Throws what a failed status means: StorageFailure, or NeedsDisk for a read that was confined to memory.
[[noreturn]] void throw_status(rocksdb::Status const& status);

/// The rows of the database itself, at a snapshot or as they are now.
class DbView final : public View {
 public:
  /// `snapshot` may be null: then each call sees the newest state. With a `cache`, single rows are looked for there
  /// first; together with a null snapshot only below all batches that are not durable yet. All must outlive the view.
  DbView(rocksdb::DB& db, rocksdb::Snapshot const* snapshot, rocksdb::ReadTier tier, RowCache* cache = nullptr);

  std::optional<std::string> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(KeyRange const& range, bool reverse) override;
  std::uint64_t estimated_bytes(KeyRange const& range) override;
  /// True when something was not in memory, even if the body swallowed what was thrown.
  [[nodiscard]] bool needs_disk() const { return needs_disk_; }

 private:
  class DbCursor;
  void check(rocksdb::Status const& status);
  std::optional<std::string> look_up(std::string_view key);
  rocksdb::DB& db_;
  RowCache* cache_;
  rocksdb::ReadOptions options_;
  bool needs_disk_ = false;
};

/// The newest snapshot, shared by all readers until the next batch is committed. Thread-safe.
class SharedSnapshot {
 public:
  using Pointer = std::shared_ptr<rocksdb::Snapshot const>;
  explicit SharedSnapshot(rocksdb::DB& db) : db_(db) {}
  /// Sees every batch for which expire() has returned.
  Pointer get();
  void expire();

 private:
  rocksdb::DB& db_;
  std::mutex mutex_;
  Pointer current_;
};

}  // namespace codi::db
