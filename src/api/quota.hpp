#pragma once
#include "auth/caller.hpp"
#include "db/usage.hpp"

#include <cstdint>

/// What a tenant may have at once. Quotas are checked before something is added, by transactions that don't see each
/// other: those that run at the same moment may together pass one by what they add.
namespace codi::api {

/// A tenant's own quotas, and the server's where it has none.
models::Quotas effective_quotas(models::Quotas const& own, models::Quotas const& defaults);

/// API-USR-2012 when the caller's tenant has no room for `more` of them.
Task<Result<void>> room_for(db::Tx& tx, auth::Caller const& caller, db::Counted what, std::int64_t more);

/// API-USR-2012 when the tenant's data take more than its quota of storage. Costs nothing where there is none.
Task<Result<void>> room_to_store(db::Tx& tx, auth::Caller const& caller);

}  // namespace codi::api
