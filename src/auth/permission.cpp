#include "auth/permission.hpp"

#include "reflect/field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace codi::auth {
namespace {

using models::Role;
using enum models::Permission;

struct Row {
  Permission permission;
  Role lowest;
  bool of_session_token;  ///< a session token has it
  bool of_project;        ///< means something within one project, or only reads the tenant
  std::string_view meaning;
};

constexpr std::array kTable{
    Row{tenant_read, Role::viewer, false, true, "Read the tenant."},
    Row{tenant_manage, Role::admin, false, false, "Change the tenant."},
    Row{user_read, Role::viewer, false, true, "Read the tenant's users."},
    Row{user_manage, Role::admin, false, false,
        "Change, suspend and remove users; see and revoke everyone's API tokens. Owners only by owners."},
    Row{invite_manage, Role::admin, false, false, "Make, list and withdraw invites. Invites of owners only by owners."},
    Row{token_manage, Role::member, false, false, "Make, list and revoke one's own API tokens."},
    Row{project_read, Role::viewer, true, true, "Read projects and all that is in them."},
    Row{project_create, Role::member, false, false, "Make projects."},
    Row{project_manage, Role::admin, false, true, "Change and delete projects."},
    Row{session_write, Role::member, true, true, "Start sessions; keep alive and end one's own."},
    Row{event_write, Role::member, true, true, "Write to the work log for one's own sessions."},
    Row{claim_write, Role::member, true, true, "Claim, renew, release and transfer for one's own sessions."},
    Row{claim_force, Role::admin, false, true, "Act for sessions of others and end their claims; each use is audited."},
    Row{handoff_write, Role::member, true, true, "Offer, accept, decline, withdraw and complete handoffs."},
    Row{role_manage, Role::admin, false, true, "Write and delete role documents."},
    Row{report_write, Role::member, true, true, "Send reports."},
    Row{message_write, Role::member, true, true, "Send and acknowledge messages."},
    Row{audit_read, Role::admin, false, false, "Read the audit log."},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].permission) != i) return false;
  return true;
}
static_assert(in_enum_order());
static_assert(kTable.size() == static_cast<std::size_t>(audit_read) + 1);

template <class Wanted>
PermissionSet those(Wanted wanted) {
  PermissionSet out;
  for (auto const& row : kTable)
    if (wanted(row)) out.add(row.permission);
  return out;
}

}  // namespace

Role lowest_role(Permission permission) { return kTable[static_cast<std::size_t>(permission)].lowest; }

PermissionSet permission_set(std::vector<Permission> const& permissions) {
  PermissionSet out;
  for (auto const permission : permissions) out.add(permission);
  return out;
}

std::vector<Permission> permission_list(PermissionSet permissions) {
  std::vector<Permission> out;
  for (auto const& row : kTable)
    if (permissions.has(row.permission)) out.push_back(row.permission);
  return out;
}

PermissionSet permissions_of(Role role) {
  return those([role](Row const& row) { return row.lowest <= role; });
}

PermissionSet session_token_permissions() {
  return those([](Row const& row) { return row.of_session_token; });
}

PermissionSet project_token_permissions() {
  return those([](Row const& row) { return row.of_project; });
}

std::string permissions_markdown() {
  std::string out =
      "# Permissions\n\n"
      "Printed from the table in `src/auth/permission.cpp`; a test keeps this page equal to it.\n\n"
      "A user has the permissions of the role. An API token has those that it was made with, as long as its user has "
      "them; one scoped to a project\nhas no more than the column *project token* says. A session token has the "
      "column *session token*, for its own session and in its own project.\n\n"
      "| permission | what it allows | viewer | member | admin | owner | project token | session token |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  auto const mark = [](bool yes) { return yes ? "yes" : ""; };
  for (auto const& row : kTable)
    out +=
        fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} |\n", reflect::enum_name(row.permission), row.meaning,
                    mark(row.lowest <= Role::viewer), mark(row.lowest <= Role::member), mark(row.lowest <= Role::admin),
                    mark(row.lowest <= Role::owner), mark(row.of_project), mark(row.of_session_token));
  return out;
}

}  // namespace codi::auth
