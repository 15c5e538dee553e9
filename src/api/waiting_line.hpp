#pragma once
#include "api/claim_flow.hpp"
#include "api/claim_look.hpp"
#include "coordination/target.hpp"
#include "db/tx.hpp"
#include "models/message.hpp"
#include "models/project.hpp"
#include "models/session.hpp"
#include "models/ticket.hpp"

#include <optional>
#include <string>
#include <vector>

/// Those who wait for claims. First come, first served, as far as they wait for the same; a priority counts as having
/// come earlier or later, so nobody is overtaken for ever. Whoever comes later gets nothing of what a ticket before it
/// waits for.
namespace codi::api {

/// How a session waits.
struct Waiting {
  models::Priority priority = models::Priority::normal;
  std::optional<Timestamp> gives_up_at = {};  ///< of a request that is held meanwhile; none: a queued ticket
};

/// Puts the session behind those who wait already, with a CLAIM_CONFLICT event. CLAIM-USR-3003 when it would wait for
/// ever, since those who hold what it wants wait for what it holds; API-USR-2003 when too many wait.
Task<Result<models::Ticket>> wait_in_line(db::Tx& tx, models::Project const& project, models::Session session,
                                          ClaimWish wish, Waiting how, Standing standing);

/// Takes a ticket out, with an INFO event that says why, and tells its session when there is a notice. Returns what
/// nobody waits for any more with it: serve_line() those.
Task<std::vector<coordination::Target>> take_out_of_line(db::Tx& tx, models::Project const& project,
                                                         models::Ticket ticket, std::string why,
                                                         std::optional<models::Message> notice = {});

/// Gives those who wait for any of `freed` what they can have now, in their order; to a ticket whose request is held it
/// is offered, and the request takes it within limits::kOfferTime. After every end of claims, in the same transaction.
/// Serves limits::kTicketsServedAtOnce, as far as there is room in the transaction; the reaper goes on with the others.
Task<void> serve_line(db::Tx& tx, models::Project const& project, std::vector<coordination::Target> freed);
/// The same for what claims were laid on; and as watch_who_lost() for those who held them.
Task<void> serve_line(db::Tx& tx, models::Project const& project, std::vector<models::Claim> const& ended);

/// Has the reaper look at all who wait: after something that may let any of them go on, or wait for each other.
Task<void> look_at_all_who_wait(db::Tx& tx, models::Project const& project);

/// Has the reaper look after a session that has lost a claim, if it waits: whom it could pass because it held what they
/// wait for, it waits behind from now on, and they may wait for it.
Task<void> watch_who_lost(db::Tx& tx, models::Project const& project, SessionId session);
/// Takes the ticket with which a session waits, over others, for itself out of the line, and tells the session why; a
/// request that is held with it is refused. For the reaper.
Task<void> look_after_waiter(db::Tx& tx, models::Project const& project, SessionId id);

/// Ends a ticket whose session or server is gone, serves one that can be, forgets one that ended long ago. For the
/// reaper.
Task<void> look_after_ticket(db::Tx& tx, models::Project const& project, TicketId id);

/// Takes the tickets of a session that has ended out of the line; what they leave is served with `freed`.
Task<void> end_tickets_of(db::Tx& tx, models::Project const& project, models::Session session,
                          std::vector<coordination::Target> freed);

/// What the ticket wants, and what stands in its way now.
ClaimWish wish_of(models::Project const& project, models::Ticket const& ticket);
Task<Result<Standing>> standing_of(db::Tx& tx, models::Project const& project, models::Ticket ticket);

/// Tickets as a conflict shows them, each with what it meets before its other targets; limits::kConflictsShown at most.
json::array shown_tickets(std::vector<Ahead> const& all);

}  // namespace codi::api
