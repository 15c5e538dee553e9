#include "roles/owners_role.hpp"

#include "coordination/log_line.hpp"
#include "coordination/owners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace codi::roles {
namespace {

bool owns(coordination::OwnerRule const& rule, std::string_view name) {
  return std::ranges::any_of(rule.owners, [&](std::string const& owner) { return role_of_owner(owner) == name; });
}

}  // namespace

std::string role_of_owner(std::string_view owner) {
  auto const slash = owner.rfind('/');
  if (slash != std::string_view::npos)
    owner.remove_prefix(slash + 1);
  else if (owner.starts_with('@'))
    owner.remove_prefix(1);
  else
    owner = owner.substr(0, owner.rfind('@'));
  auto name = coordination::role_name(owner);
  return coordination::valid_alias(name) && name.size() <= limits::kRoleNameBytes ? name : std::string();
}

std::vector<std::string> roles_of_owners(std::string_view text) {
  std::set<std::string> out;
  for (auto const& rule : coordination::read_owners(text).rules)
    for (auto const& owner : rule.owners)
      if (auto name = role_of_owner(owner); !name.empty()) out.insert(std::move(name));
  return {out.begin(), out.end()};
}

RoleDocument role_of_owners(std::string_view text, std::string_view name) {
  RoleDocument out;
  auto file = coordination::read_owners(text);
  coordination::check_patterns(file);
  for (auto& finding : file.findings) out.findings.push_back({finding.line, "is skipped: " + finding.message});
  for (auto const& rule : file.rules) {
    auto const line = static_cast<std::int64_t>(rule.line);
    if (!owns(rule, name)) {
      if (!out.content.boundaries.empty() && rule.owners.empty())
        out.findings.push_back({line, fmt::format("`{}` belongs to nobody, which no boundary can say", rule.pattern)});
      continue;
    }
    auto const target = coordination::parse_target(coordination::TargetKind::glob, rule.glob, true);
    if (!target) continue;  // check_patterns() has told of it
    if (out.content.boundaries.size() == limits::kRoleItems) {
      out.errors.push_back({rule.line, fmt::format("there are more than {} lines of {}", limits::kRoleItems, name)});
      break;
    }
    out.lines[fmt::format("/boundaries/{}", out.content.boundaries.size())] = line;
    out.content.boundaries.push_back({coordination::spelt(*target), rule.pattern});
  }
  out.name = std::string(name);
  if (out.content.boundaries.empty() && out.errors.empty())
    out.errors.push_back({1, fmt::format("{} owns nothing in this CODEOWNERS", name)});
  return out;
}

}  // namespace codi::roles
