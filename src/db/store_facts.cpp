#include "db/store_facts.hpp"

#include "db/keys.hpp"
#include "db/retry.hpp"
#include "db/store_check.hpp"
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

namespace codi::db {
namespace {

struct Record {
  std::int64_t schema = kSchemaVersion;
  std::string id;
  std::int64_t epoch = 1;
  std::optional<bool> restoring = {};
};
BOOST_DESCRIBE_STRUCT(Record, (), (schema, id, epoch, restoring))

}  // namespace
}  // namespace codi::db

template <>
struct codi::reflect::Fields<codi::db::Record> {
  static constexpr std::string_view name = "Store";
  static constexpr std::array fields{field("schema", "Version of keys and values."), field("id", "Id of the store."),
                                     field("epoch", "Raised by a restore."),
                                     field("restoring", "True while a backup is written into it.")};
};

namespace codi::db {
namespace {

// The version is read before anything else is understood: another version may have other members.
void check_schema(std::string const& text) {
  auto const value = reflect::parse_json(text);
  auto const* const object = value ? value->if_object() : nullptr;
  auto const* const schema = object ? object->if_contains("schema") : nullptr;
  if (!schema || !schema->is_int64())
    throw StorageFailure(StorageCode::corrupt, "the store does not say which schema version it has; it is not codi's");
  if (schema->get_int64() > kSchemaVersion)
    throw StorageFailure(
        StorageCode::corrupt,
        fmt::format("the store has schema version {}, and this codi reads version {}: a newer codi wrote it. Run that "
                    "one, or restore a backup of before the upgrade into an empty folder",
                    schema->get_int64(), kSchemaVersion));
  if (schema->get_int64() < kSchemaVersion)
    throw StorageFailure(StorageCode::corrupt,
                         fmt::format("the store has schema version {}, which no release of codi wrote; this one reads "
                                     "version {}",
                                     schema->get_int64(), kSchemaVersion));
}

Record usable_record(std::string const& text) {
  check_schema(text);
  auto out = reflect::decode_stored<Record>(text);
  if (out.restoring.value_or(false))
    throw StorageFailure(StorageCode::corrupt,
                         "a restore into this store was begun and not finished: restore again, into an empty one");
  return out;
}

Task<bool> is_empty(Transaction& transaction) {
  RangeOptions const one{.limit = 1};
  auto const any = co_await transaction.get_range({"", std::string(kEndOfKeys)}, one);
  bool const none = any.rows.empty();
  co_return none;
}

Task<Verdict> read_or_make(Transaction& transaction, Record const& fresh, Record& found) {
  auto const text = co_await transaction.get(store_facts_key());
  if (text) {
    found = usable_record(*text);
    co_return Verdict::commit;
  }
  auto const empty = co_await is_empty(transaction);
  if (!empty)
    throw StorageFailure(StorageCode::corrupt, "the store holds data that codi did not write; give it an empty one");
  transaction.set(store_facts_key(), reflect::encode_text(fresh));
  found = fresh;
  co_return Verdict::commit;
}

Task<Verdict> read_facts(Transaction& transaction, std::optional<std::string>& found) {
  found = co_await transaction.get(store_facts_key());
  co_return Verdict::commit;
}

Task<Verdict> mark_restoring(Transaction& transaction, std::string store_id) {
  auto const empty = co_await is_empty(transaction);
  if (!empty) throw StorageFailure(StorageCode::corrupt, "the store is not empty: a backup is restored into a new one");
  Record const record{.id = std::move(store_id), .epoch = 0, .restoring = true};
  transaction.set(store_facts_key(), reflect::encode_text(record));
  co_return Verdict::commit;
}

Task<Verdict> write_facts(Transaction& transaction, StoreFacts facts) {
  Record const record{.id = facts.id, .epoch = facts.epoch};
  transaction.set(store_facts_key(), reflect::encode_text(record));
  co_return Verdict::commit;
}

}  // namespace

StoreFacts open_store_facts(Engine& engine, Random& random) {
  // What is there needs no write, which a store that is read only would refuse.
  if (auto const stored = peek_store_facts(engine)) {
    auto const known = usable_record(*stored);
    return {known.id, static_cast<std::uint32_t>(known.epoch)};
  }
  Uuid id;
  random.fill(std::as_writable_bytes(std::span(id.bytes)));
  constexpr std::uint8_t kVersion4 = 0x40;  // RFC 9562 section 5.4
  constexpr std::uint8_t kVariant = 0x80;
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | kVersion4);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | kVariant);
  Record const fresh{.id = to_string(id)};
  Record found;
  run_write_blocking(engine, [&](Transaction& t) { return read_or_make(t, fresh, found); });
  return {found.id, static_cast<std::uint32_t>(found.epoch)};
}

std::optional<std::string> peek_store_facts(Engine& engine) {
  std::optional<std::string> found;
  run_read_blocking(engine, [&found](Transaction& t) { return read_facts(t, found); });
  return found;
}

void check_store_facts(std::string const& text) { static_cast<void>(usable_record(text)); }

std::string store_facts_key() { return make_key({}, "system", "store"); }

void begin_restore(Engine& engine, std::string const& store_id) {
  auto const body = [&store_id](Transaction& transaction) { return mark_restoring(transaction, store_id); };
  run_write_blocking(engine, body);
}

void finish_restore(Engine& engine, StoreFacts const& facts) {
  auto const body = [&facts](Transaction& transaction) { return write_facts(transaction, facts); };
  run_write_blocking(engine, body);
}

}  // namespace codi::db
