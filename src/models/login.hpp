#pragma once
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <string>

namespace codi::models {

/// One sign-in of a user: while it is in the store its access tokens and those of its sessions hold. Never shown to
/// anyone.
struct Login {
  LoginId id;
  UserId user_id;
  std::string family_digest;
  std::string secret_digest;
  Timestamp expires_at;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Login, (), (id, user_id, family_digest, secret_digest, expires_at, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Login> {
  static constexpr std::string_view name = "Login";
  static constexpr std::array fields{
      field("id", "Id of the login: the `session` claim of its access tokens."),
      field("user_id", "User who signed in."),
      field("family_digest", "SHA-256, in hexadecimal, of the part that its refresh tokens share."),
      field("secret_digest", "The same of the part that only the current one has."),
      field("expires_at", "When its current refresh token expires."),
      field("created_at", "When the user signed in."),
      field("updated_at", "When it was last refreshed."),
  };
};
