#include "api/claim_move.hpp"

#include "api/claim_flow.hpp"
#include "api/deadlock.hpp"
#include "api/waiting_line.hpp"
#include "base/text.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace codi::api {
namespace {

using coordination::Target;
using coordination::TargetKind;
using models::Claim;

// Whether it ends in a slash says nothing here: what moves says what it is.
std::string name_of(Target target) {
  if (!target.segments.empty()) target.kind = TargetKind::file;
  return coordination::canonical(target);
}

/// A claim, where it lies and where it goes.
struct Move {
  Claim claim;
  Target before;
  Target after;
};

class Renaming {
 public:
  Renaming(db::Tx& tx, models::Project const& project, auth::Acting const& acting, Rename rename)
      : tx_(tx), project_(project), acting_(acting), rename_(std::move(rename)) {}

  Task<Result<std::vector<Claim>>> run() {
    for (auto const* const side : {&rename_.from, &rename_.to})
      if (side->kind != TargetKind::file && side->kind != TargetKind::directory)
        co_return invalid(side == &rename_.from ? "/from" : "/to", "must be a file or a directory");
    auto const moves = co_await find_moves();
    if (!moves) co_return std::unexpected(moves.error());
    std::vector<Target> freed;
    for (auto const mode : {models::ClaimMode::exclusive, models::ClaimMode::shared}) {
      auto const refused = co_await refusal(mode, *moves, freed);
      if (!refused) continue;
      co_await serve_line(tx_, project_, std::move(freed));
      co_return std::unexpected(*refused);
    }
    auto claims = co_await write(*moves, freed);
    if (auto const ends = co_await check_for_deadlock(tx_, project_, acting_.session()); !ends)
      co_return std::unexpected(ends.error());
    co_await serve_line(tx_, project_, std::move(freed));
    co_return claims;
  }

 private:
  // Why the claims of this mode can't be had where they are to go; nothing when they can.
  Task<std::optional<Error>> refusal(models::ClaimMode mode, std::vector<Move> const& moves,
                                     std::vector<Target>& freed) {
    ClaimWish wish{.mode = mode};
    for (auto const& move : moves)
      if (move.claim.mode == mode) wish.targets.push_back(move.after);
    if (wish.targets.empty()) co_return std::nullopt;
    Applicant who{.session = acting_.session()};
    auto attempt = co_await attempt_claims(tx_, project_, std::move(who), wish, freed, {}, true);
    if (!attempt) co_return std::move(attempt.error());
    if (!attempt->outside.empty()) co_await tell_violation(tx_, project_, acting_.session(), attempt->outside);
    if (attempt->standing.clear() && !attempt->left_some) co_return std::nullopt;
    if (attempt->standing.clear()) co_return refuse_for_now().error();
    auto refused =
        co_await refuse_conflict(tx_, project_, acting_.session(), std::move(wish), std::move(attempt->standing));
    co_return std::move(refused.error());
  }

  Task<Result<std::vector<Move>>> find_moves() {
    std::vector<Move> out;
    auto const held = co_await db::claims_of_session(tx_, project_.id, acting_.session().id);
    for (auto const& claim : held) {
      if (db::over(tx_, claim)) continue;
      auto before = db::target_of(claim, project_.case_sensitive);
      auto after = moved(before);
      if (!after) continue;
      if (!*after) co_return std::unexpected(after->error());
      out.push_back({claim, std::move(before), std::move(**after)});
    }
    if (out.empty())
      co_return fail(ErrorCode::not_found, fmt::format("{} holds no claim on {}", acting_.session().alias,
                                                       coordination::canonical(rename_.from)));
    if (out.size() > limits::kClaimsEndedAtOnce)
      co_return fail(
          ErrorCode::conflict,
          fmt::format("{} claims are too many to move at once ({}): claim the directory instead of its files",
                      out.size(), limits::kClaimsEndedAtOnce));
    co_return out;
  }

  // Where a target goes; nothing for one that stays. The segments of a pattern are compared as they are spelt.
  [[nodiscard]] std::optional<Result<Target>> moved(Target const& target) const {
    auto const& from = rename_.from.segments;
    if (target.kind == TargetKind::resource || from.empty() || target.segments.size() < from.size())
      return std::nullopt;
    if (!std::equal(from.begin(), from.end(), target.segments.begin())) return std::nullopt;
    if (target.glob && target.segments.size() == from.size()) return std::nullopt;
    auto const spelt = split(target.glob ? coordination::canonical(target) : target.path, '/');
    auto path = rename_.to.path;
    for (auto i = from.size(); i < target.segments.size() && i < spelt.size(); ++i) {
      if (!path.empty()) path += '/';
      path += spelt[i];
    }
    auto out = coordination::parse_target(target.kind, path, project_.case_sensitive);
    if (!out) return invalid("/to", out.error().detail);
    return out;
  }

  Task<std::vector<Claim>> write(std::vector<Move> moves, std::vector<Target>& freed) {
    std::vector<Claim> claims;
    std::vector<Claim> given_up;
    json::array told;
    json::array raised;
    std::set<ClaimId> moving;
    for (auto const& move : moves) moving.insert(move.claim.id);
    for (auto& [claim, before, after] : moves) {
      freed.push_back(before);
      auto present =
          co_await db::claim_of_session_on(tx_, project_.id, acting_.session().id, after, project_.case_sensitive);
      if (present && !moving.contains(present->id)) {
        if (claim.mode == models::ClaimMode::exclusive && present->mode == models::ClaimMode::shared) {
          raise(*present, after);
          raised.emplace_back(to_string(present->id));
        }
        given_up.push_back(std::move(claim));
        claims.push_back(*std::move(present));
        continue;
      }
      auto const was = claim.target;
      db::unindex_claim(tx_, claim, before);
      claim.target = coordination::canonical(after);
      claim.kind = after.kind;
      claim.fencing_token = tx_.pending_stamp();
      claim.updated_at = tx_.now();
      db::put_claim(tx_, claim);
      db::index_claim(tx_, claim, after);
      if (told.size() < limits::kConflictsShown) told.push_back(json::object{{"from", was}, {"to", claim.target}});
      claims.push_back(std::move(claim));
    }
    end_claims(tx_, project_, given_up, models::ClaimEnd::released);
    auto const paths = paths_of(claims);
    json::object data{{"claim_ids", ids_of(claims)}, {"moved", std::move(told)}};
    if (!raised.empty()) data["raised_claim_ids"] = std::move(raised);
    if (!given_up.empty()) data["released_claim_ids"] = ids_of(given_up);
    db::append_event(tx_, project_.id, &acting_.session(),
                     {.action = "FILE_CLAIM",
                      .text = fmt::format("{} is {} now", name_of(rename_.from), name_of(rename_.to)),
                      .paths = paths,
                      .data = std::move(data)});
    co_return claims;
  }

  // Nobody else shares it, or the move would have been refused.
  void raise(Claim& claim, Target const& target) {
    claim.mode = models::ClaimMode::exclusive;
    claim.fencing_token = tx_.pending_stamp();
    claim.updated_at = tx_.now();
    db::put_claim(tx_, claim);
    db::index_claim_anew(tx_, claim, target);
  }

  db::Tx& tx_;
  models::Project const& project_;
  auth::Acting const& acting_;
  Rename rename_;
};

}  // namespace

Task<Result<std::vector<Claim>>> rename_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                                               Rename rename) {
  Renaming renaming(tx, project, acting, std::move(rename));
  co_return co_await renaming.run();
}

}  // namespace codi::api
