#include "api/handoff_flow.hpp"

#include "api/claim_flow.hpp"
#include "api/deadlock.hpp"
#include "api/inbox_flow.hpp"
#include "api/recipient.hpp"
#include "api/waiting_line.hpp"
#include "base/text.hpp"
#include "db/claims.hpp"
#include "db/handoffs.hpp"

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

Result<void> is_theirs(Handoff const& handoff, models::Session const& session, HandoffStep step) {
  if (step == HandoffStep::accept || step == HandoffStep::decline) return may_take(handoff, session);
  if (step == HandoffStep::withdraw) {
    if (handoff.from_session_id == session.id) return {};
    return fail(ErrorCode::not_permitted, "only the session that offered a handoff withdraws it");
  }
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

}  // namespace

Task<Result<OfferedHandoff>> offer_handoff(db::Tx& tx, models::Project const& project, auth::Acting const& from,
                                           HandoffOffer offer, std::optional<db::EventDraft> said) {
  auto to = co_await resolve_recipient(tx, project, std::move(offer.to));
  if (!to) co_return std::unexpected(std::move(to.error()));
  Handoff handoff{.id = HandoffId::make(tx.now(), tx.random()),
                  .project_id = project.id,
                  .from_session_id = from.session().id,
                  .from_session_alias = from.session().alias,
                  .to = *std::move(to),
                  .summary = std::move(offer.summary),
                  .remaining = std::move(offer.remaining),
                  .decisions = std::move(offer.decisions),
                  .evidence = std::move(offer.evidence),
                  .with_claims = offer.with_claims,
                  .created_at = tx.now(),
                  .updated_at = tx.now()};
  if (offer.with_claims) {
    auto const held = co_await db::claims_of_session(tx, project.id, from.session().id);
    for (auto const& claim : held)
      if (!db::over(tx, claim)) handoff.claims.push_back(claim);
  }
  if (reflect::encode_text(handoff.claims).size() > limits::kHandoffClaimsBytes)
    co_return fail(ErrorCode::conflict,
                   fmt::format("{} claims are too many for one handoff: hand over without claims, or claim directories "
                               "instead of their files",
                               handoff.claims.size()));
  db::put_handoff(tx, handoff);
  tx.count(db::Happening::handoff_offered);

  auto event = said.value_or(db::EventDraft{.action = "HANDOFF"});
  if (event.text.empty()) event.text = fmt::format("offered to {}: {}", describe(handoff.to), handoff.summary);
  event.text = std::string(cut_utf8(event.text, limits::kEventTextBytes));
  event.paths = paths_of(handoff.claims);
  event.data["handoff_id"] = to_string(handoff.id);
  event.data["state"] = "offered";
  event.data["to"] = json::parse(reflect::encode_text(handoff.to));
  auto const kind = event.action == "DELEGATION" ? models::MessageKind::delegation : models::MessageKind::handoff;
  models::MessageRecipient to_inbox{.role = handoff.to.role, .session = handoff.to.session, .user = handoff.to.user};
  auto notice = make_notice(tx, project, kind, std::move(to_inbox), &from.session());
  notice.handoff_id = handoff.id;
  notice.text = cut_utf8(handoff.summary, limits::kMessageTextBytes);
  name_claims(notice, handoff.claims);
  auto written = append_event_with(tx, project, &from.session(), std::move(event), std::move(notice));
  co_return OfferedHandoff{std::move(handoff), std::move(written)};
}

Task<Result<Handoff>> step_handoff(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                                   Handoff handoff, HandoffStep step, std::optional<std::string> reason) {
  auto const rule = rule_of(step);
  auto const& session = acting.session();
  if (auto const theirs = is_theirs(handoff, session, step); !theirs) co_return std::unexpected(theirs.error());
  if (handoff.state != rule.before)
    co_return fail(ErrorCode::conflict,
                   fmt::format("the handoff is {}; only one that is {} can be {}", reflect::enum_name(handoff.state),
                               reflect::enum_name(rule.before), reflect::enum_name(rule.after)));
  handoff.state = rule.after;
  handoff.reason = reason;
  handoff.updated_at = tx.now();
  std::vector<std::string> moved_paths;
  json::object data{{"handoff_id", to_string(handoff.id)},
                    {"state", reflect::enum_name(handoff.state)},
                    {"from_session_id", to_string(handoff.from_session_id)}};
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
  }
  db::put_handoff(tx, handoff);
  tx.count(rule.happening);
  db::append_event(tx, project.id, &session,
                   {.action = "HANDOFF",
                    .text = fmt::format("{} the handoff from {}{}", rule.verb, handoff.from_session_alias,
                                        reason ? ": " + *reason : ""),
                    .paths = std::move(moved_paths),
                    .data = std::move(data)});
  if (step == HandoffStep::accept) {
    co_await watch_who_lost(tx, project, handoff.from_session_id);
    co_await serve_line(tx, project, std::move(freed));
    // Who takes over may wait for something itself that it now holds.
    co_await serve_line(tx, project, handoff.claims);
  }
  co_return handoff;
}

}  // namespace codi::api
