#include "db/rocks/rocks_transaction.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <stdexcept>

namespace codi::db {
namespace {

constexpr std::size_t kStampSize = CommitStamp{}.size();
// A cleared range of at most so many rows becomes single deletes: RocksDB's reads pay for every range tombstone that
// they pass.
constexpr std::size_t kRowsClearedSingly = 64;

void require_legal(std::string_view key) {
  if (key >= kEndOfKeys) throw std::invalid_argument("keys from ff on belong to the store");
}

void require_legal(KeyRange const& range) {
  if (range.begin > range.end) throw std::invalid_argument("the range ends before it begins");
  if (range.end > kEndOfKeys) throw std::invalid_argument("keys from ff on belong to the store");
}

void require_room_for_stamp(std::string_view text, std::size_t offset) {
  if (offset > text.size() || text.size() - offset < kStampSize) {
    throw std::invalid_argument("no room for a stamp of 10 bytes at its offset");
  }
}

std::string just_after(std::string_view key) {
  std::string out(key);
  out += '\0';
  return out;
}

char const* describe(StorageCode code) {
  switch (code) {
    case StorageCode::unreadable: return "a pending versionstamp of this transaction was read";
    case StorageCode::transaction_too_old: return "the transaction took longer than 5 s from its first read";
    default: return "the transaction writes more than 10 MB of keys and values";
  }
}

}  // namespace

Task<std::optional<std::string>> RocksTransaction::get(std::string key, Isolation /*isolation*/) {
  co_return read(key);
}

Task<RangeRows> RocksTransaction::get_range(KeyRange range, RangeOptions options) {
  co_return read_range(range, options);
}

Task<std::uint64_t> RocksTransaction::estimated_bytes(KeyRange range) {
  require_legal(range);
  begin_read();
  co_return base_.estimated_bytes(range);
}

std::optional<std::string> RocksTransaction::read(std::string_view key) {
  require_legal(key);
  begin_read();
  if (!unreadable_.empty()) require_readable(key, just_after(key));
  return pending_.empty() ? base_.get(key) : pending_view_.get(key);
}

RangeRows RocksTransaction::read_range(KeyRange const& range, RangeOptions const& options) {
  require_legal(range);
  begin_read();
  RangeRows out;
  if (range.begin == range.end) return out;
  std::size_t const limit = options.limit == 0 ? limits::kRangeRows : options.limit;
  std::size_t bytes = 0;
  auto const cursor = pending_view_.scan(range, options.reverse);
  while (cursor->valid() && out.rows.size() < limit && bytes < limits::kRangeBytes) {
    out.rows.push_back({std::string(cursor->key()), std::string(cursor->value())});
    bytes += out.rows.back().key.size() + out.rows.back().value.size();
    cursor->next();
  }
  bool const full = out.rows.size() == limit || bytes >= limits::kRangeBytes;
  if (!unreadable_.empty()) {
    // Only what was looked at counts: the rows up to the last one answered, or the whole range when it was exhausted.
    auto const last = full ? just_after(out.rows.back().key) : std::string();
    if (!full) {
      require_readable(range.begin, range.end);
    } else if (options.reverse) {
      require_readable(out.rows.back().key, range.end);
      out.more = unreadable_.intersects(range.begin, out.rows.back().key);
    } else {
      require_readable(range.begin, last);
      out.more = unreadable_.intersects(last, range.end);
    }
  }
  out.more = out.more || cursor->valid();
  return out;
}

void RocksTransaction::set(std::string_view key, std::string_view value) {
  begin_write(key, value.size());
  pending_.entries.insert_or_assign(std::string(key), Write{Write::Kind::set, false, 0, 0, std::string(value)});
}

void RocksTransaction::clear(std::string_view key) {
  if (key.size() > limits::kKeyBytes) return;
  begin_write(key, 0);
  pending_.entries.insert_or_assign(std::string(key), Write{});
  if (!unreadable_.empty()) clear_stamped(key, just_after(key));
}

void RocksTransaction::clear_range(KeyRange range) {
  if (mode_ == Mode::read_only) throw std::logic_error("a read-only transaction writes");
  require_legal(range);
  count(range.begin.size() + range.end.size());
  auto& entries = pending_.entries;
  entries.erase(entries.lower_bound(range.begin), entries.lower_bound(range.end));
  pending_.cleared.add(range.begin, range.end);
  clear_stamped(range.begin, range.end);
}

// Stamped keys that may turn out to lie in the range. Where nothing is unreadable there are none, or none that is not
// cleared already: most clears end here, however many stamped keys there are.
void RocksTransaction::clear_stamped(std::string_view begin, std::string_view end) {
  if (!unreadable_.intersects(begin, end)) return;
  unreadable_.erase(begin, end);
  for (auto& stamped : stamped_keys_) stamped.cleared_after.add(begin, end);
}

void RocksTransaction::add(std::string_view key, std::int64_t delta) {
  begin_write(key, sizeof delta);
  auto const it = pending_.entries.find(key);
  if (it == pending_.entries.end()) {
    bool const cleared = pending_.cleared.containing(key).has_value();
    auto write = cleared ? Write{Write::Kind::set, false, 0, 0, add_to(std::nullopt, delta)}
                         : Write{Write::Kind::add, false, 0, delta, {}};
    pending_.entries.emplace(key, std::move(write));
    return;
  }
  auto& write = it->second;
  switch (write.kind) {
    case Write::Kind::set: write.value = add_to(write.value, delta); return;
    case Write::Kind::clear: write = {Write::Kind::set, false, 0, 0, add_to(std::nullopt, delta)}; return;
    case Write::Kind::stamped_value: write.adds = true; [[fallthrough]];
    case Write::Kind::add:
      write.delta =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(write.delta) + static_cast<std::uint64_t>(delta));
  }
}

void RocksTransaction::set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) {
  require_room_for_stamp(key, offset);
  begin_write(key, value.size());
  std::string lowest(key);
  std::string highest(key);
  std::fill_n(lowest.begin() + static_cast<std::ptrdiff_t>(offset), kStampSize, '\x00');
  std::fill_n(highest.begin() + static_cast<std::ptrdiff_t>(offset), kStampSize, '\xff');
  unreadable_.add(lowest, just_after(highest));
  stamped_keys_.push_back({std::string(key), offset, std::string(value), {}});
}

void RocksTransaction::set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) {
  require_room_for_stamp(value, offset);
  begin_write(key, value.size());
  pending_.entries.insert_or_assign(std::string(key),
                                    Write{Write::Kind::stamped_value, false, offset, 0, std::string(value)});
  unreadable_.add(key, just_after(key));
}

// Transactions of this engine run one after another: there is nothing that could conflict.
void RocksTransaction::add_read_conflict(KeyRange range) { require_legal(range); }
void RocksTransaction::add_write_conflict(KeyRange range) { require_legal(range); }

void RocksTransaction::begin_read() {
  check_time();
  if (!first_read_) first_read_ = clock_.monotonic();
}

void RocksTransaction::begin_write(std::string_view key, std::size_t value_size) {
  if (mode_ == Mode::read_only) throw std::logic_error("a read-only transaction writes");
  require_legal(key);
  if (key.size() > limits::kKeyBytes) {
    throw StorageFailure(StorageCode::key_too_large, "a key of more than 10,000 bytes was written");
  }
  if (value_size > limits::kValueBytes) {
    throw StorageFailure(StorageCode::value_too_large, "a value of more than 100,000 bytes was written");
  }
  count(key.size() + value_size);
}

void RocksTransaction::count(std::size_t bytes) {
  bytes_written_ += bytes;
  if (bytes_written_ > limits::kTransactionBytes) poison(StorageCode::transaction_too_large);
}

void RocksTransaction::poison(StorageCode code) {
  if (!poison_) poison_ = code;
  throw StorageFailure(code, describe(code));
}

void RocksTransaction::require_readable(std::string_view begin, std::string_view end) {
  if (unreadable_.intersects(begin, end)) poison(StorageCode::unreadable);
}

void RocksTransaction::check_time() {
  if (first_read_ && clock_.monotonic() - *first_read_ > limits::kTransactionTime) {
    poison(StorageCode::transaction_too_old);
  }
}

Layer RocksTransaction::commit(CommitStamp const& stamp) {
  if (poison_) throw StorageFailure(*poison_, describe(*poison_));
  check_time();
  Layer out;
  resolve_cleared_ranges(out);
  for (auto& [key, write] : pending_.entries) resolve_entry(key, write, stamp);
  for (auto& stamped : stamped_keys_) {
    put_stamp(stamped.key, stamped.offset, stamp);
    if (stamped.cleared_after.containing(stamped.key)) continue;
    out.entries.insert_or_assign(std::move(stamped.key),
                                 Write{Write::Kind::set, false, 0, 0, std::move(stamped.value)});
  }
  if (out.entries.empty()) {
    out.entries = std::move(pending_.entries);
  } else {
    for (auto& [key, write] : pending_.entries) out.entries.insert_or_assign(key, std::move(write));
  }
  return out;
}

void RocksTransaction::resolve_cleared_ranges(Layer& out) {
  for (auto const& [begin, end] : pending_.cleared.intervals()) {
    KeyRange const range{begin, end};
    std::vector<std::string> rows;
    auto const cursor = base_.scan(range, false);
    for (; cursor->valid() && rows.size() <= kRowsClearedSingly; cursor->next()) rows.emplace_back(cursor->key());
    if (rows.size() > kRowsClearedSingly) {
      out.cleared.add(begin, end);
    } else {
      for (auto& row : rows) out.entries.emplace(std::move(row), Write{});
    }
  }
}

void RocksTransaction::resolve_entry(std::string const& key, Write& write, CommitStamp const& stamp) {
  if (write.kind == Write::Kind::add) {
    write.value = add_to(base_.get(key), write.delta);
    write.kind = Write::Kind::set;
  } else if (write.kind == Write::Kind::stamped_value) {
    put_stamp(write.value, write.offset, stamp);
    if (write.adds) write.value = add_to(write.value, write.delta);
    write.kind = Write::Kind::set;
  }
}

}  // namespace codi::db
