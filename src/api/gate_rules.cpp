#include "api/gate_rules.hpp"

#include "base/json_text.hpp"
#include "db/role_facts.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace codi::api {
namespace {

using db::RoleChecksRecord;
using models::GateResult;

// The same checks are the same rules, whoever's they are.
struct Kept {
  std::string digest;
  std::shared_ptr<RoleChecksRecord const> checks;
};

Kept& place_of(std::string const& digest) {
  thread_local std::vector<Kept> kept(limits::kCheckTablesKept);
  return kept[std::hash<std::string>()(digest) % kept.size()];
}

std::string shown(double value) {
  std::string out;
  append_json(out, value);
  return out;
}

json::array shown(std::vector<GateResult> const& results) {
  json::array out;
  for (auto const& result : results) out.push_back(json::parse(reflect::encode_text(result)));
  return out;
}

std::vector<std::string> ways_out(std::vector<GateResult> const& failed, db::RoleChecks const& checks) {
  std::vector<std::string> out;
  for (auto const& gate : failed)
    if (!roles::is_own_measure(gate.measure))
      out.push_back(fmt::format("Bring {} to {} and report it: `codi report {}=NUMBER`.", gate.measure,
                                roles::wanted(gate.op, gate.threshold, gate.unit), gate.measure));
  for (auto const& trigger : checks.triggers) {
    bool const fits = trigger.condition && std::ranges::any_of(failed, [&](GateResult const& gate) {
                        return gate.measure == trigger.condition->measure;
                      });
    if (fits) out.push_back(fmt::format("Or hand it to {}: `codi handoff {}`.", trigger.to, trigger.to));
  }
  return out;
}

// Whether the work goes to whom a trigger sends it, for a condition that is true.
Task<bool> goes_where_it_should(Values& values, db::RoleChecks const& checks, std::optional<std::string> to_role) {
  if (!to_role) co_return false;
  for (auto const& trigger : checks.triggers) {
    if (trigger.to != *to_role || !trigger.condition) continue;
    bool const is_so = co_await values.holds(checks.role, *trigger.condition);
    if (is_so) co_return true;
  }
  co_return false;
}

}  // namespace

Task<std::shared_ptr<RoleChecksRecord const>> role_checks_of(db::Tx& tx, ProjectId project) {
  auto const digest = co_await db::role_checks_digest(tx, project);
  if (!digest) co_return std::make_shared<RoleChecksRecord const>();
  auto const& known = place_of(*digest);
  if (known.digest == *digest) co_return known.checks;
  auto record = co_await db::get_role_checks(tx, project);
  auto made = std::make_shared<RoleChecksRecord const>(std::move(record));
  // Asked for again: while the record was read, another thread may have gone on with this.
  place_of(*digest) = {*digest, made};
  co_return made;
}

db::RoleChecks const* checks_of_role(RoleChecksRecord const& checks, std::optional<std::string> const& role) {
  if (!role) return nullptr;
  auto const found = std::ranges::find(checks.roles, *role, &db::RoleChecks::role);
  return found == checks.roles.end() ? nullptr : &*found;
}

roles::MeasureTable const& measure_table(models::Project const& project) {
  static roles::MeasureTable const none;
  return project.measures ? *project.measures : none;
}

Task<std::optional<double>> own_measure(db::Tx& tx, ProjectId project, std::string role, std::string measure) {
  if (!roles::is_own_measure(measure)) co_return std::nullopt;
  if (measure == roles::kTimeToAccept) {
    auto waited = co_await db::role_accepts(tx, project, role);
    co_return roles::median(std::move(waited));
  }
  auto const days = co_await db::role_days(tx, project, role);
  auto const sum = [&](db::RoleFact fact) {
    std::int64_t out = 0;
    for (auto const& day : days) out += day.of(fact);
    return static_cast<double>(out);
  };
  if (measure == roles::kClaimsLost) co_return sum(db::RoleFact::claim_lost);
  if (measure == roles::kBoundaryViolations) co_return sum(db::RoleFact::boundary_violated);
  auto const decided = sum(db::RoleFact::work_decided);
  if (decided == 0) co_return std::nullopt;
  co_return 100 * sum(db::RoleFact::work_approved) / decided;
}

Task<std::optional<double>> Values::own(std::string role, std::string measure) {
  auto const known = own_.find({role, measure});
  if (known != own_.end()) co_return known->second;
  auto const value = co_await own_measure(tx_, project_.id, role, measure);
  own_[{role, measure}] = value;
  co_return value;
}

Task<std::optional<db::LatestValue>> Values::find(std::string role, std::string measure) {
  if (roles::is_own_measure(measure)) {
    auto const value = co_await own(std::move(role), std::move(measure));
    if (!value) co_return std::nullopt;
    co_return db::LatestValue{.value = *value, .branch = {}, .report_id = {}, .at = {}};
  }
  if (fresh_ != nullptr)
    if (auto const here = fresh_->measures.find(measure); here != fresh_->measures.end())
      co_return db::LatestValue{here->second, fresh_->branch, fresh_->id, fresh_->created_at};
  co_return co_await db::latest_value(tx_, project_.id, std::move(measure), scope_);
}

Task<GateResult> Values::judge(std::string role, models::Gate gate) {
  gate.measure = roles::measure_in(measure_table(project_), std::move(gate.measure));
  GateResult out{.role = role,
                 .name = gate.name,
                 .measure = gate.measure,
                 .op = gate.op,
                 .threshold = gate.threshold,
                 .unit = gate.unit,
                 .statistic = gate.statistic};
  auto const latest = co_await find(std::move(role), gate.measure);
  if (!latest) co_return out;
  out.value = latest->value;
  out.passed = roles::passes(gate, latest->value);
  if (roles::is_own_measure(gate.measure)) co_return out;
  out.branch = latest->branch;
  out.report_id = latest->report_id;
  out.measured_at = latest->at;
  co_return out;
}

Task<bool> Values::holds(std::string role, models::Condition condition) {
  condition.measure = roles::measure_in(measure_table(project_), std::move(condition.measure));
  auto const latest = co_await find(std::move(role), condition.measure);
  bool const is_so = latest && roles::holds(condition, latest->value);
  co_return is_so;
}

Task<GateVerdict> ask_gates(db::Tx& tx, models::Project const& project, models::Session session, Undertaking doing) {
  GateVerdict out;
  if (!session.role || project.policies.gates == models::GatePolicy::off) co_return out;
  auto const all = co_await role_checks_of(tx, project.id);
  auto const* const checks = checks_of_role(*all, session.role);
  if (checks == nullptr) co_return out;
  Values values(tx, project, {.branch = session.branch}, doing.fresh);
  std::vector<GateResult> told_only;
  for (auto const& gate : checks->gates) {
    auto result = co_await values.judge(checks->role, gate);
    if (result.passed.value_or(true)) continue;
    auto& list = roles::is_own_measure(result.measure) ? told_only : out.failed;
    list.push_back(std::move(result));
  }
  bool const refuses = !out.failed.empty();
  std::ranges::move(told_only, std::back_inserter(out.failed));
  auto const count = out.failed.size();
  if (count > limits::kConflictsShown) out.failed.resize(limits::kConflictsShown);
  if (!refuses || project.policies.gates == models::GatePolicy::flag) co_return out;
  bool const is_meant = co_await goes_where_it_should(values, *checks, doing.to_role);
  if (is_meant) co_return out;
  auto detail = fmt::format("{}: {}", doing.what, told(out.failed.front()));
  if (count > 1) detail += fmt::format(" (and {} more)", count - 1);
  out.event = {
      .action = "GATE_FAILED", .text = detail, .data = {{"refused", doing.what}, {"gates", shown(out.failed)}}};
  Error error{.code = ErrorCode::gate_failed, .detail = std::move(detail), .recovery = ways_out(out.failed, *checks)};
  error.members["gates"] = shown(out.failed);
  out.refusal = std::move(error);
  co_return out;
}

void name_failed(db::EventDraft& event, std::vector<GateResult> const& failed) {
  if (!failed.empty()) event.data["failed_gates"] = shown(failed);
}

std::string told(GateResult const& result) {
  auto const must = roles::wanted(result.op, result.threshold, result.unit);
  if (!result.value) return fmt::format("{} was not measured, and must be {}", result.measure, must);
  auto const unit = roles::unit_of_measure(result.measure);
  auto const value = shown(*result.value) + (unit ? " " + std::string(*unit) : "");
  return fmt::format("{} is {}, and must be {}", result.measure, value, must);
}

}  // namespace codi::api
