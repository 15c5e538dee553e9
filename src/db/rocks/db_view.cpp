#include "db/rocks/db_view.hpp"

#include <utility>

namespace codi::db {
namespace {

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void throw_status(rocksdb::Status const& status) {
  if (status.IsIncomplete()) throw NeedsDisk{};
  auto const code = status.IsCorruption() ? StorageCode::corrupt : StorageCode::unavailable;
  throw StorageFailure(code, "the store's disk: " + status.ToString());
}

class DbView::DbCursor final : public Cursor {
 public:
  DbCursor(DbView& view, KeyRange const& range, bool reverse)
      : view_(view), lower_(slice(range.begin)), upper_(slice(range.end)), reverse_(reverse) {
    auto options = view.options_;
    options.iterate_lower_bound = &lower_;
    options.iterate_upper_bound = &upper_;
    rows_.reset(view.db_.NewIterator(options));
    if (reverse_) {
      rows_->SeekToLast();
    } else {
      rows_->Seek(lower_);
    }
    check();
  }

  [[nodiscard]] bool valid() const override { return rows_->Valid(); }
  [[nodiscard]] std::string_view key() const override { return rows_->key().ToStringView(); }
  [[nodiscard]] std::string_view value() const override { return rows_->value().ToStringView(); }

  void next() override {
    if (reverse_) {
      rows_->Prev();
    } else {
      rows_->Next();
    }
    check();
  }

  void skip_to(std::string_view bound) override {
    if (!reverse_) {
      rows_->Seek(slice(bound));
    } else {
      rows_->SeekForPrev(slice(bound));
      if (rows_->Valid() && key() == bound) rows_->Prev();
    }
    check();
  }

 private:
  void check() {
    if (!rows_->Valid()) view_.check(rows_->status());
  }
  DbView& view_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  bool reverse_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

DbView::DbView(rocksdb::DB& db, rocksdb::Snapshot const* snapshot, rocksdb::ReadTier tier, RowCache* cache)
    : db_(db), cache_(cache) {
  options_.snapshot = snapshot;
  options_.read_tier = tier;
}

std::uint64_t DbView::estimated_bytes(KeyRange const& range) {
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  rocksdb::Range const whole(slice(range.begin), slice(range.end));
  std::uint64_t bytes = 0;
  check(db_.GetApproximateSizes(options, db_.DefaultColumnFamily(), &whole, 1, &bytes));
  return bytes;
}

void DbView::check(rocksdb::Status const& status) {
  if (status.ok()) return;
  if (status.IsIncomplete()) needs_disk_ = true;
  throw_status(status);
}

std::optional<std::string> DbView::get(std::string_view key) {
  if (cache_ == nullptr) return look_up(key);
  auto const* const snapshot = options_.snapshot;
  auto const at = snapshot != nullptr ? snapshot->GetSequenceNumber() : cache_->newest();
  auto known = snapshot != nullptr ? cache_->find(key, at) : cache_->find_newest(key);
  if (known) return *std::move(known);
  auto value = look_up(key);
  cache_->keep(key, value, at);
  return value;
}

std::optional<std::string> DbView::look_up(std::string_view key) {
  std::string value;
  auto const status = db_.Get(options_, slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status);
  return value;
}

std::unique_ptr<Cursor> DbView::scan(KeyRange const& range, bool reverse) {
  return std::make_unique<DbCursor>(*this, range, reverse);
}

SharedSnapshot::Pointer SharedSnapshot::get() {
  std::lock_guard const lock(mutex_);
  if (!current_) {
    current_ =
        Pointer(db_.GetSnapshot(), [&db = db_](rocksdb::Snapshot const* snapshot) { db.ReleaseSnapshot(snapshot); });
  }
  return current_;
}

void SharedSnapshot::expire() {
  Pointer old;
  std::lock_guard const lock(mutex_);
  old = std::exchange(current_, nullptr);
}

}  // namespace codi::db
