#pragma once
#include "db/tx.hpp"
#include "models/role_limits.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What sessions of a role did, counted by day; below P = (t,"project",project): (P,"role_days",role,day,fact) -> how
/// often, changed by adding; (P,"role_events",role,day,fact,epoch,stamp) -> nothing, one for each event that tells of
/// it; (P,"role_accepts",role,day,epoch,stamp) -> how long a handoff waited for a session of the role, in milliseconds,
/// decimal text, under the stamp of the event that tells of it; (P,"declined_work",session,recipient) -> nothing. `day`
/// counts days since 1970. What is older than limits::kRoleFactDays goes when the next thing is counted.
namespace codi::db {

/// What is counted of a role.
enum class RoleFact : std::uint8_t {
  work_decided,       ///< work that its sessions offered, when it was accepted or declined for the first time
  work_approved,      ///< of that: accepted
  claim_lost,         ///< a claim that ended without its session's doing
  boundary_violated,  ///< a claim or edit outside the role's boundaries
};
inline constexpr std::size_t kRoleFacts = 4;

/// Counts without conflict. `event` tells of it, and is pending.
Task<void> count_role_fact(Tx& tx, ProjectId project, std::string role, RoleFact fact, Stamp event,
                           std::int64_t times = 1);
/// A session of the role accepted a handoff that had waited for so long. `event` tells of it, and is pending.
Task<void> note_accept(Tx& tx, ProjectId project, std::string role, Stamp event, std::chrono::milliseconds waited);

/// Whether the last thing that the recipient said to the session's work was no; changes it.
Task<bool> note_declined(Tx& tx, ProjectId project, SessionId session, std::string recipient, bool declined);

/// One day of a role.
struct RoleDay {
  std::int64_t day = 0;  ///< since 1970
  std::array<std::int64_t, kRoleFacts> facts{};
  /// How often.
  [[nodiscard]] std::int64_t of(RoleFact fact) const { return facts[static_cast<std::size_t>(fact)]; }
};
/// The last limits::kRoleFactDays days in which something was counted, oldest first; without conflict.
Task<std::vector<RoleDay>> role_days(Tx& tx, ProjectId project, std::string role);
/// How long handoffs of those days waited, in milliseconds: the last limits::kRoleAccepts; without conflict.
Task<std::vector<double>> role_accepts(Tx& tx, ProjectId project, std::string role);

/// The events behind what was counted on one day, newest first, `limit` at most; without conflict.
Task<std::vector<Stamp>> role_events(Tx& tx, ProjectId project, std::string role, std::int64_t day, RoleFact fact,
                                     std::size_t limit);
/// How long a handoff waited, and the event by which it was accepted.
struct RoleAccept {
  Stamp event;
  double waited_ms = 0;
};
/// Those of one day, newest first, limits::kRoleAccepts at most; without conflict.
Task<std::vector<RoleAccept>> accepts_of_day(Tx& tx, ProjectId project, std::string role, std::int64_t day);

}  // namespace codi::db
