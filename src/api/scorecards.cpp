#include "api/areas.hpp"
#include "api/gate_rules.hpp"
#include "api/scope.hpp"
#include "coordination/log_line.hpp"
#include "db/reports.hpp"
#include "db/role_facts.hpp"
#include "db/roles.hpp"
#include "models/scorecard.hpp"
#include "roles/judge.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace codi::api {
namespace {

using auth::Permission;
using models::ScoredGate;
using models::ScoredMetric;
using models::ScorePoint;

struct ScorecardIn {
  std::string project;
  std::string name;
  std::optional<Timestamp> since;
  std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(ScorecardIn, (), (project, name, since, limit))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<ScorecardIn> {
  static constexpr std::string_view name = "ScorecardQuery";
  static constexpr std::array fields{
      project_field(),
      field("name", "Name of the role.").length(1, limits::kRoleNameBytes),
      field("since", "Only what happened then or later; the last 30 days when missing."),
      field("limit", "How many values of each figure, the newest ones; 20 when missing.")
          .range(1, limits::kScorecardPoints),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{86'400} * 1'000;
constexpr std::int64_t kPointsDefault = 20;

/// The figures of one role, being gathered. Points are newest first until they are handed out.
class Card {
 public:
  Card(db::Tx& tx, models::Project const& project, models::AgentRole const& role, Timestamp since, std::size_t limit)
      : tx_(tx), project_(project), role_(role), since_(since), limit_(limit) {}

  Task<models::Scorecard> make() {
    out_.role = role_.name;
    out_.since = since_;
    out_.until = tx_.now();
    co_await read_reports();
    co_await compute();
    co_await judge();
    for (auto& [measure, points] : series_) {
      ScoredMetric metric{.measure = measure, .computed = roles::is_own_measure(measure), .points = points};
      if (!metric.computed && !points.empty()) metric.value = points.front().value;
      if (metric.computed) metric.value = co_await own_measure(tx_, project_.id, role_.name, measure);
      std::ranges::reverse(metric.points);
      out_.metrics.push_back(std::move(metric));
    }
    co_return std::move(out_);
  }

 private:
  // What the role's gates ask for, whoever reported it: by that they are judged. Of the rest, what the role was held
  // to: what its own sessions reported, and nobody's in particular.
  Task<void> read_reports() {
    std::set<std::string> asked;
    for (auto const& gate : role_.gates) asked.insert(roles::measure_in(measure_table(project_), gate.measure));
    auto const kept = co_await db::newest_reports(tx_, project_.id, since_, limits::kScorecardReports + 1);
    out_.more = kept.size() > limits::kScorecardReports;
    for (std::size_t i = 0; i < std::min(kept.size(), limits::kScorecardReports); ++i) {
      auto const& [cursor, report] = kept[i];
      bool const held = !report.role || report.role == role_.name;
      bool counts = held;
      for (auto const& [measure, value] : report.measures) {
        if (!held && !asked.contains(measure)) continue;
        counts = true;
        auto& points = series_[measure];
        if (points.size() == limit_) continue;
        points.push_back({.at = report.created_at,
                          .value = value,
                          .events = {cursor},
                          .report_id = report.id,
                          .branch = report.branch,
                          .commit = report.commit});
      }
      if (counts) ++out_.reports;
    }
  }

  Task<void> compute() {
    auto days = co_await db::role_days(tx_, project_.id, role_.name);
    auto const today = tx_.now().ms / kDayMs;
    auto const first = std::max(since_.ms / kDayMs, today - limits::kRoleFactDays + 1);
    for (auto day = today; day >= first; --day) {
      auto const counted = std::ranges::find(days, day, &db::RoleDay::day);
      if (counted != days.end()) co_await add_counts(*counted);
      co_await add_waits(day);
    }
  }

  Task<void> add_counts(db::RoleDay day) {
    using enum db::RoleFact;
    auto const of = [&](db::RoleFact fact) { return static_cast<double>(day.of(fact)); };
    if (auto const decided = of(work_decided); decided > 0)
      co_await add_day(roles::kFirstTimeApproval, day.day, 100 * of(work_approved) / decided, work_decided);
    if (auto const lost = of(claim_lost); lost > 0) co_await add_day(roles::kClaimsLost, day.day, lost, claim_lost);
    if (auto const violated = of(boundary_violated); violated > 0)
      co_await add_day(roles::kBoundaryViolations, day.day, violated, boundary_violated);
  }

  Task<void> add_day(std::string_view measure, std::int64_t day, double value, db::RoleFact fact) {
    auto const events = co_await db::role_events(tx_, project_.id, role_.name, day, fact, limits::kScorecardEvents + 1);
    add_point(measure, day, value, events);
  }

  Task<void> add_waits(std::int64_t day) {
    auto const accepts = co_await db::accepts_of_day(tx_, project_.id, role_.name, day);
    std::vector<double> waits;
    std::vector<Stamp> events;
    for (auto const& accept : accepts) {
      waits.push_back(accept.waited_ms);
      events.push_back(accept.event);
    }
    if (auto const middle = roles::median(std::move(waits))) add_point(roles::kTimeToAccept, day, *middle, events);
  }

  void add_point(std::string_view measure, std::int64_t day, double value, std::vector<Stamp> const& events) {
    auto& points = series_[std::string(measure)];
    if (points.size() == limit_) return;
    auto const shown = std::min(events.size(), limits::kScorecardEvents);
    points.push_back({.at = Timestamp{day * kDayMs},
                      .value = value,
                      .events = {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(shown)},
                      .more = events.size() > shown});
  }

  // Each check as it is now, whenever a value came.
  Task<void> judge() {
    Values values(tx_, project_, {.any_branch = true});
    for (auto const& gate : role_.gates) {
      ScoredGate scored;
      static_cast<models::GateResult&>(scored) = co_await values.judge(role_.name, gate);
      scored.origin = gate.origin;
      auto spelt = gate;
      spelt.measure = scored.measure;
      if (auto const known = series_.find(scored.measure); known != series_.end()) scored.points = known->second;
      for (auto& point : scored.points) point.passed = roles::passes(spelt, point.value);
      std::ranges::reverse(scored.points);
      out_.gates.push_back(std::move(scored));
    }
  }

  db::Tx& tx_;
  models::Project const& project_;
  models::AgentRole const& role_;
  Timestamp since_;
  std::size_t limit_;
  std::map<std::string, std::vector<ScorePoint>> series_;
  models::Scorecard out_;
};

struct GetScorecard {
  static constexpr OperationMeta meta{
      .id = "get_scorecard",
      .path = "/projects/{project}/roles/{name}/scorecard",
      .tag = "roles",
      .summary = "Read a role's gates and metrics over time, with the events behind them",
      .permission = Permission::project_read,
      .cli = "roles report"};
  using In = ScorecardIn;
  using Out = models::Scorecard;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const role = co_await db::find_role(tx, project->id, coordination::role_name(in.name));
    if (!role) co_return fail(ErrorCode::not_found, "there is no such role in this project");
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const since = in.since.value_or(tx.now() + -std::chrono::hours(24 * limits::kRoleFactDays));
    Card card(tx, *project, *role, since, static_cast<std::size_t>(in.limit.value_or(kPointsDefault)));
    co_return co_await card.make();
  }
};

}  // namespace

std::vector<Operation> scorecard_operations() { return make_operations<GetScorecard>(); }

}  // namespace codi::api
