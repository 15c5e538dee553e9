#include "api/claim_flow.hpp"
#include "api/deadlock.hpp"
#include "api/quota.hpp"
#include "api/waiting_line.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/usage.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::api {
namespace {

using coordination::Target;
using models::Claim;
using models::ClaimMode;

// Kind and segments decide whether two targets are the same; the spelling of `path` may differ in case.
bool same_target(Target const& a, Target const& b) { return a.kind == b.kind && a.segments == b.segments; }

/// One try to claim a batch.
class Granting {
 public:
  Granting(db::Tx& tx, models::Project const& project, Applicant who, ClaimWish wish, std::vector<Target>& freed)
      : tx_(tx),
        project_(project),
        who_(std::move(who)),
        session_(who_.session),
        wish_(std::move(wish)),
        freed_(freed),
        budget_(tx) {}

  Task<Result<Attempt>> run(std::optional<db::EventDraft> said, bool only_look) {
    attempt_.outside = co_await outside_boundaries(tx_, project_, session_, wish_.targets);
    if (!attempt_.outside.empty() && project_.policies.boundaries == models::BoundaryPolicy::enforce) {
      auto refusal = co_await tell_violation(tx_, project_, session_, attempt_.outside);
      co_return std::unexpected(std::move(refusal.error()));
    }
    // Claims that are found but not yet written are seen by nobody, so the whole batch is looked at before any is
    // written.
    Asking asking{.session = &session_, .mode = wish_.mode, .order = who_.order, .priority = who_.priority};
    auto standing = co_await look_at(tx_, project_, std::move(asking), wish_.targets);
    if (!standing) co_return std::unexpected(std::move(standing.error()));
    attempt_.standing = *std::move(standing);
    co_await clean_up();
    if (attempt_.left_some || !attempt_.standing.clear() || only_look) co_return std::move(attempt_);
    std::vector<std::optional<Claim>> own;
    own.reserve(wish_.targets.size());
    for (auto const& target : wish_.targets)
      own.push_back(co_await db::claim_of_session_on(tx_, project_.id, session_.id, target, project_.case_sensitive));
    if (auto const room = co_await has_room(own); !room) co_return std::unexpected(room.error());
    if (attempt_.left_some) co_return std::move(attempt_);
    if (!attempt_.outside.empty()) co_await tell_violation(tx_, project_, session_, attempt_.outside);
    attempt_.grant = write(own, std::move(said));
    attempt_.grant->outside = std::move(attempt_.outside);
    // It may have passed one with a lower priority. Who waited was seen by all who came since.
    if (!who_.order)
      if (auto const ends = co_await check_for_deadlock(tx_, project_, session_); !ends)
        co_return std::unexpected(ends.error());
    co_return std::move(attempt_);
  }

 private:
  // A claim that ran out must be ended before another takes its place: its session's next sign of life would bring it
  // back.
  Task<void> clean_up() {
    for (auto const& claim : attempt_.standing.ran_out) co_await end(claim);
    for (auto const& ticket : attempt_.standing.lapsed) {
      // One at least: what was read may be much by itself.
      bool const is_large = tx_.used_bytes() > limits::kClaimsEndedBytes && !freed_.empty();
      attempt_.left_some = attempt_.left_some || is_large;
      if (attempt_.left_some) co_return;
      auto freed = co_await take_out_of_line(tx_, project_, ticket, "is not waited for any more");
      std::ranges::move(freed, std::back_inserter(freed_));
    }
  }

  Task<void> end(Claim claim) {
    attempt_.left_some = attempt_.left_some || !budget_.take(claim);
    if (attempt_.left_some) co_return;
    freed_.push_back(db::target_of(claim, project_.case_sensitive));
    co_await expire_claim(tx_, project_, std::move(claim));
  }

  Task<Result<void>> has_room(std::vector<std::optional<Claim>> const& own) {
    auto const held = co_await db::count_claims_of_session(tx_, project_.id, session_.id);
    auto const fresh = std::ranges::count_if(own, [](auto const& mine) { return !mine; });
    if (fresh > 0 && held + static_cast<std::size_t>(fresh) > limits::kClaimsPerSession)
      co_return fail(ErrorCode::conflict,
                     fmt::format("a session may hold {} claims; claim a directory instead of its files",
                                 limits::kClaimsPerSession));
    if (auto const kept = co_await room_for_wide_globs(own); !kept) co_return kept;
    if (!who_.caller) co_return Result<void>();
    co_return co_await room_for(tx_, *who_.caller, db::Counted::claims, fresh);
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
        co_await end(*claim);
      else
        ++wanted;
    }
    if (attempt_.left_some || wanted <= limits::kWideGlobs) co_return Result<void>();
    co_return fail(ErrorCode::conflict,
                   fmt::format("a project may have {} live claims on patterns without a literal first segment, such as "
                               "`**/x.c`: begin the pattern with a directory, as in `src/**/x.c`",
                               limits::kWideGlobs));
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
      bool const raised = mine && mine->mode != claim.mode;
      if (mine && !raised) highest = std::max(highest.value_or(claim.fencing_token), claim.fencing_token);
      any_new = any_new || !mine || raised;
      db::put_claim(tx_, claim);
      if (raised) db::index_claim_anew(tx_, claim, target);
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
    if (wish_.mode == ClaimMode::shared) draft.data["mode"] = "shared";
    if (wish_.reason) draft.data["reason"] = *wish_.reason;
    if (!attempt_.standing.tolerated.empty()) draft.data["across_branches"] = ids_of(attempt_.standing.tolerated);
    grant.tolerated = std::move(attempt_.standing.tolerated);
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
    // What is shared becomes exclusive under a new token; what is exclusive stays so until it is lowered by name.
    if (claim.mode == ClaimMode::shared && wish_.mode == ClaimMode::exclusive) {
      claim.mode = ClaimMode::exclusive;
      claim.fencing_token = tx_.pending_stamp();
    }
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
                 .mode = wish_.mode,
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
  Applicant who_;
  models::Session const& session_;
  ClaimWish wish_;
  std::vector<Target>& freed_;
  Attempt attempt_;
  EndBudget budget_;
};

}  // namespace

Task<Result<Attempt>> attempt_claims(db::Tx& tx, models::Project const& project, Applicant who, ClaimWish wish,
                                     std::vector<Target>& freed, std::optional<db::EventDraft> said, bool only_look) {
  Granting granting(tx, project, std::move(who), std::move(wish), freed);
  co_return co_await granting.run(std::move(said), only_look);
}

}  // namespace codi::api
