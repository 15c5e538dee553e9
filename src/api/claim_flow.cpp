#include "api/claim_flow.hpp"

#include "api/owner_lookup.hpp"
#include "api/quota.hpp"
#include "api/scope.hpp"
#include "db/claim_index.hpp"
#include "db/claim_search.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"
#include "db/usage.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace codi::api {
namespace {

using coordination::Target;
using models::Claim;

std::string summary_of(std::string_view verb, std::vector<std::string> const& paths) {
  if (paths.empty()) return fmt::format("{} nothing", verb);
  if (paths.size() == 1) return fmt::format("{} {}", verb, paths.front());
  return fmt::format("{} {} and {} more", verb, paths.front(), paths.size() - 1);
}

json::array ids_of(std::vector<Claim> const& claims) {
  json::array out;
  for (auto const& claim : claims) out.emplace_back(to_string(claim.id));
  return out;
}

std::vector<std::string> canonical_of(std::vector<Target> const& targets) {
  std::vector<std::string> out;
  out.reserve(targets.size());
  for (auto const& target : targets) out.push_back(coordination::canonical(target));
  return out;
}

db::Happening happening_of(models::ClaimEnd why) {
  using enum db::Happening;
  switch (why) {
    case models::ClaimEnd::released: return claim_released;
    case models::ClaimEnd::expired: return claim_expired;
    case models::ClaimEnd::session_ended: return claim_ended_with_session;
    case models::ClaimEnd::forced: return claim_forced;
  }
  return claim_released;
}

// Kind and segments decide whether two targets are the same; the spelling of `path` may differ in case.
bool same_target(Target const& a, Target const& b) { return a.kind == b.kind && a.segments == b.segments; }

Error conflict_error(Conflicts const& conflicts, std::vector<models::Conflict> const& with_owners) {
  auto const& first = conflicts.claims.front();
  Error error{.code = ErrorCode::claim_conflict,
              .detail = fmt::format("{} is held by {} since {} until {}{}", first.target, first.session_alias,
                                    to_string(first.created_at), to_string(first.expires_at),
                                    first.reason ? ": " + *first.reason : "")};
  if (conflicts.claims.size() > 1) error.detail += fmt::format(" (and {} more)", conflicts.claims.size() - 1);
  json::array claims;
  for (auto const& claim : with_owners) claims.push_back(json::parse(reflect::encode_text(claim)));
  error.members["conflicts"] = std::move(claims);
  error.members["more"] = conflicts.more;
  return error;
}

// For the log, whose entries have a time of their own.
std::string told(Conflicts const& conflicts) {
  auto const& first = conflicts.claims.front();
  auto text =
      fmt::format("{} is held by {}{}", first.target, first.session_alias, first.reason ? ": " + *first.reason : "");
  if (conflicts.claims.size() > 1) text += fmt::format(" (and {} more)", conflicts.claims.size() - 1);
  return text;
}

/// One try to claim a batch.
class Granting {
 public:
  Granting(db::Tx& tx, models::Project const& project, auth::Acting const& acting, ClaimWish wish)
      : tx_(tx),
        project_(project),
        caller_(acting.caller()),
        session_(acting.session()),
        wish_(std::move(wish)),
        search_(tx, project.id, project.case_sensitive, acting.session().id) {}

  Task<Result<Grant>> run(std::optional<db::EventDraft> said) {
    // Claims that are found but not yet written are seen by nobody, so the whole batch is looked at before any is
    // written.
    std::vector<std::optional<Claim>> own;
    own.reserve(wish_.targets.size());
    for (auto const& target : wish_.targets) {
      auto mine = co_await look(target);
      if (!mine) co_return std::unexpected(std::move(mine.error()));
      own.push_back(*std::move(mine));
    }
    if (!conflicts_.claims.empty()) {
      auto const owned = co_await with_owners(tx_, project_, conflicts_.claims);
      co_return refuse_conflict(owned);
    }
    if (left_some_) co_return refuse_for_now();
    auto const held = co_await db::count_claims_of_session(tx_, project_.id, session_.id);
    if (held + wish_.targets.size() > limits::kClaimsPerSession)
      co_return fail(ErrorCode::conflict,
                     fmt::format("a session may hold {} claims; claim a directory instead of its files",
                                 limits::kClaimsPerSession));
    auto const fresh = std::ranges::count_if(own, [](auto const& mine) { return !mine; });
    if (auto const kept = co_await room_for_wide_globs(own); !kept) co_return std::unexpected(kept.error());
    if (left_some_) co_return refuse_for_now();
    auto const room = co_await room_for(tx_, caller_, db::Counted::claims, fresh);
    if (!room) co_return std::unexpected(room.error());
    co_return write(own, std::move(said));
  }

 private:
  // Gathers conflicts of one target; gives the session's own claim on exactly it.
  Task<Result<std::optional<Claim>>> look(Target target) {
    db::Enough const enough{.live = limits::kConflictsShown + 1, .ran_out = limits::kClaimsEndedAtOnce + 1};
    auto const found = co_await search_.overlapping(target, enough);
    if (!found) co_return std::unexpected(found.error());
    for (auto const& claim : *found) {
      if (db::over(tx_, claim))
        co_await end_once(claim);
      else
        add_conflict(claim);
    }
    co_return co_await db::claim_of_session_on(tx_, project_.id, session_.id, std::move(target),
                                               project_.case_sensitive);
  }

  // Each claim in the project is compared with those, wherever it lies. Those that have run out are ended here.
  Task<Result<void>> room_for_wide_globs(std::vector<std::optional<Claim>> const& own) {
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < own.size(); ++i) {
      auto const& glob = wish_.targets[i].glob;
      if (!own[i] && glob && !glob->has_literal_first_segment()) ++wanted;
    }
    if (wanted == 0) co_return Result<void>();
    auto const indexed = co_await db::wide_globs(tx_, project_.id);
    if (indexed.size() + wanted <= limits::kWideGlobs) co_return Result<void>();
    for (auto const id : indexed) {
      auto const claim = co_await db::get_claim(tx_, project_.id, id);
      if (!claim || claim->state == models::ClaimState::ended) continue;
      if (db::over(tx_, *claim))
        co_await end_once(*claim);
      else
        ++wanted;
    }
    if (left_some_ || wanted <= limits::kWideGlobs) co_return Result<void>();
    co_return fail(ErrorCode::conflict,
                   fmt::format("a project may have {} live claims on patterns without a literal first segment, such as "
                               "`**/x.c`: begin the pattern with a directory, as in `src/**/x.c`",
                               limits::kWideGlobs));
  }

  // A claim that ran out must be ended before another takes its place: its session's next sign of life would bring it
  // back.
  Task<void> end_once(Claim claim) {
    if (std::ranges::find(ended_, claim.id) != ended_.end()) co_return;
    left_some_ = left_some_ || !budget_.take(claim);
    if (left_some_) co_return;
    ended_.push_back(claim.id);
    co_await expire_claim(tx_, project_, std::move(claim));
  }

  // What was ended stays so, and the next try ends more.
  static std::unexpected<Error> refuse_for_now() {
    return refuse({.code = ErrorCode::overloaded,
                   .detail = "very many claims have run out here at once and are being ended",
                   .retry_after_s = 1});
  }

  void add_conflict(Claim const& claim) {
    auto const same = [&](Claim const& other) { return other.id == claim.id; };
    if (std::ranges::any_of(conflicts_.claims, same)) return;
    if (conflicts_.claims.size() == limits::kConflictsShown)
      conflicts_.more = true;
    else
      conflicts_.claims.push_back(claim);
  }

  std::unexpected<Error> refuse_conflict(std::vector<models::Conflict> const& owned) {
    auto error = conflict_error(conflicts_, owned);
    tx_.count(db::Happening::claim_refused);
    db::append_event(tx_, project_.id, &session_,
                     {.action = "CLAIM_CONFLICT",
                      .text = told(conflicts_),
                      .paths = canonical_of(wish_.targets),
                      .data = {{"conflicts", ids_of(conflicts_.claims)},
                               {"holder_session_id", to_string(conflicts_.claims.front().session_id)},
                               {"holder_session_alias", conflicts_.claims.front().session_alias}}});
    return refuse(std::move(error));
  }

  Grant write(std::vector<std::optional<Claim>> const& own, std::optional<db::EventDraft> said) {
    Grant grant;
    std::optional<Stamp> highest;
    bool any_new = false;
    for (std::size_t i = 0; i < wish_.targets.size(); ++i) {
      auto const& target = wish_.targets[i];
      if (auto const* earlier = same_in_batch(grant.claims, i)) {
        grant.claims.push_back(*earlier);
        continue;
      }
      auto const& mine = own[i];
      auto claim = mine ? renewed(*mine) : fresh(target);
      if (mine) highest = std::max(highest.value_or(claim.fencing_token), claim.fencing_token);
      any_new = any_new || !mine;
      db::put_claim(tx_, claim);
      if (!mine) {
        db::index_claim(tx_, claim, target);
        db::count(tx_, project_.id, db::Counted::claims, 1);
        tx_.count(db::Happening::claim_granted);
      }
      db::watch_claim_lease(tx_, claim);
      grant.claims.push_back(std::move(claim));
    }
    grant.fencing_token = any_new || !highest ? tx_.pending_stamp() : *highest;
    auto draft = said.value_or(db::EventDraft{.action = "FILE_CLAIM"});
    draft.paths = paths_of(grant.claims);
    if (draft.text.empty()) draft.text = summary_of("claimed", draft.paths);
    draft.data["claim_ids"] = ids_of(grant.claims);
    draft.data["ttl_seconds"] = wish_.ttl_seconds;
    if (wish_.reason) draft.data["reason"] = *wish_.reason;
    grant.event = db::append_event(tx_, project_.id, &session_, std::move(draft));
    return grant;
  }

  Claim const* same_in_batch(std::vector<Claim> const& done, std::size_t i) const {
    for (std::size_t j = 0; j < i; ++j)
      if (same_target(wish_.targets[j], wish_.targets[i])) return &done[j];
    return nullptr;
  }

  [[nodiscard]] Timestamp end() const { return tx_.now() + std::chrono::seconds(wish_.ttl_seconds); }

  Claim renewed(Claim claim) const {
    claim.ttl_seconds = wish_.ttl_seconds;
    claim.expires_at = end();
    if (wish_.reason) claim.reason = wish_.reason;
    claim.updated_at = tx_.now();
    return claim;
  }

  Claim fresh(Target const& target) {
    return Claim{.id = ClaimId::make(tx_.now(), tx_.random()),
                 .project_id = project_.id,
                 .session_id = session_.id,
                 .session_alias = session_.alias,
                 .target = coordination::canonical(target),
                 .kind = target.kind,
                 .fencing_token = tx_.pending_stamp(),
                 .ttl_seconds = wish_.ttl_seconds,
                 .reason = wish_.reason,
                 .branch = session_.branch,
                 .worktree = session_.worktree,
                 .expires_at = end(),
                 .created_at = tx_.now(),
                 .updated_at = tx_.now()};
  }

  db::Tx& tx_;
  models::Project const& project_;
  auth::Caller const& caller_;
  models::Session const& session_;
  ClaimWish wish_;
  db::ClaimSearch search_;
  Conflicts conflicts_;
  std::vector<ClaimId> ended_;
  EndBudget budget_;
  bool left_some_ = false;
};

}  // namespace

Task<Result<Grant>> grant_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting, ClaimWish wish,
                                 std::optional<db::EventDraft> said) {
  Granting granting(tx, project, acting, std::move(wish));
  co_return co_await granting.run(std::move(said));
}

Task<Result<Conflicts>> find_conflicts(db::Tx& tx, models::Project const& project, std::vector<Target> targets,
                                       std::optional<SessionId> own) {
  Conflicts out;
  db::ClaimSearch search(tx, project.id, project.case_sensitive, own);
  db::Enough const enough{.live = limits::kConflictsShown + 1};
  for (auto const& target : targets) {
    auto const found = co_await search.overlapping(target, enough);
    if (!found) co_return std::unexpected(found.error());
    for (auto const& claim : *found) {
      auto const same = [&](Claim const& other) { return other.id == claim.id; };
      if (db::over(tx, claim) || std::ranges::any_of(out.claims, same)) continue;
      if (out.claims.size() == limits::kConflictsShown)
        out.more = true;
      else
        out.claims.push_back(claim);
    }
  }
  co_return out;
}

bool EndBudget::take(Claim const& claim) {
  bytes_ += db::bytes_to_end(claim);
  return ++claims_ <= limits::kClaimsEndedAtOnce && bytes_ <= limits::kClaimsEndedBytes;
}

void end_claims(db::Tx& tx, models::Project const& project, std::vector<Claim>& claims, models::ClaimEnd why) {
  for (auto& claim : claims) {
    auto const target = db::target_of(claim, project.case_sensitive);
    db::unindex_claim(tx, claim, target);
    db::count(tx, project.id, db::Counted::claims, -1);
    claim.state = models::ClaimState::ended;
    claim.end_reason = why;
    claim.ended_at = claim.ended_at.value_or(tx.now());
    claim.updated_at = tx.now();
    db::put_claim(tx, claim);
  }
  tx.count(happening_of(why), claims.size());
}

Task<void> expire_claim(db::Tx& tx, models::Project const& project, Claim claim) {
  std::vector<Claim> one{std::move(claim)};
  end_claims(tx, project, one, models::ClaimEnd::expired);
  auto const holder = co_await db::get_session(tx, project.id, one.front().session_id);
  db::append_event(tx, project.id, holder ? &*holder : nullptr,
                   {.action = "CLAIM_EXPIRED",
                    .text = fmt::format("the claim on {} ran out", one.front().target),
                    .paths = {one.front().target},
                    .data = {{"claim_ids", ids_of(one)}, {"fencing_token", to_string(one.front().fencing_token)}}});
}

models::Event release_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                             std::vector<Claim>& claims, std::optional<db::EventDraft> said) {
  end_claims(tx, project, claims, models::ClaimEnd::released);
  auto draft = said.value_or(db::EventDraft{.action = "FILE_RELEASE"});
  draft.paths = paths_of(claims);
  if (draft.text.empty()) draft.text = summary_of("released", draft.paths);
  draft.data["claim_ids"] = ids_of(claims);
  return db::append_event(tx, project.id, &acting.session(), std::move(draft));
}

void move_claims(db::Tx& tx, models::Project const& project, auth::Acting const& to, std::vector<Claim>& claims) {
  for (auto& claim : claims) {
    auto const target = db::target_of(claim, project.case_sensitive);
    db::unindex_claim(tx, claim, target);
    claim.session_id = to.session().id;
    claim.session_alias = to.session().alias;
    claim.branch = to.session().branch;
    claim.worktree = to.session().worktree;
    claim.fencing_token = tx.pending_stamp();
    claim.expires_at = tx.now() + std::chrono::seconds(claim.ttl_seconds);
    claim.updated_at = tx.now();
    db::put_claim(tx, claim);
    db::index_claim(tx, claim, target);
    db::watch_claim_lease(tx, claim);
  }
}

Task<Result<std::vector<Claim>>> claims_on(db::Tx& tx, models::Project const& project, models::Session const& session,
                                           std::vector<Target> targets) {
  std::vector<Claim> out;
  for (auto const& target : targets) {
    auto held = co_await db::claim_of_session_on(tx, project.id, session.id, target, project.case_sensitive);
    if (!held)
      co_return fail(ErrorCode::not_found,
                     fmt::format("{} holds no claim on {}", session.alias, coordination::canonical(target)));
    out.push_back(*held);
  }
  co_return out;
}

Task<Result<void>> check_fencing(db::Tx& tx, ProjectId project, SessionId session, std::optional<Stamp> token) {
  if (!token) co_return Result<void>();
  auto const claims = co_await db::claims_of_session(tx, project, session);
  auto const current = [&](Claim const& claim) { return claim.fencing_token == *token && !db::over(tx, claim); };
  if (std::ranges::any_of(claims, current)) co_return Result<void>();
  co_return fail(ErrorCode::stale_fencing_token, "the session holds no claim under this fencing token any more");
}

std::vector<std::string> paths_of(std::vector<Claim> const& claims) {
  std::vector<std::string> out;
  out.reserve(claims.size());
  for (auto const& claim : claims) out.push_back(claim.target);
  return out;
}

}  // namespace codi::api
