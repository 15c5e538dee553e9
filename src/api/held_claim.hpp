#pragma once
#include "auth/caller.hpp"
#include "base/stamp.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <optional>

namespace codi::api {

/// A live claim together with the proof that the caller acts for its holder.
struct HeldClaim {
  models::Claim claim;
  auth::Acting acting;
};

/// Looks up, then judges rights, then the fencing token: a claim that was lost is CLAIM-USR-3002 for who held it. One
/// that has run out is ended on the way.
Task<Result<HeldClaim>> hold_claim(db::Tx& tx, auth::Caller const& caller, models::Project const& project, ClaimId id,
                                   std::optional<Stamp> token);

}  // namespace codi::api
