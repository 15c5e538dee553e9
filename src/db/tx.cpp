#include "db/tx.hpp"

#include <bit>
#include <cstring>

namespace codi::db {

Task<RangeRows> Tx::get_below(TenantKey prefix, RangeOptions options, std::optional<TenantKey> from) {
  auto range = tuple::range_below(prefix.bytes());
  if (from && options.reverse) range.end = from->bytes();
  if (from && !options.reverse) range.begin = from->bytes() + '\0';
  if (options.isolation == Isolation::serializable) count_read(range.begin.size() + range.end.size());
  return below_.get_range(std::move(range), options);
}

KeyRange Tx::ids_below(TenantKey const& prefix) {
  constexpr char kUuidCode = 0x30;  // of the tuple encoding
  return {.begin = prefix.bytes() + kUuidCode, .end = prefix.bytes() + static_cast<char>(kUuidCode + 1)};
}

Task<RangeRows> Tx::get_ids_below(TenantKey prefix, RangeOptions options, std::optional<TenantKey> from) {
  auto range = ids_below(prefix);
  if (from) range.begin = from->bytes() + '\0';
  if (options.isolation == Isolation::serializable) count_read(range.begin.size() + range.end.size());
  return below_.get_range(std::move(range), options);
}

Task<bool> Tx::any_below(TenantKey prefix) {
  auto const rows = co_await get_below(std::move(prefix), {.limit = 1});
  co_return !rows.rows.empty();
}

namespace {

constexpr std::size_t kStampTail = 12;  // of a packed stamp: 10 bytes of commit, 2 of order

// Calls write(i, chunk) for each chunk; an empty value is one empty chunk.
template <class Write>
void for_each_chunk(std::string_view value, Write write) {
  std::int64_t i = 0;
  do {
    write(i++, value.substr(0, limits::kChunkBytes));
    value.remove_prefix(std::min(value.size(), limits::kChunkBytes));
  } while (!value.empty());
}

}  // namespace

void Tx::set_under_stamp(TenantKey const& prefix, Stamp const& stamp, std::string_view value) {
  auto const key = make_key(prefix.bytes(), stamp);
  count_write(key.size(), value.size());
  below_.set_stamped_key(key, key.size() - kStampTail, value);
}

void Tx::put_chunks(TenantKey const& prefix, std::string_view value) {
  clear_below(prefix);
  for_each_chunk(value, [&](std::int64_t i, std::string_view chunk) { set(key_at(prefix, make_key({}, i)), chunk); });
}

void Tx::put_chunks_under_stamp(TenantKey const& prefix, Stamp const& stamp, std::string_view value) {
  auto const offset = make_key(prefix.bytes(), stamp).size() - kStampTail;
  for_each_chunk(value, [&](std::int64_t i, std::string_view chunk) {
    auto const key = make_key(prefix.bytes(), stamp, i);
    count_write(key.size(), chunk.size());
    below_.set_stamped_key(key, offset, chunk);
  });
}

Task<std::optional<std::string>> Tx::get_chunks(TenantKey prefix) {
  std::optional<std::string> out;
  std::optional<TenantKey> from;
  for (;;) {
    auto const rows = co_await get_below(prefix, {}, from);
    for (auto const& row : rows.rows) out = out.value_or("") + row.value;
    if (!rows.more) co_return out;
    from = TenantKey(rows.rows.back().key);
  }
}

void Tx::set_stamped(TenantKey const& key, Stamp const& stamp, std::string_view value) {
  constexpr std::size_t kEpochBytes = 4;
  auto text = stamp_bytes(stamp);
  text += value;
  count_write(key.bytes().size(), text.size());
  below_.set_stamped_value(key.bytes(), text, kEpochBytes);
  stamped_[key.bytes()] = {stamp, std::string(value)};
}

Task<std::optional<StampedText>> Tx::get_stamped(TenantKey key) {
  if (auto const own = stamped_.find(key.bytes()); own != stamped_.end()) co_return own->second;
  auto const stored = co_await get(std::move(key));
  if (!stored) co_return std::nullopt;
  auto const parts = split_stamped(*stored);
  co_return StampedText{parts.stamp, std::string(parts.value)};
}

void Tx::due(Due const& due) {
  auto const key = due_key(tenant_, due);
  count_write(key.size(), 0);
  below_.set(key, "");
}

void Tx::not_due(Due const& due) {
  auto const key = due_key(tenant_, due);
  count_write(key.size(), 0);
  below_.clear(key);
}

StampedValue split_stamped(std::string_view stored) {
  auto const stamp =
      stored.size() >= kStampBytesSize ? stamp_from_bytes(stored.substr(0, kStampBytesSize)) : std::nullopt;
  if (!stamp) throw StorageFailure(StorageCode::corrupt, "a stamped value has no stamp");
  return {*stamp, stored.substr(kStampBytesSize)};
}

std::int64_t number_added(std::string_view stored) {
  static_assert(std::endian::native == std::endian::little);
  std::int64_t out = 0;
  if (stored.size() != sizeof out) throw StorageFailure(StorageCode::corrupt, "a counter is not 8 bytes long");
  std::memcpy(&out, stored.data(), sizeof out);
  return out;
}

Stamp stamp_of_suffix(std::string_view suffix) {
  tuple::Unpacker parts(suffix);
  auto const epoch = parts.integer();
  auto const stamp = epoch ? parts.versionstamp() : std::nullopt;
  if (!stamp || !parts.at_end()) throw StorageFailure(StorageCode::corrupt, "a key does not end in a stamp");
  return Stamp{static_cast<std::uint32_t>(*epoch), stamp->commit, stamp->order};
}

std::string due_key(TenantId tenant, Due const& due) {
  auto const shard = due.id.bytes.back() % kDueShards;
  return make_key({}, "system", "due", shard, due.at.ms, tenant, static_cast<std::int64_t>(due.kind), due.scope,
                  due.id);
}

}  // namespace codi::db
