#include "db/fdb/fdb_transaction.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace codi::db::fdb {
namespace {

std::string message(Functions const& functions, Error code) {
  switch (code) {
    case error::kTimedOut:
      return fmt::format("the FoundationDB cluster did not answer within {} s",
                         std::chrono::seconds(limits::kClusterTime).count());
    case error::kLocked:
      return "the store takes no writes while it is backed up, or because the cluster is locked; reads go on";
    default: return fmt::format("FoundationDB: {} ({})", functions.get_error(code), code);
  }
}

// FoundationDB wants the offset of the stamp as 4 bytes behind what is stamped.
std::string with_offset(std::string_view text, std::size_t offset) {
  static_assert(std::endian::native == std::endian::little);
  auto const number = static_cast<std::uint32_t>(offset);
  std::string out(text);
  out.append(reinterpret_cast<char const*>(&number), sizeof number);
  return out;
}

}  // namespace

StorageCode meaning_of(Error code) {
  switch (code) {
    case error::kTransactionTooOld: return StorageCode::transaction_too_old;
    case error::kUnreadable: return StorageCode::unreadable;
    case error::kLocked: return StorageCode::frozen;
    case error::kTransactionTooLarge: return StorageCode::transaction_too_large;
    case error::kKeyTooLarge: return StorageCode::key_too_large;
    case error::kValueTooLarge: return StorageCode::value_too_large;
    case error::kCancelled:
    case error::kOperationCancelled: return StorageCode::closed;
    default: return StorageCode::unavailable;
  }
}

LibraryError::LibraryError(Functions const& functions, Error code)
    : StorageFailure(meaning_of(code), message(functions, code)), library_code_(code) {}

OwnedTransaction::OwnedTransaction(Functions const& functions, DatabaseHandle* database) : functions_(functions) {
  if (Error const code = functions.database_create_transaction(database, &transaction_); code != 0)
    throw LibraryError(functions, code);
}

OwnedTransaction::~OwnedTransaction() { functions_.transaction_destroy(transaction_); }

void OwnedTransaction::set_option(TransactionOption option) {
  if (Error const code = functions_.transaction_set_option(transaction_, option, nullptr, 0); code != 0)
    throw LibraryError(functions_, code);
}

void OwnedTransaction::set_option(TransactionOption option, std::int64_t number) {
  std::string_view const bytes(reinterpret_cast<char const*>(&number), sizeof number);
  if (Error const code = functions_.transaction_set_option(transaction_, option, bytes_of(bytes), size_of(bytes));
      code != 0)
    throw LibraryError(functions_, code);
}

Task<std::optional<std::string>> FdbTransaction::get(std::string key, Isolation isolation) {
  rules_.begin_read(key, isolation);
  if (key.size() > limits::kKeyBytes) co_return std::nullopt;
  auto earlier = started(key, isolation);
  auto const found = earlier ? *std::move(earlier) : start_get(key, isolation);
  co_await ready(found);
  int present = 0;
  Bytes value = nullptr;
  int size = 0;
  check(functions_.future_get_value(found.get(), &present, &value, &size));
  if (present == 0) co_return std::nullopt;
  co_return std::string(view_of(value, size));
}

// One row more than asked for tells whether that was all; the conflict of the read does not reach to it. Where a
// pending stamp may decide that row it must not be looked at: the library then says whether there may be more.
Task<RangeRows> FdbTransaction::get_range(KeyRange range, RangeOptions options) {
  rules_.begin_read(range);
  RangeRows out;
  if (range.begin == range.end) co_return out;
  std::size_t const limit = options.limit == 0 ? limits::kRangeRows : options.limit;
  std::size_t const wanted = rows_wanted(range, options);
  auto rest = range;
  std::size_t bytes = 0;
  bool more = true;
  // The library answers early where the transaction's own writes and the store's rows meet.
  while (more && out.rows.size() < wanted && bytes < limits::kRangeBytes) {
    auto part = co_await read_part(rest, wanted - out.rows.size(), options);
    more = part.more;
    for (auto& row : part.rows) {
      bytes += row.key.size() + row.value.size();
      out.rows.push_back(std::move(row));
    }
    if (more && options.reverse) rest.end = out.rows.back().key;
    if (more && !options.reverse) rest.begin = just_after(out.rows.back().key);
  }
  out.more = more || out.rows.size() > limit;
  if (out.rows.size() > limit) out.rows.pop_back();
  auto const looked_at = rules_.end_read(std::move(range), options, out, out.more);
  if (options.isolation == Isolation::serializable) add_conflict(looked_at, ConflictRange::read);
  co_return out;
}

// Not empty when there is more.
Task<RangeRows> FdbTransaction::read_part(KeyRange range, std::size_t limit, RangeOptions options) {
  auto earlier = started(range.begin, range.end, limit, options.reverse);
  auto const found = earlier ? *std::move(earlier) : start_range(range, limit, options);
  co_await ready(found);
  Row const* rows = nullptr;
  int count = 0;
  int more = 0;
  check(functions_.future_get_keyvalue_array(found.get(), &rows, &count, &more));
  RangeRows out{.rows = {}, .more = more != 0 && count > 0};
  out.rows.reserve(static_cast<std::size_t>(count));
  for (auto const& row : std::span(rows, static_cast<std::size_t>(count)))
    out.rows.push_back({std::string(view_of(row.key, row.key_size)), std::string(view_of(row.value, row.value_size))});
  co_return out;
}

OwnedFuture FdbTransaction::start_get(std::string_view key, Isolation isolation) {
  return own(functions_.transaction_get(below_, bytes_of(key), size_of(key), isolation == Isolation::snapshot ? 1 : 0));
}

OwnedFuture FdbTransaction::start_range(KeyRange const& range, std::size_t limit, RangeOptions options) {
  auto const mode = options.limit == 0 ? StreamingMode::want_all : StreamingMode::exact;
  // "First key at or after" both ends, as a key selector.
  return own(functions_.transaction_get_range(
      below_, bytes_of(range.begin), size_of(range.begin), 0, 1, bytes_of(range.end), size_of(range.end), 0, 1,
      static_cast<int>(limit), static_cast<int>(limits::kRangeBytes), mode, 0, 1, options.reverse ? 1 : 0));
}

std::size_t FdbTransaction::rows_wanted(KeyRange const& range, RangeOptions const& options) const {
  std::size_t const limit = options.limit == 0 ? limits::kRangeRows : options.limit;
  return limit + (rules_.unreadable(range.begin, range.end) ? 0 : 1);
}

void FdbTransaction::prefetch(std::string_view key, Isolation isolation) {
  if (key.size() > limits::kKeyBytes || ahead_.size() == limits::kReadsAhead) return;
  // Who has written it under a stamp that is pending must not read it, and does not.
  if (rules_.any_unreadable() && rules_.unreadable(key, just_after(key))) return;
  ahead_.push_back(
      {.begin = std::string(key), .is_key = true, .isolation = isolation, .future = start_get(key, isolation)});
}

void FdbTransaction::prefetch_range(KeyRange const& range, RangeOptions options) {
  if (range.begin == range.end || ahead_.size() == limits::kReadsAhead) return;
  if (rules_.unreadable(range.begin, range.end)) return;
  auto const limit = rows_wanted(range, options);
  ahead_.push_back({.begin = range.begin,
                    .end = range.end,
                    .limit = limit,
                    .reverse = options.reverse,
                    .future = start_range(range, limit, options)});
}

std::optional<OwnedFuture> FdbTransaction::started(std::string_view begin, std::string_view end, std::size_t limit,
                                                   bool reverse) {
  auto const at = std::ranges::find_if(ahead_, [&](Ahead const& ahead) {
    return !ahead.is_key && ahead.begin == begin && ahead.end == end && ahead.limit == limit &&
           ahead.reverse == reverse;
  });
  if (at == ahead_.end()) return std::nullopt;
  auto out = std::move(at->future);
  ahead_.erase(at);
  return out;
}

std::optional<OwnedFuture> FdbTransaction::started(std::string_view key, Isolation isolation) {
  auto const at = std::ranges::find_if(
      ahead_, [&](Ahead const& ahead) { return ahead.is_key && ahead.begin == key && ahead.isolation == isolation; });
  if (at == ahead_.end()) return std::nullopt;
  auto out = std::move(at->future);
  ahead_.erase(at);
  return out;
}

void FdbTransaction::forget(std::string_view begin, std::string_view end) {
  std::erase_if(ahead_, [&](Ahead const& ahead) {
    return ahead.is_key ? begin <= ahead.begin && ahead.begin < end : ahead.begin < end && begin < ahead.end;
  });
}

void FdbTransaction::forget(std::string_view key) {
  std::erase_if(ahead_, [&](Ahead const& ahead) {
    return ahead.is_key ? ahead.begin == key : ahead.begin <= key && key < ahead.end;
  });
}

Task<std::uint64_t> FdbTransaction::estimated_bytes(KeyRange range) {
  rules_.begin_read(range);
  auto const found = own(functions_.transaction_get_estimated_range_size_bytes(
      below_, bytes_of(range.begin), size_of(range.begin), bytes_of(range.end), size_of(range.end)));
  co_await ready(found);
  std::int64_t bytes = 0;
  check(functions_.future_get_int64(found.get(), &bytes));
  co_return static_cast<std::uint64_t>(std::max<std::int64_t>(0, bytes));
}

void FdbTransaction::set(std::string_view key, std::string_view value) {
  rules_.begin_write(key, value.size());
  forget(key);
  functions_.transaction_set(below_, bytes_of(key), size_of(key), bytes_of(value), size_of(value));
}

void FdbTransaction::clear(std::string_view key) {
  if (key.size() > limits::kKeyBytes) return;
  rules_.begin_write(key, 0);
  forget(key);
  functions_.transaction_clear(below_, bytes_of(key), size_of(key));
  if (rules_.any_unreadable()) rules_.cleared(key, just_after(key));
}

void FdbTransaction::clear_range(KeyRange range) {
  rules_.begin_clear(range);
  forget(range.begin, range.end);
  functions_.transaction_clear_range(below_, bytes_of(range.begin), size_of(range.begin), bytes_of(range.end),
                                     size_of(range.end));
  rules_.cleared(range.begin, range.end);
}

void FdbTransaction::add(std::string_view key, std::int64_t delta) {
  rules_.begin_write(key, sizeof delta);
  forget(key);
  std::string_view const operand(reinterpret_cast<char const*>(&delta), sizeof delta);
  functions_.transaction_atomic_op(below_, bytes_of(key), size_of(key), bytes_of(operand), size_of(operand),
                                   Mutation::add);
}

void FdbTransaction::set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) {
  rules_.begin_stamped_key(key, offset, value.size());
  ahead_.clear();  // it may come to lie anywhere behind what precedes its stamp
  auto const stamped = with_offset(key, offset);
  functions_.transaction_atomic_op(below_, bytes_of(stamped), size_of(stamped), bytes_of(value), size_of(value),
                                   Mutation::stamped_key);
}

void FdbTransaction::set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) {
  rules_.begin_stamped_value(key, value, offset);
  forget(key);
  auto const stamped = with_offset(value, offset);
  functions_.transaction_atomic_op(below_, bytes_of(key), size_of(key), bytes_of(stamped), size_of(stamped),
                                   Mutation::stamped_value);
}

void FdbTransaction::add_read_conflict(KeyRange range) {
  rules_.begin_conflict(range);
  add_conflict(range, ConflictRange::read);
}

void FdbTransaction::add_write_conflict(KeyRange range) {
  rules_.begin_conflict(range);
  add_conflict(range, ConflictRange::write);
}

Task<CommitStamp> FdbTransaction::commit() {
  rules_.check_commit();
  if (failed_) throw LibraryError(*failed_);
  // It must be asked for before the commit, and is ready after it.
  auto const stamp = own(functions_.transaction_get_versionstamp(below_));
  auto const committed = own(functions_.transaction_commit(below_));
  sent_ = true;
  co_await ready(committed);
  check(committed.error());
  CommitStamp out{};
  if (!rules_.wrote()) co_return out;
  co_await ready(stamp);
  Bytes bytes = nullptr;
  int size = 0;
  check(functions_.future_get_key(stamp.get(), &bytes, &size));
  std::copy_n(bytes, std::min(static_cast<std::size_t>(size), out.size()), out.begin());
  co_return out;
}

void FdbTransaction::check(Error code) {
  if (code == 0) return;
  if (!failed_) failed_ = LibraryError(functions_, code);
  if (code == error::kUnreadable) rules_.poison(StorageCode::unreadable);
  throw LibraryError(functions_, code);
}

void FdbTransaction::add_conflict(KeyRange const& range, ConflictRange kind) {
  check(functions_.transaction_add_conflict_range(below_, bytes_of(range.begin), size_of(range.begin),
                                                  bytes_of(range.end), size_of(range.end), kind));
}

}  // namespace codi::db::fdb
