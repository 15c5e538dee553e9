#include "api/role_rules.hpp"

#include "db/claims.hpp"
#include "db/events.hpp"
#include "db/roles.hpp"
#include "roles/ownership.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <memory>

namespace codi::api {
namespace {

using coordination::Target;
using roles::Ownership;

// The same boundaries are the same rules, whoever's they are.
struct Kept {
  std::string digest;
  bool case_sensitive = true;
  std::shared_ptr<Ownership const> ownership;
};

Kept& place_of(std::string const& digest) {
  thread_local std::vector<Kept> kept(limits::kBoundaryTablesKept);
  return kept[std::hash<std::string>()(digest) % kept.size()];
}

Task<std::shared_ptr<Ownership const>> ownership_of(db::Tx& tx, models::Project const& project) {
  auto const digest = co_await db::role_boundaries_digest(tx, project.id);
  if (!digest) co_return nullptr;
  auto const& known = place_of(*digest);
  if (known.digest == *digest && known.case_sensitive == project.case_sensitive) co_return known.ownership;
  auto const record = co_await db::get_role_boundaries(tx, project.id);
  std::vector<roles::RoleBoundaries> all;
  for (auto const& [role, targets] : record.roles) all.push_back({role, targets});
  auto made = std::make_shared<Ownership const>(all, project.case_sensitive);
  // Asked for again: while the record was read, another thread may have gone on with this.
  place_of(*digest) = {*digest, project.case_sensitive, made};
  co_return made;
}

Task<std::vector<roles::Lent>> lent_to(db::Tx& tx, models::Project const& project, std::string role) {
  auto const loans = co_await db::list_loans(tx, project.id);
  std::vector<roles::Lent> out;
  for (auto const& loan : loans) {
    if (loan.to_role != role || loan.until <= tx.now()) continue;
    auto target = coordination::parse_target(loan.path, project.case_sensitive);
    if (target) out.push_back({loan.role, loan.to_role, *std::move(target)});
  }
  co_return out;
}

std::string told(OutsideTarget const& one) {
  if (one.owners.empty())
    return fmt::format("{} is outside the boundaries of {}; no role owns it", one.target, one.role);
  return fmt::format("{} is outside the boundaries of {}: it belongs to {}", one.target, one.role,
                     fmt::join(one.owners, " and "));
}

}  // namespace

Task<std::vector<OutsideTarget>> outside_boundaries(db::Tx& tx, models::Project const& project, models::Session session,
                                                    std::vector<Target> targets) {
  std::vector<OutsideTarget> out;
  if (!session.role || project.policies.boundaries == models::BoundaryPolicy::off) co_return out;
  auto const ownership = co_await ownership_of(tx, project);
  if (!ownership) co_return out;
  coordination::Effort effort(limits::kBoundarySteps);
  std::vector<roles::Lent> const none;
  std::vector<Target const*> doubtful;
  for (auto const& target : targets)
    if (!ownership->judge(*session.role, target, none, effort).inside) doubtful.push_back(&target);
  if (doubtful.empty()) co_return out;
  auto const lent = co_await lent_to(tx, project, *session.role);
  auto const held = co_await db::claims_of_session(tx, project.id, session.id);
  for (auto const* target : doubtful) {
    auto const covers_it = [&](models::Claim const& claim) {
      return !db::over(tx, claim) && coordination::covers(db::target_of(claim, project.case_sensitive), *target);
    };
    if (std::ranges::any_of(held, covers_it)) continue;
    auto verdict = ownership->judge(*session.role, *target, lent, effort);
    if (!verdict.inside) out.push_back({coordination::canonical(*target), *session.role, std::move(verdict.owners)});
  }
  co_return out;
}

Result<void> tell_violation(db::Tx& tx, models::Project const& project, models::Session const& session,
                            std::vector<OutsideTarget> const& outside) {
  bool const only_warns = project.policies.boundaries == models::BoundaryPolicy::warn;
  auto detail = told(outside.front());
  if (outside.size() > 1) detail += fmt::format(" (and {} more)", outside.size() - 1);
  json::array shown;
  std::vector<std::string> paths;
  for (auto const& one : outside) {
    if (shown.size() < limits::kConflictsShown) shown.push_back(json::parse(reflect::encode_text(one)));
    paths.push_back(one.target);
  }
  db::append_event(tx, project.id, &session,
                   {.action = "VIOLATION",
                    .text = detail,
                    .paths = std::move(paths),
                    .data = {{"rule", "boundaries"}, {"allowed", only_warns}, {"outside", shown}}});
  if (only_warns) return {};
  Error error{.code = ErrorCode::outside_boundaries, .detail = std::move(detail)};
  error.members["outside"] = std::move(shown);
  auto const& owners = outside.front().owners;
  if (!owners.empty())
    error.recovery = {
        fmt::format("Hand the work to {} (`codi handoff {}`), or ask for the path: `codi roles lend {} {} "
                    "--to-role {} --until TIME`.",
                    owners.front(), owners.front(), owners.front(), outside.front().target, outside.front().role)};
  return refuse(std::move(error));
}

}  // namespace codi::api
