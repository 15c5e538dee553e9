#pragma once
#include "api/operation.hpp"
#include "api/runtime.hpp"
#include "auth/opaque_token.hpp"
#include "models/login.hpp"
#include "models/tenant.hpp"
#include "models/user.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// What registering, signing in, refreshing and accepting an invite have in common.
namespace codi::api {

/// What each of them answers.
struct SignedIn {
  models::User user;
  models::Tenant tenant;
  std::string access_token;
  std::string refresh_token;
  std::int64_t expires_in = 0;
};
BOOST_DESCRIBE_STRUCT(SignedIn, (), (user, tenant, access_token, refresh_token, expires_in))

/// The tokens of a login, drawn and signed before its transaction.
struct NewLogin {
  LoginId id{};
  auth::RefreshToken refresh{};
  std::string access_token;
};

/// Draws a login and signs its first access token. On a worker thread: a signature takes its time.
NewLogin draw_login(PrepareContext const& context, TenantId tenant, UserId user, models::Role role);

/// Stores a login and writes it to the audit log.
void put_new_login(db::Tx& tx, UserId user, NewLogin const& login);

/// The answer to a sign-in.
SignedIn signed_in(models::User user, models::Tenant tenant, NewLogin const& login);

/// The form in which an address is unique; a validation error at `/email` for what is no address.
Result<std::string> fold_email(std::string_view email);

/// AUTH-USR-1006 when this server takes no new account in that way: a tenant of one's own, or by invite.
Result<void> check_registration(PrepareContext const& context, bool by_invite);

/// AUTH-USR-1005 when the address has an account, and AUTH-SYS-1004 when too many callers of this network address were
/// told so: the one exception to silence about who has an account.
Result<void> check_email_free(PrepareContext const& context, std::string const& email_folded);

/// The refusal that check_email_free gives.
std::unexpected<Error> email_taken();

/// The one refusal of a sign-in, whatever was wrong with it.
std::unexpected<Error> bad_credentials();

/// Fields that sign-ins share.
constexpr reflect::Field email_field() {
  return reflect::field("email", "E-mail address; upper and lower case are the same.")
      .length(3, limits::kEmailBytes)
      .with_format("email");
}
/// A password that is being chosen: its length is checked.
constexpr reflect::Field new_password_field(std::string_view name) {
  return reflect::field(name, "Password, any text of 8 bytes or more.")
      .length(limits::kPasswordBytesMin, limits::kPasswordBytesMax)
      .with_format("password")
      .secret();
}
/// A password that is being presented: one that is too short is wrong, not malformed.
constexpr reflect::Field password_field(std::string_view name, std::string_view doc) {
  return reflect::field(name, doc).length(0, limits::kPasswordBytesMax).with_format("password").secret();
}
/// The name of a user.
constexpr reflect::Field person_name_field() {
  return reflect::field("name", "Name shown to others.").length(1, limits::kNameBytes);
}

}  // namespace codi::api

template <>
struct codi::reflect::Fields<codi::api::SignedIn> {
  static constexpr std::string_view name = "SignedIn";
  static constexpr std::array fields{
      field("user", "Who has signed in."),
      field("tenant", "The user's tenant."),
      field("access_token", "JWT for the header `Authorization: Bearer …`.").secret(),
      field("refresh_token", "Good for one refresh; using it twice ends the login.").secret(),
      field("expires_in", "Seconds for which the access token holds."),
  };
};
