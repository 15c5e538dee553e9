#pragma once
#include "coordination/target.hpp"
#include "db/tx.hpp"
#include "models/conflict.hpp"
#include "models/project.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// Who owns what, by the CODEOWNERS of a project.
namespace codi::api {

/// What CODEOWNERS says of a target.
struct Ownership {
  std::vector<std::string> owners = {};
  std::optional<std::size_t> line = {};  ///< of the rule that decides
};

/// In the targets' order; nothing where the project has no CODEOWNERS, and from where looking on would take more than
/// limits::kOwnerSteps. Reads one row unless the document is new to this thread.
Task<std::vector<std::optional<Ownership>>> owners_of(db::Tx& tx, models::Project const& project,
                                                      std::vector<coordination::Target> targets);

/// Claims that stand in the way, with the owners of what they are laid on.
Task<std::vector<models::Conflict>> with_owners(db::Tx& tx, models::Project const& project,
                                                std::vector<models::Claim> claims);

}  // namespace codi::api
