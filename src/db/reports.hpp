#pragma once
#include "db/tx.hpp"
#include "models/gate.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// What was measured in a project; below P = (t,"project",project): (P,"reports",epoch,stamp) -> Report, under the
/// stamp of its event; (P,"latest",measure,scope,branch) -> LatestValue, scope 0: of whatever branch, 1: of reports
/// that name none, 2: of one branch; (P,"fallen",role,what,scope,branch) -> id of the report since which it is so.
namespace codi::db {

/// The newest value of a measure.
struct LatestValue {
  double value = 0;
  std::optional<std::string> branch;
  ReportId report_id;
  Timestamp at;
};
BOOST_DESCRIBE_STRUCT(LatestValue, (), (value, branch, report_id, at))

/// Of which reports a value is wanted.
struct MeasureScope {
  bool any_branch = false;                 ///< the newest, whatever its branch
  std::optional<std::string> branch = {};  ///< else of this branch; none: of reports that name none
};

/// A report under the cursor of the event that tells of it, which is pending; its values are the newest of its branch
/// from then on.
void put_report(Tx& tx, models::Report const& report, Stamp const& cursor);

/// The newest value; of a branch that has none, that of reports which name no branch. Without conflict: who decides by
/// it does not wait for whoever reports at the same moment.
Task<std::optional<LatestValue>> latest_value(Tx& tx, ProjectId project, std::string measure, MeasureScope scope);

/// A report as it is kept, with its event's cursor.
struct KeptReport {
  Stamp cursor;
  models::Report report;
};
/// Reports that came at `since` or later, newest first; `limit` at most.
Task<std::vector<KeptReport>> newest_reports(Tx& tx, ProjectId project, Timestamp since, std::size_t limit);

/// Removes reports up to that of the event at `newest`, from that behind `horizon` on.
void remove_old_reports(Tx& tx, ProjectId project, std::optional<Stamp> horizon, Stamp const& newest);

/// Something of a role (a gate that fails, a condition that holds) on a branch, or on none.
struct Fall {
  std::string role;
  std::string what;
  std::optional<std::string> branch = {};
};
/// Keeps whether it is so, since the report. True when it was not so before and now is: it fell.
Task<bool> note_fall(Tx& tx, models::Report const& report, Fall fall, bool is_so);
/// Of a role that is gone.
void forget_falls(Tx& tx, ProjectId project, std::string const& role);

}  // namespace codi::db

template <>
struct codi::reflect::Fields<codi::db::LatestValue> {
  static constexpr std::string_view name = "LatestValue";
  static constexpr std::array fields{field("value", "As it was reported."), field("branch", "Branch of the report."),
                                     field("report_id", "The report."), field("at", "When it came.")};
};
