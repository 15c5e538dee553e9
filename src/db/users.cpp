#include "db/users.hpp"

namespace codi::db {
namespace {

TenantKey user_key(Tx const& tx, UserId id) { return tx.key("users", id); }
TenantKey owner_key(Tx const& tx, UserId id) { return tx.key("owners", id); }
TenantKey password_key(Tx const& tx, UserId id) { return tx.key("passwords", id); }

}  // namespace

Task<std::optional<models::User>> get_user(Tx& tx, UserId id) { return tx.find<models::User>(user_key(tx, id)); }

void prefetch_user(Tx& tx, UserId id) { tx.prefetch(user_key(tx, id)); }

void put_user(Tx& tx, models::User const& user) {
  tx.put(user_key(tx, user.id), user);
  if (user.role == models::Role::owner && user.state == models::UserState::active)
    tx.set(owner_key(tx, user.id), "");
  else
    tx.clear(owner_key(tx, user.id));
}

void remove_user(Tx& tx, UserId id) {
  tx.clear(user_key(tx, id));
  tx.clear(owner_key(tx, id));
  tx.clear(password_key(tx, id));
}

Task<Result<models::Page<models::User>>> list_users(Tx& tx, PageRequest page) {
  auto read = [](std::string_view, std::string_view value) -> Task<std::optional<models::User>> {
    co_return reflect::decode_stored<models::User>(value);
  };
  co_return co_await read_page<models::User>(tx, tx.key("users"), std::move(page), read);
}

Task<bool> has_other_owner(Tx& tx, UserId id) {
  auto const prefix = tx.key("owners");
  RangeOptions const options{.limit = 2};
  auto const found = co_await tx.get_below(prefix, options);
  auto const own = owner_key(tx, id);
  for (auto const& row : found.rows)
    if (row.key != own.bytes()) co_return true;
  co_return false;
}

Task<std::optional<std::string>> get_password(Tx& tx, UserId id) { return tx.get(password_key(tx, id)); }

void put_password(Tx& tx, UserId id, std::string const& encoded_hash) { tx.set(password_key(tx, id), encoded_hash); }

}  // namespace codi::db
