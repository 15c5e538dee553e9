#pragma once
#include "auth/caller.hpp"
#include "base/result.hpp"
#include "db/tx.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <optional>
#include <string>

/// Sessions of callers whose tool knows of none. With a session token that is the token's own session. Else one a user,
/// project and tool: it stands for the user whatever login or API token is shown, starts when something is first done
/// in its name, and ends when nothing has been for a day.
namespace codi::api {

/// The session in whose name the caller would act now; nothing when it has none that has not ended.
Task<std::optional<models::Session>> session_of_caller(db::Tx& tx, auth::Caller const& caller,
                                                       models::Project const& project, std::string tool);

/// Proof that the caller acts for what session_of_caller() gave. Counts as a sign of life.
Result<auth::Acting> act_for_own(db::Tx& tx, auth::Caller const& caller, auth::Permission permission,
                                 models::Session const& session);

/// The same for a session that is started when there is none, under an alias that says whose it is. The caller has the
/// permission already.
Task<Result<auth::Acting>> act_or_start(db::Tx& tx, auth::Permitted const& permitted, auth::Permission permission,
                                        models::Project const& project, std::string tool);

}  // namespace codi::api
