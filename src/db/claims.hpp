#pragma once
#include "coordination/target.hpp"
#include "db/paging.hpp"
#include "db/retention.hpp"
#include "db/sessions.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Claims of a project; below P = (t,"project",project): (P,"claims",id) -> fencing token, Claim. What is indexed while
/// a claim is live stands in claim_index.hpp.
namespace codi::db {

/// The claim as it is now: expires_at is the later of its own end and its ttl after its session's last sign of life;
/// ended when its session has.
Task<std::optional<models::Claim>> get_claim(Tx& tx, ProjectId project, ClaimId id);

/// Reads many claims, one after the other, each as get_claim() does; the last sign of life of a session once. For as
/// long as its transaction writes nothing of them.
class ClaimReader {
 public:
  ClaimReader(Tx& tx, ProjectId project) : tx_(tx), project_(project) {}
  /// Before read().
  void prefetch(ClaimId id);
  Task<std::optional<models::Claim>> read(ClaimId id);

 private:
  Tx& tx_;
  ProjectId project_;
  std::map<SessionId, Life> lives_;
};

/// Writes the claim, and no index.
void put_claim(Tx& tx, models::Claim const& claim);

/// The target of a stored claim, parsed again; a glob that this thread has parsed lately is not.
coordination::Target target_of(models::Claim const& claim, bool case_sensitive);

/// The claims indexed as held by the session, by place, the first `at_most` of them.
Task<std::vector<models::Claim>> claims_of_session(Tx& tx, ProjectId project, SessionId session,
                                                   std::size_t at_most = limits::kClaimsPerSession);

/// Which claims a list shows.
struct ClaimFilter {
  models::ClaimState state = models::ClaimState::live;
  std::optional<SessionId> session = {};
  std::optional<coordination::Target> overlapping = {};
};
/// Oldest first; by place when a session or a target is given. A live list leaves out claims that are over, and one of
/// ended claims those whose end is not written yet, which the reaper does within seconds. What the filter leaves out is
/// not read, but for patterns that begin as the target does.
Task<Result<models::Page<models::Claim>>> list_claims(Tx& tx, models::Project const& project, ClaimFilter filter,
                                                      PageRequest page);

/// True when a claim keeps nobody out any more: it or its session has ended, or its lease has run out for good (grace
/// included).
bool over(Tx const& tx, models::Claim const& claim);

/// About how many bytes a transaction writes at most to end a claim, its event and a notice included.
std::size_t bytes_to_end(models::Claim const& claim);
/// The same to grant a claim of so many bytes of target and reason, and to take it out of a line.
std::size_t bytes_to_grant(std::size_t target_bytes, std::size_t reason_bytes);

/// Removes claims that ended at `until` or before, with what lists find them by. Looks at the limits::kRetentionClaims
/// that were made first among those that have ended; ends earlier when the transaction has limits::kRangeBytes.
Task<OldRows> remove_old_claims(Tx& tx, models::Project const& project, Timestamp until);

/// Asks the reaper to look at the claim when its lease may have run out.
void watch_claim_lease(Tx& tx, models::Claim const& claim);

}  // namespace codi::db
