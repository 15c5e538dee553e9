#pragma once
#include "base/clock.hpp"
#include "db/engine.hpp"
#include "db/interval_set.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi::db {

/// What a transaction may do.
enum class TransactionMode : std::uint8_t {
  read_write,
  read_only,
  system,  ///< an engine's own work: may also name the keys that belong to the store
};

/// What every engine refuses alike, whatever the store below it would say: sizes, time, keys of the store's own, and
/// reads of what the stamp of the commit will decide. One for each try of a transaction; not thread-safe.
///
/// The size of a transaction counts as on FoundationDB: what it writes, and every range that it conflicts by.
///
/// Keys at or above ff, an inverted range and a stamp that does not fit throw std::invalid_argument, writes of a
/// read-only transaction std::logic_error, everything else StorageFailure.
class TransactionRules {
 public:
  /// `clock` must outlive it.
  TransactionRules(Clock const& clock, TransactionMode mode) : clock_(clock), mode_(mode) {}

  /// Before a read of a key or of a range.
  void begin_read(std::string_view key, Isolation isolation);
  void begin_read(KeyRange const& range);
  /// Before a write under `key`. What is stamped may be 4 bytes shorter than what is not: FoundationDB keeps the offset
  /// behind it.
  void begin_write(std::string_view key, std::size_t value_size);
  void begin_clear(KeyRange const& range);
  void begin_stamped_key(std::string_view key, std::size_t offset, std::size_t value_size);
  void begin_stamped_value(std::string_view key, std::string_view value, std::size_t offset);
  /// Before a range is named for the purpose of conflicts.
  void begin_conflict(KeyRange const& range);

  /// Cleared keys can be read again. False when nothing in the range was unreadable.
  bool cleared(std::string_view begin, std::string_view end);
  /// True when a pending stamp decides what is anywhere, or in the range.
  [[nodiscard]] bool any_unreadable() const { return !unreadable_.empty(); }
  [[nodiscard]] bool unreadable(std::string_view begin, std::string_view end) const {
    return unreadable_.intersects(begin, end);
  }
  /// After a batch was read; it is `full` when the range was not exhausted for certain. Poisons the transaction when a
  /// pending stamp decides what was looked at. Answers that: of a full batch up to its last row, else all of the range.
  KeyRange end_read(KeyRange range, RangeOptions const& options, RangeRows const& batch, bool full);

  /// Before the commit.
  void check_commit() const;
  /// The transaction can't be committed any more.
  [[noreturn]] void poison(StorageCode code);
  [[nodiscard]] bool wrote() const { return wrote_; }
  /// True when its time is over.
  [[nodiscard]] bool is_too_old() const;

 private:
  void begin_read();
  void require_legal(KeyRange const& range) const;
  void require_legal_key(std::string_view key) const;
  void begin_write(std::string_view key, std::size_t value_size, std::size_t more_key, std::size_t more_value);
  void require_may_write() const;
  void count_write(std::size_t key_bytes, std::size_t value_bytes);
  void count_conflict(std::size_t key_bytes);
  void count(std::size_t bytes);
  void require_readable(std::string_view begin, std::string_view end);

  Clock const& clock_;
  TransactionMode mode_;
  IntervalSet unreadable_;  ///< where the stamp of this commit will decide
  std::size_t bytes_ = 0;
  std::optional<std::chrono::milliseconds> first_read_;
  std::optional<StorageCode> poison_;
  bool wrote_ = false;
};

/// The key right after `key`.
std::string just_after(std::string_view key);

}  // namespace codi::db
