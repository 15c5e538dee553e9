#pragma once
#include "db/engine.hpp"
#include "models/signing_key.hpp"

#include <string>
#include <vector>

/// Keys that access tokens are signed with. Key: ("system","signing_keys",kid) -> SigningKey.
namespace codi::db {

/// All keys, by kid; writing one; removing one.
Task<std::vector<models::SigningKey>> list_signing_keys(Transaction& transaction);
void put_signing_key(Transaction& transaction, models::SigningKey const& key);
void remove_signing_key(Transaction& transaction, std::string const& kid);

}  // namespace codi::db
