#pragma once
#include "coordination/target.hpp"
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/ticket.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// The line of those who wait for claims; below P = (t,"project",project): (P,"tickets",id,chunk) -> Ticket, kept for a
/// while after its end; while it waits also (P,"line",id) and (P,"session_tickets",session,id) -> nothing, and rows in
/// the claims' index (claim_index.hpp); (P,"ticket_turns",id) -> Turn, of a ticket whose request waits;
/// (P,"waiting") -> when the last one came, while anybody waits.
namespace codi::db {

/// How a ticket stands whose request waits on some server: the server's lease on it, or what it has been offered.
struct Turn {
  bool offered = false;
  Timestamp until;  ///< when the lease, or the offer, ends
};

/// The ticket, `offered` where its turn says so.
Task<std::optional<models::Ticket>> get_ticket(Tx& tx, ProjectId project, TicketId id);
/// Writes the ticket, and no index.
void put_ticket(Tx& tx, models::Ticket const& ticket);
/// Removes what is left of a ticket that has left the line.
void forget_ticket(Tx& tx, ProjectId project, TicketId id);

/// None of a ticket whose session queues without a request.
Task<std::optional<Turn>> turn_of(Tx& tx, ProjectId project, TicketId id);
void set_turn(Tx& tx, ProjectId project, TicketId id, Turn turn);
/// The key that changes when a ticket's turn does, and when it leaves the line; and what it holds now. For a watch.
std::string turn_key(Tx const& tx, ProjectId project, TicketId id);
std::string turn_text(Turn const& turn);

/// When the last of those who wait came; nothing when nobody waits. One key. No two come at the same time, whatever the
/// clocks of servers say.
Task<std::optional<Timestamp>> last_arrival(Tx& tx, ProjectId project);
/// Before last_arrival().
void prefetch_last_arrival(Tx& tx, ProjectId project);
/// Puts a ticket into the line, which came at `arrival`: now, but later than last_arrival().
void enter_line(Tx& tx, models::Ticket const& ticket, std::vector<coordination::Target> const& targets,
                Timestamp arrival);
/// Takes it out; nobody waits behind it any more.
Task<void> leave_line(Tx& tx, models::Ticket ticket, std::vector<coordination::Target> targets);

/// How many wait; limits::kTickets + 1 at most.
Task<std::size_t> count_waiting(Tx& tx, ProjectId project);
/// The tickets with which a session waits; limits::kTickets at most.
Task<std::vector<models::Ticket>> tickets_of_session(Tx& tx, ProjectId project, SessionId session);

/// True when the session waits for anything.
Task<bool> waits(Tx& tx, ProjectId project, SessionId session);

/// Those that wait, whoever came first ahead.
Task<Result<models::Page<models::Ticket>>> list_waiting(Tx& tx, ProjectId project, PageRequest page);

/// The ids of all that wait.
Task<std::vector<TicketId>> waiting_ids(Tx& tx, ProjectId project);

/// What a ticket waits for, parsed.
std::vector<coordination::Target> targets_of(models::Ticket const& ticket, bool case_sensitive);

/// True when a ticket waits no more: its session has ended, the server that held its request is not heard of, or that
/// has not taken what was offered. Not because a clock was moved.
Task<bool> over(Tx& tx, models::Ticket ticket);

/// Asks the reaper to look at the ticket.
void watch_ticket(Tx& tx, ProjectId project, TicketId id, Timestamp at);
/// Asks the reaper to look whether the session waits, over others, for itself.
void watch_waiter(Tx& tx, ProjectId project, SessionId session);

}  // namespace codi::db
