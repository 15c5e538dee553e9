#include "db/logins.hpp"

#include "db/ids_below.hpp"

namespace codi::db {
namespace {

TenantKey login_key(Tx const& tx, LoginId id) { return tx.key("logins", id); }
TenantKey user_key(Tx const& tx, models::Login const& login) { return tx.key("user_logins", login.user_id, login.id); }

Due due_of(models::Login const& login) {
  return {.at = login.expires_at, .kind = DueKind::refresh_token, .scope = {}, .id = login.id.uuid};
}

}  // namespace

Task<std::optional<models::Login>> get_login(Tx& tx, LoginId id) { return tx.find<models::Login>(login_key(tx, id)); }

void put_login(Tx& tx, models::Login const& login, std::optional<models::Login> const& old) {
  if (old) tx.not_due(due_of(*old));
  tx.put(login_key(tx, login.id), login);
  tx.set(user_key(tx, login), "");
  tx.due(due_of(login));
}

void remove_login(Tx& tx, models::Login const& login) {
  tx.clear(login_key(tx, login.id));
  tx.clear(user_key(tx, login));
  tx.not_due(due_of(login));
}

Task<std::vector<LoginId>> logins_of(Tx& tx, UserId user) {
  return ids_below<LoginId>(tx, tx.key("user_logins", user));
}

}  // namespace codi::db
