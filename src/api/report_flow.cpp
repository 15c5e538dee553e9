#include "api/report_flow.hpp"

#include "api/handoff_flow.hpp"
#include "base/encoding.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "roles/measure.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace codi::api {
namespace {

using models::GateResult;
using models::Report;
using models::Session;

// What a fall is remembered by: the same check is the same, wherever it stands in a document.
std::string fall_of(std::string_view kind, std::string const& measure, models::Comparison op, double threshold,
                    std::string const& unit, std::string const& to = {}) {
  auto const text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", kind, measure, op.text(), threshold, unit, to);
  return to_hex(sha256(text)).substr(0, 32);
}

/// One report on its way through the checks of roles.
class Hearing {
 public:
  Hearing(db::Tx& tx, models::Project const& project, std::optional<Session> const& session, Report const& report)
      : tx_(tx), project_(project), session_(session), report_(report), values_(tx, project, {}, &report) {}

  Task<Result<Heard>> run() {
    auto const checks = co_await role_checks_of(tx_, project_.id);
    for (auto const& role : checks->roles) {
      if (report_.role && role.role != *report_.role) continue;
      co_await judge(role);
      auto const done = co_await trip(role);
      if (!done) co_return std::unexpected(done.error());
    }
    co_return std::move(heard_);
  }

 private:
  [[nodiscard]] std::string named(std::string const& measure) const {
    return roles::measure_in(measure_table(project_), measure);
  }

  // The report's value, or what codi measures itself, which every report is an occasion to look at.
  Task<std::optional<double>> value_of(std::string role, std::string measure) {
    auto const here = report_.measures.find(measure);
    if (here != report_.measures.end()) co_return here->second;
    if (!roles::is_own_measure(measure)) co_return std::nullopt;
    co_return co_await values_.own(std::move(role), std::move(measure));
  }

  Task<bool> fell(std::string role, std::string const& measure, std::string what, bool is_so) {
    if (told_ == limits::kFallsTold) co_return false;
    db::Fall fall{.role = std::move(role), .what = std::move(what)};
    if (!roles::is_own_measure(measure)) fall.branch = report_.branch;
    bool const now = co_await db::note_fall(tx_, report_, std::move(fall), is_so);
    if (now) ++told_;
    co_return now;
  }

  Task<void> judge(db::RoleChecks const& role) {
    for (auto const& gate : role.gates) {
      auto const measure = named(gate.measure);
      auto const value = co_await value_of(role.role, measure);
      if (!value) continue;
      auto result = co_await values_.judge(role.role, gate);
      if (!roles::is_own_measure(measure)) heard_.gates.push_back(result);
      auto what = fall_of("gate", measure, gate.op, gate.threshold, gate.unit);
      bool const now = co_await fell(role.role, measure, std::move(what), result.passed == false);
      if (now) tell(result);
    }
  }

  void tell(GateResult const& result) {
    db::EventDraft event{.action = "GATE_FAILED",
                         .text = fmt::format("{}: {}", result.role, told(result)),
                         .data = {{"report_id", to_string(report_.id)},
                                  {"role", result.role},
                                  {"gates", json::array{json::parse(reflect::encode_text(result))}}}};
    db::append_event(tx_, project_.id, session_ ? &*session_ : nullptr, std::move(event));
  }

  Task<Result<void>> trip(db::RoleChecks const& role) {
    for (auto const& trigger : role.triggers) {
      if (!trigger.condition || trigger.to == role.role) continue;
      auto condition = *trigger.condition;
      condition.measure = named(condition.measure);
      auto const value = co_await value_of(role.role, condition.measure);
      if (!value) continue;
      auto what = fall_of(reflect::enum_name(trigger.kind), condition.measure, condition.op, condition.threshold,
                          condition.unit, trigger.to);
      bool const now = co_await fell(role.role, condition.measure, std::move(what), roles::holds(condition, *value));
      if (!now) continue;
      Cause cause{.why = fmt::format("{} is {}", condition.measure, shown(*value)), .value = value, .report = &report_};
      // In its own name only a session of the role hands its work over.
      auto const from = session_ && session_->role == role.role ? session_ : std::optional<Session>();
      auto made = co_await delegate(tx_, project_, from, role.role, trigger, std::move(cause));
      if (!made) co_return std::unexpected(std::move(made.error()));
      heard_.delegations.push_back(*std::move(made));
    }
    co_return Result<void>();
  }

  static std::string shown(double value) {
    std::string out;
    append_json(out, value);
    return out;
  }

  db::Tx& tx_;
  models::Project const& project_;
  std::optional<Session> const& session_;
  Report const& report_;
  Values values_;
  Heard heard_;
  std::size_t told_ = 0;
};

json::object evidence_of(models::Project const& project, models::Trigger const& trigger, Cause const& cause) {
  json::object out;
  if (cause.value && trigger.condition) {
    auto const& condition = *trigger.condition;
    out = {{"measure", roles::measure_in(measure_table(project), condition.measure)},
           {"value", *cause.value},
           {"op", condition.op.text()},
           {"threshold", condition.threshold},
           {"unit", condition.unit}};
  }
  if (cause.report == nullptr) return out;
  out["report_id"] = to_string(cause.report->id);
  if (cause.report->commit) out["commit"] = *cause.report->commit;
  if (cause.report->branch) out["branch"] = *cause.report->branch;
  return out;
}

}  // namespace

Result<std::map<std::string, double>> spelt_measures(roles::MeasureTable const& table,
                                                     std::map<std::string, double> const& measures) {
  std::map<std::string, double> out;
  if (measures.empty()) return invalid("/measures", "must have one member at least");
  for (auto const& [written, value] : measures) {
    auto const pointer = reflect::pointer_to("/measures", written);
    auto name = roles::measure_in(table, roles::measure_name(written));
    if (written.size() > limits::kNameBytes || name.empty())
      return invalid(pointer, fmt::format("is named by letters and digits, {} at most", limits::kNameBytes));
    if (!std::isfinite(value)) return invalid(pointer, "is too large a number");
    if (roles::is_own_measure(name)) return invalid(pointer, "is measured by codi itself");
    if (!out.emplace(name, value).second) return invalid(pointer, fmt::format("is {}, which is there already", name));
  }
  return out;
}

Task<Report> make_report(db::Tx& tx, models::Project const& project, std::optional<Session> session,
                         std::map<std::string, double> measures) {
  Report out{.id = ReportId::make(tx.now(), tx.random()),
             .project_id = project.id,
             .measures = std::move(measures),
             .created_at = tx.now(),
             .updated_at = tx.now()};
  if (!session) co_return out;
  out.session_id = session->id;
  out.session_alias = session->alias;
  out.branch = session->branch;
  auto const checks = co_await role_checks_of(tx, project.id);
  if (checks_of_role(*checks, session->role) != nullptr) out.role = session->role;
  co_return out;
}

void name_report(db::EventDraft& event, Report const& report) {
  json::object measures;
  for (auto const& [name, value] : report.measures) measures[name] = value;
  event.data["report_id"] = to_string(report.id);
  event.data["measures"] = std::move(measures);
  if (report.commit) event.data["commit"] = *report.commit;
  if (report.branch) event.data["branch"] = *report.branch;
}

Task<Result<Heard>> take_report(db::Tx& tx, models::Project const& project, std::optional<Session> session,
                                Report report, Stamp cursor) {
  db::put_report(tx, report, cursor);
  Hearing hearing(tx, project, session, report);
  co_return co_await hearing.run();
}

Task<std::unexpected<Error>> refuse_for_gates(db::Tx& tx, models::Project const& project, Session session,
                                              GateVerdict verdict, std::optional<Report> fresh) {
  if (fresh) name_report(verdict.event, *fresh);
  auto const event = db::append_event(tx, project.id, &session, std::move(verdict.event));
  if (fresh) {
    auto const heard = co_await take_report(tx, project, session, *std::move(fresh), event.cursor);
    if (!heard) co_return std::unexpected(heard.error());
  }
  co_return refuse(verdict.refusal.value_or(Error{.code = ErrorCode::gate_failed}));
}

Task<Result<models::Delegation>> delegate(db::Tx& tx, models::Project const& project, std::optional<Session> session,
                                          std::string role, models::Trigger trigger, Cause cause) {
  auto evidence = evidence_of(project, trigger, cause);
  auto summary = fmt::format("{}: {}", trigger.when, cause.why);
  HandoffOffer offer{.to = {.role = trigger.to},
                     .summary = std::string(cut_utf8(summary, limits::kSummaryBytes)),
                     .with_claims = false,
                     .trigger = models::HandoffTrigger{role, trigger.kind, trigger.when}};
  if (!evidence.empty()) offer.evidence.emplace_back(evidence);
  auto const verb = trigger.kind == models::TriggerKind::escalate ? "escalated" : "delegated";
  db::EventDraft said{.action = "DELEGATION",
                      .text = fmt::format("{} to {}: {}", verb, trigger.to, summary),
                      .data = std::move(evidence)};
  said.data["role"] = role;
  said.data["kind"] = reflect::enum_name(trigger.kind);
  auto offered = co_await offer_handoff(tx, project, session ? &*session : nullptr, std::move(offer), std::move(said));
  if (!offered) co_return std::unexpected(std::move(offered.error()));
  models::Delegation out{.handoff_id = offered->handoff.id,
                         .role = std::move(role),
                         .to_role = trigger.to,
                         .trigger = std::move(trigger),
                         .value = cause.value};
  co_return out;
}

}  // namespace codi::api
