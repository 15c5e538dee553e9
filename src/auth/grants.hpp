#pragma once
#include "auth/caller.hpp"
#include "models/user.hpp"

namespace codi::auth {

/// AUTH-USR-1003 unless the caller may give someone the role: it has every permission of that role itself, and is an
/// owner when it is `owner`. So no token can make an account that may do more than the token.
Result<void> may_give_role(Caller const& caller, models::Role role);

/// AUTH-USR-1003 unless the caller may change, suspend or remove a user of that role: owners are for owners.
Result<void> may_change_user(Caller const& caller, models::Role role);

}  // namespace codi::auth
