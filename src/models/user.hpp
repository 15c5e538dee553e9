#pragma once
#include "base/limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <string>

namespace codi::models {

/// What a user may do in the tenant; each role can do all that the ones before it can.
enum class Role : std::uint8_t { viewer, member, admin, owner };
BOOST_DESCRIBE_ENUM(Role, viewer, member, admin, owner)

enum class UserState : std::uint8_t { active, suspended };
BOOST_DESCRIBE_ENUM(UserState, active, suspended)

/// A person in a tenant.
struct User {
  UserId id;
  std::string email;
  std::string name;
  Role role = Role::member;
  UserState state = UserState::active;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, email, name, role, state, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::User> {
  static constexpr std::string_view name = "User";
  static constexpr std::array fields{
      field("id", "Id of the user."),
      field("email", "E-mail address, unique in the store.").length(3, limits::kEmailBytes).with_format("email"),
      field("name", "Name shown to others.").length(1, limits::kNameBytes),
      field("role", "Role in the tenant."),
      field("state", "A suspended user's tokens are refused."),
      field("created_at", "When the user was made."),
      field("updated_at", "When the user was last changed."),
  };
};
