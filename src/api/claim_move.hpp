#pragma once
#include "auth/caller.hpp"
#include "coordination/target.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <vector>

namespace codi::api {

/// A file or directory that has another name now.
struct Rename {
  coordination::Target from;
  coordination::Target to;
};

/// Moves the session's claims on `from` and on all below it, patterns too, to where they lie now, under a new fencing
/// token: all or none. A conflict there is refused as grant_claims() refuses one. What the session holds there already
/// takes the place of what would move there, and is exclusive if that was. Those who wait for the old places are
/// served. API-USR-2002 when the session holds nothing at `from`.
Task<Result<std::vector<models::Claim>>> rename_claims(db::Tx& tx, models::Project const& project,
                                                       auth::Acting const& acting, Rename rename);

}  // namespace codi::api
