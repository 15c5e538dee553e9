#pragma once
#include "base/limits.hpp"
#include "models/role_limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi {

struct AgentRoleTag {
  static constexpr std::string_view name = "role";
};
struct RoleLoanTag {
  static constexpr std::string_view name = "loan";
};
/// Strong ids: one cannot be passed for another.
using AgentRoleId = Id<AgentRoleTag>;
using RoleLoanId = Id<RoleLoanTag>;

}  // namespace codi

namespace codi::models {

/// How a measured value is held against a threshold.
class Comparison {
 public:
  /// `<`, `<=`, `>`, `>=`, `==`, in this order.
  enum class Kind : std::uint8_t { less, at_most, greater, at_least, equal };
  Comparison() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a kind is a comparison
  constexpr Comparison(Kind kind) : kind_(kind) {}
  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  /// `<`, `<=`, `>`, `>=`, `==`.
  [[nodiscard]] std::string_view text() const {
    constexpr std::array<std::string_view, 5> kTexts{"<", "<=", ">", ">=", "=="};
    return kTexts[static_cast<std::size_t>(kind_)];
  }
  /// Nothing for another text.
  static std::optional<Comparison> of(std::string_view text) {
    for (auto const kind : {Kind::less, Kind::at_most, Kind::greater, Kind::at_least, Kind::equal})
      if (Comparison(kind).text() == text) return Comparison(kind);
    return std::nullopt;
  }
  bool operator==(Comparison const&) const = default;

  /// The hooks of reflect::CustomJson.
  static std::string from_json(json::value const& in, Comparison& out) {
    auto const read = in.is_string() ? of(in.get_string()) : std::nullopt;
    if (!read) return "must be one of: <, <=, >, >=, ==";
    out = *read;
    return {};
  }
  [[nodiscard]] json::value to_json() const { return json::string(text()); }
  static json::object json_schema() { return {{"type", "string"}, {"enum", json::array{"<", "<=", ">", ">=", "=="}}}; }

 private:
  Kind kind_ = Kind::at_least;
};

/// What a role owns, and what the document says beside it.
struct Boundary {
  std::string target;
  std::optional<std::string> note;
  bool operator==(Boundary const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Boundary, (), (target, note))

/// One end of a contract: another role, and what passes between the two.
struct RoleLink {
  std::string role;
  std::optional<std::string> what;
  bool operator==(RoleLink const&) const = default;
};
BOOST_DESCRIBE_STRUCT(RoleLink, (), (role, what))

/// Under which heading a check was read.
enum class GateOrigin : std::uint8_t { quality_standard, success_metric };
BOOST_DESCRIBE_ENUM(GateOrigin, quality_standard, success_metric)

/// A check that a measured value passes or fails.
struct Gate {
  std::string name;
  std::string measure;
  Comparison op;
  double threshold = 0;
  std::string unit;
  std::optional<std::string> statistic;
  std::optional<GateOrigin> origin;
  std::optional<std::string> text;
  bool operator==(Gate const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Gate, (), (name, measure, op, threshold, unit, statistic, origin, text))

/// A condition of a trigger that a measured value decides.
struct Condition {
  std::string measure;
  Comparison op;
  double threshold = 0;
  std::string unit;
  std::optional<std::string> statistic;
  bool operator==(Condition const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Condition, (), (measure, op, threshold, unit, statistic))

enum class TriggerKind : std::uint8_t { delegate, escalate };
BOOST_DESCRIBE_ENUM(TriggerKind, delegate, escalate)

/// When a role hands work to another.
struct Trigger {
  TriggerKind kind = TriggerKind::delegate;
  std::string to;
  std::string when;
  std::optional<Condition> condition;
  bool operator==(Trigger const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Trigger, (), (kind, to, when, condition))

/// An example workflow, which a session can work through.
struct Workflow {
  std::string name;
  std::vector<std::string> steps;
  bool operator==(Workflow const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Workflow, (), (name, steps))

/// All that a role document says that codi understands, and what it keeps for people to read.
struct RoleContent {
  std::string purpose;
  std::vector<std::string> capabilities;
  std::vector<Boundary> boundaries;
  std::vector<RoleLink> depends_on;
  std::vector<RoleLink> provides_to;
  std::vector<Gate> gates;
  std::vector<Trigger> triggers;
  std::vector<std::string> metrics;
  std::vector<Workflow> workflows;
  std::vector<std::string> tasks;
  std::vector<std::string> patterns;
  std::vector<std::string> anti_patterns;
  std::vector<std::string> advice;
  bool operator==(RoleContent const&) const = default;
};
BOOST_DESCRIBE_STRUCT(RoleContent, (),
                      (purpose, capabilities, boundaries, depends_on, provides_to, gates, triggers, metrics, workflows,
                       tasks, patterns, anti_patterns, advice))

/// Something that whoever wrote a document may want to know; nothing is lost by it.
struct RoleFinding {
  std::optional<std::int64_t> line;
  std::string message;
  bool operator==(RoleFinding const&) const = default;
};
BOOST_DESCRIBE_STRUCT(RoleFinding, (), (line, message))

/// A role of a project: an agent's definition.
struct AgentRole : RoleContent {
  AgentRoleId id;
  ProjectId project_id;
  std::string name;
  std::optional<std::string> source;
  std::map<std::string, std::int64_t> lines;
  std::vector<RoleFinding> findings;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(AgentRole, (RoleContent), (id, project_id, name, source, lines, findings, created_at, updated_at))

/// What a role lets another work on for a time.
struct RoleLoan {
  RoleLoanId id;
  ProjectId project_id;
  std::string role;
  std::string to_role;
  std::string path;
  Timestamp until;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(RoleLoan, (), (id, project_id, role, to_role, path, until, created_at, updated_at))

/// What is wrong between roles, and where it is said.
struct LintFinding {
  std::string rule;
  std::string message;
  std::vector<std::string> roles;
  std::vector<std::string> paths;
  std::optional<std::string> file;
  std::optional<std::int64_t> line;
  bool operator==(LintFinding const&) const = default;
};
BOOST_DESCRIBE_STRUCT(LintFinding, (), (rule, message, roles, paths, file, line))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Boundary> {
  static constexpr std::string_view name = "Boundary";
  static constexpr std::array fields{
      field("target", "File, directory (`src/api/`, with all below), pattern or resource that the role owns.")
          .length(1, limits::kTargetBytes),
      field("note", "What the document says beside it.").length(0, limits::kRoleTextBytes),
  };
};
template <>
struct codi::reflect::Fields<codi::models::RoleLink> {
  static constexpr std::string_view name = "RoleLink";
  static constexpr std::array fields{
      field("role", "The other role.").length(1, limits::kRoleNameBytes),
      field("what", "What passes between the two.").length(0, limits::kRoleTextBytes),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Gate> {
  static constexpr std::string_view name = "Gate";
  static constexpr std::array fields{
      field("name", "What the document calls it.").length(1, limits::kRoleTextBytes),
      field("measure", "Name of the measured value in reports, such as `coverage`.").length(1, limits::kNameBytes),
      field("op", "How the value must compare with the threshold."),
      field("threshold", "The number as it is written: 95 of `95%`."),
      field("unit", "`%`, `ms` and so on; empty for a plain number.").length(0, limits::kNameBytes),
      field("statistic", "Of many values: `p95`, `median`, `mean`.").length(1, limits::kNameBytes),
      field("origin", "Whether it is a quality standard or a success metric."),
      field("text", "The line that it was read from.").length(0, limits::kRoleTextBytes),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Condition> {
  static constexpr std::string_view name = "TriggerCondition";
  static constexpr std::array fields{
      field("measure", "Name of the measured value in reports.").length(1, limits::kNameBytes),
      field("op", "How the value must compare with the threshold for the trigger to fire."),
      field("threshold", "The number as it is written."),
      field("unit", "`%`, `ms` and so on; empty for a plain number.").length(0, limits::kNameBytes),
      field("statistic", "Of many values: `p95`, `median`, `mean`.").length(1, limits::kNameBytes),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Trigger> {
  static constexpr std::string_view name = "Trigger";
  static constexpr std::array fields{
      field("kind", "delegate hands a part of the work over, escalate asks for a decision."),
      field("to", "The role that it goes to.").length(1, limits::kRoleNameBytes),
      field("when", "When, as it is written.").length(1, limits::kRoleTextBytes),
      field("condition", "The same where a measured value decides; null: a person or an agent must judge."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Workflow> {
  static constexpr std::string_view name = "Workflow";
  static constexpr std::array fields{
      field("name", "What it is called.").length(1, limits::kRoleTextBytes),
      field("steps", "In their order, without numbers.")
          .items(0, limits::kWorkflowSteps)
          .length(1, limits::kRoleTextBytes),
  };
};

/// The documents of members that inputs share with the resource.
namespace codi::models::role_fields {
using reflect::field;
using reflect::Field;

/// A list of texts within the limits of a role.
constexpr Field list_of_texts(std::string_view name, std::string_view doc) {
  return field(name, doc).items(0, limits::kRoleItems).length(1, limits::kRoleTextBytes);
}
/// Those of RoleContent, in its order.
constexpr std::array kContent{
    field("purpose", "What the role is for.").length(0, limits::kRoleTextBytes),
    list_of_texts("capabilities", "What it can do."),
    field("boundaries", "What it owns: one entry a line of the document's tree, with full paths.")
        .items(0, limits::kRoleItems),
    field("depends_on", "Roles that it needs something from.").items(0, limits::kRoleItems),
    field("provides_to", "Roles that it gives something to.").items(0, limits::kRoleItems),
    field("gates", "Checks that a measured value passes or fails.").items(0, limits::kRoleItems),
    field("triggers", "When it hands work to another role.").items(0, limits::kRoleItems),
    list_of_texts("metrics", "What its success is measured by, as written."),
    field("workflows", "Workflows that a session can work through.").items(0, limits::kRoleItems),
    list_of_texts("tasks", "Its usual tasks."),
    list_of_texts("patterns", "How its work is usually done: often code."),
    list_of_texts("anti_patterns", "What it is to avoid."),
    list_of_texts("advice", "What codi keeps for people to read, and holds nobody to."),
};

}  // namespace codi::models::role_fields

template <>
struct codi::reflect::Fields<codi::models::RoleContent> {
  static constexpr std::string_view name = "RoleContent";
  static constexpr auto fields = codi::models::role_fields::kContent;
};
template <>
struct codi::reflect::Fields<codi::models::RoleFinding> {
  static constexpr std::string_view name = "RoleFinding";
  static constexpr std::array fields{field("line", "Line of the document, from 1."),
                                     field("message", "What there is to know.")};
};
template <>
struct codi::reflect::Fields<codi::models::AgentRole> {
  static constexpr std::string_view name = "Role";
  static constexpr std::array fields{
      codi::models::role_fields::kContent[0],
      codi::models::role_fields::kContent[1],
      codi::models::role_fields::kContent[2],
      codi::models::role_fields::kContent[3],
      codi::models::role_fields::kContent[4],
      codi::models::role_fields::kContent[5],
      codi::models::role_fields::kContent[6],
      codi::models::role_fields::kContent[7],
      codi::models::role_fields::kContent[8],
      codi::models::role_fields::kContent[9],
      codi::models::role_fields::kContent[10],
      codi::models::role_fields::kContent[11],
      codi::models::role_fields::kContent[12],
      field("id", "Id of the role."),
      field("project_id", "Project that it belongs to."),
      field("name", "What sessions and other roles call it."),
      field("source", "File that it was read from, as its importer named it."),
      field("lines", "Line of the document for each part that has one, by its JSON Pointer into the role."),
      field("findings", "What there is to know about the document: what is kept only as advice, and why."),
      field("created_at", "When it was first put."),
      field("updated_at", "When it was last put."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::RoleLoan> {
  static constexpr std::string_view name = "RoleLoan";
  static constexpr std::array fields{
      field("id", "Id of the loan."),
      field("project_id", "Project of the roles."),
      field("role", "Role that lends."),
      field("to_role", "Role that may work there meanwhile."),
      field("path", "What is lent, in its canonical spelling."),
      field("until", "When the loan ends."),
      field("created_at", "When it was made."),
      field("updated_at", "When it was last changed."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::LintFinding> {
  static constexpr std::string_view name = "LintFinding";
  static constexpr std::array fields{
      field("rule", "missing-role, one-sided, cycle, overlap, unreachable-trigger or duplicate-metric."),
      field("message", "What is wrong."),
      field("roles", "The roles that it is about; the one whose document says it comes first."),
      field("paths", "The boundaries that it is about."),
      field("file", "Document that says it, as its importer named it."),
      field("line", "Line of that document, from 1."),
  };
};
