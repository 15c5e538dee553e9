#include "db/reports.hpp"

#include "api/areas.hpp"
#include "api/report_flow.hpp"
#include "api/scope.hpp"
#include "base/encoding.hpp"
#include "coordination/log_line.hpp"
#include "db/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::api {
namespace {

using auth::Permission;
using models::GateResult;
using models::Report;

struct CreateReportIn {
  std::string project;
  std::optional<std::string> session;
  std::optional<std::string> commit;
  std::optional<std::string> branch;
  std::map<std::string, double> measures;
};
BOOST_DESCRIBE_STRUCT(CreateReportIn, (), (project, session, commit, branch, measures))

/// A report with what it came to.
struct CreateReportOut : Report {
  Stamp cursor;
  std::vector<GateResult> gates;
  std::vector<models::Delegation> delegations;
};
BOOST_DESCRIBE_STRUCT(CreateReportOut, (Report), (cursor, gates, delegations))

struct ListGatesIn {
  std::string project;
  std::optional<std::string> role;
  std::optional<std::string> branch;
  std::optional<std::string> session;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListGatesIn, (), (project, role, branch, session, limit, after))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CreateReportIn> {
  static constexpr std::string_view name = "CreateReport";
  static constexpr std::array fields{
      project_field(),
      field("session",
            "Session that measured, by id or alias: the gates of its role are judged. Without one, those of every "
            "role.")
          .length(1, limits::kAliasBytes),
      field("commit", "Commit that was measured.").length(1, limits::kNameBytes),
      field("branch", "Branch that was measured; the session's when missing.").length(1, limits::kNameBytes),
      field("measures", R"(Values by the name of their measure, such as {"coverage": 92.5, "p95_ms": 87}.)")
          .items(1, limits::kReportMeasures),
  };
};
template <>
struct Fields<CreateReportOut> {
  static constexpr std::string_view name = "Report";
  static constexpr auto& report = models::report_fields::kReport;
  static constexpr std::array fields{
      report[0],
      report[1],
      report[2],
      report[3],
      report[4],
      report[5],
      report[6],
      report[7],
      report[8],
      report[9],
      field("cursor", "Cursor of the event that tells of it."),
      field("gates", "Gates that it has a value for, passed or not."),
      field("delegations", "Handoffs that it made, by conditions that have become true."),
  };
};
template <>
struct Fields<ListGatesIn> {
  static constexpr std::string_view name = "ListGates";
  static constexpr std::array fields{
      project_field(),
      field("role", "Only those of this role.").length(1, limits::kRoleNameBytes),
      field("branch",
            "Values of this branch, else of reports that name none; without it the newest, whatever its branch.")
          .length(1, limits::kNameBytes),
      field("session", "As this session is judged: by its role, and by values of its branch; id or alias.")
          .length(1, limits::kAliasBytes),
      limit_field(),
      after_field(),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

// Who measured: the session that is named, a session token's own, or nobody's.
Task<Result<std::optional<models::Session>>> reporter(db::Tx& tx, auth::Caller const& caller,
                                                      models::Project const& project,
                                                      std::optional<std::string> named) {
  if (!named && caller.session) named = to_string(*caller.session);
  if (!named) {
    auto const permitted = auth::permit(caller, Permission::report_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return std::optional<models::Session>();
  }
  auto const session = co_await find_session(tx, project, *named);
  if (!session) co_return std::unexpected(session.error());
  auto const acting = act_for_live(tx, caller, Permission::report_write, *session);
  if (!acting) co_return std::unexpected(acting.error());
  co_return std::optional(acting->session());
}

// `reported coverage 92.5, p95_ms 87 and 3 more`
std::string sentence_of(Report const& report) {
  constexpr std::size_t kNamed = 5;
  std::string out = "reported";
  std::size_t count = 0;
  for (auto const& [name, value] : report.measures) {
    if (count++ == kNamed) break;
    out += fmt::format("{} {} {}", count == 1 ? "" : ",", name, reflect::encode_text(value));
  }
  if (report.measures.size() > kNamed) out += fmt::format(" and {} more", report.measures.size() - kNamed);
  return out;
}

struct CreateReport {
  static constexpr OperationMeta meta{.id = "create_report",
                                      .method = Method::post,
                                      .path = "/projects/{project}/reports",
                                      .tag = "reports",
                                      .summary = "Report measurements: gates are judged, triggers delegate",
                                      .kind = Kind::write,
                                      .permission = Permission::report_write,
                                      .status = 201,
                                      .grows = true,
                                      .mcp = "session report",
                                      .cli = "report",
                                      .cli_example = "coverage=92.5 p95_ms=87"};
  using In = CreateReportIn;
  using Out = CreateReportOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (auto const valid = spelt_measures({}, in.measures); !valid) co_return std::unexpected(valid.error());
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto measures = spelt_measures(measure_table(*project), in.measures);
    if (!measures) co_return std::unexpected(std::move(measures.error()));
    auto const session = co_await reporter(tx, caller, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto report = co_await make_report(tx, *project, *session, *std::move(measures));
    report.commit = in.commit;
    if (in.branch) report.branch = in.branch;
    db::EventDraft event{.action = "TEST", .text = sentence_of(report)};
    name_report(event, report);
    auto const& by = *session;
    auto const written = db::append_event(tx, project->id, by ? &*by : nullptr, std::move(event));
    auto heard = co_await take_report(tx, *project, *session, report, written.cursor);
    if (!heard) co_return std::unexpected(std::move(heard.error()));
    Out out;
    static_cast<Report&>(out) = std::move(report);
    out.cursor = written.cursor;
    out.gates = std::move(heard->gates);
    out.delegations = std::move(heard->delegations);
    co_return out;
  }
};

/// A gate's place in the list, which is in the order of roles' names.
struct Place {
  std::string role;
  std::size_t n = 0;
  auto operator<=>(Place const&) const = default;
};

std::string cursor_of(Place const& place) {
  return to_base64url(db::make_key({}, place.role, static_cast<std::int64_t>(place.n)));
}

Result<std::optional<Place>> place_after(std::optional<std::string> const& after) {
  if (!after) return std::optional<Place>();
  auto const bytes = from_base64url(*after);
  db::tuple::Unpacker parts(bytes ? std::string_view(*bytes) : std::string_view());
  auto role = parts.string();
  auto const n = role ? parts.integer() : std::nullopt;
  if (!n || *n < 0 || !parts.at_end()) return invalid("/after", "is not a cursor that this list gave");
  return Place{*std::move(role), static_cast<std::size_t>(*n)};
}

struct ListGates {
  static constexpr OperationMeta meta{.id = "list_gates",
                                      .path = "/projects/{project}/gates",
                                      .tag = "reports",
                                      .summary = "List the gates of roles with the latest values",
                                      .permission = Permission::project_read,
                                      .mcp = "look gates",
                                      .session_filters = true,
                                      .cli = "gates"};
  using In = ListGatesIn;
  using Out = models::Page<GateResult>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const after = place_after(in.after);
    if (!after) co_return std::unexpected(after.error());
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    std::optional<std::string> role;
    if (in.role) role = coordination::role_name(*in.role);
    db::MeasureScope scope{.any_branch = !in.branch && !in.session, .branch = in.branch};
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      if (!role) role = session->role;
      if (!scope.branch) scope.branch = session->branch;
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const checks = co_await role_checks_of(tx, project->id);
    auto const& behind = *after;
    std::vector<std::pair<Place, models::Gate const*>> gates;
    for (auto const& one : checks->roles)
      for (std::size_t n = 0; n < one.gates.size(); ++n) {
        Place place{one.role, n};
        if ((role && one.role != *role) || (behind && place <= *behind)) continue;
        gates.emplace_back(std::move(place), &one.gates[n]);
      }
    std::ranges::sort(gates, {}, &std::pair<Place, models::Gate const*>::first);
    Values values(tx, *project, std::move(scope));
    auto const limit = page_of(in.limit, {}).limit;
    Out out;
    for (auto const& [place, gate] : gates) {
      if (out.items.size() == limit) break;
      out.items.push_back(co_await values.judge(place.role, *gate));
    }
    if (out.items.size() < gates.size()) out.next = cursor_of(gates[out.items.size() - 1].first);
    co_return out;
  }
};

}  // namespace

std::vector<Operation> report_operations() { return make_operations<CreateReport, ListGates>(); }

}  // namespace codi::api
