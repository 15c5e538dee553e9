#include "api/areas.hpp"
#include "api/lfs_lock.hpp"
#include "api/scope.hpp"
#include "api/user_session.hpp"
#include "db/file_claims.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Claim;

struct ListLocksIn {
  std::string tenant;
  std::string project;
  std::optional<std::string> path;
  std::optional<std::string> id;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(ListLocksIn, (), (tenant, project, path, id, cursor, limit))

struct ListLocksOut {
  std::vector<LfsLock> locks;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(ListLocksOut, (), (locks, next_cursor))

struct VerifyLocksIn {
  std::string tenant;
  std::string project;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(VerifyLocksIn, (), (tenant, project, cursor, limit))

struct VerifyLocksOut {
  std::vector<LfsLock> ours;
  std::vector<LfsLock> theirs;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(VerifyLocksOut, (), (ours, theirs, next_cursor))

constexpr reflect::Field cursor_field() {
  return reflect::field("cursor", "The `next_cursor` of the page before.").length(0, limits::kUrlBytes);
}
constexpr reflect::Field locks_limit_field() {
  return reflect::field("limit", "Locks at most; 50 when missing, never more than 500.");
}
constexpr reflect::Field next_cursor_field() {
  return reflect::field("next_cursor", "Pass as `cursor` for the next page; null at the end.");
}

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<ListLocksIn> {
  static constexpr std::string_view name = "ListLocks";
  static constexpr std::array fields{tenant_field(),
                                     project_field(),
                                     field("path", "Only locks on this file.").length(0, limits::kTargetBytes),
                                     field("id", "Only the lock with this id.").length(0, limits::kNameBytes),
                                     cursor_field(),
                                     locks_limit_field()};
};
template <>
struct Fields<ListLocksOut> {
  static constexpr std::string_view name = "Locks";
  static constexpr std::array fields{field("locks", "Oldest first."), next_cursor_field()};
};
template <>
struct Fields<VerifyLocksIn> {
  static constexpr std::string_view name = "VerifyLocks";
  static constexpr std::array fields{tenant_field(), project_field(), cursor_field(), locks_limit_field()};
};
template <>
struct Fields<VerifyLocksOut> {
  static constexpr std::string_view name = "VerifiedLocks";
  static constexpr std::array fields{field("ours", "Those held by sessions of the caller's user."),
                                     field("theirs", "All others."), next_cursor_field()};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

// A page's cursor has another name here than in other lists.
std::unexpected<Error> page_error(Error error) {
  if (error.code == ErrorCode::validation) return invalid("/cursor", "is not a `next_cursor` that this list gave");
  return std::unexpected(std::move(error));
}

// Looking at locks keeps one's own. Who may only read has none.
Task<void> renew_own(db::Tx& tx, auth::Caller const& caller, models::Project const& project) {
  auto const session = co_await session_of_caller(tx, caller, project, std::string(kLfsTool));
  if (session && caller.permissions.has(Permission::claim_write)) [[maybe_unused]]
    auto const acting = act_for_own(tx, caller, Permission::claim_write, *session);
}

struct ListLocks {
  static constexpr OperationMeta meta{.id = "lfs_list_locks",
                                      .path = "/{tenant}/{project}/info/lfs/locks",
                                      .tag = kLfsTool,
                                      .summary = "List locks: the live claims on files, oldest first",
                                      .kind = Kind::write,
                                      .door = Door::lfs,
                                      .permission = Permission::project_read};
  using In = ListLocksIn;
  using Out = ListLocksOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_lfs_project(tx, caller, in.tenant, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_await renew_own(tx, caller, *project);
    auto const page = co_await wanted(tx, *project, in);
    if (!page) co_return std::unexpected(page.error());
    LfsLocks locks(tx, *project);
    Out out{.locks = {}, .next_cursor = page->next};
    for (auto const& claim : page->items) {
      auto lock = co_await locks.of(claim);
      out.locks.push_back(std::move(lock));
    }
    co_return out;
  }

 private:
  static Task<Result<models::Page<Claim>>> wanted(db::Tx& tx, models::Project const& project, In const& in) {
    bool const by_id = in.id && !in.id->empty();
    bool const by_path = in.path && !in.path->empty();
    models::Page<Claim> out;
    if (by_path) {
      auto const file = lfs_file_of(*in.path, project);
      if (!file) co_return std::unexpected(file.error());
      out.items = co_await db::claims_on_file(tx, project.id, *file);
      if (by_id) std::erase_if(out.items, [&](Claim const& claim) { return to_string(claim.id) != *in.id; });
    } else if (by_id) {
      auto claim = co_await find_live_lock(tx, project, *in.id);
      if (claim && claim->kind == models::ClaimKind::file) out.items.push_back(*std::move(claim));
    } else {
      auto page = co_await db::list_file_claims(tx, project.id, lfs_page_of(in.limit, in.cursor));
      if (!page) co_return page_error(page.error());
      out = *std::move(page);
    }
    co_return out;
  }
};

struct VerifyLocks {
  static constexpr OperationMeta meta{.id = "lfs_verify_locks",
                                      .method = Method::post,
                                      .path = "/{tenant}/{project}/info/lfs/locks/verify",
                                      .tag = kLfsTool,
                                      .summary = "List locks before a push: the caller's and those of others",
                                      .kind = Kind::write,
                                      .door = Door::lfs,
                                      .permission = Permission::claim_write};
  using In = VerifyLocksIn;
  using Out = VerifyLocksOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_lfs_project(tx, caller, in.tenant, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::claim_write);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_await renew_own(tx, caller, *project);
    auto const page = co_await db::list_file_claims(tx, project->id, lfs_page_of(in.limit, in.cursor));
    if (!page) co_return page_error(page.error());
    LfsLocks locks(tx, *project);
    Out out{.ours = {}, .theirs = {}, .next_cursor = page->next};
    for (auto const& claim : page->items) {
      auto const user = co_await locks.user_of(claim);
      auto lock = co_await locks.of(claim);
      (user == caller.user ? out.ours : out.theirs).push_back(std::move(lock));
    }
    co_return out;
  }
};

}  // namespace

std::vector<Operation> lfs_list_operations() { return make_operations<ListLocks, VerifyLocks>(); }

}  // namespace codi::api
