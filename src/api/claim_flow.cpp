#include "api/claim_flow.hpp"

#include "api/inbox_flow.hpp"
#include "api/owner_lookup.hpp"
#include "api/waiting_line.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/role_facts.hpp"
#include "db/sessions.hpp"
#include "db/usage.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace codi::api {
namespace {

using coordination::Target;
using models::Claim;

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

std::vector<std::string> canonical_of(std::vector<Target> const& targets) {
  std::vector<std::string> out;
  out.reserve(targets.size());
  for (auto const& target : targets) out.push_back(coordination::canonical(target));
  return out;
}

std::string because(std::optional<std::string> const& reason) { return reason ? ": " + *reason : ""; }

// For the answer, or, without times, for the log, whose entries have a time of their own.
std::string told(Standing const& standing, bool with_times) {
  if (standing.conflicts.empty()) {
    auto const& first = standing.ahead.front();
    return fmt::format("{} is waited for by {}{}", first.target(), first.ticket.session_alias,
                       because(first.ticket.reason));
  }
  auto const& first = standing.conflicts.front();
  auto const times = with_times
                         ? fmt::format(" since {} until {}", to_string(first.created_at), to_string(first.expires_at))
                         : std::string();
  auto text = fmt::format("{} is held by {}{}{}", first.target, first.session_alias, times, because(first.reason));
  if (standing.conflicts.size() > 1) text += fmt::format(" (and {} more)", standing.conflicts.size() - 1);
  return text;
}

Error conflict_error(Standing const& standing, std::vector<models::Conflict> const& with_owners) {
  Error error{.code = ErrorCode::claim_conflict, .detail = told(standing, true)};
  json::array claims;
  for (auto const& claim : with_owners) claims.push_back(json::parse(reflect::encode_text(claim)));
  error.members["conflicts"] = std::move(claims);
  error.members["more"] = standing.more;
  error.members["waiting"] = shown_tickets(standing.ahead);
  return error;
}

// What the session holds on the same target already would be there twice.
Task<Result<void>> has_room_for(db::Tx& tx, models::Project const& project, models::Session to,
                                std::vector<Claim> claims) {
  auto const held = co_await db::count_claims_of_session(tx, project.id, to.id);
  if (held + claims.size() > limits::kClaimsPerSession)
    co_return fail(ErrorCode::conflict, fmt::format("a session may hold {} claims", limits::kClaimsPerSession));
  for (auto const& claim : claims) {
    auto const target = db::target_of(claim, project.case_sensitive);
    if (co_await db::claim_of_session_on(tx, project.id, to.id, target, project.case_sensitive))
      co_return fail(ErrorCode::conflict,
                     fmt::format("{} holds {} already: release it there first", to.alias, claim.target));
  }
  co_return Result<void>();
}

}  // namespace

db::EventDraft conflict_draft(ClaimWish const& wish, Standing const& standing) {
  db::EventDraft out{.action = "CLAIM_CONFLICT",
                     .text = told(standing, false),
                     .paths = canonical_of(wish.targets),
                     .data = {{"conflicts", ids_of(standing.conflicts)}}};
  auto const holder =
      standing.conflicts.empty() ? standing.ahead.front().ticket.session_id : standing.conflicts.front().session_id;
  auto const& alias = standing.conflicts.empty() ? standing.ahead.front().ticket.session_alias
                                                 : standing.conflicts.front().session_alias;
  if (wish.mode == models::ClaimMode::shared) out.data["mode"] = "shared";
  out.data["holder_session_id"] = to_string(holder);
  out.data["holder_session_alias"] = alias;
  return out;
}

Task<std::unexpected<Error>> refuse_conflict(db::Tx& tx, models::Project const& project, models::Session session,
                                             ClaimWish wish, Standing standing) {
  auto const owned = co_await with_owners(tx, project, standing.conflicts);
  tx.count(db::Happening::claim_refused);
  db::append_event(tx, project.id, &session, conflict_draft(wish, standing));
  co_return refuse(conflict_error(standing, owned));
}

std::unexpected<Error> refuse_for_now() {
  return refuse({.code = ErrorCode::overloaded,
                 .detail = "very many claims have run out here at once and are being ended",
                 .retry_after_s = 1});
}

Task<Result<Grant>> grant_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting, ClaimWish wish,
                                 std::optional<db::EventDraft> said) {
  Applicant who{.session = acting.session(), .caller = &acting.caller()};
  std::vector<Target> freed;
  auto attempt = co_await attempt_claims(tx, project, std::move(who), wish, freed, std::move(said));
  if (!attempt) co_return std::unexpected(std::move(attempt.error()));
  if (attempt->grant || attempt->standing.clear()) {
    co_await serve_line(tx, project, std::move(freed));
    if (auto& grant = attempt->grant) co_return *std::move(grant);
    co_return refuse_for_now();
  }
  auto refusal = co_await refuse_conflict(tx, project, acting.session(), std::move(wish), std::move(attempt->standing));
  co_await serve_line(tx, project, freed);
  co_return refusal;
}

EndBudget::EndBudget(db::Tx const& tx) : bytes_(tx.used_bytes()) {
  using enum db::Happening;
  for (auto const ended : {claim_released, claim_expired, claim_ended_with_session, claim_forced})
    claims_ += tx.tally().of(ended);
}

bool EndBudget::take(Claim const& claim) {
  bytes_ += db::bytes_to_end(claim);
  return ++claims_ <= limits::kClaimsEndedAtOnce && bytes_ <= limits::kClaimsEndedBytes;
}

void end_claims(db::Tx& tx, models::Project const& project, std::vector<Claim>& claims, models::ClaimEnd why) {
  for (auto& claim : claims) {
    auto const target = db::target_of(claim, project.case_sensitive);
    db::unindex_claim(tx, claim, target);
    db::index_ended_claim(tx, claim, target);
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
  auto const& ended = one.front();
  auto const told =
      append_loss(tx, project, holder ? &*holder : nullptr, ended,
                  {.action = "CLAIM_EXPIRED",
                   .text = fmt::format("the claim on {} ran out", ended.target),
                   .paths = {ended.target},
                   .data = {{"claim_ids", ids_of(one)}, {"fencing_token", to_string(ended.fencing_token)}}});
  if (holder && holder->role)
    co_await db::count_role_fact(tx, project.id, *holder->role, db::RoleFact::claim_lost, told.cursor);
  co_await watch_who_lost(tx, project, ended.session_id);
}

Task<models::Event> release_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                                   std::vector<Claim>& claims, std::optional<db::EventDraft> said) {
  end_claims(tx, project, claims, models::ClaimEnd::released);
  auto draft = said.value_or(db::EventDraft{.action = "FILE_RELEASE"});
  draft.paths = paths_of(claims);
  if (draft.text.empty()) draft.text = summary_of("released", draft.paths);
  draft.data["claim_ids"] = ids_of(claims);
  auto event = db::append_event(tx, project.id, &acting.session(), std::move(draft));
  co_await serve_line(tx, project, claims);
  co_return event;
}

Task<Result<void>> check_move(db::Tx& tx, models::Project const& project, models::Session to, std::vector<Claim> claims,
                              std::vector<Target>& freed) {
  if (auto const fits = co_await has_room_for(tx, project, to, claims); !fits) co_return fits;
  EndBudget budget(tx);
  for (auto const mode : {models::ClaimMode::exclusive, models::ClaimMode::shared}) {
    ClaimWish wish{.mode = mode};
    for (auto const& claim : claims)
      if (claim.mode == mode) wish.targets.push_back(db::target_of(claim, project.case_sensitive));
    if (wish.targets.empty()) continue;
    Asking asking{.session = &to, .mode = mode, .enough = claims.size() + limits::kConflictsShown};
    auto standing = co_await look_at(tx, project, std::move(asking), wish.targets);
    if (!standing) co_return std::unexpected(std::move(standing.error()));
    for (auto const& over : standing->ran_out) {
      if (!budget.take(over)) co_return refuse_for_now();
      freed.push_back(db::target_of(over, project.case_sensitive));
      co_await expire_claim(tx, project, over);
    }
    auto const moves = [&](Claim const& held) {
      return std::ranges::any_of(claims, [&](Claim const& claim) { return claim.id == held.id; });
    };
    std::erase_if(standing->conflicts, moves);
    if (standing->conflicts.empty()) continue;
    Standing shown{.conflicts = std::move(standing->conflicts), .more = standing->more};
    if (shown.conflicts.size() > limits::kConflictsShown) {
      shown.conflicts.erase(shown.conflicts.begin() + limits::kConflictsShown, shown.conflicts.end());
      shown.more = true;
    }
    co_return co_await refuse_conflict(tx, project, std::move(to), std::move(wish), std::move(shown));
  }
  co_return Result<void>();
}

void move_claims(db::Tx& tx, models::Project const& project, models::Session const& to, std::vector<Claim>& claims) {
  for (auto& claim : claims) {
    auto const target = db::target_of(claim, project.case_sensitive);
    db::unindex_claim(tx, claim, target);
    claim.session_id = to.id;
    claim.session_alias = to.alias;
    claim.branch = to.branch;
    claim.worktree = to.worktree;
    claim.fencing_token = tx.pending_stamp();
    claim.expires_at = tx.now() + std::chrono::seconds(claim.ttl_seconds);
    claim.release_requests.clear();
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

std::vector<Target> targets_of(models::Project const& project, std::vector<Claim> const& claims) {
  std::vector<Target> out;
  out.reserve(claims.size());
  for (auto const& claim : claims) out.push_back(db::target_of(claim, project.case_sensitive));
  return out;
}

json::array ids_of(std::vector<Claim> const& claims) {
  json::array out;
  for (auto const& claim : claims) out.emplace_back(to_string(claim.id));
  return out;
}

std::string summary_of(std::string_view verb, std::vector<std::string> const& paths) {
  if (paths.empty()) return fmt::format("{} nothing", verb);
  if (paths.size() == 1) return fmt::format("{} {}", verb, paths.front());
  return fmt::format("{} {} and {} more", verb, paths.front(), paths.size() - 1);
}

}  // namespace codi::api
