#include "auth/revocation.hpp"

#include "auth/directory.hpp"
#include "base/encoding.hpp"
#include "db/invites.hpp"
#include "db/logins.hpp"
#include "db/tokens.hpp"

namespace codi::auth {
namespace {

void drop_login(db::Tx& tx, models::Login const& login) {
  Directory::remove_token(tx, from_hex(login.family_digest).value_or(""));
  db::remove_login(tx, login);
}

Task<void> expire_login(db::Tx& tx, LoginId id) {
  auto const login = co_await db::get_login(tx, id);
  if (login && login->expires_at <= tx.now()) drop_login(tx, *login);
}

Task<void> expire_token(db::Tx& tx, TokenId id) {
  auto const token = co_await db::get_token(tx, id);
  if (token && token->expires_at && *token->expires_at <= tx.now()) co_await revoke_token(tx, *token);
}

Task<void> expire_invite(db::Tx& tx, InviteId id) {
  auto const invite = co_await db::get_invite(tx, id);
  if (invite && invite->expires_at <= tx.now()) co_await withdraw_invite(tx, *invite);
}

}  // namespace

Task<void> end_login(db::Tx& tx, LoginId id) {
  auto const login = co_await db::get_login(tx, id);
  if (login) drop_login(tx, *login);
}

Task<void> end_logins_of(db::Tx& tx, UserId user, std::optional<LoginId> except) {
  auto const ids = co_await db::logins_of(tx, user);
  for (auto const id : ids)
    if (id != except) co_await end_login(tx, id);
}

Task<void> revoke_token(db::Tx& tx, models::Token token) {
  auto const digest = co_await db::remove_token(tx, std::move(token));
  if (digest) Directory::remove_token(tx, *digest);
}

Task<void> revoke_tokens_of(db::Tx& tx, UserId user) {
  auto const ids = co_await db::tokens_of(tx, user);
  for (auto const id : ids) {
    auto const token = co_await db::get_token(tx, id);
    if (token) co_await revoke_token(tx, *token);
  }
}

Task<void> withdraw_invite(db::Tx& tx, models::Invite invite) {
  auto const digest = co_await db::remove_invite(tx, std::move(invite));
  if (digest) Directory::remove_token(tx, *digest);
}

Task<void> expire(db::Tx& tx, db::Due due) {
  switch (due.kind) {
    case db::DueKind::refresh_token: return expire_login(tx, LoginId{due.id});
    case db::DueKind::api_token: return expire_token(tx, TokenId{due.id});
    case db::DueKind::invite: return expire_invite(tx, InviteId{due.id});
    default: return [](db::Tx&) -> Task<void> { co_return; }(tx);
  }
}

}  // namespace codi::auth
