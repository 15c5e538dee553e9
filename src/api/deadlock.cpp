#include "api/deadlock.hpp"

#include "api/claim_look.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"
#include "db/tickets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace codi::api {
namespace {

using models::Ticket;
using models::TicketState;

// Who holds more may be waited for: to look who waits for each of them takes longer than to follow those in the line.
constexpr std::size_t kClaimsFollowed = 200;

/// Finds out whether a session waits, over others, for itself.
///
/// To look for whom a session waits costs as much as its line is long, and to follow all who stand in that line the
/// square of it. So it is looked from both ends, always on the side where fewer are left to ask: mostly nobody waits
/// for who begins to wait.
class Deadlock {
 public:
  Deadlock(db::Tx& tx, models::Project const& project, models::Session start)
      : tx_(tx), project_(project), start_(std::move(start)) {}

  /// Nothing when it does not come back to the start.
  Task<std::optional<Cycle>> run() {
    bool const may = co_await may_come_back();
    if (!may) co_return std::nullopt;
    auto const first = co_await comes_back(start_.id, start_.alias);
    if (!first) co_return std::nullopt;
    std::ranges::reverse(steps_);
    co_return Cycle{.ticket = *first, .steps = std::move(steps_)};
  }

 private:
  struct Blocker {
    SessionId session;
    std::string alias;
    std::string what;  ///< it holds, or waits for
    bool holds = false;
  };

  /// Sessions that were reached from the start, in one direction.
  struct Side {
    std::set<SessionId> reached;
    std::vector<SessionId> left;  ///< to be asked
    void add(SessionId id) {
      if (reached.insert(id).second) left.push_back(id);
    }
    SessionId next() {
      auto const id = left.back();
      left.pop_back();
      return id;
    }
  };

  // False when it certainly does not.
  Task<bool> may_come_back() {
    Side onward;
    Side backward;
    onward.add(start_.id);
    backward.add(start_.id);
    while (!onward.left.empty() && !backward.left.empty()) {
      bool const is_back = backward.left.size() <= onward.left.size();
      auto& side = is_back ? backward : onward;
      auto const& other = is_back ? onward : backward;
      auto const id = side.next();
      auto task = is_back ? who_may_wait_for(id) : whom_it_waits_for(id);
      auto const found = co_await std::move(task);
      if (!found) co_return true;
      for (auto const session : *found) {
        if (other.reached.contains(session)) co_return true;
        side.add(session);
      }
    }
    co_return false;
  }

  Task<std::optional<std::vector<SessionId>>> whom_it_waits_for(SessionId id) {
    std::vector<SessionId> out;
    auto const tickets = co_await db::tickets_of_session(tx_, project_.id, id);
    for (auto const& ticket : tickets) {
      auto const blockers = co_await blockers_of(ticket);
      for (auto const& blocker : blockers) out.push_back(blocker.session);
    }
    co_return out;
  }

  // Those and more: nobody is left out for the mode or the branch. Nothing when it takes too long.
  Task<std::optional<std::vector<SessionId>>> who_may_wait_for(SessionId id) {
    std::vector<SessionId> out;
    if (co_await db::count_claims_of_session(tx_, project_.id, id) > kClaimsFollowed) co_return std::nullopt;
    db::ClaimSearch of_claims(tx_, project_, {.own = id});
    auto const claims = co_await db::claims_of_session(tx_, project_.id, id);
    for (auto const& claim : claims) {
      auto const waiting = co_await of_claims.waiting_for(db::target_of(claim, project_.case_sensitive));
      if (!waiting) co_return std::nullopt;
      for (auto const met : *waiting) {
        auto const known = co_await known_ticket(met.id);
        if (known) out.push_back(known->session);
      }
    }
    auto const tickets = co_await db::tickets_of_session(tx_, project_.id, id);
    for (auto const& ticket : tickets) {
      db::ClaimSearch behind(tx_, project_, {.own = id});
      auto const targets = db::targets_of(ticket, project_.case_sensitive);
      for (auto const& target : targets) {
        auto const waiting = co_await behind.waiting_for(target);
        if (!waiting) co_return std::nullopt;
        for (auto const met : *waiting) {
          auto const known = co_await known_ticket(met.id);
          bool const comes_after = ticket.state == TicketState::offered || (known && known->order > order_of(ticket));
          if (known && comes_after) out.push_back(known->session);
        }
      }
    }
    co_return out;
  }

  struct Known {
    SessionId session;
    Order order;
  };
  Task<std::optional<Known>> known_ticket(TicketId id) {
    if (auto const at = known_.find(id); at != known_.end()) co_return at->second;
    auto const ticket = co_await db::get_ticket(tx_, project_.id, id);
    std::optional<Known> known;
    if (ticket) known = Known{ticket->session_id, order_of(*ticket)};
    known_.emplace(id, known);
    co_return known;
  }

  // The ticket of the session with which it does.
  Task<std::optional<TicketId>> comes_back(SessionId id, std::string alias) {
    seen_.insert(id);
    auto const tickets = co_await db::tickets_of_session(tx_, project_.id, id);
    for (auto const& ticket : tickets) {
      auto const blockers = co_await blockers_of(ticket);
      for (auto const& blocker : blockers) {
        bool const back = blocker.session == start_.id;
        if (!back && seen_.contains(blocker.session)) continue;
        if (!back) {
          auto const on_the_way = co_await comes_back(blocker.session, blocker.alias);
          if (!on_the_way) continue;
        }
        steps_.push_back(fmt::format("{} waits for {}, {} by {}", alias, blocker.what,
                                     blocker.holds ? "held" : "waited for", blocker.alias));
        co_return ticket.id;
      }
    }
    co_return std::nullopt;
  }

  Task<std::vector<Blocker>> blockers_of(Ticket ticket) {
    std::vector<Blocker> out;
    auto const session = co_await db::get_session(tx_, project_.id, ticket.session_id);
    if (!session) co_return out;
    Asking asking{.session = &*session, .mode = ticket.mode, .order = order_of(ticket), .enough = limits::kOverlapRows};
    auto const targets = db::targets_of(ticket, project_.case_sensitive);
    auto const standing = co_await look_at(tx_, project_, std::move(asking), targets);
    if (!standing) co_return out;
    std::set<SessionId> known;
    for (auto const& claim : standing->conflicts)
      if (known.insert(claim.session_id).second)
        out.push_back({claim.session_id, claim.session_alias, claim.target, true});
    for (auto const& ahead : standing->ahead)
      if (known.insert(ahead.ticket.session_id).second)
        out.push_back({ahead.ticket.session_id, ahead.ticket.session_alias, ahead.target(), false});
    co_return out;
  }

  db::Tx& tx_;
  models::Project const& project_;
  models::Session start_;
  std::map<TicketId, std::optional<Known>> known_;
  std::set<SessionId> seen_;
  std::vector<std::string> steps_;  // the last one first
};

}  // namespace

Task<std::optional<Cycle>> find_deadlock(db::Tx& tx, models::Project const& project, models::Session session) {
  Deadlock deadlock(tx, project, std::move(session));
  co_return co_await deadlock.run();
}

std::string told(Cycle const& cycle) {
  return fmt::format("this would wait for ever: {}", fmt::join(cycle.steps, "; "));
}

Error deadlock_error(Cycle const& cycle) {
  Error error{.code = ErrorCode::deadlock, .detail = told(cycle)};
  error.members["cycle"] = json::array(cycle.steps.begin(), cycle.steps.end());
  return error;
}

Task<Result<void>> check_for_deadlock(db::Tx& tx, models::Project const& project, models::Session session) {
  if (!co_await db::last_arrival(tx, project.id)) co_return Result<void>();
  auto const cycle = co_await find_deadlock(tx, project, std::move(session));
  if (cycle) co_return std::unexpected(deadlock_error(*cycle));
  co_return Result<void>();
}

}  // namespace codi::api
