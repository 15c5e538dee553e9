#include "api/owner_lookup.hpp"

#include "coordination/owners.hpp"
#include "db/claims.hpp"
#include "db/owners.hpp"

#include <functional>
#include <memory>

namespace codi::api {
namespace {

using coordination::OwnerMatcher;

// The same text is the same rules, whoever's it is.
struct Kept {
  std::string digest;
  bool case_sensitive = true;
  std::shared_ptr<OwnerMatcher> matcher;
};

Kept& place_of(std::string const& digest) {
  thread_local std::vector<Kept> kept(limits::kOwnerDocumentsKept);
  return kept[std::hash<std::string>()(digest) % kept.size()];
}

Task<std::shared_ptr<OwnerMatcher>> matcher_of(db::Tx& tx, models::Project const& project) {
  auto const record = co_await db::get_owners(tx, project.id);
  if (!record) co_return nullptr;
  auto const& known = place_of(record->digest);
  if (known.digest == record->digest && known.case_sensitive == project.case_sensitive) co_return known.matcher;
  auto const text = co_await db::get_owners_text(tx, project.id);
  auto matcher = std::make_shared<OwnerMatcher>(coordination::read_owners(text), project.case_sensitive);
  // Asked for again: while the text was read, another thread may have gone on with this.
  place_of(record->digest) = {record->digest, project.case_sensitive, matcher};
  co_return matcher;
}

}  // namespace

Task<std::vector<std::optional<Ownership>>> owners_of(db::Tx& tx, models::Project const& project,
                                                      std::vector<coordination::Target> targets) {
  std::vector<std::optional<Ownership>> out(targets.size());
  auto const matcher = co_await matcher_of(tx, project);
  if (!matcher) co_return out;
  coordination::Effort effort(limits::kOwnerSteps);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto const file = coordination::typical_file(targets[i], project.case_sensitive);
    auto const* const rule = file ? matcher->rule_of(*file, effort) : nullptr;
    if (effort.spent()) break;
    out[i] = rule ? Ownership{rule->owners, rule->line} : Ownership{};
  }
  co_return out;
}

Task<std::vector<models::Conflict>> with_owners(db::Tx& tx, models::Project const& project,
                                                std::vector<models::Claim> claims) {
  std::vector<coordination::Target> targets;
  targets.reserve(claims.size());
  for (auto const& claim : claims) targets.push_back(db::target_of(claim, project.case_sensitive));
  auto found = co_await owners_of(tx, project, std::move(targets));
  std::vector<models::Conflict> out;
  out.reserve(claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    models::Conflict conflict{std::move(claims[i]), std::nullopt};
    if (auto& owned = found[i]) conflict.owners = std::move(owned->owners);
    out.push_back(std::move(conflict));
  }
  co_return out;
}

}  // namespace codi::api
