#include "roles/ownership.hpp"

#include "coordination/containment.hpp"

#include <algorithm>
#include <set>

namespace codi::roles {

using coordination::contained;
using coordination::Effort;
using coordination::Target;
using coordination::TargetKind;

Ownership::Ownership(std::vector<RoleBoundaries> const& roles, bool case_sensitive) : case_sensitive_(case_sensitive) {
  for (auto const& [role, targets] : roles)
    for (auto const& text : targets)
      if (auto target = coordination::parse_target(text, case_sensitive))
        boundaries_.push_back({role, *std::move(target)});
}

bool Ownership::narrower(Target const& a, Target const& b, Effort& effort) const {
  Target const* const in_b[] = {&b};
  Target const* const in_a[] = {&a};
  return contained(a, nullptr, in_b, case_sensitive_, effort) && !contained(b, nullptr, in_a, case_sensitive_, effort);
}

std::vector<std::string> Ownership::owners_of(Target const& target, Effort& effort) const {
  std::vector<Owned const*> whole;
  std::set<std::string> parts;
  for (auto const& one : boundaries_) {
    if (!overlaps(one.target, target, effort)) continue;
    parts.insert(one.role);
    Target const* const holder[] = {&one.target};
    if (contained(target, nullptr, holder, case_sensitive_, effort)) whole.push_back(&one);
  }
  std::set<std::string> owners;
  for (auto const* one : whole) {
    bool const beaten = std::ranges::any_of(
        whole, [&](Owned const* other) { return other != one && narrower(other->target, one->target, effort); });
    if (!beaten) owners.insert(one->role);
  }
  if (owners.empty()) owners = std::move(parts);
  return {owners.begin(), owners.end()};
}

Verdict Ownership::judge(std::string_view role, Target const& target, std::span<Lent const> lent,
                         Effort& effort) const {
  struct Held {
    Target const* target;
    std::string_view from;  // who lent it
  };
  std::vector<Held> held;
  for (auto const& one : boundaries_)
    if (one.role == role) held.push_back({&one.target, {}});
  if (target.kind == TargetKind::resource) {
    auto owners = owners_of(target, effort);
    bool const free = owners.empty() || std::ranges::find(owners, role) != owners.end();
    bool const borrowed = std::ranges::any_of(
        lent, [&](Lent const& one) { return one.to == role && coordination::covers(one.target, target); });
    if (free || borrowed) return {};
    return {.inside = false, .owners = std::move(owners)};
  }
  if (held.empty()) return {};
  for (auto const& one : lent)
    if (one.to == role) held.push_back({&one.target, one.from});

  std::vector<Target const*> all;
  for (auto const& one : held) all.push_back(one.target);
  if (!contained(target, nullptr, all, case_sensitive_, effort)) {
    auto owners = owners_of(target, effort);
    std::erase(owners, role);
    return {.inside = false, .owners = std::move(owners)};
  }
  std::set<std::string> others;
  for (auto const& one : boundaries_) {
    if (one.role == role || !overlaps(one.target, target, effort)) continue;
    std::vector<Target const*> keepers;  // what of the role's own does not give way to it
    for (auto const& [own, from] : held)
      if (from == one.role || !narrower(one.target, *own, effort)) keepers.push_back(own);
    if (!contained(target, &one.target, keepers, case_sensitive_, effort)) others.insert(one.role);
  }
  if (others.empty() && !effort.spent()) return {};
  return {.inside = false, .owners = {others.begin(), others.end()}};
}

}  // namespace codi::roles
