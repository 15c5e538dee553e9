#pragma once
#include "db/paging.hpp"
#include "db/retention.hpp"
#include "db/tx.hpp"
#include "models/event.hpp"
#include "models/session.hpp"

#include <optional>
#include <string>
#include <vector>

/// The work log of a project; below P = (t,"project",project): (P,"events",epoch,stamp,chunk) -> Event without its
/// cursor, in chunks; (P,"session_events",session,epoch,stamp) and (P,"action_events",action,epoch,stamp) -> nothing;
/// (P,"tail") -> stamp of the last; (P,"horizon") -> stamp of the newest that was removed.
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

/// Events in commit order, oldest first. `after` is the cursor of an event; `next` is the cursor to go on from. A
/// cursor from before the horizon is refused as expired: what came behind it is no longer all there.
Task<Result<models::Page<reflect::JsonOf<models::Event>>>> list_events(Tx& tx, ProjectId project, EventFilter filter,
                                                                       PageRequest page);

/// The last events that match, oldest first, without a `next`; `after` is not looked at. Looks at about
/// limits::kScanKeysPerPage events at most, from the last on.
Task<Result<models::Page<reflect::JsonOf<models::Event>>>> newest_events(Tx& tx, ProjectId project, EventFilter filter,
                                                                         PageRequest page);

/// The stamp of the newest event that was removed for its age; nothing as long as the log is whole.
Task<std::optional<Stamp>> log_horizon(Tx& tx, ProjectId project);

/// Where a log ends, and what to watch for more.
struct LogTail {
  std::string key;                         ///< changes with every event
  std::optional<std::string> stored = {};  ///< its value; nothing before the first event, and of a project that is gone
  Stamp last = {};  ///< of the newest event; zero, which is before every event, when there is none
};
/// As it is in this transaction.
Task<LogTail> log_tail(Tx& tx, ProjectId project);

/// Removes events of `until` or before, from the oldest on, with the reports that they tell of, and moves the horizon
/// behind them. Ends at the first that stays, after limits::kRetentionEvents of them, or after limits::kRangeBytes.
Task<OldRows> remove_old_events(Tx& tx, ProjectId project, Timestamp until);

}  // namespace codi::db
