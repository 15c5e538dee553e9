#include "api/session_flow.hpp"

#include "api/claim_flow.hpp"
#include "api/inbox_flow.hpp"
#include "api/quota.hpp"
#include "api/waiting_line.hpp"
#include "auth/directory.hpp"
#include "auth/opaque_token.hpp"
#include "base/text.hpp"
#include "coordination/log_line.hpp"
#include "db/claims.hpp"
#include "db/role_facts.hpp"
#include "db/sessions.hpp"
#include "db/usage.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::api {
namespace {

using models::Session;

// Without an alias: the role, or the word AGENT, and the next number.
std::string default_alias(std::optional<std::string> const& role) {
  return fmt::format("{}-SESSION-N", to_upper_ascii(role.value_or("agent")));
}

Task<Result<std::string>> choose_alias(db::Tx& tx, models::Project const& project, SessionDraft draft) {
  auto alias = draft.alias.value_or(default_alias(draft.role));
  if (coordination::is_numbered_template(alias)) {
    auto const number = co_await db::allocate_number(tx, project.id, alias);
    alias = coordination::numbered_alias(alias, number);
  }
  if (!coordination::valid_alias(alias))
    co_return invalid("/alias", "must be 1 to 128 letters, digits, `.`, `_` or `-`, and begin with a letter or digit");
  auto const bearer = co_await db::find_session(tx, project.id, alias);
  if (bearer && bearer->state != models::SessionState::ended) {
    Error error{.code = ErrorCode::conflict,
                .detail = fmt::format("the alias {} is borne by a session that has not ended", alias)};
    error.recovery.emplace_back("Choose another alias, let one be numbered (`…-N`), or end that session.");
    co_return std::unexpected(std::move(error));
  }
  // Its lease ran out and nobody has noticed: ended here, so that its claims don't outlive it.
  if (bearer && !bearer->ended_at) co_await end_session(tx, project, *bearer, "expired");
  co_return alias;
}

// `started as qa-reviewer with claude on branch main`, as far as it is known.
std::string greeting_of(models::Session const& session) {
  std::string text = "started";
  if (session.role) text += " as " + *session.role;
  if (session.tool) text += " with " + *session.tool;
  if (session.branch) text += " on branch " + *session.branch;
  return text;
}

}  // namespace

Task<Result<StartedSession>> start_session(db::Tx& tx, models::Project const& project, auth::Permitted const& permitted,
                                           SessionDraft draft, std::optional<db::EventDraft> said) {
  if (draft.role) draft.role = coordination::role_name(*draft.role);
  auto alias = co_await choose_alias(tx, project, draft);
  if (!alias) co_return std::unexpected(std::move(alias.error()));
  auto const& caller = permitted.caller();
  auto const room = co_await room_for(tx, caller, db::Counted::sessions, 1);
  if (!room) co_return std::unexpected(room.error());
  bool const of_token = caller.kind == auth::CredentialKind::api_token;
  Session session{.id = SessionId::make(tx.now(), tx.random()),
                  .project_id = project.id,
                  .alias = *alias,
                  .role = draft.role ? draft.role : coordination::role_of_alias(*alias),
                  .tool = draft.tool,
                  .branch = draft.branch,
                  .worktree = draft.worktree,
                  .host = draft.host,
                  .pid = draft.pid,
                  .ttl_seconds = draft.ttl_seconds,
                  .user_id = caller.user,
                  .token_id = of_token && !draft.stands_for_user ? caller.token : std::nullopt,
                  .last_seen_at = tx.now(),
                  .created_at = tx.now(),
                  .updated_at = tx.now()};
  db::put_session(tx, session);
  db::count(tx, project.id, db::Counted::sessions, 1);
  tx.count(db::Happening::session_started);
  session = db::beat(tx, std::move(session));
  db::watch_session_lease(tx, session);
  auto token = auth::make_opaque_token(auth::TokenKind::session, tx.random());
  co_await auth::Directory::put_session_token(tx, session.id, project.id, caller, token.digest);

  auto event = said.value_or(db::EventDraft{.action = "SESSION_START"});
  if (event.text.empty()) event.text = greeting_of(session);
  if (session.role) event.data["role"] = *session.role;
  if (session.tool) event.data["tool"] = *session.tool;
  if (session.branch) event.data["branch"] = *session.branch;
  auto written = db::append_event(tx, project.id, &session, std::move(event));
  co_return StartedSession{std::move(session), std::move(token.text), std::move(written)};
}

void mark_complete(db::Tx& tx, Session session) {
  session.completed_at = tx.now();
  session.updated_at = tx.now();
  db::put_session(tx, session);
}

Task<std::vector<models::Claim>> end_some_claims(db::Tx& tx, models::Project const& project, SessionId session) {
  auto claims = co_await db::claims_of_session(tx, project.id, session, limits::kClaimsEndedAtOnce + 1);
  EndBudget budget(tx);
  auto const rest = std::ranges::find_if_not(claims, [&](auto const& claim) { return budget.take(claim); });
  bool const all = rest == claims.end();
  claims.erase(rest, claims.end());
  end_claims(tx, project, claims, models::ClaimEnd::session_ended);
  if (!all) tx.due({.at = tx.now(), .kind = db::DueKind::session, .scope = project.id.uuid, .id = session.uuid});
  co_return claims;
}

Task<models::Event> end_session(db::Tx& tx, models::Project const& project, Session session, std::string reason,
                                std::optional<db::EventDraft> said) {
  if (!session.ended_at) db::count(tx, project.id, db::Counted::sessions, -1);
  auto const held = co_await db::count_claims_of_session(tx, project.id, session.id);
  auto const claims = co_await end_some_claims(tx, project, session.id);
  // Not by the reason: that is the caller's own words.
  bool const ran_out = session.state == models::SessionState::ended;
  tx.count(ran_out ? db::Happening::session_expired : db::Happening::session_ended);
  session.state = models::SessionState::ended;
  session.ended_at = tx.now();
  session.end_reason = reason;
  session.updated_at = tx.now();
  db::put_session(tx, session);
  co_await auth::Directory::remove_session_token(tx, session.id);

  auto event = said.value_or(db::EventDraft{.action = "SESSION_END"});
  if (event.text.empty()) event.text = reason == "expired" ? "was not heard of any more" : "ended";
  event.paths = paths_of(claims);
  event.data["reason"] = reason;
  event.data["claims_freed"] = held;
  // Who started it can still read its inbox.
  std::vector<models::Message> lost;
  if (ran_out) lost.push_back(make_notice(tx, project, models::MessageKind::lease_lost, to_session(session.id)));
  name_in(event, lost);
  auto written = db::append_event(tx, project.id, &session, std::move(event));
  if (ran_out && session.role && held > 0)
    co_await db::count_role_fact(tx, project.id, *session.role, db::RoleFact::claim_lost, written.cursor,
                                 static_cast<std::int64_t>(held));
  for (auto& notice : lost) {
    name_claims(notice, claims);
    deliver(tx, std::move(notice), written.cursor);
  }
  co_await end_tickets_of(tx, project, session, targets_of(project, claims));
  co_return written;
}

}  // namespace codi::api
