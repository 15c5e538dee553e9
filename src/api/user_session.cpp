#include "api/user_session.hpp"

#include "api/scope.hpp"
#include "api/session_flow.hpp"
#include "coordination/slug.hpp"
#include "db/sessions.hpp"
#include "db/users.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using models::Session;
using models::SessionState;

// `git-lfs-ann-lee`; numbered when another session bears that. A name of which a slug keeps nothing gives way to the
// address.
Task<std::string> alias_for(db::Tx& tx, models::Project const& project, UserId id, std::string tool) {
  auto const user = co_await db::get_user(tx, id);
  auto const nothing = coordination::make_slug("");
  auto slug = user ? coordination::make_slug(user->name) : nothing;
  if (user && slug == nothing) slug = coordination::make_slug(user->email.substr(0, user->email.find('@')));
  auto alias = fmt::format("{}-{}", tool, slug);
  auto const bearer = co_await db::find_session(tx, project.id, alias);
  if (bearer && bearer->state != SessionState::ended) alias += "-N";
  co_return alias;
}

}  // namespace

Task<std::optional<Session>> session_of_caller(db::Tx& tx, auth::Caller const& caller, models::Project const& project,
                                               std::string tool) {
  std::optional<Session> found;
  if (caller.session)
    found = co_await db::get_session(tx, project.id, *caller.session);
  else
    found = co_await db::find_user_session(tx, project.id, caller.user, std::move(tool));
  if (!found || found->state == SessionState::ended) co_return std::nullopt;
  co_return found;
}

Result<auth::Acting> act_for_own(db::Tx& tx, auth::Caller const& caller, auth::Permission permission,
                                 Session const& session) {
  if (caller.session) return act_for_live(tx, caller, permission, session);
  auto const may = auth::act_for_user_session(caller, permission, session);
  if (!may) return std::unexpected(may.error());
  return auth::act_for_user_session(caller, permission, db::beat(tx, session));
}

Task<Result<auth::Acting>> act_or_start(db::Tx& tx, auth::Permitted const& permitted, auth::Permission permission,
                                        models::Project const& project, std::string tool) {
  auto const& caller = permitted.caller();
  auto const session = co_await session_of_caller(tx, caller, project, tool);
  if (session) co_return act_for_own(tx, caller, permission, *session);
  if (caller.session) co_return fail(ErrorCode::conflict, "the session of this token has ended");
  auto alias = co_await alias_for(tx, project, caller.user, tool);
  SessionDraft draft{
      .alias = std::move(alias), .tool = tool, .ttl_seconds = limits::kSessionTtlSecondsMax, .stands_for_user = true};
  auto const started = co_await start_session(tx, project, permitted, std::move(draft));
  if (!started) co_return std::unexpected(started.error());
  db::put_user_session(tx, started->session, tool);
  co_return act_for_own(tx, caller, permission, started->session);
}

}  // namespace codi::api
