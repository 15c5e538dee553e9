#include "db/tickets.hpp"

#include "api/areas.hpp"
#include "api/owner_lookup.hpp"
#include "api/scope.hpp"
#include "api/waiting_line.hpp"
#include "db/sessions.hpp"
#include "models/conflict.hpp"

#include <algorithm>

namespace codi::api {
namespace {

using auth::Permission;
using models::Ticket;
using models::TicketState;

struct TicketIn {
  std::string project;
  TicketId ticket;
};
BOOST_DESCRIBE_STRUCT(TicketIn, (), (project, ticket))

/// A ticket with what stands in its way now.
struct TicketView : Ticket {
  std::optional<std::int64_t> place;
  std::vector<models::Conflict> conflicts;
};
BOOST_DESCRIBE_STRUCT(TicketView, (Ticket), (place, conflicts))

struct ListTicketsIn {
  std::string project;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListTicketsIn, (), (project, limit, after))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<TicketIn> {
  static constexpr std::string_view name = "TicketPath";
  static constexpr std::array fields{project_field(), field("ticket", "Id of the ticket.")};
};
template <>
struct Fields<TicketView> {
  static constexpr std::string_view name = "TicketView";
  static constexpr auto fields = [] {
    constexpr auto& of_ticket = Fields<models::Ticket>::fields;
    std::array<Field, of_ticket.size() + 2> out{};
    std::ranges::copy(of_ticket, out.begin());
    out[of_ticket.size()] = field("place", "How many are served first, and one; null when it waits no more.");
    out[of_ticket.size() + 1] = field("conflicts", "Claims that it waits for; 20 at most.");
    return out;
  }();
};
template <>
struct Fields<ListTicketsIn> {
  static constexpr std::string_view name = "ListTickets";
  static constexpr std::array fields{project_field(), limit_field(), after_field()};
};
}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<Result<Ticket>> find_ticket(db::Tx& tx, models::Project const& project, TicketId id) {
  auto ticket = co_await db::get_ticket(tx, project.id, id);
  if (!ticket) co_return fail(ErrorCode::not_found, "there is no such ticket in this project");
  bool const waits = ticket->state == TicketState::waiting || ticket->state == TicketState::offered;
  if (waits && co_await db::over(tx, *ticket)) ticket->state = TicketState::withdrawn;
  co_return *std::move(ticket);
}

struct GetTicket {
  static constexpr OperationMeta meta{.id = "get_ticket",
                                      .path = "/projects/{project}/claims/tickets/{ticket}",
                                      .tag = "claims",
                                      .summary = "See whether a ticket was served, its place, and what it waits for",
                                      .permission = Permission::project_read,
                                      .mcp = "look ticket",
                                      .cli = "ticket show"};
  using In = TicketIn;
  using Out = TicketView;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const ticket = co_await find_ticket(tx, *project, in.ticket);
    if (!ticket) co_return std::unexpected(ticket.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    TicketView out;
    static_cast<Ticket&>(out) = *ticket;
    if (ticket->state == TicketState::waiting) {
      auto standing = co_await standing_of(tx, *project, *ticket);
      if (!standing) co_return std::unexpected(standing.error());
      out.place = static_cast<std::int64_t>(standing->ahead.size()) + 1;
      out.conflicts = co_await with_owners(tx, *project, std::move(standing->conflicts));
    }
    co_return out;
  }
};

struct ListTickets {
  static constexpr OperationMeta meta{.id = "list_tickets",
                                      .path = "/projects/{project}/claims/tickets",
                                      .tag = "claims",
                                      .summary = "List who waits for claims, whoever came first ahead",
                                      .permission = Permission::project_read,
                                      .mcp = "look tickets",
                                      .cli = "ticket list"};
  using In = ListTicketsIn;
  using Out = models::Page<Ticket>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_waiting(tx, project->id, page_of(in.limit, in.after));
  }
};

struct CancelTicket {
  static constexpr OperationMeta meta{.id = "cancel_ticket",
                                      .method = Method::delete_,
                                      .path = "/projects/{project}/claims/tickets/{ticket}",
                                      .tag = "claims",
                                      .summary = "Wait no more",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .mcp = "manage_claim cancel_ticket",
                                      .cli = "ticket cancel"};
  using In = TicketIn;
  using Out = Ticket;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto ticket = co_await find_ticket(tx, *project, in.ticket);
    if (!ticket) co_return std::unexpected(ticket.error());
    auto const session = co_await db::get_session(tx, project->id, ticket->session_id);
    if (!session) co_return fail(ErrorCode::not_found, "there is no such ticket in this project");
    auto const may = auth::act_for(caller, Permission::claim_write, *session);
    if (!may) co_return std::unexpected(may.error());
    if (ticket->state == TicketState::granted)
      co_return fail(ErrorCode::conflict, "the ticket was served: release its claims instead");
    if (ticket->state == TicketState::withdrawn) co_return *std::move(ticket);
    auto freed = co_await take_out_of_line(tx, *project, *ticket, "cancelled");
    co_await serve_line(tx, *project, std::move(freed));
    ticket->state = TicketState::withdrawn;
    ticket->updated_at = tx.now();
    // The request that is held finds it so, and ends; without it, it would come again.
    db::put_ticket(tx, *ticket);
    db::watch_ticket(tx, project->id, ticket->id, tx.now() + limits::kTicketKept);
    co_return *std::move(ticket);
  }
};

}  // namespace

std::vector<Operation> ticket_operations() { return make_operations<GetTicket, ListTickets, CancelTicket>(); }

}  // namespace codi::api
