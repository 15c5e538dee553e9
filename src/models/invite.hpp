#pragma once
#include "base/limits.hpp"
#include "models/user.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <optional>
#include <string>

namespace codi::models {

/// A standing offer to join a tenant. Its code is shown once and is no part of it; it is gone when it is accepted.
struct Invite {
  InviteId id;
  std::optional<std::string> email;
  Role role = Role::member;
  UserId invited_by;
  Timestamp expires_at;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Invite, (), (id, email, role, invited_by, expires_at, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Invite> {
  static constexpr std::string_view name = "Invite";
  static constexpr std::array fields{
      field("id", "Id of the invite."),
      field("email", "The only address that may accept it; null: any.")
          .length(3, limits::kEmailBytes)
          .with_format("email"),
      field("role", "Role that whoever accepts it gets."),
      field("invited_by", "User who made it; it holds while that user may make it."),
      field("expires_at", "When it stops to hold."),
      field("created_at", "When it was made."),
      field("updated_at", "The same: an invite never changes."),
  };
};
