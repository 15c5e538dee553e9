#include "api/handoff_flow.hpp"

#include "api/claim_flow.hpp"
#include "api/deadlock.hpp"
#include "api/inbox_flow.hpp"
#include "api/recipient.hpp"
#include "api/report_flow.hpp"
#include "api/waiting_line.hpp"
#include "api/workflow_flow.hpp"
#include "base/text.hpp"
#include "db/claims.hpp"
#include "db/handoffs.hpp"
#include "db/role_facts.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace codi::api {
namespace {

using models::Handoff;
using models::HandoffState;

// A session without a role is bound by none, so it may take what is offered to a role.
Result<void> may_take(Handoff const& handoff, models::Session const& session) {
  if (handoff.from_session_id == session.id)
    return fail(ErrorCode::conflict, "a session can't take its own handoff; withdraw it instead");
  auto const& to = handoff.to;
  bool const meant = to.role      ? !session.role || session.role == to.role
                     : to.session ? *to.session == to_string(session.id)
                                  : to.user == to_string(session.user_id);
  if (meant) return {};
  return fail(ErrorCode::not_permitted, fmt::format("this handoff is offered to {}", describe(to)));
}

struct Rule {
  HandoffState before;
  HandoffState after;
  std::string_view verb;
  db::Happening happening;
};

Rule rule_of(HandoffStep step) {
  using enum db::Happening;
  switch (step) {
    case HandoffStep::accept: return {HandoffState::offered, HandoffState::accepted, "accepted", handoff_accepted};
    case HandoffStep::decline: return {HandoffState::offered, HandoffState::declined, "declined", handoff_declined};
    case HandoffStep::withdraw: return {HandoffState::offered, HandoffState::withdrawn, "withdrew", handoff_withdrawn};
    case HandoffStep::complete: break;
  }
  return {HandoffState::accepted, HandoffState::completed, "completed", handoff_completed};
}

// What no session offered is taken back in the role whose trigger made it, or by who manages roles.
Result<void> may_withdraw(Handoff const& handoff, auth::Acting const& acting) {
  if (handoff.from_session_id) {
    if (handoff.from_session_id == acting.session().id) return {};
    return fail(ErrorCode::not_permitted, "only the session that offered a handoff withdraws it");
  }
  if (handoff.from_role && acting.session().role == handoff.from_role) return {};
  auto const permitted = auth::permit(acting.caller(), auth::Permission::role_manage);
  if (!permitted) return std::unexpected(permitted.error());
  return {};
}

Result<void> is_theirs(Handoff const& handoff, auth::Acting const& acting, HandoffStep step) {
  auto const& session = acting.session();
  if (step == HandoffStep::accept || step == HandoffStep::decline) return may_take(handoff, session);
  if (step == HandoffStep::withdraw) return may_withdraw(handoff, acting);
  if (handoff.taken_by_session_id == session.id) return {};
  return fail(ErrorCode::not_permitted, "only the session that accepted a handoff completes it");
}

// The offered claims that the offering session still holds; the others have ended or gone elsewhere since.
std::vector<models::Claim> still_held(db::Tx& tx, Handoff const& handoff) {
  std::vector<models::Claim> out;
  for (auto const& claim : handoff.claims)
    if (claim.session_id == handoff.from_session_id && !db::over(tx, claim)) out.push_back(claim);
  return out;
}

// Of work that a session of a role offered by itself: whether it was accepted when it was first looked at.
Task<void> count_first_word(db::Tx& tx, models::Project const& project, Handoff handoff, bool accepted, Stamp event) {
  if (!handoff.from_session_id || !handoff.from_role || handoff.trigger) co_return;
  bool const said_before =
      co_await db::note_declined(tx, project.id, *handoff.from_session_id, describe(handoff.to), !accepted);
  if (said_before) co_return;
  co_await db::count_role_fact(tx, project.id, *handoff.from_role, db::RoleFact::work_decided, event);
  if (accepted) co_await db::count_role_fact(tx, project.id, *handoff.from_role, db::RoleFact::work_approved, event);
}

Task<void> count_step(db::Tx& tx, models::Project const& project, Handoff handoff, models::Session session,
                      HandoffStep step, Stamp event) {
  bool const accepted = step == HandoffStep::accept;
  if (accepted && session.role)
    co_await db::note_accept(tx, project.id, *session.role, event, tx.now() - handoff.created_at);
  if (accepted || step == HandoffStep::decline)
    co_await count_first_word(tx, project, std::move(handoff), accepted, event);
}

std::vector<WorkflowRunId> ids_of_workflows(Handoff const& handoff) {
  std::vector<WorkflowRunId> out;
  out.reserve(handoff.workflows.size());
  for (auto const& workflow : handoff.workflows) out.push_back(workflow.id);
  return out;
}

void name_workflows(json::object& data, std::vector<WorkflowRunId> const& ids) {
  json::array out;
  for (auto const& id : ids) out.emplace_back(to_string(id));
  if (!out.empty()) data["workflow_ids"] = std::move(out);
}

}  // namespace

Task<Result<OfferedHandoff>> offer_handoff(db::Tx& tx, models::Project const& project, models::Session const* from,
                                           HandoffOffer offer, std::optional<db::EventDraft> said) {
  auto to = co_await resolve_recipient(tx, project, std::move(offer.to));
  if (!to) co_return std::unexpected(std::move(to.error()));
  GateVerdict verdict;
  if (from != nullptr && !offer.trigger) {
    Undertaking doing{.what = "HANDOFF", .to_role = to->role, .fresh = offer.fresh ? &*offer.fresh : nullptr};
    verdict = co_await ask_gates(tx, project, *from, std::move(doing));
    if (verdict.refusal) co_return co_await refuse_for_gates(tx, project, *from, std::move(verdict), offer.fresh);
  }
  Handoff handoff{.id = HandoffId::make(tx.now(), tx.random()),
                  .project_id = project.id,
                  .to = *std::move(to),
                  .summary = std::move(offer.summary),
                  .remaining = std::move(offer.remaining),
                  .decisions = std::move(offer.decisions),
                  .evidence = std::move(offer.evidence),
                  .with_claims = offer.with_claims && from != nullptr,
                  .trigger = std::move(offer.trigger),
                  .created_at = tx.now(),
                  .updated_at = tx.now()};
  if (!verdict.failed.empty()) handoff.failed_gates = verdict.failed;
  if (handoff.trigger) handoff.from_role = handoff.trigger->role;
  if (from != nullptr) {
    handoff.from_session_id = from->id;
    handoff.from_session_alias = from->alias;
    handoff.from_role = from->role;
  }
  if (handoff.with_claims) {
    auto const held = co_await db::claims_of_session(tx, project.id, from->id);
    for (auto const& claim : held)
      if (!db::over(tx, claim)) handoff.claims.push_back(claim);
  }
  if (reflect::encode_text(handoff.claims).size() > limits::kHandoffClaimsBytes)
    co_return fail(ErrorCode::conflict,
                   fmt::format("{} claims are too many for one handoff: hand over without claims, or claim directories "
                               "instead of their files",
                               handoff.claims.size()));
  if (offer.with_workflows && from != nullptr && !handoff.trigger) co_await add_what_is_left(tx, handoff);
  db::put_handoff(tx, handoff);
  tx.count(db::Happening::handoff_offered);

  auto event = said.value_or(db::EventDraft{.action = "HANDOFF"});
  if (event.text.empty()) event.text = fmt::format("offered to {}: {}", describe(handoff.to), handoff.summary);
  event.text = std::string(cut_utf8(event.text, limits::kEventTextBytes));
  event.paths = paths_of(handoff.claims);
  event.data["handoff_id"] = to_string(handoff.id);
  event.data["state"] = "offered";
  event.data["to"] = json::parse(reflect::encode_text(handoff.to));
  name_failed(event, verdict.failed);
  name_workflows(event.data, ids_of_workflows(handoff));
  auto const kind = event.action == "DELEGATION" ? models::MessageKind::delegation : models::MessageKind::handoff;
  models::MessageRecipient to_inbox{.role = handoff.to.role, .session = handoff.to.session, .user = handoff.to.user};
  auto notice = make_notice(tx, project, kind, std::move(to_inbox), from);
  notice.handoff_id = handoff.id;
  notice.text = cut_utf8(handoff.summary, limits::kMessageTextBytes);
  name_claims(notice, handoff.claims);
  auto written = append_event_with(tx, project, from, std::move(event), std::move(notice));
  co_return OfferedHandoff{std::move(handoff), std::move(written)};
}

Task<Result<Handoff>> step_handoff(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                                   Handoff handoff, HandoffStep step, std::optional<std::string> reason) {
  auto const rule = rule_of(step);
  auto const& session = acting.session();
  if (auto const theirs = is_theirs(handoff, acting, step); !theirs) co_return std::unexpected(theirs.error());
  if (handoff.state != rule.before)
    co_return fail(ErrorCode::conflict,
                   fmt::format("the handoff is {}; only one that is {} can be {}", reflect::enum_name(handoff.state),
                               reflect::enum_name(rule.before), reflect::enum_name(rule.after)));
  GateVerdict verdict;
  if (step == HandoffStep::complete) {
    verdict = co_await ask_gates(tx, project, session, {.what = "completing a handoff"});
    if (verdict.refusal) co_return co_await refuse_for_gates(tx, project, session, std::move(verdict));
    if (!verdict.failed.empty()) handoff.failed_gates = verdict.failed;
  }
  handoff.state = rule.after;
  handoff.reason = reason;
  handoff.updated_at = tx.now();
  std::vector<std::string> moved_paths;
  json::object data{{"handoff_id", to_string(handoff.id)}, {"state", reflect::enum_name(handoff.state)}};
  if (handoff.from_session_id) data["from_session_id"] = to_string(*handoff.from_session_id);
  std::vector<coordination::Target> freed;
  if (step == HandoffStep::accept || step == HandoffStep::decline) {
    handoff.taken_by_session_id = session.id;
    handoff.taken_by_session_alias = session.alias;
  }
  if (step == HandoffStep::accept) {
    auto claims = still_held(tx, handoff);
    if (auto const alone = co_await check_move(tx, project, session, claims, freed); !alone) {
      co_await serve_line(tx, project, std::move(freed));
      co_return std::unexpected(alone.error());
    }
    move_claims(tx, project, session, claims);
    if (auto const ends = co_await check_for_deadlock(tx, project, session); !ends)
      co_return std::unexpected(ends.error());
    moved_paths = paths_of(claims);
    data["claim_ids"] = ids_of(claims);
    handoff.claims = std::move(claims);
    auto const taken = co_await take_over_workflows(tx, handoff, session);
    if (!taken) co_return std::unexpected(taken.error());
    name_workflows(data, *taken);
  }
  db::put_handoff(tx, handoff);
  tx.count(rule.happening);
  db::EventDraft event{.action = "HANDOFF",
                       .text = fmt::format("{} the handoff from {}{}", rule.verb,
                                           handoff.from_session_alias.value_or("codi"), reason ? ": " + *reason : ""),
                       .paths = std::move(moved_paths),
                       .data = std::move(data)};
  name_failed(event, verdict.failed);
  auto const told = db::append_event(tx, project.id, &session, std::move(event));
  co_await count_step(tx, project, handoff, session, step, told.cursor);
  if (step == HandoffStep::accept && handoff.from_session_id) {
    co_await watch_who_lost(tx, project, *handoff.from_session_id);
    co_await serve_line(tx, project, std::move(freed));
    // Who takes over may wait for something itself that it now holds.
    co_await serve_line(tx, project, handoff.claims);
  }
  co_return handoff;
}

}  // namespace codi::api
