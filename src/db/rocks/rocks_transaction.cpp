#include "db/rocks/rocks_transaction.hpp"

#include "base/limits.hpp"

namespace codi::db {
namespace {

// A cleared range of at most so many rows becomes single deletes: RocksDB's reads pay for every range tombstone that
// they pass.
constexpr std::size_t kRowsClearedSingly = 64;

}  // namespace

Task<std::optional<std::string>> RocksTransaction::get(std::string key, Isolation isolation) {
  co_return read(key, isolation);
}

Task<RangeRows> RocksTransaction::get_range(KeyRange range, RangeOptions options) {
  co_return read_range(range, options);
}

Task<std::uint64_t> RocksTransaction::estimated_bytes(KeyRange range) {
  rules_.begin_read(range);
  co_return base_.estimated_bytes(range);
}

std::optional<std::string> RocksTransaction::read(std::string_view key, Isolation isolation) {
  rules_.begin_read(key, isolation);
  return pending_.empty() ? base_.get(key) : pending_view_.get(key);
}

RangeRows RocksTransaction::read_range(KeyRange const& range, RangeOptions const& options) {
  rules_.begin_read(range);
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
  auto const looked_at = rules_.end_read(range, options, out, full);
  // Behind a batch that is full there may also be rows that only the stamp of the commit decides.
  bool const undecided =
      options.reverse ? rules_.unreadable(range.begin, looked_at.begin) : rules_.unreadable(looked_at.end, range.end);
  out.more = cursor->valid() || (full && undecided);
  return out;
}

void RocksTransaction::set(std::string_view key, std::string_view value) {
  rules_.begin_write(key, value.size());
  pending_.entries.insert_or_assign(std::string(key), Write{Write::Kind::set, false, 0, 0, std::string(value)});
}

void RocksTransaction::clear(std::string_view key) {
  if (key.size() > limits::kKeyBytes) return;
  rules_.begin_write(key, 0);
  pending_.entries.insert_or_assign(std::string(key), Write{});
  if (rules_.any_unreadable()) clear_stamped(key, just_after(key));
}

void RocksTransaction::clear_range(KeyRange range) {
  rules_.begin_clear(range);
  auto& entries = pending_.entries;
  entries.erase(entries.lower_bound(range.begin), entries.lower_bound(range.end));
  pending_.cleared.add(range.begin, range.end);
  clear_stamped(range.begin, range.end);
}

// Stamped keys that may turn out to lie in the range. Where nothing is unreadable there are none, or none that is not
// cleared already: most clears end here, however many stamped keys there are.
void RocksTransaction::clear_stamped(std::string_view begin, std::string_view end) {
  if (!rules_.cleared(begin, end)) return;
  for (auto& stamped : stamped_keys_) stamped.cleared_after.add(begin, end);
}

void RocksTransaction::add(std::string_view key, std::int64_t delta) {
  rules_.begin_write(key, sizeof delta);
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
  rules_.begin_stamped_key(key, offset, value.size());
  stamped_keys_.push_back({std::string(key), offset, std::string(value), {}});
}

void RocksTransaction::set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) {
  rules_.begin_stamped_value(key, value, offset);
  pending_.entries.insert_or_assign(std::string(key),
                                    Write{Write::Kind::stamped_value, false, offset, 0, std::string(value)});
}

// Transactions of this engine run one after another: there is nothing that could conflict.
void RocksTransaction::add_read_conflict(KeyRange range) { rules_.begin_conflict(range); }
void RocksTransaction::add_write_conflict(KeyRange range) { rules_.begin_conflict(range); }

Layer RocksTransaction::commit(CommitStamp const& stamp) {
  rules_.check_commit();
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
