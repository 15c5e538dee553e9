#include "auth/caller.hpp"

#include <fmt/format.h>

namespace codi::auth {

Result<Permitted> permit(Caller const& caller, Permission permission) {
  if (!caller.permissions.has(permission))
    return fail(ErrorCode::not_permitted, fmt::format("this needs the permission {}", reflect::enum_name(permission)));
  return Permitted(caller);
}

Result<Acting> act_for(Caller const& caller, Permission permission, models::Session const& session) {
  if (auto const permitted = permit(caller, permission); !permitted) return std::unexpected(permitted.error());
  if (caller.kind == CredentialKind::session_token) {
    if (caller.session == session.id) return Acting(caller, session, false);
    return fail(ErrorCode::not_permitted, "this session token acts for another session");
  }
  bool const started_it = session.token_id ? caller.token == session.token_id
                                           : caller.kind == CredentialKind::login && caller.user == session.user_id;
  if (started_it) return Acting(caller, session, false);
  if (caller.role >= models::Role::admin && caller.permissions.has(Permission::claim_force))
    return Acting(caller, session, true);
  return fail(
      ErrorCode::not_permitted,
      fmt::format("session {} belongs to another caller: only its own token, who started it, or an admin acts for it",
                  session.alias));
}

Result<Acting> act_for_user_session(Caller const& caller, Permission permission, models::Session const& session) {
  if (auto const permitted = permit(caller, permission); !permitted) return std::unexpected(permitted.error());
  if (caller.kind != CredentialKind::session_token && caller.user == session.user_id)
    return Acting(caller, session, false);
  return fail(ErrorCode::not_permitted, fmt::format("session {} stands for another user", session.alias));
}

bool reaches(Caller const& caller, ProjectId project) { return !caller.project || *caller.project == project; }

}  // namespace codi::auth
