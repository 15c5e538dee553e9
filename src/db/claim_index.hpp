#pragma once
#include "coordination/target.hpp"
#include "db/claims.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/ticket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where live claims, and tickets that wait for some, are found by what they are laid on, and claims by who holds them;
/// below P = (t,"project",project), with the claim's or ticket's id last:
/// (P,"claim_paths",segment...,id) of files and directories, (P,"claim_resources",name,id), (P,"claim_globs",literal
/// prefix,id) -> IndexRow. Of claims only: the same rows by session, below S = (P,"session_claims",session), as
/// (S,"paths",segment...,id), (S,"resources",name,id) and (S,"globs",literal prefix,id); (P,"live_claims","files" or
/// "other",id) and, of globs without a literal first segment, (P,"wide_globs",id) -> nothing.
/// (P,"session_claim_count",session) -> how many claims the session holds.
/// Claims that have ended have rows of their own, for lists: (P,"ended_paths",…), (P,"ended_resources",…),
/// (P,"ended_globs",…), (P,"ended_session_claims",session,…), (P,"ended_claims","files" or "other",id).
namespace codi::db {

/// Claims that are held, with the tickets of those who wait, or claims that have ended.
enum class ClaimIndex : std::uint8_t { live, ended };

/// The rows by place: of all, or of the claims of a session.
struct PlaceIndex {
  ClaimIndex index = ClaimIndex::live;
  std::optional<SessionId> session = {};
};

/// Adds the index entries that a claim has while a session holds it, once: when it is granted or has moved. `target` is
/// the claim's, parsed.
void index_claim(Tx& tx, models::Claim const& claim, coordination::Target const& target);
/// Removes them: before it ends or moves to another session.
void unindex_claim(Tx& tx, models::Claim const& claim, coordination::Target const& target);

/// Adds the entries by which lists find a claim that has ended.
void index_ended_claim(Tx& tx, models::Claim const& claim, coordination::Target const& target);
/// Removes them: with the claim.
void unindex_ended_claim(Tx& tx, models::Claim const& claim, coordination::Target const& target);

/// Where globs are indexed: below it their literal prefix, then the id.
TenantKey claim_globs(Tx const& tx, ProjectId project, PlaceIndex index = {});
/// Below it the ids of claims on exactly this target; with those on paths below a file or directory behind them.
TenantKey claim_place(Tx const& tx, ProjectId project, coordination::Target const& target, PlaceIndex index = {});
/// Below it the rows of a session's claims, by place: patterns, paths, resources.
TenantKey claims_of(Tx const& tx, ProjectId project, ClaimIndex index, SessionId session);
/// Below it the ids of all claims on files, or of all others, oldest first. Both are of the same length.
TenantKey claims_by_age(Tx const& tx, ProjectId project, ClaimIndex index, bool of_files);
/// The next rows of both, together oldest first: behind the id `after`, as it ends their keys.
Task<RangeRows> rows_by_age(Tx& tx, ProjectId project, ClaimIndex index, std::optional<std::string> after,
                            std::size_t limit);

/// After the mode of a claim has changed.
void index_claim_anew(Tx& tx, models::Claim const& claim, coordination::Target const& target);

/// What the value of an index row says.
struct IndexRow {
  std::string_view session;  ///< id of the holder, or of who waits
  models::ClaimKind kind = models::ClaimKind::file;
  models::ClaimMode mode = models::ClaimMode::exclusive;
  bool waits = false;          ///< the row is of a ticket
  std::string_view pattern{};  ///< of a glob
};
/// Reads the value of a row of claim_paths(), claim_globs() or the resources.
IndexRow read_index_row(std::string_view value);

/// A new ticket's id. It ends in ten bits of zero, in whose place the rows of its targets have their number.
TicketId make_ticket_id(Tx& tx);
/// Adds the row by which others find that a ticket waits for one of its targets: its `number`th, from 0.
void index_ticket_target(Tx& tx, models::Ticket const& ticket, std::size_t number, coordination::Target const& target);
/// Removes it.
void unindex_ticket_target(Tx& tx, models::Ticket const& ticket, std::size_t number,
                           coordination::Target const& target);
/// The pattern of a stored claim, parsed; not again when this thread has parsed it lately.
coordination::Target stored_glob(std::string_view pattern, bool case_sensitive);
/// The id that ends a key of the index: of a claim, or of a ticket.
ClaimId id_of_row(std::string_view key);
TicketId ticket_of_row(std::string_view key);
TicketId ticket_of_row(ClaimId row);
/// Which of a ticket's targets a row is of.
std::size_t number_of_row(ClaimId row);

/// The session's claim on exactly this target.
Task<std::optional<models::Claim>> claim_of_session_on(Tx& tx, ProjectId project, SessionId session,
                                                       coordination::Target target, bool case_sensitive);

/// How many claims the session holds. A counter, read without conflict: transactions that run at once may overshoot a
/// limit that is held against it.
Task<std::size_t> count_claims_of_session(Tx& tx, ProjectId project, SessionId session);

/// Before count_claims_of_session().
void prefetch_claim_count(Tx& tx, ProjectId project, SessionId session);

/// The claims indexed as globs without a literal first segment: limits::kWideGlobs at most, which callers see to.
Task<std::vector<ClaimId>> wide_globs(Tx& tx, ProjectId project);

}  // namespace codi::db
