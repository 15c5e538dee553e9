#include "db/store_facts.hpp"

#include "db/keys.hpp"
#include "db/retry.hpp"
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"

#include <fmt/format.h>

#include <array>

namespace codi::db {
namespace {

struct Record {
  std::int64_t schema = kSchemaVersion;
  std::string id;
  std::int64_t epoch = 1;
};
BOOST_DESCRIBE_STRUCT(Record, (), (schema, id, epoch))

}  // namespace
}  // namespace codi::db

template <>
struct codi::reflect::Fields<codi::db::Record> {
  static constexpr std::string_view name = "Store";
  static constexpr std::array fields{field("schema", "Version of keys and values."), field("id", "Id of the store."),
                                     field("epoch", "Raised by a restore.")};
};

namespace codi::db {
namespace {

std::string facts_key() { return make_key({}, "system", "store"); }

// The version is read before anything else is understood: another version may have other members.
void check_schema(std::string const& text) {
  auto const value = reflect::parse_json(text);
  auto const* const object = value ? value->if_object() : nullptr;
  auto const* const schema = object ? object->if_contains("schema") : nullptr;
  if (!schema || !schema->is_int64())
    throw StorageFailure(StorageCode::corrupt, "the store does not say which schema version it has; it is not codi's");
  if (schema->get_int64() != kSchemaVersion)
    throw StorageFailure(StorageCode::corrupt,
                         fmt::format("the store has schema version {}, this build reads version {}: run the build that "
                                     "wrote it, or restore a backup with this one",
                                     schema->get_int64(), kSchemaVersion));
}

Task<Verdict> read_or_make(Transaction& transaction, Record const& fresh, Record& found) {
  auto const text = co_await transaction.get(facts_key());
  if (text) {
    check_schema(*text);
    found = reflect::decode_stored<Record>(*text);
    co_return Verdict::commit;
  }
  constexpr std::string_view kAfterUserKeys = "\xff";
  RangeOptions const one{.limit = 1};
  auto const any = co_await transaction.get_range({"", std::string(kAfterUserKeys)}, one);
  if (!any.rows.empty())
    throw StorageFailure(StorageCode::corrupt, "the store holds data that codi did not write; give it an empty one");
  transaction.set(facts_key(), reflect::encode_text(fresh));
  found = fresh;
  co_return Verdict::commit;
}

}  // namespace

StoreFacts open_store_facts(Engine& engine, Random& random) {
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

}  // namespace codi::db
