#include "api/role_rules.hpp"

#include "db/claims.hpp"
#include "db/events.hpp"
#include "db/role_facts.hpp"
#include "db/roles.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <utility>

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

// What others lend to the role, as far as they own it still.
Task<std::vector<roles::Lent>> lent_to(db::Tx& tx, models::Project const& project, Ownership const& ownership,
                                       std::string role) {
  auto const loans = co_await db::list_loans(tx, project.id);
  std::vector<roles::Lent> out;
  for (auto const& loan : loans) {
    if (loan.to_role != role || loan.until <= tx.now()) continue;
    auto target = coordination::parse_target(loan.path, project.case_sensitive);
    if (target && lends(ownership, loan.role, *target).inside)
      out.push_back({loan.role, loan.to_role, *std::move(target)});
  }
  co_return out;
}

/// Shares what one request may cost among its targets, so that a hard pattern takes nothing from those behind it.
class Shares {
 public:
  explicit Shares(std::size_t targets) : targets_(targets) {}
  coordination::Effort next() {
    lent_ = steps_ / std::max<std::size_t>(targets_--, 1);
    return coordination::Effort(lent_);
  }
  void give_back(coordination::Effort const& effort) { steps_ -= lent_ - effort.left(); }

 private:
  std::size_t steps_ = limits::kBoundarySteps;
  std::size_t targets_;
  std::size_t lent_ = 0;
};

// Files cost next to nothing, and are not to wait for patterns.
class Budget {
 public:
  explicit Budget(std::vector<Target> const& targets)
      : files_(count(targets, true)), patterns_(count(targets, false)) {}
  Shares& of(Target const& target) { return is_file(target) ? files_ : patterns_; }

 private:
  static bool is_file(Target const& target) { return target.kind == coordination::TargetKind::file; }
  static std::size_t count(std::vector<Target> const& targets, bool files) {
    return static_cast<std::size_t>(
        std::ranges::count_if(targets, [&](Target const& one) { return is_file(one) == files; }));
  }

  Shares files_;
  Shares patterns_;
};

/// What a session holds, read once. Answers as coordination::covers() would of any of its claims.
class HeldTargets {
 public:
  HeldTargets(db::Tx const& tx, std::vector<models::Claim> const& claims, bool case_sensitive) {
    for (auto const& claim : claims) {
      if (db::over(tx, claim)) continue;
      auto target = db::target_of(claim, case_sensitive);
      if (target.kind == coordination::TargetKind::directory)
        directories_.insert(below(target.segments));
      else
        same_.insert({target.kind, target.segments});
      if (target.glob) globs_.push_back(std::move(target));
    }
  }

  // False too when `effort` is spent, which counts the patterns that are looked at.
  bool cover(Target const& target, coordination::Effort& effort) const {
    if (same_.contains({target.kind, target.segments})) return true;
    if (target.kind == coordination::TargetKind::resource) return false;
    auto const path = target.glob ? target.glob->prefix() : below(target.segments);
    if (directories_.contains("")) return true;
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (directories_.contains(path.substr(0, slash + 1))) return true;
    if (target.kind != coordination::TargetKind::file) return false;
    return std::ranges::any_of(globs_, [&](Target const& glob) {
      return effort.spend(1 + target.segments.size()) && coordination::covers(glob, target);
    });
  }

 private:
  static std::string below(std::vector<std::string> const& segments) {
    std::string out;
    for (auto const& segment : segments) out += segment + '/';
    return out;
  }

  std::set<std::pair<coordination::TargetKind, std::vector<std::string>>> same_;
  std::set<std::string> directories_;
  std::vector<Target> globs_;
};

std::string told(OutsideTarget const& one) {
  if (one.too_hard)
    return fmt::format("whether {} is inside the boundaries of {} is too hard to judge: it counts as outside",
                       one.target, one.role);
  if (one.owners.empty())
    return fmt::format("{} is outside the boundaries of {}; no role owns it", one.target, one.role);
  return fmt::format("{} is outside the boundaries of {}: it belongs to {}", one.target, one.role,
                     fmt::join(one.owners, " and "));
}

}  // namespace

Task<std::shared_ptr<Ownership const>> ownership_of(db::Tx& tx, models::Project const& project) {
  auto const digest = co_await db::role_boundaries_digest(tx, project.id);
  if (!digest) co_return nullptr;
  auto const& known = place_of(*digest);
  if (known.digest == *digest && known.case_sensitive == project.case_sensitive) co_return known.ownership;
  auto const record = co_await db::get_role_boundaries(tx, project.id);
  std::vector<roles::RoleBoundaries> all;
  all.reserve(record.roles.size());
  for (auto const& [role, targets] : record.roles) all.push_back({role, targets});
  auto made = std::make_shared<Ownership const>(all, project.case_sensitive);
  // Asked for again: while the record was read, another thread may have gone on with this.
  place_of(*digest) = {*digest, project.case_sensitive, made};
  co_return made;
}

roles::Verdict lends(Ownership const& ownership, std::string_view role, Target const& target) {
  coordination::Effort effort(limits::kLoanSteps);
  return ownership.judge_lender(role, target, effort);
}

Task<std::vector<OutsideTarget>> outside_boundaries(db::Tx& tx, models::Project const& project, models::Session session,
                                                    std::vector<Target> targets) {
  std::vector<OutsideTarget> out;
  if (!session.role || project.policies.boundaries == models::BoundaryPolicy::off) co_return out;
  auto const ownership = co_await ownership_of(tx, project);
  if (!ownership) co_return out;
  std::vector<roles::Lent> const none;
  std::vector<Target> doubtful;
  Budget first(targets);
  for (auto& target : targets) {
    auto& share = first.of(target);
    auto effort = share.next();
    if (!ownership->judge(*session.role, target, none, effort).inside) doubtful.push_back(std::move(target));
    share.give_back(effort);
  }
  if (doubtful.empty()) co_return out;
  auto const lent = co_await lent_to(tx, project, *ownership, *session.role);
  auto const claims = co_await db::claims_of_session(tx, project.id, session.id);
  HeldTargets const held(tx, claims, project.case_sensitive);
  Budget second(doubtful);
  for (auto const& target : doubtful) {
    auto& share = second.of(target);
    auto effort = share.next();
    if (!held.cover(target, effort)) {
      auto verdict = ownership->judge(*session.role, target, lent, effort);
      if (!verdict.inside)
        out.push_back({coordination::canonical(target), *session.role, std::move(verdict.owners), verdict.too_hard});
    }
    share.give_back(effort);
  }
  co_return out;
}

Task<Result<void>> tell_violation(db::Tx& tx, models::Project const& project, models::Session session,
                                  std::vector<OutsideTarget> outside) {
  bool const only_warns = project.policies.boundaries == models::BoundaryPolicy::warn;
  auto detail = told(outside.front());
  if (outside.size() > 1) detail += fmt::format(" (and {} more)", outside.size() - 1);
  json::array shown;
  std::vector<std::string> paths;
  for (auto const& one : outside) {
    if (shown.size() < limits::kConflictsShown) shown.push_back(json::parse(reflect::encode_text(one)));
    paths.push_back(one.target);
  }
  auto const event = db::append_event(tx, project.id, &session,
                                      {.action = "VIOLATION",
                                       .text = detail,
                                       .paths = std::move(paths),
                                       .data = {{"rule", "boundaries"}, {"allowed", only_warns}, {"outside", shown}}});
  co_await db::count_role_fact(tx, project.id, outside.front().role, db::RoleFact::boundary_violated, event.cursor);
  if (only_warns) co_return Result<void>();
  Error error{.code = ErrorCode::outside_boundaries, .detail = std::move(detail)};
  error.members["outside"] = std::move(shown);
  auto const& owners = outside.front().owners;
  if (outside.front().too_hard) error.recovery = {"Name directories or files in the place of the pattern."};
  if (!owners.empty())
    error.recovery = {
        fmt::format("Hand the work to {} (`codi handoff {}`), or ask for the path: `codi roles lend {} {} "
                    "--to-role {} --until TIME`.",
                    owners.front(), owners.front(), owners.front(), outside.front().target, outside.front().role)};
  co_return refuse(std::move(error));
}

void end_loan(db::Tx& tx, models::RoleLoan const& loan, models::Session const* session) {
  db::remove_loan(tx, loan);
  if (loan.until <= tx.now()) return;
  db::append_event(tx, loan.project_id, session,
                   {.action = "INFO",
                    .text = fmt::format("{} takes back {} from {}", loan.role, loan.path, loan.to_role),
                    .paths = {loan.path},
                    .data = {{"loan_id", to_string(loan.id)}}});
}

Task<void> end_loans_of(db::Tx& tx, models::AgentRole role) {
  auto const loans = co_await db::list_loans(tx, role.project_id);
  for (auto const& loan : loans)
    if (loan.role == role.name) end_loan(tx, loan, nullptr);
}

}  // namespace codi::api
