#pragma once
#include "coordination/target.hpp"
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

/// Claims of a project; below P = (t,"project",project): (P,"claims",id) -> fencing token, Claim; and while it is live
/// (P,"claim_paths",segment...,id) or (P,"claim_resources",name,id) -> session, (P,"session_claims",session,id) and
/// (P,"live_claims",id) -> nothing. (P,"session_claim_count",session) -> how many of them the session holds.
namespace codi::db {

/// The claim as it is now: expires_at is the later of its own end and its ttl after its session's last sign of life;
/// ended when its session has.
Task<std::optional<models::Claim>> get_claim(Tx& tx, ProjectId project, ClaimId id);

/// Writes the claim, and no index.
void put_claim(Tx& tx, models::Claim const& claim);

/// The target of a stored claim, parsed again.
coordination::Target target_of(models::Claim const& claim, bool case_sensitive);

/// Adds the index entries that a claim has while a session holds it, once: when it is granted or has moved. `target` is
/// the claim's, parsed.
void index_claim(Tx& tx, models::Claim const& claim, coordination::Target const& target);
/// Removes them: before it ends or moves to another session.
void unindex_claim(Tx& tx, models::Claim const& claim, coordination::Target const& target);

/// After how many claims of either kind overlapping_claims() looks no further.
struct Enough {
  std::size_t live;
  std::size_t ran_out = std::numeric_limits<std::size_t>::max();
};

/// Claims of other sessions than `own` that overlap `target`: those that are not over(), and those whose lease has run
/// out while their session lives, which any sign of life of it would bring back unless they are ended. Claims of ended
/// sessions are left out. The whole of what overlaps is looked through, until there is enough.
Task<std::vector<models::Claim>> overlapping_claims(Tx& tx, ProjectId project, coordination::Target target,
                                                    std::optional<SessionId> own, Enough enough);

/// The session's claim on exactly this target.
Task<std::optional<models::Claim>> claim_of_session_on(Tx& tx, ProjectId project, SessionId session,
                                                       coordination::Target target);

/// The claims indexed as held by the session, the oldest `at_most` of them.
Task<std::vector<models::Claim>> claims_of_session(Tx& tx, ProjectId project, SessionId session,
                                                   std::size_t at_most = limits::kClaimsPerSession);

/// How many claims the session holds. A counter, read without conflict: transactions that run at once may overshoot a
/// limit that is held against it.
Task<std::size_t> count_claims_of_session(Tx& tx, ProjectId project, SessionId session);

/// Which claims a list shows.
struct ClaimFilter {
  models::ClaimState state = models::ClaimState::live;
  std::optional<SessionId> session = {};
  std::optional<coordination::Target> overlapping = {};
  bool case_sensitive = true;  ///< of the project, for `overlapping`
};
/// Oldest first. A live list leaves out claims that are over.
Task<Result<models::Page<models::Claim>>> list_claims(Tx& tx, ProjectId project, ClaimFilter filter, PageRequest page);

/// True when a claim keeps nobody out any more: it or its session has ended, or its lease has run out for good (grace
/// included).
bool over(Tx const& tx, models::Claim const& claim);

/// About how many bytes a transaction writes at most to end a claim, its event included.
std::size_t bytes_to_end(models::Claim const& claim);

/// Asks the reaper to look at the claim when its lease may have run out.
void watch_claim_lease(Tx& tx, models::Claim const& claim);

}  // namespace codi::db
