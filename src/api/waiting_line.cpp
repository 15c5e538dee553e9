#include "api/waiting_line.hpp"

#include "api/deadlock.hpp"
#include "api/inbox_flow.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"
#include "db/tickets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace codi::api {
namespace {

using namespace std::chrono_literals;

using coordination::Target;
using models::Ticket;
using models::TicketState;

std::vector<std::string> paths_of(Ticket const& ticket) {
  std::vector<std::string> out;
  out.reserve(ticket.targets.size());
  for (auto const& wanted : ticket.targets) out.push_back(wanted.target);
  return out;
}

models::Message notice_of(db::Tx& tx, models::Project const& project, Ticket const& ticket, models::MessageKind kind) {
  auto notice = make_notice(tx, project, kind, to_session(ticket.session_id));
  notice.ticket_id = ticket.id;
  return notice;
}

/// Serves a line in one transaction.
class Serving {
 public:
  Serving(db::Tx& tx, models::Project const& project) : tx_(tx), project_(project) {}

  Task<void> run(std::vector<Target> freed) {
    while (!freed.empty()) {
      auto const waiting = co_await who_waits_for(std::exchange(freed, {}));
      for (auto const& ticket : waiting) {
        bool const has_room = tx_.used_bytes() <= limits::kServedBytes;
        if (has_room && served_++ < limits::kTicketsServedAtOnce)
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
      auto const waiting = co_await search.waiting_for(target);
      if (!waiting) {
        // To find out who waits for what is free takes too long.
        co_await serve_all_later();
        break;
      }
      for (auto const met : *waiting)
        if (auto ticket = co_await db::get_ticket(tx_, project_.id, met.id)) out.push_back(*std::move(ticket));
    }
    std::ranges::sort(out, {}, order_of);
    co_return out;
  }

  Task<void> serve_all_later() {
    auto const ids = co_await db::waiting_ids(tx_, project_.id);
    for (auto const id : ids) db::watch_ticket(tx_, project_.id, id, tx_.now());
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
    auto notice = notice_of(tx_, project_, *ticket, models::MessageKind::ticket_granted);
    if (!held) name_in(said, {notice});
    auto attempt = co_await attempt_claims(tx_, project_, std::move(who), wish_of(project_, *ticket), freed_,
                                           std::move(said), held);
    if (!attempt && !held) {
      auto withdrawn = notice_of(tx_, project_, *ticket, models::MessageKind::ticket_withdrawn);
      add(co_await take_out_of_line(tx_, project_, *ticket, attempt.error().detail, std::move(withdrawn)));
      co_return;
    }
    if (attempt) {
      if (attempt->left_some) co_return db::watch_ticket(tx_, project_.id, id, tx_.now());
      if (!attempt->standing.clear()) co_return;
    }
    // What can't be granted is offered as well: the request then learns why.
    if (held) co_return offer(id);
    if (auto const& grant = attempt->grant) co_await give(*std::move(ticket), *grant, std::move(notice));
  }

  Task<void> give(Ticket ticket, Grant const& grant, models::Message notice) {
    co_await db::leave_line(tx_, ticket, db::targets_of(ticket, project_.case_sensitive));
    ticket.state = TicketState::granted;
    for (auto const& claim : grant.claims) ticket.claim_ids.push_back(claim.id);
    ticket.updated_at = tx_.now();
    db::put_ticket(tx_, ticket);
    name_claims(notice, grant.claims);
    deliver(tx_, std::move(notice), grant.event.cursor);
    db::watch_ticket(tx_, project_.id, ticket.id, tx_.now() + limits::kTicketKept);
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
  auto const cycle = co_await find_deadlock(tx, project, session);
  auto draft = conflict_draft(wish, standing);
  if (cycle) {
    co_await db::leave_line(tx, ticket, wish.targets);
    db::forget_ticket(tx, project.id, ticket.id);
    draft.data["deadlock"] = json::array(cycle->steps.begin(), cycle->steps.end());
    db::append_event(tx, project.id, &session, std::move(draft));
    tx.count(db::Happening::claim_refused);
    co_return refuse(deadlock_error(*cycle));
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

Task<std::vector<Target>> take_out_of_line(db::Tx& tx, models::Project const& project, Ticket ticket, std::string why,
                                           std::optional<models::Message> notice) {
  auto targets = db::targets_of(ticket, project.case_sensitive);
  co_await db::leave_line(tx, ticket, targets);
  auto const session = co_await db::get_session(tx, project.id, ticket.session_id);
  db::EventDraft draft{.action = "INFO",
                       .text = fmt::format("waits no more for {}: {}", summary_of("", paths_of(ticket)).substr(1), why),
                       .paths = paths_of(ticket),
                       .data = {{"ticket", to_string(ticket.id)}}};
  if (notice) name_in(draft, {*notice});
  auto const event = db::append_event(tx, project.id, session ? &*session : nullptr, std::move(draft));
  if (notice) deliver(tx, *std::move(notice), event.cursor);
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
  std::set<SessionId> holders;
  for (auto const& claim : ended) holders.insert(claim.session_id);
  for (auto const id : holders)
    if (co_await db::waits(tx, project.id, id)) db::watch_waiter(tx, project.id, id);
  Serving serving(tx, project);
  co_await serving.run(targets_of(project, ended));
}

Task<void> look_at_all_who_wait(db::Tx& tx, models::Project const& project) {
  auto const ids = co_await db::waiting_ids(tx, project.id);
  for (auto const id : ids) {
    db::watch_ticket(tx, project.id, id, tx.now());
    if (auto const ticket = co_await db::get_ticket(tx, project.id, id))
      db::watch_waiter(tx, project.id, ticket->session_id);
  }
}

Task<void> watch_who_lost(db::Tx& tx, models::Project const& project, SessionId session) {
  if (!co_await db::last_arrival(tx, project.id)) co_return;
  if (co_await db::waits(tx, project.id, session)) db::watch_waiter(tx, project.id, session);
}

Task<void> look_after_waiter(db::Tx& tx, models::Project const& project, SessionId id) {
  auto const session = co_await db::get_session(tx, project.id, id);
  if (!session) co_return;
  auto const cycle = co_await find_deadlock(tx, project, *session);
  if (!cycle) co_return;
  auto const ticket = co_await db::get_ticket(tx, project.id, cycle->ticket);
  if (!ticket) co_return;
  std::optional<models::Message> notice;
  if (!ticket->gives_up_at) notice = notice_of(tx, project, *ticket, models::MessageKind::ticket_withdrawn);
  auto freed = co_await take_out_of_line(tx, project, *ticket, told(*cycle), std::move(notice));
  co_await serve_line(tx, project, std::move(freed));
  db::watch_waiter(tx, project.id, id);  // it may wait for itself in another way too
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
    if (i >= limits::kTicketsServedAtOnce || tx.used_bytes() > limits::kServedBytes) {
      db::watch_ticket(tx, project.id, tickets[i].id, tx.now());
      continue;
    }
    auto more = co_await take_out_of_line(tx, project, tickets[i], "its session has ended");
    std::ranges::move(more, std::back_inserter(freed));
  }
  co_await serve_line(tx, project, std::move(freed));
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

json::array shown_tickets(std::vector<Ahead> const& all) {
  json::array out;
  for (auto const& ahead : all) {
    if (out.size() == limits::kConflictsShown) break;
    auto const& ticket = ahead.ticket;
    json::array targets{ahead.target()};
    for (std::size_t i = 0; i < ticket.targets.size(); ++i)
      if (i != ahead.met && targets.size() < limits::kConflictsShown) targets.emplace_back(ticket.targets[i].target);
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
