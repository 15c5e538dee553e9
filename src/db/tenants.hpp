#pragma once
#include "db/tx.hpp"
#include "models/tenant.hpp"

#include <optional>

/// The tenant of a transaction. Key: (t,"tenant") -> Tenant.
namespace codi::db {

/// Nothing when the transaction is bound to a tenant that does not exist.
Task<std::optional<models::Tenant>> get_tenant(Tx& tx);
/// Before get_tenant().
void prefetch_tenant(Tx& tx);
void put_tenant(Tx& tx, models::Tenant const& tenant);

}  // namespace codi::db
