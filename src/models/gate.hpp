#pragma once
#include "models/agent_role.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace codi {

struct ReportTag {
  static constexpr std::string_view name = "report";
};
/// Strong id: no other can be passed for it.
using ReportId = Id<ReportTag>;

}  // namespace codi

namespace codi::models {

/// A check of a role beside the value that it was held against.
struct GateResult {
  std::string role;
  std::string name;
  std::string measure;
  Comparison op;
  double threshold = 0;
  std::string unit;
  std::optional<std::string> statistic;
  std::optional<double> value;
  std::optional<bool> passed;
  std::optional<std::string> branch;
  std::optional<ReportId> report_id;
  std::optional<Timestamp> measured_at;
};
BOOST_DESCRIBE_STRUCT(GateResult, (),
                      (role, name, measure, op, threshold, unit, statistic, value, passed, branch, report_id,
                       measured_at))

/// A handoff that a trigger made.
struct Delegation {
  HandoffId handoff_id;
  std::string role;
  std::string to_role;
  Trigger trigger;
  std::optional<double> value;
};
BOOST_DESCRIBE_STRUCT(Delegation, (), (handoff_id, role, to_role, trigger, value))

/// Measurements, as they were sent.
struct Report {
  ReportId id;
  ProjectId project_id;
  std::optional<SessionId> session_id;
  std::optional<std::string> session_alias;
  std::optional<std::string> role;
  std::optional<std::string> commit;
  std::optional<std::string> branch;
  std::map<std::string, double> measures;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Report, (),
                      (id, project_id, session_id, session_alias, role, commit, branch, measures, created_at,
                       updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::GateResult> {
  static constexpr std::string_view name = "GateResult";
  static constexpr std::array fields{
      field("role", "Role whose check it is."),
      field("name", "What the role's document calls it."),
      field("measure", "Name of the measured value in reports."),
      field("op", "How the value must compare with the threshold."),
      field("threshold", "The number as it is written: 95 of `95%`."),
      field("unit", "Of the threshold; empty for a plain number."),
      field("statistic", "Of many values: `p95`, `median`, `mean`."),
      field("value", "The latest value, as it was reported; null: it was not measured."),
      field("passed", "Whether the value passes; null: it was not measured."),
      field("branch", "Branch that the value is of."),
      field("report_id", "Report that has the value; null for one that codi measures itself."),
      field("measured_at", "When it was reported; null for one that codi measures itself."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Delegation> {
  static constexpr std::string_view name = "Delegation";
  static constexpr std::array fields{
      field("handoff_id", "The handoff that offers the work."),
      field("role", "Role whose trigger it was."),
      field("to_role", "Role that the work is offered to."),
      field("trigger", "The trigger, as its document has it."),
      field("value", "The value that made its condition true; null: somebody pulled it."),
  };
};

/// The documents of members that reports of different make share.
namespace codi::models::report_fields {
using reflect::field;

/// Those of Report, in its order.
constexpr std::array kReport{
    field("id", "Id of the report."),
    field("project_id", "Project of the report."),
    field("session_id", "Session that sent it; null: none did."),
    field("session_alias", "Alias of that session."),
    field("role", "Role whose checks it was held to; null: those of every role."),
    field("commit", "Commit that was measured.").length(1, limits::kNameBytes),
    field("branch", "Branch that was measured.").length(1, limits::kNameBytes),
    field("measures", "Values by the name of their measure."),
    field("created_at", "When it came."),
    field("updated_at", "Same as `created_at`: reports don't change."),
};

}  // namespace codi::models::report_fields

template <>
struct codi::reflect::Fields<codi::models::Report> {
  static constexpr std::string_view name = "StoredReport";
  static constexpr auto fields = codi::models::report_fields::kReport;
};
