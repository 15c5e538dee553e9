#pragma once
#include "auth/caller.hpp"
#include "coordination/target.hpp"
#include "db/events.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What can happen to claims, each with its event in the same transaction.
namespace codi::api {

/// What a session wants to hold.
struct ClaimWish {
  std::vector<coordination::Target> targets;
  std::int64_t ttl_seconds = limits::kClaimTtlSecondsDefault;
  std::optional<std::string> reason = {};
};

/// What it was given.
struct Grant {
  std::vector<models::Claim>
      claims;           ///< one a target, in the targets' order; the same target again is the same claim, renewed
  Stamp fencing_token;  ///< of this batch; when nothing was new, the highest of `claims`
  models::Event event;
};

/// Claims all targets for the session, or none. A conflict is a refusal (CLAIM-USR-3001) that leaves a CLAIM_CONFLICT
/// event. Claims of others whose lease has run out are ended on the way;
/// where they are more than an EndBudget, that is a refusal too (API-SYS-2501), and the next try ends more. `said`
/// replaces text and data of the FILE_CLAIM event.
Task<Result<Grant>> grant_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting, ClaimWish wish,
                                 std::optional<db::EventDraft> said = {});

/// Live claims of other sessions that stand in the way.
struct Conflicts {
  std::vector<models::Claim> claims;  ///< limits::kConflictsShown at most
  bool more = false;
};
/// What claiming the targets would meet, beside claims of `own`. Writes nothing.
Task<Result<Conflicts>> find_conflicts(db::Tx& tx, models::Project const& project,
                                       std::vector<coordination::Target> targets, std::optional<SessionId> own);

/// How much one transaction may end; what remains is another's.
class EndBudget {
 public:
  /// False when this one is too much; then no more are to be ended.
  [[nodiscard]] bool take(models::Claim const& claim);

 private:
  std::size_t claims_ = 0;
  std::size_t bytes_ = 0;
};

/// Ends claims; the caller writes the event.
void end_claims(db::Tx& tx, models::Project const& project, std::vector<models::Claim>& claims, models::ClaimEnd why);

/// Ends one claim whose lease has run out, with its CLAIM_EXPIRED event.
Task<void> expire_claim(db::Tx& tx, models::Project const& project, models::Claim claim);

/// Ends claims that the session gives back, with one FILE_RELEASE event.
models::Event release_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                             std::vector<models::Claim>& claims, std::optional<db::EventDraft> said = {});

/// Gives live claims to the session that `to` acts for, under one new fencing token.
void move_claims(db::Tx& tx, models::Project const& project, auth::Acting const& to,
                 std::vector<models::Claim>& claims);

/// The session's live claims that exactly match the targets; API-USR-2002 when it holds none on one of them.
Task<Result<std::vector<models::Claim>>> claims_on(db::Tx& tx, models::Project const& project,
                                                   models::Session const& session,
                                                   std::vector<coordination::Target> targets);

/// CLAIM-USR-3002 unless the session holds a live claim granted under the token. A missing token is fine.
Task<Result<void>> check_fencing(db::Tx& tx, ProjectId project, SessionId session, std::optional<Stamp> token);

/// The targets of claims, for the paths of events.
std::vector<std::string> paths_of(std::vector<models::Claim> const& claims);

}  // namespace codi::api
