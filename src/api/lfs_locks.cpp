#include "api/areas.hpp"
#include "api/claim_flow.hpp"
#include "api/claim_force.hpp"
#include "api/lfs_lock.hpp"
#include "api/scope.hpp"
#include "api/user_session.hpp"
#include "db/claim_index.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;
using models::Claim;

struct CreateLockIn {
  std::string tenant;
  std::string project;
  std::string path;
};
BOOST_DESCRIBE_STRUCT(CreateLockIn, (), (tenant, project, path))

struct LockOut {
  LfsLock lock;
};
BOOST_DESCRIBE_STRUCT(LockOut, (), (lock))

struct UnlockIn {
  std::string tenant;
  std::string project;
  std::string lock;
  std::optional<bool> force;
};
BOOST_DESCRIBE_STRUCT(UnlockIn, (), (tenant, project, lock, force))

struct BatchIn {
  std::string tenant;
  std::string project;
};
BOOST_DESCRIBE_STRUCT(BatchIn, (), (tenant, project))

struct BatchOut {
  std::string location;
};
BOOST_DESCRIBE_STRUCT(BatchOut, (), (location))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CreateLockIn> {
  static constexpr std::string_view name = "CreateLock";
  static constexpr std::array fields{
      tenant_field(), project_field(),
      field("path", "The file to lock, from the root of the repository.").length(1, limits::kTargetBytes)};
};
template <>
struct Fields<LockOut> {
  static constexpr std::string_view name = "Lock";
  static constexpr std::array fields{field("lock", "The lock.")};
};
template <>
struct Fields<UnlockIn> {
  static constexpr std::string_view name = "Unlock";
  static constexpr std::array fields{tenant_field(), project_field(),
                                     field("lock", "Id of the lock.").length(1, limits::kNameBytes),
                                     field("force", "True takes another's lock away; for admins.")};
};
template <>
struct Fields<BatchIn> {
  static constexpr std::string_view name = "LfsBatch";
  static constexpr std::array fields{tenant_field(), project_field()};
};
template <>
struct Fields<BatchOut> {
  static constexpr std::string_view name = "LfsRedirect";
  static constexpr std::array fields{field("location", "Where the objects are.")};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

std::unexpected<Error> with_lock(Error error, LfsLock const& lock) {
  error.members = {{"lock", json::parse(reflect::encode_text(lock))}};
  return std::unexpected(std::move(error));
}

struct CreateLock {
  static constexpr OperationMeta meta{.id = "lfs_create_lock",
                                      .method = Method::post,
                                      .path = "/{tenant}/{project}/info/lfs/locks",
                                      .tag = kLfsTool,
                                      .summary = "Lock a file: claim it in the name of the caller's user",
                                      .kind = Kind::write,
                                      .door = Door::lfs,
                                      .permission = Permission::claim_write,
                                      .status = 201,
                                      .grows = true};
  using In = CreateLockIn;
  using Out = LockOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (auto const valid = coordination::parse_target(coordination::TargetKind::file, in.path, true); !valid)
      co_return invalid("/path", valid.error().detail);
    auto const project = co_await find_lfs_project(tx, caller, in.tenant, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::claim_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const file = lfs_file_of(in.path, *project);
    if (!file) co_return std::unexpected(file.error());
    auto const acting = co_await act_or_start(tx, *permitted, Permission::claim_write, *project, std::string(kLfsTool));
    if (!acting) co_return std::unexpected(acting.error());
    LfsLocks locks(tx, *project);
    auto const own =
        co_await db::claim_of_session_on(tx, project->id, acting->session().id, *file, project->case_sensitive);
    if (own && !db::over(tx, *own)) {
      auto const lock = co_await locks.of(*own);
      co_return with_lock({.code = ErrorCode::claim_conflict, .detail = own->target + " is locked by you already"},
                          lock);
    }
    ClaimWish wish{.targets = {*file}, .ttl_seconds = limits::kClaimTtlSecondsMax};
    auto grant = co_await grant_claims(tx, *project, *acting, std::move(wish));
    if (!grant) co_return co_await refusal(tx, *project, std::move(grant.error()));
    auto lock = co_await locks.of(grant->claims.front());
    co_return LockOut{std::move(lock)};
  }

 private:
  // Of the claims in the way, which may be on a directory or pattern, the client shows one.
  static Task<Result<Out>> refusal(db::Tx& tx, models::Project const& project, Error error) {
    auto const* const conflicts = error.members.if_contains("conflicts");
    if (!conflicts || conflicts->as_array().empty()) co_return std::unexpected(std::move(error));
    auto const id = ClaimId::parse(conflicts->at(0).at("id").as_string());
    auto const claim = co_await db::get_claim(tx, project.id, id.value_or(ClaimId{}));
    if (!claim) co_return std::unexpected(std::move(error));
    LfsLocks locks(tx, project);
    auto const lock = co_await locks.of(*claim);
    co_return with_lock(std::move(error), lock);
  }
};

struct Unlock {
  static constexpr OperationMeta meta{.id = "lfs_unlock",
                                      .method = Method::post,
                                      .path = "/{tenant}/{project}/info/lfs/locks/{lock}/unlock",
                                      .tag = kLfsTool,
                                      .summary = "Give a lock back; with force, take another's away",
                                      .kind = Kind::write,
                                      .door = Door::lfs,
                                      .permission = Permission::claim_write};
  using In = UnlockIn;
  using Out = LockOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_lfs_project(tx, caller, in.tenant, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const claim = co_await find_live_lock(tx, *project, in.lock);
    if (!claim) co_return fail(ErrorCode::not_found, "there is no such lock");
    auto const permitted = auth::permit(caller, Permission::claim_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    LfsLocks locks(tx, *project);
    auto lock = co_await locks.of(*claim);
    auto const user = co_await locks.user_of(*claim);
    auto const acting = co_await act_for_holder(tx, caller, *project, *claim, user);
    if (acting) {
      std::vector<Claim> one{*claim};
      co_await release_claims(tx, *project, *acting, one);
      co_return LockOut{std::move(lock)};
    }
    if (!in.force.value_or(false)) co_return std::unexpected(acting.error());
    auto const may_force = auth::permit(caller, Permission::claim_force);
    if (!may_force) co_return std::unexpected(may_force.error());
    co_await force_claim(tx, *project, *may_force, *claim, "git lfs unlock --force");
    co_return LockOut{std::move(lock)};
  }

 private:
  // An admin may act for others too; here that must be asked for, by `force`.
  static Task<Result<auth::Acting>> act_for_holder(db::Tx& tx, auth::Caller const& caller,
                                                   models::Project const& project, Claim const& claim,
                                                   std::optional<UserId> user) {
    auto const own = co_await session_of_caller(tx, caller, project, std::string(kLfsTool));
    if (own && own->id == claim.session_id) co_return act_for_own(tx, caller, Permission::claim_write, *own);
    auto const holder = co_await db::get_session(tx, project.id, claim.session_id);
    if (holder) {
      auto const may = auth::act_for(caller, Permission::claim_write, *holder);
      if (may && !may->as_admin()) co_return act_for_live(tx, caller, Permission::claim_write, *holder);
    }
    auto const whose = user == caller.user ? "of another session of yours" : "of somebody else";
    co_return fail(ErrorCode::not_permitted, fmt::format("the lock on {} is {}: {} holds it. An admin can force it.",
                                                         claim.target, whose, claim.session_alias));
  }
};

struct Batch {
  static constexpr OperationMeta meta{.id = "lfs_batch",
                                      .method = Method::post,
                                      .path = "/{tenant}/{project}/info/lfs/objects/batch",
                                      .tag = kLfsTool,
                                      .summary = "Send a client that wants objects to the server that has them",
                                      .door = Door::lfs,
                                      .permission = Permission::project_read,
                                      .status = 307};
  using In = BatchIn;
  using Out = BatchOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_lfs_project(tx, caller, in.tenant, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const& url = project->lfs_url;
    if (!url)
      co_return fail(ErrorCode::not_offered,
                     "codi keeps locks, not objects: set the project's lfs_url to the git-lfs server that has them");
    std::string_view const base = *url;
    co_return BatchOut{fmt::format("{}/objects/batch", base.substr(0, base.find_last_not_of('/') + 1))};
  }
};

}  // namespace

std::vector<Operation> lfs_operations() { return make_operations<CreateLock, Unlock, Batch>(); }

}  // namespace codi::api
