#include "api/lfs_lock.hpp"

#include "api/scope.hpp"
#include "db/claims.hpp"
#include "db/sessions.hpp"
#include "db/tenants.hpp"
#include "db/users.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::api {

using models::Claim;

Task<LfsLock> LfsLocks::of(Claim claim) {
  auto holder = co_await holder_of(claim);
  co_return LfsLock{.id = to_string(claim.id),
                    .path = std::move(claim.target),
                    .locked_at = claim.created_at,
                    .owner = {std::move(holder.name)}};
}

Task<std::optional<UserId>> LfsLocks::user_of(Claim claim) {
  auto const holder = co_await holder_of(std::move(claim));
  co_return holder.user;
}

Task<LfsLocks::Holder> LfsLocks::holder_of(Claim claim) {
  auto const known = known_.find(claim.session_id);
  if (known != known_.end()) co_return known->second;
  auto const session = claim.session_id;
  auto holder = co_await find_holder(std::move(claim));
  known_.emplace(session, holder);
  co_return holder;
}

Task<LfsLocks::Holder> LfsLocks::find_holder(Claim claim) {
  Holder out{.user = {}, .name = claim.session_alias};
  auto const session = co_await db::get_session(tx_, project_.id, claim.session_id);
  if (!session) co_return out;
  out.user = session->user_id;
  auto const user = co_await db::get_user(tx_, session->user_id);
  if (!user) co_return out;
  auto const own = co_await db::find_user_session(tx_, project_.id, user->id, std::string(kLfsTool));
  bool const is_user_alone = own && own->id == session->id;
  out.name = is_user_alone ? user->name : fmt::format("{} ({})", session->alias, user->name);
  co_return out;
}

Task<Result<models::Project>> find_lfs_project(db::Tx& tx, auth::Caller const& caller, std::string tenant,
                                               std::string project) {
  auto const own = co_await db::get_tenant(tx);
  bool const is_own = own && (tenant == to_string(caller.tenant) || tenant == own->slug);
  if (!is_own) co_return fail(ErrorCode::not_found, "there is no such project");
  co_return co_await find_project(tx, caller, std::move(project));
}

Task<std::optional<Claim>> find_live_lock(db::Tx& tx, models::Project const& project, std::string id) {
  auto const parsed = ClaimId::parse(id);
  if (!parsed) co_return std::nullopt;
  auto claim = co_await db::get_claim(tx, project.id, *parsed);
  if (!claim || db::over(tx, *claim)) co_return std::nullopt;
  co_return claim;
}

db::PageRequest lfs_page_of(std::optional<std::int64_t> limit, std::optional<std::string> cursor) {
  auto const asked = limit.value_or(0);
  auto const wanted = asked > 0 ? asked : limits::kPageItemsDefault;
  if (cursor && cursor->empty()) cursor.reset();
  return {.limit = static_cast<std::size_t>(std::min(wanted, limits::kPageItems)), .after = std::move(cursor)};
}

Result<coordination::Target> lfs_file_of(std::string_view path, models::Project const& project) {
  auto file = coordination::parse_target(coordination::TargetKind::file, path, project.case_sensitive);
  if (!file) return invalid("/path", file.error().detail);
  return file;
}

}  // namespace codi::api
