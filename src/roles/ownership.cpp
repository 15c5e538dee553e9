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

namespace {

// Whether the two share a path. A file is no more than itself, and costs nothing.
bool meet(Target const& boundary, Target const& target, Effort& effort) {
  if (boundary.glob && target.kind == TargetKind::file) return coordination::covers(boundary, target);
  return overlaps(boundary, target, effort);
}

Verdict outside(std::vector<std::string> owners, Effort const& effort) {
  if (effort.spent()) return {.inside = false, .owners = {}, .too_hard = true};
  return {.inside = false, .owners = std::move(owners)};
}

}  // namespace

std::vector<std::string> Ownership::owners_of(Target const& target, Effort& effort) const {
  std::vector<Owned const*> whole;
  std::set<std::string> parts;
  for (auto const& one : boundaries_) {
    if (!meet(one.target, target, effort)) continue;
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

Verdict Ownership::judge_resource(std::string_view role, Target const& target, std::span<Lent const> lent) const {
  Effort unlimited;  // names are compared, no patterns
  auto owners = owners_of(target, unlimited);
  bool const free = owners.empty() || std::ranges::find(owners, role) != owners.end();
  bool const borrowed = std::ranges::any_of(
      lent, [&](Lent const& one) { return one.to == role && coordination::covers(one.target, target); });
  if (free || borrowed) return {};
  return {.inside = false, .owners = std::move(owners)};
}

Verdict Ownership::judge_lender(std::string_view role, Target const& target, Effort& effort) const {
  auto const may_hold = [&](Owned const& one) {
    bool const same_sort = (one.target.kind == TargetKind::resource) == (target.kind == TargetKind::resource);
    return one.role == role && same_sort && (target.kind != TargetKind::resource || one.target == target);
  };
  if (std::ranges::none_of(boundaries_, may_hold)) return outside(owners_of(target, effort), effort);
  return judge(role, target, {}, effort);
}

std::vector<Ownership::Held> Ownership::held_by(std::string_view role, std::span<Lent const> lent) const {
  std::vector<Held> held;
  for (auto const& one : boundaries_)
    if (one.role == role) held.push_back({&one.target, {}});
  if (held.empty()) return held;
  for (auto const& one : lent)
    if (one.to == role) held.push_back({&one.target, one.from});
  return held;
}

Verdict Ownership::judge(std::string_view role, Target const& target, std::span<Lent const> lent,
                         Effort& effort) const {
  if (target.kind == TargetKind::resource) return judge_resource(role, target, lent);
  auto const held = held_by(role, lent);
  if (held.empty()) return {};
  std::vector<Target const*> all(held.size());
  std::ranges::transform(held, all.begin(), &Held::target);
  if (!contained(target, nullptr, all, case_sensitive_, effort)) {
    auto owners = owners_of(target, effort);
    std::erase(owners, role);
    return outside(std::move(owners), effort);
  }
  // What of the role's own does not give way to another's boundary.
  auto const keepers_of = [&](Owned const& one) {
    std::vector<Target const*> keepers;
    for (auto const& [own, from] : held) {
      if (target.kind == TargetKind::file && !coordination::covers(*own, target)) continue;
      if (from == one.role || !narrower(one.target, *own, effort)) keepers.push_back(own);
    }
    return keepers;
  };
  std::set<std::string> others;
  for (auto const& one : boundaries_) {
    if (one.role == role || !meet(one.target, target, effort)) continue;
    auto const keepers = keepers_of(one);
    if (!contained(target, &one.target, keepers, case_sensitive_, effort)) others.insert(one.role);
  }
  if (others.empty() && !effort.spent()) return {};
  return outside({others.begin(), others.end()}, effort);
}

}  // namespace codi::roles
