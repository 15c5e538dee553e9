#include "db/transaction_rules.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <stdexcept>

namespace codi::db {
namespace {

constexpr std::size_t kStampSize = CommitStamp{}.size();
constexpr std::size_t kWriteBytes = 48;     // of a write besides its key and value, about
constexpr std::size_t kConflictBytes = 32;  // of a range besides its ends, about
constexpr std::size_t kOffsetSize = 4;      // that FoundationDB takes behind what it stamps, and counts as a part of it

void require_room_for_stamp(std::string_view text, std::size_t offset) {
  if (offset > text.size() || text.size() - offset < kStampSize) {
    throw std::invalid_argument("no room for a stamp of 10 bytes at its offset");
  }
}

char const* describe(StorageCode code) {
  switch (code) {
    case StorageCode::unreadable: return "a pending versionstamp of this transaction was read";
    case StorageCode::transaction_too_old: return "the transaction took longer than 5 s from its first read";
    default: return "the transaction is larger than 10 MB: what it writes, and what it conflicts by";
  }
}

}  // namespace

std::string just_after(std::string_view key) {
  std::string out(key);
  out += '\0';
  return out;
}

void TransactionRules::require_legal_key(std::string_view key) const {
  if (key >= kEndOfKeys && mode_ != TransactionMode::system)
    throw std::invalid_argument("keys from ff on belong to the store");
}

void TransactionRules::require_legal(KeyRange const& range) const {
  if (range.begin > range.end) throw std::invalid_argument("the range ends before it begins");
  if (range.end > kEndOfKeys && mode_ != TransactionMode::system)
    throw std::invalid_argument("keys from ff on belong to the store");
}

void TransactionRules::begin_read(std::string_view key, Isolation isolation) {
  require_legal_key(key);
  begin_read();
  if (isolation == Isolation::serializable) count_conflict(2 * key.size());
  if (!unreadable_.empty()) require_readable(key, just_after(key));
}

void TransactionRules::begin_read(KeyRange const& range) {
  require_legal(range);
  begin_read();
}

void TransactionRules::begin_read() {
  if (is_too_old()) poison(StorageCode::transaction_too_old);
  if (!first_read_) first_read_ = clock_.monotonic();
}

bool TransactionRules::is_too_old() const {
  return first_read_ && clock_.monotonic() - *first_read_ > limits::kTransactionTime;
}

void TransactionRules::require_may_write() const {
  if (mode_ == TransactionMode::read_only) throw std::logic_error("a read-only transaction writes");
}

void TransactionRules::begin_write(std::string_view key, std::size_t value_size) { begin_write(key, value_size, 0, 0); }

void TransactionRules::begin_write(std::string_view key, std::size_t value_size, std::size_t more_key,
                                   std::size_t more_value) {
  require_may_write();
  require_legal_key(key);
  if (key.size() + more_key > limits::kKeyBytes) {
    throw StorageFailure(StorageCode::key_too_large, "a key of more than 10,000 bytes was written");
  }
  if (value_size + more_value > limits::kValueBytes) {
    throw StorageFailure(StorageCode::value_too_large, "a value of more than 100,000 bytes was written");
  }
  count_write(key.size() + more_key, value_size + more_value);
}

void TransactionRules::begin_clear(KeyRange const& range) {
  require_may_write();
  require_legal(range);
  count_write(range.begin.size(), range.end.size());
}

void TransactionRules::begin_conflict(KeyRange const& range) {
  require_legal(range);
  count_conflict(range.begin.size() + range.end.size());
}

void TransactionRules::begin_stamped_key(std::string_view key, std::size_t offset, std::size_t value_size) {
  require_room_for_stamp(key, offset);
  begin_write(key, value_size, kOffsetSize, 0);
  std::string lowest(key);
  std::string highest(key);
  std::fill_n(lowest.begin() + static_cast<std::ptrdiff_t>(offset), kStampSize, '\x00');
  std::fill_n(highest.begin() + static_cast<std::ptrdiff_t>(offset), kStampSize, '\xff');
  unreadable_.add(lowest, just_after(highest));
}

void TransactionRules::begin_stamped_value(std::string_view key, std::string_view value, std::size_t offset) {
  require_room_for_stamp(value, offset);
  begin_write(key, value.size(), 0, kOffsetSize);
  unreadable_.add(key, just_after(key));
}

bool TransactionRules::cleared(std::string_view begin, std::string_view end) {
  if (!unreadable_.intersects(begin, end)) return false;
  unreadable_.erase(begin, end);
  return true;
}

KeyRange TransactionRules::end_read(KeyRange range, RangeOptions const& options, RangeRows const& batch, bool full) {
  if (full && options.reverse) range.begin = batch.rows.back().key;
  if (full && !options.reverse) range.end = just_after(batch.rows.back().key);
  if (!unreadable_.empty()) require_readable(range.begin, range.end);
  if (options.isolation == Isolation::serializable) count_conflict(range.begin.size() + range.end.size());
  return range;
}

void TransactionRules::check_commit() const {
  if (poison_) throw StorageFailure(*poison_, describe(*poison_));
  if (is_too_old()) throw StorageFailure(StorageCode::transaction_too_old, describe(StorageCode::transaction_too_old));
}

void TransactionRules::poison(StorageCode code) {
  if (!poison_) poison_ = code;
  throw StorageFailure(code, describe(code));
}

// A write also conflicts: by its key and the one right after it, or by its range.
void TransactionRules::count_write(std::size_t key_bytes, std::size_t value_bytes) {
  wrote_ = true;
  count(kWriteBytes + key_bytes + value_bytes);
  count_conflict(2 * key_bytes);
}

void TransactionRules::count_conflict(std::size_t key_bytes) {
  if (mode_ != TransactionMode::read_only) count(kConflictBytes + key_bytes);
}

void TransactionRules::count(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ > limits::kTransactionBytes) poison(StorageCode::transaction_too_large);
}

void TransactionRules::require_readable(std::string_view begin, std::string_view end) {
  if (unreadable_.intersects(begin, end)) poison(StorageCode::unreadable);
}

}  // namespace codi::db
