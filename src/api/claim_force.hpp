#pragma once
#include "auth/caller.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <string>

namespace codi::api {

/// Takes a live claim away from its holder, with a FILE_RELEASE event that says so and an entry in the audit log;
/// `permitted` is for Permission::claim_force. Returns the claim as it then is.
Task<models::Claim> force_claim(db::Tx& tx, models::Project const& project, auth::Permitted const& permitted,
                                models::Claim claim, std::string reason);

}  // namespace codi::api
