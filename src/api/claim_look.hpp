#pragma once
#include "coordination/target.hpp"
#include "db/claim_search.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"
#include "models/session.hpp"
#include "models/ticket.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What stands between a session and what it wants to hold. Nothing here writes.
namespace codi::api {

/// A place in the order in which those who wait are served: earlier is served first.
using Order = std::pair<Timestamp, TicketId>;
Order order_of(models::Ticket const& ticket);
/// As when somebody is served who came at `arrival`.
Timestamp served_as_of(Timestamp arrival, models::Priority priority);

/// Who asks, and for what.
struct Asking {
  models::Session const* session = nullptr;  ///< whose own claims and tickets are not in the way; null: anybody's are
  models::ClaimMode mode = models::ClaimMode::exclusive;
  std::optional<Order> order =
      {};  ///< of who waits already; none: it comes now, behind all that came with its priority
  models::Priority priority = models::Priority::normal;  ///< of who comes now
  std::size_t enough = limits::kConflictsShown;          ///< conflicts, after which it is looked no further
};

/// A ticket that is to be served before a request.
struct Ahead {
  models::Ticket ticket;
  std::size_t met = 0;  ///< which of its targets overlaps what is asked for
  [[nodiscard]] std::string const& target() const { return ticket.targets.at(met).target; }
};

/// What was found.
struct Standing {
  std::vector<models::Claim> conflicts;  ///< live claims of others, each once; Asking::enough at most
  bool more = false;                     ///< there are more of those
  std::vector<models::Claim> tolerated;  ///< across branches, where the project warns
  std::vector<Ahead> ahead;              ///< in the order in which they are served
  std::vector<models::Claim> ran_out;    ///< to be ended by whoever takes their place
  std::vector<models::Ticket> lapsed;    ///< to be taken out of the line
  [[nodiscard]] bool clear() const { return conflicts.empty() && ahead.empty(); }
};

/// Looks at each of the targets. A ticket is ahead when it is served first and not by this session held up itself: who
/// holds what another waits for may go on, or neither could ever finish. What is offered to a ticket is ahead of
/// everybody.
Task<Result<Standing>> look_at(db::Tx& tx, models::Project const& project, Asking asking,
                               std::vector<coordination::Target> targets);

}  // namespace codi::api
