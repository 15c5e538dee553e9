#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/owner_lookup.hpp"
#include "api/quota.hpp"
#include "api/scope.hpp"
#include "api/waiting_line.hpp"
#include "db/claim_index.hpp"
#include "db/claim_search.hpp"
#include "db/tickets.hpp"
#include "db/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace codi::api {
namespace {

using namespace std::chrono_literals;

using auth::Permission;
using models::Claim;

struct CreateClaimsIn {
  std::string project;
  std::string session;
  std::vector<TargetInput> targets;
  std::optional<models::ClaimMode> mode;
  std::optional<std::int64_t> ttl_seconds;
  std::optional<std::string> reason;
  std::optional<std::int64_t> wait_seconds;
  std::optional<bool> queue;
  std::optional<models::Priority> priority;
};
BOOST_DESCRIBE_STRUCT(CreateClaimsIn, (),
                      (project, session, targets, mode, ttl_seconds, reason, wait_seconds, queue, priority))

struct CreateClaimsOut {
  std::vector<Claim> claims;
  std::optional<Stamp> fencing_token;
  std::vector<Claim> warnings;
  std::optional<models::BranchPolicy> cross_branch;
  std::vector<OutsideTarget> outside;
  std::optional<TicketId> ticket;
  std::optional<std::int64_t> place;

  std::optional<Parked> parked;  ///< not answered yet
  [[nodiscard]] unsigned status() const { return ticket ? 202 : 201; }
};
BOOST_DESCRIBE_STRUCT(CreateClaimsOut, (), (claims, fencing_token, warnings, cross_branch, outside, ticket, place))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CreateClaimsIn> {
  static constexpr std::string_view name = "CreateClaims";
  static constexpr std::array fields{
      project_field(),
      session_field(),
      targets_field(),
      mode_field(),
      ttl_field(),
      field("reason", "Why, for those who meet the claim.").length(1, limits::kReasonBytes),
      field("wait_seconds", "How long the request waits, in line, when something is in the way; 0 when missing.")
          .range(0, limits::kWaitSecondsMax),
      field("queue", "When something is in the way: wait in line without the request, and answer a ticket (202)."),
      field("priority",
            "Whose turn it is among those who wait: high counts as having come five minutes earlier, low as "
            "five minutes later; normal when missing."),
  };
};
template <>
struct Fields<CreateClaimsOut> {
  static constexpr std::string_view name = "GrantedClaims";
  static constexpr std::array fields{
      field("claims", "One for each target, in their order; none yet with a ticket."),
      field("fencing_token", "Of this batch; null with a ticket."),
      field("warnings", "Claims of others on other branches that overlap, where the project warns; 20 at most."),
      field("cross_branch", "The project's policy, when it let claims of other branches pass: warn; else null."),
      field("outside", "Targets outside the boundaries of the session's role, where the project only warns."),
      field("ticket", "Id of the ticket, when the session was queued."),
      field("place", "Place in the line with the ticket: 1 is next."),
  };
};
}  // namespace codi::reflect

namespace codi::api {
namespace {

Result<void> check(CreateClaimsIn const& in) {
  if (in.queue.value_or(false) && in.wait_seconds.value_or(0) > 0)
    return invalid("/queue", "and `wait_seconds` exclude each other: wait in the request, or take a ticket");
  return {};
}

// Until its turn has changed, or is to be renewed, or its time is up.
Parked until_served(db::Tx const& tx, models::Ticket const& ticket, db::Turn const& turn,
                    std::chrono::milliseconds left) {
  auto const renewal = std::chrono::duration_cast<std::chrono::milliseconds>(limits::kTicketRenewal);
  return {.wait = {.key = db::turn_key(tx, ticket.project_id, ticket.id),
                   .seen = db::turn_text(turn),
                   .at_most = std::clamp(left, std::chrono::milliseconds(1), renewal)},
          .resumed = ticket.id.uuid};
}

CreateClaimsOut granted(Grant grant) {
  CreateClaimsOut out{.claims = std::move(grant.claims), .fencing_token = grant.fencing_token};
  if (!grant.tolerated.empty()) out.cross_branch = models::BranchPolicy::warn;
  out.warnings = std::move(grant.tolerated);
  out.outside = std::move(grant.outside);
  return out;
}

/// One call: its first transaction, or a later one of a request that waits.
class Creating {
 public:
  Creating(db::Tx& tx, models::Project const& project, auth::Acting const& acting, CreateClaimsIn const& in)
      : tx_(tx),
        project_(project),
        acting_(acting),
        in_(in),
        wish_{.targets = targets_of(in.targets, project.case_sensitive),
              .mode = in.mode.value_or(models::ClaimMode::exclusive),
              .ttl_seconds = in.ttl_seconds.value_or(limits::kClaimTtlSecondsDefault),
              .reason = in.reason} {}

  Task<Result<CreateClaimsOut>> begin() {
    auto const priority = in_.priority.value_or(models::Priority::normal);
    std::vector<coordination::Target> freed;
    auto attempt = co_await try_as(std::nullopt, freed);
    if (!attempt) co_return std::unexpected(std::move(attempt.error()));
    Result<CreateClaimsOut> out;
    if (auto& grant = attempt->grant)
      out = granted(*std::move(grant));
    else if (attempt->standing.clear())
      out = refuse_for_now();
    else if (in_.queue.value_or(false) || left() > 0ms)
      out = co_await wait(priority, std::move(attempt->standing));
    else
      out = co_await refuse_conflict(tx_, project_, acting_.session(), wish_, std::move(attempt->standing));
    co_await serve_line(tx_, project_, std::move(freed));
    co_return out;
  }

  Task<Result<CreateClaimsOut>> go_on(TicketId id) {
    auto ticket = co_await db::get_ticket(tx_, project_.id, id);
    // Lost while this server was not heard of: in line again, at its end, for what is left.
    if (!ticket) co_return co_await begin();
    if (ticket->state == models::TicketState::withdrawn)
      co_return fail(ErrorCode::conflict, "its ticket was cancelled");
    std::vector<coordination::Target> freed;
    db::EventDraft said{.action = "FILE_CLAIM", .data = {{"ticket", to_string(id)}}};
    auto attempt = co_await try_as(order_of(*ticket), freed, std::move(said));
    bool const is_granted = attempt && attempt->grant;
    bool const times_out = left() <= 0ms;
    if (attempt && !is_granted && !times_out) {
      db::Turn const turn{.until = tx_.now() + limits::kTicketLease};
      db::set_turn(tx_, project_.id, id, turn);
      co_await serve_line(tx_, project_, std::move(freed));
      CreateClaimsOut out;
      out.parked = until_served(tx_, *ticket, turn, left());
      co_return out;
    }
    Result<CreateClaimsOut> out;
    if (!attempt) {
      out = refuse(std::move(attempt.error()));
      co_await leave(*ticket, "it can't be granted", freed);
    } else if (is_granted) {
      out = granted(*std::move(attempt->grant));
      co_await db::leave_line(tx_, *ticket, wish_.targets);
      db::forget_ticket(tx_, project_.id, id);
    } else {
      out = co_await refuse_conflict(tx_, project_, acting_.session(), wish_, std::move(attempt->standing));
      co_await leave(*ticket, "its time is up", freed);
    }
    co_await serve_line(tx_, project_, std::move(freed));
    co_return out;
  }

 private:
  Task<Result<Attempt>> try_as(std::optional<Order> order, std::vector<coordination::Target>& freed,
                               std::optional<db::EventDraft> said = {}) {
    Applicant who{.session = acting_.session(),
                  .order = order,
                  .priority = in_.priority.value_or(models::Priority::normal),
                  .caller = &acting_.caller()};
    co_return co_await attempt_claims(tx_, project_, std::move(who), wish_, freed, std::move(said));
  }

  // Whoever serves a line may have used up a part of the transaction before.
  [[nodiscard]] Result<void> fits_when_served() const {
    auto bytes = tx_.used_bytes();
    for (auto const& target : wish_.targets)
      bytes += db::bytes_to_grant(coordination::canonical(target).size(), wish_.reason.value_or("").size());
    if (bytes <= limits::kTransactionBytes - limits::kServedBytes) return {};
    return fail(ErrorCode::transaction_too_large,
                "so many long paths can't be waited for together: ask for fewer at once, or for a directory");
  }

  Task<Result<CreateClaimsOut>> wait(models::Priority priority, Standing standing) {
    if (auto const fits = fits_when_served(); !fits) co_return std::unexpected(fits.error());
    Waiting how{.priority = priority};
    bool const is_held = left() > 0ms;
    if (is_held) how.gives_up_at = tx_.now() + left();
    // Who is held is asked for it at its turn; a ticket is served when no caller is there to ask.
    if (!is_held)
      if (auto const room = co_await room_for_new(); !room) co_return std::unexpected(room.error());
    auto const place = static_cast<std::int64_t>(standing.ahead.size()) + 1;
    auto const ticket = co_await wait_in_line(tx_, project_, acting_.session(), wish_, how, std::move(standing));
    if (!ticket) co_return std::unexpected(ticket.error());
    CreateClaimsOut out;
    if (is_held) {
      auto const turn = co_await db::turn_of(tx_, project_.id, ticket->id);
      out.parked = until_served(tx_, *ticket, turn.value_or(db::Turn{}), left());
    } else {
      out.ticket = ticket->id;
      out.place = place;
    }
    co_return out;
  }

  // Of the time that the request waits; not by the wall clock, which may be moved meanwhile.
  [[nodiscard]] std::chrono::milliseconds left() const {
    return std::chrono::seconds(in_.wait_seconds.value_or(0)) - tx_.facts().waited;
  }

  Task<Result<void>> room_for_new() {
    std::int64_t fresh = 0;
    for (auto const& target : wish_.targets) {
      auto const mine =
          co_await db::claim_of_session_on(tx_, project_.id, acting_.session().id, target, project_.case_sensitive);
      if (!mine) ++fresh;
    }
    co_return co_await room_for(tx_, acting_.caller(), db::Counted::claims, fresh);
  }

  Task<void> leave(models::Ticket ticket, std::string why, std::vector<coordination::Target>& freed) {
    auto more = co_await take_out_of_line(tx_, project_, std::move(ticket), std::move(why));
    std::ranges::move(more, std::back_inserter(freed));
  }

  db::Tx& tx_;
  models::Project const& project_;
  auth::Acting const& acting_;
  CreateClaimsIn const& in_;
  ClaimWish wish_;
};

// A request that waits goes no further: nothing is left behind.
Task<Result<CreateClaimsOut>> end_waiting(db::Tx& tx, models::Project const& project, TicketId id, std::string why,
                                          Error answer) {
  auto const ticket = co_await db::get_ticket(tx, project.id, id);
  if (ticket && ticket->state != models::TicketState::withdrawn) {
    auto freed = co_await take_out_of_line(tx, project, *ticket, std::move(why));
    co_await serve_line(tx, project, std::move(freed));
  }
  co_return refuse(std::move(answer));
}

Error given_up() { return {.code = ErrorCode::overloaded, .detail = "the request was given up", .retry_after_s = 1}; }

// What a claim reads that is granted at once.
void prefetch(db::Tx& tx, auth::Caller const& caller, models::Project const& project, CreateClaimsIn const& in) {
  if (!tx.fetches_ahead()) return;
  for (auto const& target : targets_of(in.targets, project.case_sensitive))
    db::prefetch_overlapping(tx, project.id, target);
  if (auto const session = SessionId::parse(in.session)) db::prefetch_claim_count(tx, project.id, *session);
  if (caller.quotas.claims) db::prefetch_counted(tx, db::Counted::claims);
  db::prefetch_last_arrival(tx, project.id);
}

struct CreateClaims {
  static constexpr OperationMeta meta{
      .id = "create_claims",
      .method = Method::post,
      .path = "/projects/{project}/claims",
      .tag = "claims",
      .summary = "Claim files, directories, patterns and resources: all of them, or none",
      .kind = Kind::write,
      .permission = Permission::claim_write,
      .status = 201,
      .other_status = 202,
      .grows = true,
      .mcp = "claim",
      .cli = "claim create"};
  using In = CreateClaimsIn;
  using Out = CreateClaimsOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (auto const valid = check(in); !valid) co_return std::unexpected(valid.error());
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const resumed = tx.facts().resumed.transform([](Uuid const& id) { return TicketId{id}; });
    if (resumed && tx.facts().abandoned)
      co_return co_await end_waiting(tx, *project, *resumed, "its request was given up", given_up());
    prefetch(tx, caller, *project, in);
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::claim_write, *session);
    if (!acting && resumed)
      co_return co_await end_waiting(tx, *project, *resumed, "its request was refused", acting.error());
    if (!acting) co_return std::unexpected(acting.error());
    Creating creating(tx, *project, *acting, in);
    if (resumed) co_return co_await creating.go_on(*resumed);
    co_return co_await creating.begin();
  }
};

}  // namespace

std::vector<Operation> create_claim_operations() { return make_operations<CreateClaims>(); }

}  // namespace codi::api
