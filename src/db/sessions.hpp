#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Sessions of a project; below P = (t,"project",project): (P,"sessions",id) -> Session; (P,"aliases",folded) -> id of
/// the newest session of that alias; (P,"beats",id) -> time of the last sign of life, and of the end;
/// (P,"numbers",folded template) -> last number given; (P,"user_sessions",user,tool) -> id of the session that stands
/// for the user.
namespace codi::db {

/// The session as it is now: last_seen_at, expires_at and state follow from its last heartbeat, which every request of
/// the session writes: who has no need that it stays as it was read reads it by Isolation::snapshot.
Task<std::optional<models::Session>> get_session(Tx& tx, ProjectId project, SessionId id,
                                                 Isolation of_life = Isolation::serializable);

/// By id or alias (any case); by alias the newest.
Task<std::optional<models::Session>> find_session(Tx& tx, ProjectId project, std::string id_or_alias,
                                                  Isolation of_life = Isolation::serializable);

/// The session that stands for a user where a tool knows of no sessions, ended or not; and the next one.
Task<std::optional<models::Session>> find_user_session(Tx& tx, ProjectId project, UserId user, std::string tool);
void put_user_session(Tx& tx, models::Session const& session, std::string_view tool);

/// Writes a session, its alias and its life.
void put_session(Tx& tx, models::Session const& session);

/// A sign of life now: one key. Returns the session as it then is.
models::Session beat(Tx& tx, models::Session session);

/// The next free number of a template such as `RUST-DEVELOPER-SESSION-N`: the first above the last one given whose
/// alias no session that has not ended bears.
Task<std::uint64_t> allocate_number(Tx& tx, ProjectId project, std::string template_alias);

/// Which sessions a list shows; both conditions hold together.
struct SessionFilter {
  std::optional<models::SessionState> state = {};
  std::optional<std::string> role = {};
};
/// Oldest first.
Task<Result<models::Page<models::Session>>> list_sessions(Tx& tx, ProjectId project, SessionFilter filter,
                                                          PageRequest page);

/// Sessions that have not ended, oldest first: of the limits::kFeedPresentLook newest sessions the `limit` newest.
Task<std::vector<models::Session>> live_sessions(Tx& tx, ProjectId project, std::size_t limit);

/// What decides over the leases of a session: one key.
struct Life {
  Timestamp last_seen{};  ///< the epoch's start when there is no such session
  std::optional<Timestamp> ended_at = {};
};
/// The life of a session; as if it had never been seen when there is no such session.
Task<Life> life_of(Tx& tx, ProjectId project, SessionId id, Isolation isolation = Isolation::serializable);

/// Asks the reaper to look at the session when its lease may have run out.
void watch_session_lease(Tx& tx, models::Session const& session);

}  // namespace codi::db
