#include "api/waiting_line.hpp"

#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"
#include "db/tickets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace codi::api {
namespace {

using namespace std::chrono_literals;

using coordination::Target;
using models::Ticket;
using models::TicketState;

std::vector<std::string> paths_of(Ticket const& ticket) {
  std::vector<std::string> out;
  for (auto const& wanted : ticket.targets) out.push_back(wanted.target);
  return out;
}

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

  /// Who waits for whom, until it comes back to the start; empty when it does not.
  Task<std::vector<std::string>> run() {
    bool const may = co_await may_come_back();
    if (may) co_await comes_back(start_.id, start_.alias);
    std::ranges::reverse(steps_);
    co_return std::move(steps_);
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
      for (auto const ticket : *waiting) {
        auto const known = co_await known_ticket(ticket);
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
        for (auto const other : *waiting) {
          auto const known = co_await known_ticket(other);
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

  Task<bool> comes_back(SessionId id, std::string alias) {
    seen_.insert(id);
    auto const tickets = co_await db::tickets_of_session(tx_, project_.id, id);
    for (auto const& ticket : tickets) {
      auto const blockers = co_await blockers_of(ticket);
      for (auto const& blocker : blockers) {
        bool const back = blocker.session == start_.id;
        if (!back && seen_.contains(blocker.session)) continue;
        bool const leads_back = back || co_await comes_back(blocker.session, blocker.alias);
        if (!leads_back) continue;
        steps_.push_back(fmt::format("{} waits for {}, {} by {}", alias, blocker.what,
                                     blocker.holds ? "held" : "waited for", blocker.alias));
        co_return true;
      }
    }
    co_return false;
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
      if (known.insert(ahead.session_id).second)
        out.push_back({ahead.session_id, ahead.session_alias, met(ahead, targets), false});
    co_return out;
  }

  // What of a ticket's targets meets one of those.
  [[nodiscard]] std::string met(Ticket const& ticket, std::vector<Target> const& targets) const {
    for (auto const& wanted : db::targets_of(ticket, project_.case_sensitive))
      if (std::ranges::any_of(targets, [&](Target const& one) { return coordination::overlaps(wanted, one); }))
        return coordination::canonical(wanted);
    return ticket.targets.front().target;
  }

  db::Tx& tx_;
  models::Project const& project_;
  models::Session start_;
  std::map<TicketId, std::optional<Known>> known_;
  std::set<SessionId> seen_;
  std::vector<std::string> steps_;  // the last one first
};

Error deadlock_error(std::vector<std::string> const& steps) {
  Error error{.code = ErrorCode::deadlock,
              .detail = fmt::format("this would wait for ever: {}", fmt::join(steps, "; "))};
  error.members["cycle"] = json::array(steps.begin(), steps.end());
  return error;
}

/// Serves a line in one transaction.
class Serving {
 public:
  Serving(db::Tx& tx, models::Project const& project) : tx_(tx), project_(project) {}

  Task<void> run(std::vector<Target> freed) {
    while (!freed.empty()) {
      auto const waiting = co_await who_waits_for(std::exchange(freed, {}));
      for (auto const& ticket : waiting) {
        if (served_++ < limits::kTicketsServedAtOnce)
          co_await serve(ticket.id);
        else
          db::watch_ticket(tx_, project_.id, ticket.id, tx_.now());
      }
      freed = std::exchange(freed_, {});
    }
  }

  Task<void> run(TicketId id) {
    co_await serve(id);
    co_await run(std::exchange(freed_, {}));
  }

 private:
  Task<std::vector<Ticket>> who_waits_for(std::vector<Target> freed) {
    std::vector<Ticket> out;
    db::ClaimSearch search(tx_, project_, {});
    for (auto const& target : freed) {
      auto const ids = co_await search.waiting_for(target);
      if (!ids) {
        // To find out who waits for what is free takes too long.
        co_await serve_all_later(tx_, project_.id);
        break;
      }
      for (auto const id : *ids)
        if (auto ticket = co_await db::get_ticket(tx_, project_.id, id)) out.push_back(*std::move(ticket));
    }
    std::ranges::sort(out, {}, order_of);
    co_return out;
  }

  Task<void> serve(TicketId id) {
    auto ticket = co_await db::get_ticket(tx_, project_.id, id);
    if (!ticket) co_return;
    if (co_await db::over(tx_, *ticket)) {
      if (ticket->state == TicketState::waiting || ticket->state == TicketState::offered)
        add(co_await take_out_of_line(tx_, project_, *ticket, "is not waited for any more"));
      co_return;
    }
    if (ticket->state == TicketState::offered) co_return;
    auto const session = co_await db::get_session(tx_, project_.id, ticket->session_id);
    if (!session) co_return;
    bool const held = ticket->gives_up_at.has_value();
    Applicant who{.session = *session, .order = order_of(*ticket)};
    db::EventDraft said{.action = "FILE_CLAIM", .data = {{"ticket", to_string(id)}}};
    auto attempt = co_await attempt_claims(tx_, project_, std::move(who), wish_of(project_, *ticket), freed_,
                                           std::move(said), held);
    if (!attempt && !held) {
      add(co_await take_out_of_line(tx_, project_, *ticket, attempt.error().detail));
      co_return;
    }
    if (attempt) {
      if (attempt->left_some) co_return db::watch_ticket(tx_, project_.id, id, tx_.now());
      if (!attempt->standing.clear()) co_return;
    }
    // What can't be granted is offered as well: the request then learns why.
    if (held) co_return offer(id);
    co_await db::leave_line(tx_, *ticket, db::targets_of(*ticket, project_.case_sensitive));
    ticket->state = TicketState::granted;
    for (auto const& claim : attempt->grant->claims) ticket->claim_ids.push_back(claim.id);
    ticket->updated_at = tx_.now();
    db::put_ticket(tx_, *ticket);
    db::watch_ticket(tx_, project_.id, id, tx_.now() + limits::kTicketKept);
  }

  void offer(TicketId id) {
    auto const until = tx_.now() + limits::kOfferTime;
    db::set_turn(tx_, project_.id, id, {.offered = true, .until = until});
    db::watch_ticket(tx_, project_.id, id, until);
  }

  void add(std::vector<Target> freed) { std::ranges::move(freed, std::back_inserter(freed_)); }

  db::Tx& tx_;
  models::Project const& project_;
  std::vector<Target> freed_;
  std::size_t served_ = 0;
};

}  // namespace

Task<Result<Ticket>> wait_in_line(db::Tx& tx, models::Project const& project, models::Session session, ClaimWish wish,
                                  Waiting how, Standing standing) {
  if (co_await db::count_waiting(tx, project.id) >= limits::kTickets)
    co_return fail(ErrorCode::conflict,
                   fmt::format("{} wait in this project already: try again later", limits::kTickets));
  auto arrival = tx.now();
  if (auto const last = co_await db::last_arrival(tx, project.id)) arrival = std::max(arrival, *last + 1ms);
  Ticket ticket{.id = db::make_ticket_id(tx),
                .project_id = project.id,
                .session_id = session.id,
                .session_alias = session.alias,
                .mode = wish.mode,
                .ttl_seconds = wish.ttl_seconds,
                .reason = wish.reason,
                .priority = how.priority,
                .branch = session.branch,
                .worktree = session.worktree,
                .gives_up_at = how.gives_up_at,
                .served_as_of = served_as_of(arrival, how.priority),
                .created_at = tx.now(),
                .updated_at = tx.now()};
  for (auto const& target : wish.targets) ticket.targets.push_back({coordination::canonical(target), target.kind});
  db::enter_line(tx, ticket, wish.targets, arrival);
  Deadlock deadlock(tx, project, session);
  auto const cycle = co_await deadlock.run();
  auto draft = conflict_draft(wish, standing);
  if (!cycle.empty()) {
    co_await db::leave_line(tx, ticket, wish.targets);
    db::forget_ticket(tx, project.id, ticket.id);
    draft.data["deadlock"] = json::array(cycle.begin(), cycle.end());
    db::append_event(tx, project.id, &session, std::move(draft));
    tx.count(db::Happening::claim_refused);
    co_return refuse(deadlock_error(cycle));
  }
  if (how.gives_up_at) {
    auto const until = tx.now() + limits::kTicketLease;
    db::set_turn(tx, project.id, ticket.id, {.until = until});
    db::watch_ticket(tx, project.id, ticket.id, until + tx.facts().leases.grace);
  }
  draft.data["ticket"] = to_string(ticket.id);
  db::append_event(tx, project.id, &session, std::move(draft));
  co_return ticket;
}

Task<std::vector<Target>> take_out_of_line(db::Tx& tx, models::Project const& project, Ticket ticket, std::string why) {
  auto targets = db::targets_of(ticket, project.case_sensitive);
  co_await db::leave_line(tx, ticket, targets);
  auto const session = co_await db::get_session(tx, project.id, ticket.session_id);
  db::append_event(tx, project.id, session ? &*session : nullptr,
                   {.action = "INFO",
                    .text = fmt::format("waits no more for {}: {}", summary_of("", paths_of(ticket)).substr(1), why),
                    .paths = paths_of(ticket),
                    .data = {{"ticket", to_string(ticket.id)}}});
  if (ticket.gives_up_at) {
    db::forget_ticket(tx, project.id, ticket.id);
  } else {
    ticket.state = TicketState::withdrawn;
    ticket.updated_at = tx.now();
    db::put_ticket(tx, ticket);
    db::watch_ticket(tx, project.id, ticket.id, tx.now() + limits::kTicketKept);
  }
  co_return targets;
}

Task<void> serve_line(db::Tx& tx, models::Project const& project, std::vector<Target> freed) {
  if (freed.empty() || !co_await db::last_arrival(tx, project.id)) co_return;
  Serving serving(tx, project);
  co_await serving.run(std::move(freed));
}

Task<void> serve_line(db::Tx& tx, models::Project const& project, std::vector<models::Claim> const& ended) {
  if (ended.empty() || !co_await db::last_arrival(tx, project.id)) co_return;
  Serving serving(tx, project);
  co_await serving.run(targets_of(project, ended));
}

Task<void> serve_all_later(db::Tx& tx, ProjectId project) {
  auto const ids = co_await db::waiting_ids(tx, project);
  for (auto const id : ids) db::watch_ticket(tx, project, id, tx.now());
}

Task<void> look_after_ticket(db::Tx& tx, models::Project const& project, TicketId id) {
  auto const ticket = co_await db::get_ticket(tx, project.id, id);
  if (!ticket) co_return;
  if (ticket->state == TicketState::granted || ticket->state == TicketState::withdrawn) {
    auto const kept_until = ticket->updated_at + limits::kTicketKept;
    if (tx.now() >= kept_until)
      db::forget_ticket(tx, project.id, id);
    else
      db::watch_ticket(tx, project.id, id, kept_until);
    co_return;
  }
  Serving serving(tx, project);
  co_await serving.run(id);
  // A lease that was renewed meanwhile, or an offer, has an end of its own.
  if (auto const turn = co_await db::turn_of(tx, project.id, id))
    db::watch_ticket(tx, project.id, id,
                     turn->until + (turn->offered ? std::chrono::milliseconds(0) : tx.facts().leases.grace));
}

Task<void> end_tickets_of(db::Tx& tx, models::Project const& project, models::Session session,
                          std::vector<Target> freed) {
  if (!co_await db::last_arrival(tx, project.id)) co_return;
  auto const tickets = co_await db::tickets_of_session(tx, project.id, session.id);
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    if (i >= limits::kTicketsServedAtOnce) {
      db::watch_ticket(tx, project.id, tickets[i].id, tx.now());
      continue;
    }
    auto more = co_await take_out_of_line(tx, project, tickets[i], "its session has ended");
    std::ranges::move(more, std::back_inserter(freed));
  }
  co_await serve_line(tx, project, std::move(freed));
}

Task<Result<void>> check_for_deadlock(db::Tx& tx, models::Project const& project, models::Session session) {
  if (!co_await db::last_arrival(tx, project.id)) co_return Result<void>();
  Deadlock deadlock(tx, project, std::move(session));
  auto const cycle = co_await deadlock.run();
  if (!cycle.empty()) co_return std::unexpected(deadlock_error(cycle));
  co_return Result<void>();
}

ClaimWish wish_of(models::Project const& project, Ticket const& ticket) {
  return {.targets = db::targets_of(ticket, project.case_sensitive),
          .mode = ticket.mode,
          .ttl_seconds = ticket.ttl_seconds,
          .reason = ticket.reason};
}

Task<Result<Standing>> standing_of(db::Tx& tx, models::Project const& project, Ticket ticket) {
  auto const session = co_await db::get_session(tx, project.id, ticket.session_id);
  Asking asking{.session = session ? &*session : nullptr, .mode = ticket.mode, .order = order_of(ticket)};
  co_return co_await look_at(tx, project, std::move(asking), db::targets_of(ticket, project.case_sensitive));
}

json::array shown_tickets(std::vector<Ticket> const& tickets) {
  json::array out;
  for (auto const& ticket : tickets) {
    if (out.size() == limits::kConflictsShown) break;
    json::array targets;
    for (auto const& wanted : ticket.targets)
      if (targets.size() < limits::kConflictsShown) targets.emplace_back(wanted.target);
    out.push_back(json::object{{"ticket", to_string(ticket.id)},
                               {"session_id", to_string(ticket.session_id)},
                               {"session_alias", ticket.session_alias},
                               {"targets", std::move(targets)},
                               {"mode", reflect::enum_name(ticket.mode)},
                               {"since", to_string(ticket.created_at)}});
  }
  return out;
}

}  // namespace codi::api
