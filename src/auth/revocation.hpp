#pragma once
#include "base/task.hpp"
#include "db/tx.hpp"
#include "models/invite.hpp"
#include "models/token.hpp"

#include <optional>

/// Ends of credentials: each removes a record and the entry of its secret in the token index, in one transaction. What
/// it started (the session tokens of a login or an API token) stops to hold with it.
namespace codi::auth {

/// Nothing happens when there is no such login.
Task<void> end_login(db::Tx& tx, LoginId id);
/// Every login of a user but `except`.
Task<void> end_logins_of(db::Tx& tx, UserId user, std::optional<LoginId> except = {});

/// Removes an API token; all of a user's.
Task<void> revoke_token(db::Tx& tx, models::Token token);
Task<void> revoke_tokens_of(db::Tx& tx, UserId user);

/// Removes an invite, whose code is then unknown.
Task<void> withdraw_invite(db::Tx& tx, models::Invite invite);

/// What the reaper calls when a login's, API token's or invite's time has come: removes it if it has really expired.
/// Nothing happens for other kinds.
Task<void> expire(db::Tx& tx, db::Due due);

}  // namespace codi::auth
