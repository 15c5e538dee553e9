#include "db/claims.hpp"

#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/claim_force.hpp"
#include "api/scope.hpp"
#include "db/sessions.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

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
};
BOOST_DESCRIBE_STRUCT(CreateClaimsIn, (), (project, session, targets, mode, ttl_seconds, reason, wait_seconds, queue))

struct CreateClaimsOut {
  std::vector<Claim> claims;
  Stamp fencing_token;
};
BOOST_DESCRIBE_STRUCT(CreateClaimsOut, (), (claims, fencing_token))

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

constexpr reflect::Field ttl_field() {
  return reflect::field("ttl_seconds",
                        "Seconds that the claim lasts without a sign of life of its session; an hour when missing.")
      .range(limits::kClaimTtlSecondsMin, limits::kClaimTtlSecondsMax);
}

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
      field("mode", "exclusive when missing; shared claims are not offered yet."),
      ttl_field(),
      field("reason", "Why, for those who meet the claim.").length(1, limits::kReasonBytes),
      field("wait_seconds", "Not offered yet: must be 0 or missing.").range(0, limits::kClaimTtlSecondsMax),
      field("queue", "Not offered yet: must be false or missing."),
  };
};
template <>
struct Fields<CreateClaimsOut> {
  static constexpr std::string_view name = "GrantedClaims";
  static constexpr std::array fields{
      field("claims", "One for each target, in their order."),
      field("fencing_token", "Of this batch."),
  };
};
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

Result<void> check_offered(CreateClaimsIn const& in) {
  if (in.mode == models::ClaimMode::shared)
    return invalid("/mode", "shared claims are not offered by this server yet: use exclusive");
  if (in.wait_seconds.value_or(0) > 0)
    return invalid("/wait_seconds",
                   "waiting for a claim is not offered by this server yet: retry after `expires_at` of the conflict");
  if (in.queue.value_or(false))
    return invalid("/queue",
                   "queueing for a claim is not offered by this server yet: retry after `expires_at` of the conflict");
  return {};
}

/// A live claim together with the proof that the caller acts for its holder.
struct HeldClaim {
  Claim claim;
  auth::Acting acting;
};

// Looks up, then judges rights, then the fencing token: a claim that was lost is CLAIM-USR-3002 for who held it.
Task<Result<HeldClaim>> hold(db::Tx& tx, auth::Caller const& caller, models::Project const& project, ClaimId id,
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
    co_return refuse(
        {.code = ErrorCode::stale_fencing_token, .detail = fmt::format("the claim on {} ran out", claim->target)});
  }
  auto const acting = act_for_live(tx, caller, Permission::claim_write, *holder);
  if (!acting) co_return std::unexpected(acting.error());
  co_return HeldClaim{*std::move(claim), *acting};
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
      .grows = true,
      .mcp = true,
      .cli = "claim create"};
  using In = CreateClaimsIn;
  using Out = CreateClaimsOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (auto const offered = check_offered(in); !offered) co_return std::unexpected(offered.error());
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto const acting = act_for_live(tx, caller, Permission::claim_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    ClaimWish wish{.targets = targets_of(in.targets, project->case_sensitive),
                   .ttl_seconds = in.ttl_seconds.value_or(limits::kClaimTtlSecondsDefault),
                   .reason = in.reason};
    auto grant = co_await grant_claims(tx, *project, *acting, std::move(wish));
    if (!grant) co_return std::unexpected(std::move(grant.error()));
    co_return CreateClaimsOut{std::move(grant->claims), grant->fencing_token};
  }
};

struct RenewClaim {
  static constexpr OperationMeta meta{.id = "renew_claim",
                                      .method = Method::post,
                                      .path = "/projects/{project}/claims/{claim}/renew",
                                      .tag = "claims",
                                      .summary = "Renew a claim; its fencing token stays",
                                      .kind = Kind::write,
                                      .permission = Permission::claim_write,
                                      .cli = "claim renew"};
  using In = RenewClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto held = co_await hold(tx, caller, *project, in.claim, in.fencing_token);
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
                                      .mcp = true,
                                      .cli = "claim release"};
  using In = ReleaseClaimIn;
  using Out = Claim;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto held = co_await hold(tx, caller, *project, in.claim, in.fencing_token);
    if (!held) co_return std::unexpected(std::move(held.error()));
    std::vector<Claim> one{std::move(held->claim)};
    release_claims(tx, *project, held->acting, one);
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

std::vector<Operation> claim_operations() {
  return make_operations<CreateClaims, RenewClaim, ReleaseClaim, ForceClaim>();
}

}  // namespace codi::api
