#include "api/recipient.hpp"

#include "auth/directory.hpp"
#include "base/text.hpp"
#include "coordination/log_line.hpp"
#include "db/sessions.hpp"
#include "db/users.hpp"

#include <optional>
#include <utility>

namespace codi::api {
namespace {

using models::MessageRecipient;
using models::Recipient;

// By id or e-mail address.
Task<std::optional<models::User>> find_user(db::Tx& tx, std::string text) {
  if (auto const id = UserId::parse(text)) co_return co_await db::get_user(tx, *id);
  auto const folded = fold_case(text);
  if (!folded) co_return std::nullopt;
  auto const account = co_await auth::Directory::find_account(tx, *folded);
  if (!account || account->tenant != tx.tenant()) co_return std::nullopt;
  co_return co_await db::get_user(tx, account->user);
}

Task<std::optional<models::Session>> find_addressed(db::Tx& tx, models::Project const& project, std::string session) {
  return db::find_session(tx, project.id, std::move(session), db::Isolation::snapshot);
}

std::unexpected<Error> no_such_session() {
  return fail(ErrorCode::not_found, "there is no such session in this project");
}

int count(auto const& to) { return (to.role ? 1 : 0) + (to.session ? 1 : 0) + (to.user ? 1 : 0); }

}  // namespace

Task<Result<Recipient>> resolve_recipient(db::Tx& tx, models::Project const& project, Recipient to) {
  if (count(to) != 1) co_return invalid("/to", "must have exactly one of `role`, `session` and `user`");
  if (to.role) {
    to.role = coordination::role_name(*to.role);
    if (!coordination::valid_alias(*to.role)) co_return invalid("/to/role", "is not the name of a role");
  }
  if (to.session) {
    auto const session = co_await find_addressed(tx, project, *to.session);
    if (!session) co_return no_such_session();
    to.session = to_string(session->id);
  }
  if (to.user) {
    auto const user = co_await find_user(tx, *to.user);
    if (!user) co_return fail(ErrorCode::not_found, "there is no such user in this tenant");
    to.user = to_string(user->id);
  }
  co_return to;
}

Task<Result<MessageTarget>> resolve_recipient(db::Tx& tx, models::Project const& project, MessageRecipient to) {
  if (count(to) + (to.project ? 1 : 0) != 1)
    co_return invalid("/to", "must have exactly one of `role`, `session`, `user` and `project`");
  if (to.project && !*to.project) co_return invalid("/to/project", "must be true");
  if (to.project) co_return MessageTarget{.to = std::move(to)};
  if (to.session) {
    auto session = co_await find_addressed(tx, project, *to.session);
    if (!session) co_return no_such_session();
    to.session = to_string(session->id);
    co_return MessageTarget{.to = std::move(to), .session = std::move(session)};
  }
  Recipient one{.role = std::move(to.role), .user = std::move(to.user)};
  auto resolved = co_await resolve_recipient(tx, project, std::move(one));
  if (!resolved) co_return std::unexpected(std::move(resolved.error()));
  co_return MessageTarget{.to = {.role = std::move(resolved->role), .user = std::move(resolved->user)}};
}

std::string describe(Recipient const& to) {
  if (to.role) return "role " + *to.role;
  if (to.session) return "session " + *to.session;
  return "user " + to.user.value_or("");
}

}  // namespace codi::api
