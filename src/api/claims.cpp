#include "db/claims.hpp"

#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/claim_force.hpp"
#include "api/held_claim.hpp"
#include "api/scope.hpp"
#include "db/sessions.hpp"
#include "db/tickets.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;
using models::Claim;

struct RenewClaimIn {
  std::string project;
  ClaimId claim;
  std::optional<std::int64_t> ttl_seconds;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(RenewClaimIn, (), (project, claim, ttl_seconds, fencing_token))

struct ReleaseClaimIn {
  std::string project;
  ClaimId claim;
  std::optional<Stamp> fencing_token;
};
BOOST_DESCRIBE_STRUCT(ReleaseClaimIn, (), (project, claim, fencing_token))

struct ForceClaimIn {
  std::string project;
  ClaimId claim;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(ForceClaimIn, (), (project, claim, reason))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<RenewClaimIn> {
  static constexpr std::string_view name = "RenewClaim";
  static constexpr std::array fields{project_field(), claim_field(), ttl_field(), fencing_field()};
};
template <>
struct Fields<ReleaseClaimIn> {
  static constexpr std::string_view name = "ReleaseClaim";
  static constexpr std::array fields{project_field(), claim_field(), fencing_field()};
};
template <>
struct Fields<ForceClaimIn> {
  static constexpr std::string_view name = "ForceClaim";
  static constexpr std::array fields{
      project_field(), claim_field(),
      field("reason", "Why it is taken away; its holder is told.").length(1, limits::kReasonBytes)};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct RenewClaim {
  static constexpr OperationMeta meta{.id = "renew_claim",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/renew",
                                      .tag = "claims",
                                      .summary = "Renew a claim; its fencing token stays",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .mcp = "manage_claim renew",
                                      .cli = "claim renew"};
  using In = RenewClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto held = co_await hold_claim(tx, caller, *project, in.claim, in.fencing_token);
    if (!held) co_return std::unexpected(std::move(held.error()));
    auto& claim = held->claim;
    claim.ttl_seconds = in.ttl_seconds.value_or(claim.ttl_seconds);
    claim.expires_at = tx.now() + std::chrono::seconds(claim.ttl_seconds);
    claim.updated_at = tx.now();
    db::put_claim(tx, claim);
    db::watch_claim_lease(tx, claim);
    co_return std::move(claim);
  }
};

struct ReleaseClaim {
  static constexpr OperationMeta meta{.id = "release_claim",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/release",
                                      .tag = "claims",
                                      .summary = "Release a claim",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .mcp = "release",
                                      .cli = "claim release"};
  using In = ReleaseClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    db::prefetch_last_arrival(tx, project->id);
    auto held = co_await hold_claim(tx, caller, *project, in.claim, in.fencing_token);
    if (!held) co_return std::unexpected(std::move(held.error()));
    std::vector<Claim> one{std::move(held->claim)};
    co_await release_claims(tx, *project, held->acting, one);
    co_return std::move(one.front());
  }
};

struct ForceClaim {
  static constexpr OperationMeta meta{.id = "force_release_claim",
                                      .method = Method::delete_,
                                      .path = "/projects/{project}/claims/{claim}",
                                      .tag = "claims",
                                      .summary = "Take a claim away from its holder, with a reason",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_force,
                                      .cli = "claim force"};
  using In = ForceClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto claim = co_await find_claim(tx, *project, in.claim);
    if (!claim) co_return std::unexpected(claim.error());
    auto const permitted = auth::permit(caller, Permission::claim_force);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (claim->state == models::ClaimState::ended) co_return fail(ErrorCode::conflict, "the claim has ended already");
    co_return co_await force_claim(tx, *project, *permitted, *std::move(claim), in.reason);
  }
};

}  // namespace

std::vector<Operation> claim_operations() { return make_operations<RenewClaim, ReleaseClaim, ForceClaim>(); }

}  // namespace codi::api
