#pragma once
#include "coordination/target.hpp"
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"

#include <vector>

/// Live claims on files, for doors that know of nothing else; of the keys in claims.hpp and claim_index.hpp.
namespace codi::db {

/// Those on exactly this file, whoever holds them.
Task<std::vector<models::Claim>> claims_on_file(Tx& tx, ProjectId project, coordination::Target file);

/// All of the project's, oldest first.
Task<Result<models::Page<models::Claim>>> list_file_claims(Tx& tx, ProjectId project, PageRequest page);

}  // namespace codi::db
