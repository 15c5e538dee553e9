#pragma once
#include "auth/key_pair.hpp"
#include "base/clock.hpp"
#include "models/user.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Access tokens as JSON Web Tokens (RFC 7519), signed with ES256 and nothing else (RFC 8725 section 3.1).
namespace codi::auth {

/// What an access token says.
struct AccessClaims {
  TenantId tenant{};
  UserId user{};
  LoginId login{};
  models::Role role = models::Role::viewer;  ///< for readers of the token; the store decides
};

/// Signs an access token that `issuer` issues to itself. Throws Failure when OpenSSL can't sign.
std::string sign_jwt(AccessClaims const& claims, KeyPair const& key, std::string const& issuer, Timestamp now,
                     Timestamp expires_at);

/// The `kid` of a token whose header is exactly what sign_jwt writes; nothing for any other text.
std::optional<std::string> kid_of_jwt(std::string_view token);

/// A token whose signature, issuer and audience are right. Its time has not been looked at.
struct VerifiedJwt {
  AccessClaims claims;
  Timestamp expires_at;
};
/// Nothing unless `key` has signed the token and `issuer` is its issuer and its audience.
std::optional<VerifiedJwt> verify_jwt(std::string_view token, KeyPair const& key, std::string const& issuer);

}  // namespace codi::auth
