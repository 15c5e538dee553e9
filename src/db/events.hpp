#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/event.hpp"
#include "models/session.hpp"

#include <optional>
#include <string>
#include <vector>

/// The work log of a project; below P = (t,"project",project): (P,"events",epoch,stamp,chunk) -> Event without its
/// cursor, in chunks; (P,"session_events",session,epoch,stamp) and (P,"action_events",action,epoch,stamp) -> nothing;
/// (P,"tail") -> stamp of the last.
namespace codi::db {

/// What an event says; who and when come from the transaction.
struct EventDraft {
  std::string action;
  std::string text;
  std::vector<std::string> paths = {};
  json::object data = {};
};

/// Appends an event in this transaction; its cursor is pending until the commit. `session` is whose doing it is, if
/// anyone's.
models::Event append_event(Tx& tx, ProjectId project, models::Session const* session, EventDraft draft);

/// Which events a list shows; all conditions hold together.
struct EventFilter {
  std::optional<SessionId> session = {};
  std::optional<std::string> action = {};
  std::optional<std::string> path = {};  ///< canonical; all below it when it ends in `/`
  std::optional<Timestamp> since = {};
};

/// Events in commit order, oldest first. `after` is the cursor of an event; `next` is the cursor to go on from.
Task<Result<models::Page<reflect::JsonOf<models::Event>>>> list_events(Tx& tx, ProjectId project, EventFilter filter,
                                                                       PageRequest page);

}  // namespace codi::db
