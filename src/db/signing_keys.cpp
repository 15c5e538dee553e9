#include "db/signing_keys.hpp"

#include "db/keys.hpp"
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"

namespace codi::db {
namespace {

std::string prefix() { return make_key({}, "system", "signing_keys"); }

}  // namespace

Task<std::vector<models::SigningKey>> list_signing_keys(Transaction& transaction) {
  std::vector<models::SigningKey> keys;
  auto range = tuple::range_below(prefix());
  for (;;) {
    auto const found = co_await transaction.get_range(range);
    for (auto const& row : found.rows) {
      keys.push_back(reflect::decode_stored<models::SigningKey>(row.value));
      range.begin = row.key + '\0';
    }
    if (!found.more) co_return keys;
  }
}

void put_signing_key(Transaction& transaction, models::SigningKey const& key) {
  transaction.set(make_key(prefix(), key.kid), reflect::encode_text(key));
}

void remove_signing_key(Transaction& transaction, std::string const& kid) {
  transaction.clear(make_key(prefix(), kid));
}

}  // namespace codi::db
