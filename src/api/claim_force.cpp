#include "api/claim_force.hpp"

#include "api/claim_flow.hpp"
#include "api/inbox_flow.hpp"
#include "api/waiting_line.hpp"
#include "db/audit.hpp"
#include "db/role_facts.hpp"
#include "db/sessions.hpp"

#include <fmt/format.h>

namespace codi::api {

using models::Claim;

Task<Claim> force_claim(db::Tx& tx, models::Project const& project, auth::Permitted const& permitted, Claim claim,
                        std::string reason) {
  auto const& caller = permitted.caller();
  auto const holder = co_await db::get_session(tx, project.id, claim.session_id);
  std::vector<Claim> one{std::move(claim)};
  end_claims(tx, project, one, models::ClaimEnd::forced);
  auto const& ended = one.front();
  auto const told =
      append_loss(tx, project, holder ? &*holder : nullptr, ended,
                  {.action = "FILE_RELEASE",
                   .text = fmt::format("the claim on {} was taken away: {}", ended.target, reason),
                   .paths = paths_of(one),
                   .data = {{"claim_ids", json::array{to_string(ended.id)}}, {"forced", true}, {"reason", reason}}},
                  reason);
  if (holder && holder->role)
    co_await db::count_role_fact(tx, project.id, *holder->role, db::RoleFact::claim_lost, told.cursor);
  db::append_audit(tx, {.actor_user_id = caller.user,
                        .actor_token_id = caller.token,
                        .action = "claim.forced",
                        .target = to_string(ended.id),
                        .data = {{"target", ended.target}, {"reason", reason}}});
  co_await serve_line(tx, project, one);
  co_return std::move(one.front());
}

}  // namespace codi::api
