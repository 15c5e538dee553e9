#include "api/held_claim.hpp"

#include "api/claim_flow.hpp"
#include "api/scope.hpp"
#include "api/waiting_line.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"

#include <fmt/format.h>

namespace codi::api {

using auth::Permission;

Task<Result<HeldClaim>> hold_claim(db::Tx& tx, auth::Caller const& caller, models::Project const& project, ClaimId id,
                                   std::optional<Stamp> token) {
  auto claim = co_await find_claim(tx, project, id);
  if (!claim) co_return std::unexpected(claim.error());
  auto const holder = co_await db::get_session(tx, project.id, claim->session_id);
  if (!holder) co_return fail(ErrorCode::not_found, "there is no such claim in this project");
  // Whoever shows an old token has lost the claim, also when another session holds it now.
  bool const stale = token && *token != claim->fencing_token;
  auto const permitted = auth::permit(caller, Permission::claim_write);
  if (!permitted) co_return std::unexpected(permitted.error());
  if (stale) co_return fail(ErrorCode::stale_fencing_token, "the claim has been granted anew since this fencing token");
  auto const may = auth::act_for(caller, Permission::claim_write, *holder);
  if (!may) co_return std::unexpected(may.error());
  if (claim->state == models::ClaimState::ended) {
    auto const why = reflect::enum_name(claim->end_reason.value_or(models::ClaimEnd::expired));
    co_return fail(ErrorCode::stale_fencing_token, fmt::format("the claim on {} has ended ({})", claim->target, why));
  }
  if (db::over(tx, *claim)) {
    co_await expire_claim(tx, project, *claim);
    std::vector<models::Claim> const ended{*claim};
    co_await serve_line(tx, project, ended);
    co_return refuse(
        {.code = ErrorCode::stale_fencing_token, .detail = fmt::format("the claim on {} ran out", claim->target)});
  }
  // Whether that has been written or not: what its session held is lost.
  if (holder->state == models::SessionState::ended)
    co_return fail(ErrorCode::stale_fencing_token,
                   fmt::format("the claim on {} has ended, with its session {} ({})", claim->target, holder->alias,
                               holder->end_reason.value_or("expired")));
  auto const acting = act_for_live(tx, caller, Permission::claim_write, *holder);
  if (!acting) co_return std::unexpected(acting.error());
  co_return HeldClaim{*std::move(claim), *acting};
}

}  // namespace codi::api
