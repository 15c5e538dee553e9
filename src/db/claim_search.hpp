#pragma once
#include "coordination/target.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::db {

/// After how many claims of either kind a search looks no further.
struct Enough {
  std::size_t live;
  std::size_t ran_out = std::numeric_limits<std::size_t>::max();
};

/// Where a session works.
struct Workplace {
  std::optional<std::string> branch = {};
  std::optional<std::string> worktree = {};
};
/// True when two work on different lines, whose changes meet in a merge only: on two branches, or, where a branch is
/// not known, in two working trees. Two working trees of one branch are not across: what is written in one must go into
/// the other.
bool across(Workplace const& a, Workplace const& b);

/// For whom claims are looked at.
struct Seeker {
  std::optional<SessionId> own = {};  ///< whose claims and tickets are not in the way
  models::ClaimMode mode = models::ClaimMode::exclusive;
  Workplace at = {};
  models::BranchPolicy cross_branch = models::BranchPolicy::block;
};

/// A ticket, and which of its targets was met.
struct MetTicket {
  TicketId id;
  std::size_t number = 0;
};

/// What stands in the way of a target.
struct Obstacles {
  std::vector<models::Claim> claims;
  std::vector<models::Claim> tolerated;  ///< across branches, where the project warns; limits::kConflictsShown at most
  std::vector<MetTicket> tickets;        ///< that wait for something of it, each once
};

/// Before a ClaimSearch of it, and claim_of_session_on(): of their first reads, but of a pattern's, which asks for what
/// it finds.
void prefetch_overlapping(Tx& tx, ProjectId project, coordination::Target const& target);

/// Finds the claims and tickets that stand in the way of a batch of targets. One for one transaction, before anything
/// that it claims is written: what all its searches together may read and compare is limited by limits::kOverlapRows
/// and limits::kOverlapSteps.
///
/// Files and directories are found by their segments, globs by their literal prefix. What costs: for a file or
/// directory its depth, and the globs whose literal prefix its path begins with; for a glob besides the claims in the
/// directories and on the names that it could match, which are walked by skipping what it can't.
class ClaimSearch {
 public:
  ClaimSearch(Tx& tx, models::Project const& project, Seeker seeker);

  /// Claims of other sessions that overlap `target`: those that are not over(), and those whose lease has run out while
  /// their session lives, which any sign of life of it would bring back unless they are ended. Claims of ended sessions
  /// are left out, and shared ones where what is sought is shared too. The whole of what overlaps is looked through,
  /// until there is enough. API-USR-2003 when that takes too much.
  Task<Result<Obstacles>> overlapping(coordination::Target target, Enough enough);

  /// Only the tickets that wait for something of `target`, which nobody has been told of yet.
  Task<Result<std::vector<MetTicket>>> waiting_for(coordination::Target target);

 private:
  struct GlobRow {
    ClaimId id;
    std::string pattern;
    bool in_the_way;
    bool waits;
  };

  Task<void> look_for_paths(coordination::Target const& target);
  Task<void> look(TenantKey prefix, bool below_too);
  Task<void> walk_paths(coordination::Target const& glob, std::vector<std::string> directory, std::string beginning);
  Task<void> meet_path(KeyValue const& row, coordination::GlobRun const& run);
  Task<void> look_for_globs(coordination::Target const& target);
  Task<void> look_for_prefixes_of(coordination::Target const& target, std::string text);
  Task<void> look_for_extensions_of(coordination::Target const& target, std::string text, bool strictly);
  Task<std::vector<GlobRow> const*> globs_with_prefix(std::string prefix);
  Task<void> meet_glob(coordination::Target const& target, ClaimId id, std::string_view pattern, bool waits);
  Task<void> take(ClaimId id, bool waits);
  Task<void> take_claim(ClaimId id);
  void take_ticket(MetTicket met);
  [[nodiscard]] bool in_the_way(IndexRow const& row) const;
  Task<Result<void>> search(coordination::Target target, Enough enough, bool claims_too);

  [[nodiscard]] bool has_enough() const {
    return live_ >= enough_.live || ran_out_ >= enough_.ran_out || took_too_much();
  }
  [[nodiscard]] bool took_too_much() const { return rows_ > limits::kOverlapRows || effort_.spent(); }

  Tx& tx_;
  ProjectId project_;
  bool case_sensitive_;
  Seeker seeker_;
  std::string own_;
  bool claims_too_ = true;
  coordination::Effort effort_;
  std::size_t rows_ = 0;                                     // that a pattern may meet
  std::map<std::string, std::vector<GlobRow>> known_globs_;  // by prefix

  Enough enough_{.live = 0};
  std::size_t live_ = 0;
  std::size_t ran_out_ = 0;
  Obstacles found_;
  std::vector<TicketId> known_tickets_;  // in this search; of waiting_for() in any
};

}  // namespace codi::db
