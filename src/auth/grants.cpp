#include "auth/grants.hpp"

#include <fmt/format.h>

namespace codi::auth {

Result<void> may_give_role(Caller const& caller, models::Role role) {
  if (role == models::Role::owner && caller.role != models::Role::owner)
    return fail(ErrorCode::not_permitted, "only an owner can make an owner");
  auto const given = permissions_of(role);
  if (caller.permissions.intersect(given) == given) return {};
  return fail(ErrorCode::not_permitted,
              fmt::format("this credential can't give the role {}: it may not do all that the role may",
                          reflect::enum_name(role)));
}

Result<void> may_change_user(Caller const& caller, models::Role role) {
  if (auto const permitted = permit(caller, Permission::user_manage); !permitted)
    return std::unexpected(permitted.error());
  if (role == models::Role::owner && caller.role != models::Role::owner)
    return fail(ErrorCode::not_permitted, "only an owner can change an owner");
  return {};
}

}  // namespace codi::auth
