#include "db/users.hpp"

#include "api/areas.hpp"
#include "api/execute.hpp"
#include "api/scope.hpp"
#include "auth/directory.hpp"
#include "auth/grants.hpp"
#include "auth/revocation.hpp"
#include "base/text.hpp"
#include "db/audit.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Role;
using models::User;
using models::UserState;

struct ListUsersIn {
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListUsersIn, (), (limit, after))

struct UserIn {
  UserId user_id;
};
BOOST_DESCRIBE_STRUCT(UserIn, (), (user_id))

struct UpdateUserIn {
  UserId user_id;
  std::optional<std::string> name;
  std::optional<Role> role;
  std::optional<UserState> state;
};
BOOST_DESCRIBE_STRUCT(UpdateUserIn, (), (user_id, name, role, state))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<ListUsersIn> {
  static constexpr std::string_view name = "ListUsers";
  static constexpr std::array fields{limit_field(), after_field()};
};
template <>
struct Fields<UserIn> {
  static constexpr std::string_view name = "UserPath";
  static constexpr std::array fields{field("user_id", "Id of the user.")};
};
template <>
struct Fields<UpdateUserIn> {
  static constexpr std::string_view name = "UpdateUser";
  static constexpr std::array fields{
      field("user_id", "Id of the user."),
      field("name", "Name shown to others.").length(1, limits::kNameBytes),
      field("role", "Role in the tenant; owners are made and changed by owners."),
      field("state", "`suspended` ends the user's logins and deletes the API tokens at once, for good."),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<Result<User>> find_user(db::Tx& tx, UserId id) {
  auto user = co_await db::get_user(tx, id);
  if (!user) co_return fail(ErrorCode::not_found, "there is no such user");
  co_return *std::move(user);
}

bool is_own_login(auth::Caller const& caller, User const& user) {
  return caller.kind == auth::CredentialKind::login && caller.user == user.id;
}

Result<void> may_update(auth::Caller const& caller, User const& user, UpdateUserIn const& in) {
  if (in.role || in.state || !is_own_login(caller, user)) {
    if (auto may = auth::may_change_user(caller, user.role); !may) return may;
  }
  if (in.role && *in.role != user.role) return auth::may_give_role(caller, *in.role);
  return {};
}

Task<Result<void>> check_owner_stays(db::Tx& tx, User user, bool stays_active_owner) {
  bool const is_active_owner = user.role == Role::owner && user.state == UserState::active;
  if (!is_active_owner || stays_active_owner) co_return Result<void>();
  auto const other = co_await db::has_other_owner(tx, user.id);
  if (other) co_return Result<void>();
  co_return fail(ErrorCode::conflict, "this is the tenant's last owner: make another one first");
}

Task<void> end_credentials(db::Tx& tx, UserId user) {
  co_await auth::end_logins_of(tx, user);
  co_await auth::revoke_tokens_of(tx, user);
}

void audit(db::Tx& tx, auth::Caller const& caller, std::string action, User const& user, json::object data) {
  db::append_audit(tx, {.actor_user_id = caller.user,
                        .actor_token_id = caller.token,
                        .action = std::move(action),
                        .target = to_string(user.id),
                        .data = std::move(data)});
}

struct ListUsers {
  static constexpr OperationMeta meta{.id = "list_users",
                                      .method = Method::get,
                                      .path = "/users",
                                      .tag = "users",
                                      .summary = "List the users of your tenant",
                                      .permission = Permission::user_read,
                                      .cli = "user list"};
  using In = ListUsersIn;
  using Out = models::Page<User>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const permitted = auth::permit(caller, Permission::user_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_users(tx, page_of(in.limit, in.after));
  }
};

struct GetUser {
  static constexpr OperationMeta meta{.id = "get_user",
                                      .method = Method::get,
                                      .path = "/users/{user_id}",
                                      .tag = "users",
                                      .summary = "Read a user",
                                      .permission = Permission::user_read,
                                      .cli = "user show",
                                      .cli_example = "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e"};
  using In = UserIn;
  using Out = User;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto user = co_await find_user(tx, in.user_id);
    if (!user) co_return std::unexpected(user.error());
    auto const permitted = auth::permit(caller, Permission::user_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return *std::move(user);
  }
};

struct UpdateUser {
  static constexpr OperationMeta meta{.id = "update_user",
                                      .method = Method::patch,
                                      .path = "/users/{user_id}",
                                      .tag = "users",
                                      .summary = "Change a user's name, role or state",
                                      .kind = Kind::write,
                                      .permission = Permission::user_manage,
                                      .cli = "user update",
                                      .description =
                                          "Everyone may change the own name. A tenant always keeps an "
                                          "owner who is not suspended.",
                                      .cli_example = "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e --role admin"};
  using In = UpdateUserIn;
  using Out = User;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const found = co_await find_user(tx, in.user_id);
    if (!found) co_return std::unexpected(found.error());
    if (auto const may = may_update(caller, *found, in); !may) co_return std::unexpected(may.error());
    if (auto const match = check_if_match(tx, *found); !match) co_return std::unexpected(match.error());
    auto user = *found;
    user.name = in.name.value_or(user.name);
    user.role = in.role.value_or(user.role);
    user.state = in.state.value_or(user.state);
    bool const stays = user.role == Role::owner && user.state == UserState::active;
    auto const owner_stays = co_await check_owner_stays(tx, *found, stays);
    if (!owner_stays) co_return std::unexpected(owner_stays.error());
    bool const is_suspended = user.state == UserState::suspended && found->state != user.state;
    if (is_suspended) co_await end_credentials(tx, user.id);
    user.updated_at = tx.now();
    db::put_user(tx, user);
    audit(tx, caller, is_suspended ? "user.suspended" : "user.updated", user,
          {{"name", user.name}, {"role", reflect::enum_name(user.role)}, {"state", reflect::enum_name(user.state)}});
    co_return user;
  }
};

struct DeleteUser {
  static constexpr OperationMeta meta{.id = "delete_user",
                                      .method = Method::delete_,
                                      .path = "/users/{user_id}",
                                      .tag = "users",
                                      .summary = "Remove a user, or leave the tenant yourself",
                                      .kind = Kind::write,
                                      .permission = Permission::user_manage,
                                      .status = 204,
                                      .cli = "user delete",
                                      .description =
                                          "Ends all logins and tokens of the user and frees the e-mail "
                                          "address. The last owner can't leave.",
                                      .cli_example = "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e"};
  using In = UserIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const user = co_await find_user(tx, in.user_id);
    if (!user) co_return std::unexpected(user.error());
    if (!is_own_login(caller, *user)) {
      if (auto const may = auth::may_change_user(caller, user->role); !may) co_return std::unexpected(may.error());
    }
    if (auto const match = check_if_match(tx, *user); !match) co_return std::unexpected(match.error());
    auto const owner_stays = co_await check_owner_stays(tx, *user, false);
    if (!owner_stays) co_return std::unexpected(owner_stays.error());
    co_await end_credentials(tx, user->id);
    auth::Directory::free_email(tx, fold_case(user->email).value_or(user->email));
    db::remove_user(tx, user->id);
    audit(tx, caller, "user.deleted", *user, {{"email", user->email}});
    co_return Nothing{};
  }
};

}  // namespace

std::vector<Operation> user_operations() { return make_operations<ListUsers, GetUser, UpdateUser, DeleteUser>(); }

}  // namespace codi::api
