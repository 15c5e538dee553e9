#include "api/claim_look.hpp"

#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/tickets.hpp"

#include <algorithm>
#include <set>

namespace codi::api {
namespace {

using coordination::Target;
using models::Claim;
using models::Ticket;

template <class T>
bool has(std::vector<T> const& all, T const& one) {
  return std::ranges::any_of(all, [&](T const& other) { return other.id == one.id; });
}

template <class T>
void add_once(std::vector<T>& all, T one) {
  if (!has(all, one)) all.push_back(std::move(one));
}

db::Workplace place_of(models::Session const* session) {
  if (!session) return {};
  return {session->branch, session->worktree};
}

class Looking {
 public:
  Looking(db::Tx& tx, models::Project const& project, Asking asking)
      : tx_(tx),
        project_(project),
        asking_(std::move(asking)),
        search_(tx, project,
                {.own = asking_.session ? std::optional(asking_.session->id) : std::nullopt,
                 .mode = asking_.mode,
                 .at = place_of(asking_.session),
                 .cross_branch = project.policies.cross_branch}) {}

  Task<Result<Standing>> run(std::vector<Target> targets) {
    db::Enough const enough{.live = asking_.enough + 1, .ran_out = limits::kClaimsEndedAtOnce + 1};
    for (auto const& target : targets) {
      auto found = co_await search_.overlapping(target, enough);
      if (!found) co_return std::unexpected(std::move(found.error()));
      for (auto& claim : found->claims) meet(std::move(claim));
      for (auto& claim : found->tolerated)
        if (standing_.tolerated.size() < limits::kConflictsShown) add_once(standing_.tolerated, std::move(claim));
      for (auto const met : found->tickets) co_await meet_ticket(met, target);
    }
    std::ranges::sort(standing_.ahead, {}, [](Ahead const& ahead) { return order_of(ahead.ticket); });
    co_return std::move(standing_);
  }

 private:
  void meet(Claim claim) {
    if (db::over(tx_, claim)) return add_once(standing_.ran_out, std::move(claim));
    if (has(standing_.conflicts, claim)) return;
    if (standing_.conflicts.size() == asking_.enough)
      standing_.more = true;
    else
      standing_.conflicts.push_back(std::move(claim));
  }

  Task<void> meet_ticket(db::MetTicket met, Target const& target) {
    if (judged_.contains(met.id)) co_return;
    auto ticket = co_await db::get_ticket(tx_, project_.id, met.id);
    if (!ticket) co_return;
    if (co_await db::over(tx_, *ticket)) {
      add_once(standing_.lapsed, *std::move(ticket));
      co_return;
    }
    bool const across = project_.policies.cross_branch != models::BranchPolicy::block &&
                        target.kind != coordination::TargetKind::resource &&
                        db::across(place_of(asking_.session), {ticket->branch, ticket->worktree});
    // A resource that both want has no branch.
    if (across) co_return;
    judged_.insert(met.id);
    if (ticket->state != models::TicketState::offered) {
      if (order_of(*ticket) > co_await own_order()) co_return;
      if (asking_.session != nullptr && co_await holds_up(asking_.session->id, *ticket)) co_return;
    }
    standing_.ahead.push_back({*std::move(ticket), met.number});
  }

  Task<Order> own_order() {
    if (!asking_.order) {
      auto const last = co_await db::last_arrival(tx_, project_.id);
      TicketId behind_all;
      behind_all.uuid.bytes.fill(0xFF);
      asking_.order = {served_as_of(std::max(tx_.now(), last.value_or(tx_.now())), asking_.priority), behind_all};
    }
    co_return *asking_.order;
  }

  // True when the session holds something that the ticket waits for.
  Task<bool> holds_up(SessionId session, Ticket const& ticket) {
    if (co_await db::count_claims_of_session(tx_, project_.id, session) == 0) co_return false;
    db::ClaimSearch search(tx_, project_,
                           {.own = ticket.session_id,
                            .mode = ticket.mode,
                            .at = {ticket.branch, ticket.worktree},
                            .cross_branch = project_.policies.cross_branch});
    auto const targets = db::targets_of(ticket, project_.case_sensitive);
    for (auto const& target : targets) {
      auto const found = co_await search.overlapping(target, {.live = limits::kOverlapRows});
      if (!found) co_return false;
      if (std::ranges::any_of(found->claims, [&](Claim const& claim) { return claim.session_id == session; }))
        co_return true;
    }
    co_return false;
  }

  db::Tx& tx_;
  models::Project const& project_;
  Asking asking_;
  db::ClaimSearch search_;
  Standing standing_;
  std::set<TicketId> judged_;  // whose place before or behind this request is known
};

}  // namespace

Order order_of(Ticket const& ticket) { return {ticket.served_as_of, ticket.id}; }

Timestamp served_as_of(Timestamp arrival, models::Priority priority) {
  if (priority == models::Priority::high) return arrival + -limits::kPriorityHeadStart;
  if (priority == models::Priority::low) return arrival + limits::kPriorityHeadStart;
  return arrival;
}

Task<Result<Standing>> look_at(db::Tx& tx, models::Project const& project, Asking asking, std::vector<Target> targets) {
  Looking looking(tx, project, std::move(asking));
  co_return co_await looking.run(std::move(targets));
}

}  // namespace codi::api
