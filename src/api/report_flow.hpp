#pragma once
#include "api/gate_rules.hpp"
#include "base/result.hpp"
#include "db/events.hpp"
#include "models/agent_role.hpp"
#include "models/gate.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// What a report does: it is kept, held against the gates of roles, and sets off their triggers.
namespace codi::api {

/// Measures in the spelling of a project with this table. Errors point into `/measures`: a name without letters and
/// digits, two that are one, one that codi measures itself, a value that is no number.
Result<std::map<std::string, double>> spelt_measures(roles::MeasureTable const& table,
                                                     std::map<std::string, double> const& measures);

/// A report before it is kept. `session` is who measured, if anyone's session did.
Task<models::Report> make_report(db::Tx& tx, models::Project const& project, std::optional<models::Session> session,
                                 std::map<std::string, double> measures);
/// Lets the event that tells of a report name it, with its values.
void name_report(db::EventDraft& event, models::Report const& report);

/// What a report came to.
struct Heard {
  std::vector<models::GateResult> gates;  ///< those that it has a value for
  std::vector<models::Delegation> delegations;
};
/// Keeps a report under the cursor of its event, holds it against the gates of the session's role, or of every role
/// where that has none, and delegates what conditions that have become true demand. Each with its event; all once a
/// fall. `session` is that of make_report().
Task<Result<Heard>> take_report(db::Tx& tx, models::Project const& project, std::optional<models::Session> session,
                                models::Report report, Stamp cursor);

/// Writes the event of a refusal, keeps what was measured in the same breath, and answers the refusal.
Task<std::unexpected<Error>> refuse_for_gates(db::Tx& tx, models::Project const& project, models::Session session,
                                              GateVerdict verdict, std::optional<models::Report> fresh = {});

/// Why a trigger makes a handoff.
struct Cause {
  std::string why;                   ///< for the summary
  std::optional<double> value = {};  ///< that made its condition true
  models::Report const* report = nullptr;
};
/// Offers the work that a trigger speaks of to its role, on behalf of a session of the role; without one, of nobody.
Task<Result<models::Delegation>> delegate(db::Tx& tx, models::Project const& project,
                                          std::optional<models::Session> session, std::string role,
                                          models::Trigger trigger, Cause cause);

}  // namespace codi::api
