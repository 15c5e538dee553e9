#include "api/quota.hpp"

#include "base/errors.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

std::optional<std::int64_t> quota_of(models::Quotas const& quotas, db::Counted what) {
  return what == db::Counted::sessions ? quotas.sessions : quotas.claims;
}

std::string_view name_of(db::Counted what) {
  return what == db::Counted::sessions ? "sessions that have not ended" : "claims";
}

}  // namespace

models::Quotas effective_quotas(models::Quotas const& own, models::Quotas const& defaults) {
  auto const chosen = [](auto const& one, auto const& other) { return one ? one : other; };
  return {.sessions = chosen(own.sessions, defaults.sessions),
          .claims = chosen(own.claims, defaults.claims),
          .events_per_minute = chosen(own.events_per_minute, defaults.events_per_minute),
          .storage_bytes = chosen(own.storage_bytes, defaults.storage_bytes)};
}

Task<Result<void>> room_for(db::Tx& tx, auth::Caller const& caller, db::Counted what, std::int64_t more) {
  auto const quota = quota_of(caller.quotas, what);
  if (!quota || more == 0) co_return Result<void>();
  auto const present = co_await db::counted(tx, what);
  if (present + more <= *quota) co_return Result<void>();
  co_return fail(ErrorCode::quota_exceeded,
                 fmt::format("the tenant may have {} {} and has {}", *quota, name_of(what), present));
}

Task<Result<void>> room_to_store(db::Tx& tx, auth::Caller const& caller) {
  auto const quota = caller.quotas.storage_bytes;
  if (!quota) co_return Result<void>();
  auto const present = co_await tx.estimated_bytes();
  if (present < static_cast<std::uint64_t>(*quota)) co_return Result<void>();
  co_return fail(ErrorCode::quota_exceeded,
                 fmt::format("the tenant's data may take {} bytes and take about {}", *quota, present));
}

}  // namespace codi::api
