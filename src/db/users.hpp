#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/user.hpp"

#include <optional>
#include <string>

/// Users of a tenant. Keys: (t,"users",id) -> User; (t,"owners",id) -> "" for owners that are not suspended;
/// (t,"passwords",id) -> encoded hash.
namespace codi::db {

/// put_user() also keeps the index of owners.
Task<std::optional<models::User>> get_user(Tx& tx, UserId id);
/// Before get_user().
void prefetch_user(Tx& tx, UserId id);
void put_user(Tx& tx, models::User const& user);
/// Removes a user and the password; not what belongs to the user elsewhere.
void remove_user(Tx& tx, UserId id);

/// In the order in which they were made.
Task<Result<models::Page<models::User>>> list_users(Tx& tx, PageRequest page);

/// True when an owner other than `id` could still act for the tenant.
Task<bool> has_other_owner(Tx& tx, UserId id);

/// The encoded hash; nothing for a user who has no password.
Task<std::optional<std::string>> get_password(Tx& tx, UserId id);
void put_password(Tx& tx, UserId id, std::string const& encoded_hash);

}  // namespace codi::db
