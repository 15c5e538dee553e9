#pragma once
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/events.hpp"
#include "db/reports.hpp"
#include "db/role_checks.hpp"
#include "models/gate.hpp"
#include "models/project.hpp"
#include "models/session.hpp"
#include "roles/judge.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the checks of roles come to, by the values that are known.
namespace codi::api {

/// The checks of all roles of a project, by the documents as they are now. Kept by each thread; never null.
Task<std::shared_ptr<db::RoleChecksRecord const>> role_checks_of(db::Tx& tx, ProjectId project);
/// Those of one role; null when it has none.
db::RoleChecks const* checks_of_role(db::RoleChecksRecord const& checks, std::optional<std::string> const& role);

/// What the project calls measures beside the table; empty when it says nothing.
roles::MeasureTable const& measure_table(models::Project const& project);

/// Holds gates and conditions of one role against values.
class Values {
 public:
  /// `fresh` are values that this transaction is about to keep, null: none; all must outlive it.
  Values(db::Tx& tx, models::Project const& project, db::MeasureScope scope, models::Report const* fresh = nullptr)
      : tx_(tx), project_(project), scope_(std::move(scope)), fresh_(fresh) {}

  /// The gate with the newest value of its measure, if there is one.
  Task<models::GateResult> judge(std::string role, models::Gate gate);
  /// Whether the condition is true now; false where nothing was measured.
  Task<bool> holds(std::string role, models::Condition condition);
  /// As own_measure(), read once.
  Task<std::optional<double>> own(std::string role, std::string measure);

 private:
  Task<std::optional<db::LatestValue>> find(std::string role, std::string measure);

  db::Tx& tx_;
  models::Project const& project_;
  db::MeasureScope scope_;
  models::Report const* fresh_;
  std::map<std::pair<std::string, std::string>, std::optional<double>> own_;  // by role and measure
};

/// What codi measures of a role itself; nothing for another measure, and where there is nothing to measure yet.
Task<std::optional<double>> own_measure(db::Tx& tx, ProjectId project, std::string role, std::string measure);

/// What a session is about to do, and who is to have the work then.
struct Undertaking {
  std::string_view what;                    ///< `WORK_COMPLETE`, `HANDOFF`
  std::optional<std::string> to_role = {};  ///< of a handoff to a role
  models::Report const* fresh = nullptr;    ///< what is measured in the same breath
};

/// What the gates of a session's role say to that.
struct GateVerdict {
  std::vector<models::GateResult> failed = {};  ///< limits::kConflictsShown at most; none where the policy is off
  std::optional<Error> refusal = {};            ///< ROLE-USR-4002, without its event
  db::EventDraft event = {};                    ///< GATE_FAILED, of the refusal
};

/// Reads nothing for a session without a role. Gates of what codi measures itself never refuse: what mends them is work
/// that changes hands. Nor is a handoff refused to the role to which a trigger delegates for a condition that is true.
Task<GateVerdict> ask_gates(db::Tx& tx, models::Project const& project, models::Session session, Undertaking doing);

/// Lets an event say which gates had failed; nothing when none had.
void name_failed(db::EventDraft& event, std::vector<models::GateResult> const& failed);

/// `coverage is 90, and must be >= 95 %`.
std::string told(models::GateResult const& result);

}  // namespace codi::api
