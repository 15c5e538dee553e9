#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/handoff.hpp"

#include <optional>
#include <string>
#include <vector>

/// Handoffs of a project; below P = (t,"project",project): (P,"handoffs",id,chunk) -> Handoff without its claims, in
/// chunks; (P,"handoff_claims",id,claim) -> nothing; (P,"handoff_ids",id) -> nothing.
namespace codi::db {

/// With its claims as they are now.
Task<std::optional<models::Handoff>> get_handoff(Tx& tx, ProjectId project, HandoffId id);

/// Writes a handoff and which claims it speaks of (their state is read with it, not stored).
void put_handoff(Tx& tx, models::Handoff const& handoff);

/// Which handoffs a list shows; all conditions hold together.
struct HandoffFilter {
  std::optional<models::HandoffState> state = {};
  std::optional<std::string> role = {};
  std::optional<SessionId> session = {};  ///< that offered it, or has taken it
};
/// Oldest first.
Task<Result<models::Page<models::Handoff>>> list_handoffs(Tx& tx, ProjectId project, HandoffFilter filter,
                                                          PageRequest page);

}  // namespace codi::db
