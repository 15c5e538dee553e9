#pragma once
#include <cstdint>
#include <string_view>

#include "models/user.hpp"

namespace codi::auth {

/// What a caller may be allowed to do. Their names are what API tokens are scoped by.
enum class Permission : std::uint8_t {
  tenant_read,
  tenant_manage,
  user_read,
  user_manage,
  invite_manage,
  token_manage,
  project_read,
  project_create,
  project_manage,
  session_write,
  event_write,
  claim_write,
  claim_force,
  handoff_write,
  role_manage,
  report_write,
  message_write,
  audit_read,
};
BOOST_DESCRIBE_ENUM(Permission, tenant_read, tenant_manage, user_read, user_manage, invite_manage, token_manage, project_read,
                    project_create, project_manage, session_write, event_write, claim_write, claim_force, handoff_write, role_manage,
                    report_write, message_write, audit_read)

/// The lowest role that has the permission. docs/permissions.md is generated from this.
models::Role lowest_role(Permission permission);

/// A set of permissions.
class PermissionSet {
 public:
  constexpr PermissionSet() = default;
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

/// All that a role may do.
PermissionSet permissions_of(models::Role role);

}  // namespace codi::auth
