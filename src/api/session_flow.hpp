#pragma once
#include "auth/caller.hpp"
#include "db/events.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// How sessions begin and end, each with its event in the same transaction.
namespace codi::api {

/// What a new session says about itself.
struct SessionDraft {
  std::optional<std::string> alias =
      {};  ///< one that ends in a literal `-N` gets the next number; none: made from the role
  std::optional<std::string> role = {};  ///< none: read from the alias when it is `ROLE-SESSION-N`
  std::optional<std::string> tool = {};
  std::optional<std::string> branch = {};
  std::optional<std::string> worktree = {};
  std::optional<std::string> host = {};
  std::optional<std::int64_t> pid = {};
  std::int64_t ttl_seconds = limits::kSessionTtlSecondsDefault;
  bool stands_for_user = false;  ///< whatever credential starts it; see user_session.hpp
};

/// A session that was just started.
struct StartedSession {
  models::Session session;
  std::string token;  ///< secret: acts for the session and reads its project
  models::Event event;
};

/// Starts a session. API-USR-2003 when its alias is borne by one that has not ended. `said` replaces text and data of
/// the SESSION_START event.
Task<Result<StartedSession>> start_session(db::Tx& tx, models::Project const& project, auth::Permitted const& permitted,
                                           SessionDraft draft, std::optional<db::EventDraft> said = {});

/// Marks the session's work complete; it stays active, with its claims. The caller writes the event.
void mark_complete(db::Tx& tx, models::Session session);

/// Ends a session that has not been ended: its claims are over, its token dies, and one SESSION_END event says so. What
/// end_some_claims() leaves is the reaper's.
Task<models::Event> end_session(db::Tx& tx, models::Project const& project, models::Session session, std::string reason,
                                std::optional<db::EventDraft> said = {});

/// Ends an EndBudget of claims of a session that ends or has ended; when that is not all, the reaper is asked to go on.
/// Returns those that it ended.
Task<std::vector<models::Claim>> end_some_claims(db::Tx& tx, models::Project const& project, SessionId session);

}  // namespace codi::api
