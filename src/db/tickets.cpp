#include "db/tickets.hpp"

#include "db/claim_index.hpp"
#include "db/sessions.hpp"

#include <charconv>
#include <memory>

namespace codi::db {
namespace {

using coordination::Target;
using models::Ticket;
using models::TicketState;

constexpr char kOffered = 'o';
constexpr char kLeased = 'l';

TenantKey body_key(Tx const& tx, ProjectId project, TicketId id) { return tx.key("project", project, "tickets", id); }
TenantKey line_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "line"); }
TenantKey flag_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "waiting"); }
TenantKey turn_row(Tx const& tx, ProjectId project, TicketId id) {
  return tx.key("project", project, "ticket_turns", id);
}

std::int64_t read_milliseconds(std::string_view text) {
  std::int64_t out = 0;
  auto const* const end = std::to_address(text.end());
  if (text.empty() || std::from_chars(std::to_address(text.begin()), end, out).ptr != end)
    throw StorageFailure(StorageCode::corrupt, "a time in the line of those who wait is not one");
  return out;
}

Turn read_turn(std::string_view text) {
  return {.offered = text.starts_with(kOffered), .until = Timestamp{read_milliseconds(text.substr(1))}};
}

}  // namespace

std::string turn_text(Turn const& turn) { return (turn.offered ? kOffered : kLeased) + std::to_string(turn.until.ms); }

Task<std::optional<Ticket>> get_ticket(Tx& tx, ProjectId project, TicketId id) {
  auto const stored = co_await tx.get_chunks(body_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  auto ticket = reflect::decode_stored<Ticket>(*stored);
  auto const turn = co_await turn_of(tx, project, id);
  if (turn && turn->offered && ticket.state == TicketState::waiting) ticket.state = TicketState::offered;
  co_return ticket;
}

void put_ticket(Tx& tx, Ticket const& ticket) {
  tx.put_chunks(body_key(tx, ticket.project_id, ticket.id), reflect::encode_text(ticket));
}

void forget_ticket(Tx& tx, ProjectId project, TicketId id) { tx.clear_below(body_key(tx, project, id)); }

Task<std::optional<Turn>> turn_of(Tx& tx, ProjectId project, TicketId id) {
  auto const stored = co_await tx.get(turn_row(tx, project, id));
  if (!stored) co_return std::nullopt;
  co_return read_turn(*stored);
}

void set_turn(Tx& tx, ProjectId project, TicketId id, Turn turn) { tx.set(turn_row(tx, project, id), turn_text(turn)); }

std::string turn_key(Tx const& tx, ProjectId project, TicketId id) { return turn_row(tx, project, id).bytes(); }

void enter_line(Tx& tx, Ticket const& ticket, std::vector<Target> const& targets, Timestamp arrival) {
  put_ticket(tx, ticket);
  for (std::size_t i = 0; i < targets.size(); ++i) index_ticket_target(tx, ticket, i, targets[i]);
  tx.set(Tx::key_at(line_key(tx, ticket.project_id), make_key({}, ticket.id)), "");
  tx.set(tx.key("project", ticket.project_id, "session_tickets", ticket.session_id, ticket.id), "");
  tx.set(flag_key(tx, ticket.project_id), std::to_string(arrival.ms));
}

Task<void> leave_line(Tx& tx, Ticket ticket, std::vector<Target> targets) {
  auto const project = ticket.project_id;
  for (std::size_t i = 0; i < targets.size(); ++i) unindex_ticket_target(tx, ticket, i, targets[i]);
  tx.clear(Tx::key_at(line_key(tx, project), make_key({}, ticket.id)));
  tx.clear(tx.key("project", project, "session_tickets", ticket.session_id, ticket.id));
  tx.clear(turn_row(tx, project, ticket.id));
  if (!co_await tx.any_below(line_key(tx, project))) tx.clear(flag_key(tx, project));
}

Task<std::optional<Timestamp>> last_arrival(Tx& tx, ProjectId project) {
  auto const stored = co_await tx.get(flag_key(tx, project));
  if (!stored) co_return std::nullopt;
  co_return Timestamp{read_milliseconds(*stored)};
}

void prefetch_last_arrival(Tx& tx, ProjectId project) { tx.prefetch(flag_key(tx, project)); }

Task<std::size_t> count_waiting(Tx& tx, ProjectId project) {
  auto const rows = co_await tx.get_below(line_key(tx, project), {.limit = limits::kTickets + 1});
  co_return rows.rows.size();
}

Task<std::vector<Ticket>> tickets_of_session(Tx& tx, ProjectId project, SessionId session) {
  std::vector<Ticket> out;
  auto const rows =
      co_await tx.get_below(tx.key("project", project, "session_tickets", session), {.limit = limits::kTickets});
  for (auto const& row : rows.rows) {
    auto ticket = co_await get_ticket(tx, project, ticket_of_row(row.key));
    if (ticket) out.push_back(*std::move(ticket));
  }
  co_return out;
}

Task<bool> waits(Tx& tx, ProjectId project, SessionId session) {
  return tx.any_below(tx.key("project", project, "session_tickets", session));
}

Task<Result<models::Page<Ticket>>> list_waiting(Tx& tx, ProjectId project, PageRequest page) {
  struct Read {
    Tx& tx;
    ProjectId project;
    Task<std::optional<Ticket>> operator()(std::string_view suffix, std::string_view) const {
      auto ticket = co_await get_ticket(tx, project, ticket_of_row(suffix));
      if (!ticket || co_await over(tx, *ticket)) co_return std::nullopt;
      co_return ticket;
    }
    static std::size_t size_of(Ticket const& ticket) { return reflect::encode_text(ticket).size(); }
  };
  Read read{tx, project};
  co_return co_await read_page<Ticket>(tx, line_key(tx, project), std::move(page), read);
}

Task<std::vector<TicketId>> waiting_ids(Tx& tx, ProjectId project) {
  auto const rows = co_await tx.get_below(line_key(tx, project), {.limit = limits::kTickets});
  std::vector<TicketId> out;
  out.reserve(rows.rows.size());
  for (auto const& row : rows.rows) out.push_back(ticket_of_row(row.key));
  co_return out;
}

std::vector<Target> targets_of(Ticket const& ticket, bool case_sensitive) {
  std::vector<Target> out;
  for (auto const& wanted : ticket.targets) {
    if (wanted.kind == models::ClaimKind::glob) {
      out.push_back(stored_glob(wanted.target, case_sensitive));
      continue;
    }
    auto target = wanted.kind == models::ClaimKind::resource
                      ? coordination::parse_target(wanted.target, case_sensitive)
                      : coordination::parse_target(wanted.kind, wanted.target, case_sensitive);
    if (!target) throw StorageFailure(StorageCode::corrupt, "a stored ticket has a target that can't be read");
    out.push_back(*std::move(target));
  }
  return out;
}

Task<bool> over(Tx& tx, Ticket ticket) {
  if (ticket.state == TicketState::granted || ticket.state == TicketState::withdrawn) co_return true;
  auto const session = co_await get_session(tx, ticket.project_id, ticket.session_id);
  if (!session || session->state == models::SessionState::ended) co_return true;
  auto const turn = co_await turn_of(tx, ticket.project_id, ticket.id);
  if (!turn) co_return false;
  co_return coordination::expired(tx.now(), turn->until,
                                  turn->offered ? tx.facts().clock_ahead : tx.facts().leases.grace);
}

void watch_ticket(Tx& tx, ProjectId project, TicketId id, Timestamp at) {
  tx.due({.at = at, .kind = DueKind::ticket, .scope = project.uuid, .id = id.uuid});
}

void watch_waiter(Tx& tx, ProjectId project, SessionId session) {
  tx.due({.at = tx.now(), .kind = DueKind::waiter, .scope = project.uuid, .id = session.uuid});
}

}  // namespace codi::db
