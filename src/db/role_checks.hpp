#pragma once
#include "db/tx.hpp"
#include "models/agent_role.hpp"

#include <optional>
#include <string>
#include <vector>

/// What the roles of a project are held to; below P = (t,"project",project): (P,"role_checks") -> digest of what
/// (P,"role_checks_text",chunk) holds: RoleChecksRecord in chunks.
namespace codi::db {

/// The checks of one role, without the lines that they were read from, and its triggers in their order.
struct RoleChecks {
  std::string role;
  std::vector<models::Gate> gates;
  std::vector<models::Trigger> triggers;
};
BOOST_DESCRIBE_STRUCT(RoleChecks, (), (role, gates, triggers))

/// Those of all roles of a project, so that a report reads one row of them, or two.
struct RoleChecksRecord {
  std::vector<RoleChecks> roles;
};
BOOST_DESCRIBE_STRUCT(RoleChecksRecord, (), (roles))

/// What is kept of a role.
RoleChecks checks_of(models::AgentRole const& role);

/// What names the present checks of all roles; nothing when no role has any.
Task<std::optional<std::string>> role_checks_digest(Tx& tx, ProjectId project);
Task<RoleChecksRecord> get_role_checks(Tx& tx, ProjectId project);

/// Puts a role's checks in the place of those that it had, in the order in which roles were first put; none take it
/// out.
Task<void> set_role_checks(Tx& tx, ProjectId project, RoleChecks of_role);

}  // namespace codi::db

template <>
struct codi::reflect::Fields<codi::db::RoleChecks> {
  static constexpr std::string_view name = "RoleChecks";
  static constexpr std::array fields{field("role", "Name of the role."), field("gates", "Its checks."),
                                     field("triggers", "Its triggers.")};
};
template <>
struct codi::reflect::Fields<codi::db::RoleChecksRecord> {
  static constexpr std::string_view name = "RoleChecksRecord";
  static constexpr std::array fields{field("roles", "One entry a role that has checks or triggers.")};
};
