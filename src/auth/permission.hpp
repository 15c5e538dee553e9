#pragma once
#include "models/permission.hpp"
#include "models/user.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace codi::auth {

using models::Permission;

/// The lowest role that has the permission. docs/permissions.md is generated from this.
models::Role lowest_role(Permission permission);

/// A set of permissions.
class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  /// A set is a value: intersect() leaves both operands as they are.
  constexpr void add(Permission p) { bits_ |= 1U << static_cast<unsigned>(p); }
  [[nodiscard]] constexpr bool has(Permission p) const { return ((bits_ >> static_cast<unsigned>(p)) & 1U) != 0; }
  [[nodiscard]] constexpr PermissionSet intersect(PermissionSet other) const {
    PermissionSet out;
    out.bits_ = bits_ & other.bits_;
    return out;
  }
  bool operator==(PermissionSet const&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

/// Those of a list.
PermissionSet permission_set(std::vector<Permission> const& permissions);
/// All members of a set, in the order of the enum.
std::vector<Permission> permission_list(PermissionSet permissions);

/// All that a role may do.
PermissionSet permissions_of(models::Role role);
/// All that a session token may do, for its own session and in its own project.
PermissionSet session_token_permissions();
/// All that a token scoped to one project may do: nothing that changes the tenant, its people or their tokens.
PermissionSet project_token_permissions();

/// docs/permissions.md: who may do what.
std::string permissions_markdown();

}  // namespace codi::auth
