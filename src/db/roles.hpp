#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/agent_role.hpp"

#include <optional>
#include <string>
#include <vector>

/// The roles of a project; below P = (t,"project",project): (P,"roles",id,chunk) -> AgentRole in chunks;
/// (P,"role_names",name) -> its id; (P,"role_ids",id) -> nothing; (P,"role_boundaries") -> digest of what
/// (P,"role_boundaries_text",chunk) holds: RoleBoundariesRecord in chunks; (P,"role_loans",id) -> RoleLoan.
namespace codi::db {

/// The boundaries of one role.
struct RoleTargets {
  std::string role;
  std::vector<std::string> targets;
};
BOOST_DESCRIBE_STRUCT(RoleTargets, (), (role, targets))

/// Those of all roles of a project, so that a claim reads one row of them, or two.
struct RoleBoundariesRecord {
  std::vector<RoleTargets> roles;
};
BOOST_DESCRIBE_STRUCT(RoleBoundariesRecord, (), (roles))

/// By its name, in its one spelling.
Task<std::optional<models::AgentRole>> find_role(Tx& tx, ProjectId project, std::string name);
/// Writes the role, and its boundaries and checks among those of all; `name` never changes.
Task<void> put_role(Tx& tx, models::AgentRole role);
/// With its boundaries and its checks; not with what it lends.
Task<void> remove_role(Tx& tx, models::AgentRole role);
/// One page, oldest first; and all of them as they are stored, to be decoded when there is time.
Task<Result<models::Page<models::AgentRole>>> list_roles(Tx& tx, ProjectId project, PageRequest page);
Task<std::vector<std::string>> stored_roles(Tx& tx, ProjectId project);
models::AgentRole decode_role(std::string const& stored);
Task<std::size_t> count_roles(Tx& tx, ProjectId project);

/// What names the present boundaries of all roles; nothing when the project has no role.
Task<std::optional<std::string>> role_boundaries_digest(Tx& tx, ProjectId project);
Task<RoleBoundariesRecord> get_role_boundaries(Tx& tx, ProjectId project);

/// Loans; those that have run out too, until another is made.
Task<std::vector<models::RoleLoan>> list_loans(Tx& tx, ProjectId project);
void put_loan(Tx& tx, models::RoleLoan const& loan);
void remove_loan(Tx& tx, models::RoleLoan const& loan);

}  // namespace codi::db

template <>
struct codi::reflect::Fields<codi::db::RoleTargets> {
  static constexpr std::string_view name = "RoleTargets";
  static constexpr std::array fields{field("role", "Name of the role."), field("targets", "Its boundaries.")};
};
template <>
struct codi::reflect::Fields<codi::db::RoleBoundariesRecord> {
  static constexpr std::string_view name = "RoleBoundaries";
  static constexpr std::array fields{field("roles", "One entry a role that has boundaries.")};
};
