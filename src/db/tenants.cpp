#include "db/tenants.hpp"

namespace codi::db {

Task<std::optional<models::Tenant>> get_tenant(Tx& tx) { return tx.find<models::Tenant>(tx.key("tenant")); }

void prefetch_tenant(Tx& tx) { tx.prefetch(tx.key("tenant")); }

void put_tenant(Tx& tx, models::Tenant const& tenant) { tx.put(tx.key("tenant"), tenant); }

}  // namespace codi::db
