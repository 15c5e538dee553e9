#include "api/sign_in.hpp"

#include "auth/directory.hpp"
#include "auth/login_throttle.hpp"
#include "auth/token_service.hpp"
#include "base/encoding.hpp"
#include "base/text.hpp"
#include "db/audit.hpp"
#include "db/logins.hpp"
#include "db/retry.hpp"

#include <algorithm>

namespace codi::api {

NewLogin draw_login(PrepareContext const& context, TenantId tenant, UserId user, models::Role role) {
  NewLogin login{.id = LoginId::make(context.facts.now, context.random),
                 .refresh = auth::make_refresh_token(context.random)};
  login.access_token = context.tokens.sign({.tenant = tenant, .user = user, .login = login.id, .role = role});
  return login;
}

void put_new_login(db::Tx& tx, UserId user, NewLogin const& login) {
  db::put_login(tx, {.id = login.id,
                     .user_id = user,
                     .family_digest = to_hex(login.refresh.family_digest),
                     .secret_digest = to_hex(login.refresh.secret_digest),
                     .expires_at = tx.now() + limits::kRefreshTokenTime,
                     .created_at = tx.now(),
                     .updated_at = tx.now()});
  auth::Directory::put_token(tx, auth::TokenKind::refresh, login.id.uuid, login.refresh.family_digest);
  db::append_audit(tx, {.actor_user_id = user, .action = "login.created", .target = to_string(login.id)});
}

SignedIn signed_in(models::User user, models::Tenant tenant, NewLogin const& login) {
  return {.user = std::move(user),
          .tenant = std::move(tenant),
          .access_token = login.access_token,
          .refresh_token = login.refresh.text,
          .expires_in = std::chrono::seconds(limits::kAccessTokenTime).count()};
}

Result<std::string> fold_email(std::string_view email) {
  auto const refused = [] { return invalid("/email", "must be an e-mail address, such as ada@example.org"); };
  auto const at = email.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == email.size()) return refused();
  auto const is_bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '@'; };
  if (std::ranges::any_of(email.substr(0, at), is_bad) || std::ranges::any_of(email.substr(at + 1), is_bad))
    return refused();
  auto folded = fold_case(email);
  if (!folded) return refused();
  return *std::move(folded);
}

Result<void> check_registration(PrepareContext const& context, bool by_invite) {
  auto const& settings = context.settings;
  bool const closed_by_proxy = settings.registration_is_default && context.facts.through_proxy;
  auto const mode = closed_by_proxy ? Registration::closed : settings.registration;
  if (mode == Registration::open || (mode == Registration::invited && by_invite)) return {};
  if (mode == Registration::invited)
    return fail(ErrorCode::registration_closed, "new accounts on this server need an invite");
  Error error{.code = ErrorCode::registration_closed, .detail = "this server takes no new accounts, invited or not"};
  error.recovery.emplace_back(
      "Ask its operator to serve with `CODI_REGISTRATION=invited`, and an admin of a tenant for an invite.");
  return std::unexpected(std::move(error));
}

namespace {

Task<void> look_up(auth::OpenTx& open, std::string const& email_folded, std::optional<auth::Account>& account) {
  account = co_await auth::Directory::find_account(open, email_folded);
}

}  // namespace

Result<void> check_email_free(PrepareContext const& context, std::string const& email_folded) {
  auto& throttle = context.throttle;
  if (auto calm = throttle.check_disclosure(context.facts.address); !calm) return calm;
  std::optional<auth::Account> account;
  context.read([&](auth::OpenTx& open) { return look_up(open, email_folded, account); });
  if (!account) return {};
  throttle.disclosed(context.facts.address);
  return email_taken();
}

std::unexpected<Error> email_taken() {
  return fail(ErrorCode::email_taken, "an account with this e-mail address is there already");
}

std::unexpected<Error> bad_credentials() {
  return fail(ErrorCode::bad_credentials, "the e-mail address or the password is wrong");
}

}  // namespace codi::api
