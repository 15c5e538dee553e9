#pragma once
#include "db/tx.hpp"
#include "models/login.hpp"

#include <optional>
#include <vector>

/// Logins of a tenant's users. Keys: (t,"logins",id) -> Login; (t,"user_logins",user,id) -> "".
namespace codi::db {

/// A login whether it has expired or not.
Task<std::optional<models::Login>> get_login(Tx& tx, LoginId id);
/// Writes a login and asks the reaper to look at it when it expires; `old` is what was stored before, if anything.
void put_login(Tx& tx, models::Login const& login, std::optional<models::Login> const& old = {});
void remove_login(Tx& tx, models::Login const& login);
Task<std::vector<LoginId>> logins_of(Tx& tx, UserId user);

}  // namespace codi::db
