#pragma once
#include "api/claim_look.hpp"
#include "api/role_rules.hpp"
#include "auth/caller.hpp"
#include "coordination/target.hpp"
#include "db/events.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What can happen to claims, each with its event in the same transaction.
namespace codi::api {

/// What a session wants to hold.
struct ClaimWish {
  std::vector<coordination::Target> targets;
  models::ClaimMode mode = models::ClaimMode::exclusive;
  std::int64_t ttl_seconds = limits::kClaimTtlSecondsDefault;
  std::optional<std::string> reason = {};
};

/// What it was given.
struct Grant {
  std::vector<models::Claim> claims;  ///< one a target, in the targets' order; the same target again is the same claim,
                                      ///< renewed, and exclusive from now on if that is what is wished
  Stamp fencing_token;                ///< of this batch; when nothing was new, the highest of `claims`
  models::Event event;
  std::vector<models::Claim> tolerated;  ///< claims of others across branches that the project only warns of
  std::vector<OutsideTarget> outside;    ///< the role's boundaries, which the project only warns of
};

/// Claims all targets for the session, or none. A conflict, also with those who wait, is a refusal (CLAIM-USR-3001)
/// that leaves a CLAIM_CONFLICT event; CLAIM-USR-3003 when the session, over others, would wait for itself;
/// ROLE-USR-4001, with a VIOLATION event, when a target lies outside the boundaries of the session's role. Claims of
/// others whose lease has run out are ended on the way; where they are more than an EndBudget, that is a refusal too
/// (API-SYS-2501), and the next try ends more. `said` replaces text and data of the FILE_CLAIM event.
Task<Result<Grant>> grant_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting, ClaimWish wish,
                                 std::optional<db::EventDraft> said = {});

/// One try to claim a batch, before anybody is refused.
struct Attempt {
  std::optional<Grant> grant;
  Standing standing;                   ///< what was in the way
  std::vector<OutsideTarget> outside;  ///< what the project only warns of; its event is written with the grant
  bool left_some = false;              ///< more have run out than are ended at once: try again
};
/// On whose behalf, and with which place in the line.
struct Applicant {
  models::Session const& session;
  std::optional<Order> order = {};  ///< of its ticket; none: it comes now
  models::Priority priority = models::Priority::normal;
  auth::Caller const* caller = nullptr;  ///< whose quotas count; null: they were looked at when it queued
};
/// As grant_claims, without a refusal of a conflict, and without serving the line: what claims and tickets were laid on
/// that it ended on the way is added to `freed`, also before an error. `only_look`: even if it could, it grants
/// nothing.
Task<Result<Attempt>> attempt_claims(db::Tx& tx, models::Project const& project, Applicant who, ClaimWish wish,
                                     std::vector<coordination::Target>& freed, std::optional<db::EventDraft> said = {},
                                     bool only_look = false);
/// The refusal for what was in the way, with its CLAIM_CONFLICT event.
Task<std::unexpected<Error>> refuse_conflict(db::Tx& tx, models::Project const& project, models::Session session,
                                             ClaimWish wish, Standing standing);
/// The text of that event, and its data.
db::EventDraft conflict_draft(ClaimWish const& wish, Standing const& standing);
/// The refusal while very many claims that have run out are being ended: what was ended stays so.
std::unexpected<Error> refuse_for_now();

/// How much one transaction may still end after what it has ended and written; what remains is another's.
class EndBudget {
 public:
  explicit EndBudget(db::Tx const& tx);
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

/// Ends claims that the session gives back, with one FILE_RELEASE event, and serves those who wait for them.
Task<models::Event> release_claims(db::Tx& tx, models::Project const& project, auth::Acting const& acting,
                                   std::vector<models::Claim>& claims, std::optional<db::EventDraft> said = {});

/// Whether claims may be given to another session: API-USR-2003 when it holds one of their targets already, or would
/// hold too many; CLAIM-USR-3001, with its event, when they meet what anybody else holds beside them, also their
/// present holder, and there is no place of theirs. Those who wait are passed. Claims in the way that have run out are
/// ended, and added to `freed`.
Task<Result<void>> check_move(db::Tx& tx, models::Project const& project, models::Session to,
                              std::vector<models::Claim> claims, std::vector<coordination::Target>& freed);
/// Gives live claims to another session, under one new fencing token.
void move_claims(db::Tx& tx, models::Project const& project, models::Session const& to,
                 std::vector<models::Claim>& claims);

/// The session's live claims that exactly match the targets; API-USR-2002 when it holds none on one of them.
Task<Result<std::vector<models::Claim>>> claims_on(db::Tx& tx, models::Project const& project,
                                                   models::Session const& session,
                                                   std::vector<coordination::Target> targets);

/// CLAIM-USR-3002 unless the session holds a live claim granted under the token. A missing token is fine.
Task<Result<void>> check_fencing(db::Tx& tx, ProjectId project, SessionId session, std::optional<Stamp> token);

/// The targets of claims, for the paths of events; and parsed.
std::vector<std::string> paths_of(std::vector<models::Claim> const& claims);
std::vector<coordination::Target> targets_of(models::Project const& project, std::vector<models::Claim> const& claims);

/// Of claims, for the data of events.
json::array ids_of(std::vector<models::Claim> const& claims);
/// `claimed src/x.rs and 2 more`.
std::string summary_of(std::string_view verb, std::vector<std::string> const& paths);

}  // namespace codi::api
