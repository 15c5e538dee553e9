#pragma once
#include "roles/document.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Roles out of CODEOWNERS: who owns what there is a role with these boundaries.
namespace codi::roles {

/// The role that an owner stands for: `api-team` for `@acme/api-team`, `octocat` for `@octocat`, `docs` for
/// `docs@example.com`. Empty when nothing of a name is left.
std::string role_of_owner(std::string_view owner);

/// The roles of all owners of a CODEOWNERS, in alphabetical order.
std::vector<std::string> roles_of_owners(std::string_view text);

/// What the role `name` owns by a CODEOWNERS; an error when it owns nothing there. Lines that are skipped, and those
/// that take away what an earlier line gave, which boundaries can't say, are findings.
RoleDocument role_of_owners(std::string_view text, std::string_view name);

}  // namespace codi::roles
