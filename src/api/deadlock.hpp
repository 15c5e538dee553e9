#pragma once
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/tx.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <string>
#include <vector>

/// Sessions that wait for each other in a circle.
namespace codi::api {

/// Who waits for whom, from the session on until it comes back to it, a sentence each; empty when it does not.
Task<std::vector<std::string>> find_deadlock(db::Tx& tx, models::Project const& project, models::Session session);

/// CLAIM-USR-3003 with the cycle.
Error deadlock_error(std::vector<std::string> const& steps);

/// CLAIM-USR-3003 when the session waits, over others, for itself: after it was given something.
Task<Result<void>> check_for_deadlock(db::Tx& tx, models::Project const& project, models::Session session);

}  // namespace codi::api
