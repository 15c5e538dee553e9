#pragma once
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/tx.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <optional>
#include <string>
#include <vector>

/// Sessions that wait for each other in a circle.
namespace codi::api {

/// Who waits for whom, from a session on until it comes back to it.
struct Cycle {
  TicketId ticket;                 ///< of the session, with which it waits so
  std::vector<std::string> steps;  ///< a sentence each
};
/// Nothing when it does not come back to the session.
Task<std::optional<Cycle>> find_deadlock(db::Tx& tx, models::Project const& project, models::Session session);

/// All of it in one sentence.
std::string told(Cycle const& cycle);
/// CLAIM-USR-3003 with the cycle.
Error deadlock_error(Cycle const& cycle);

/// CLAIM-USR-3003 when the session waits, over others, for itself: after it was given something.
Task<Result<void>> check_for_deadlock(db::Tx& tx, models::Project const& project, models::Session session);

}  // namespace codi::api
