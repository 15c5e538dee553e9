#pragma once
#include "base/limits.hpp"
#include "models/permission.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// An API token of a user. Its text is shown once and is no part of it.
struct Token {
  TokenId id;
  std::string name;
  UserId user_id;
  std::optional<ProjectId> project_id;
  std::vector<Permission> permissions;
  std::optional<Timestamp> expires_at;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Token, (), (id, name, user_id, project_id, permissions, expires_at, created_at, updated_at))

/// What the store knows of the token of a session (its text is answered once, when the session starts).
struct SessionToken {
  ProjectId project_id;
  UserId user_id;
  std::optional<LoginId> login_id;
  std::optional<TokenId> token_id;
  std::string digest;
};
BOOST_DESCRIBE_STRUCT(SessionToken, (), (project_id, user_id, login_id, token_id, digest))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Token> {
  static constexpr std::string_view name = "Token";
  static constexpr std::array fields{
      field("id", "Id of the token."),
      field("name", "What its owner calls it.").length(1, limits::kNameBytes),
      field("user_id", "User for whom it acts."),
      field("project_id", "The only project that it reaches; null: all."),
      field("permissions", "The most that it may do; never more than its user may."),
      field("expires_at", "When it stops to hold; null for the token of the first start only."),
      field("created_at", "When it was made."),
      field("updated_at", "The same: a token never changes."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::SessionToken> {
  static constexpr std::string_view name = "SessionToken";
  static constexpr std::array fields{
      field("project_id", "The project that it may read."),
      field("user_id", "Who started the session."),
      field("login_id", "The login with which it was started; it dies with that."),
      field("token_id", "The API token with which it was started; it dies with that."),
      field("digest", "SHA-256 of the token in hexadecimal."),
  };
};
