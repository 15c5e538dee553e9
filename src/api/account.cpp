#include "api/areas.hpp"
#include "api/runtime.hpp"
#include "api/sign_in.hpp"
#include "auth/directory.hpp"
#include "auth/login_throttle.hpp"
#include "auth/password.hpp"
#include "auth/revocation.hpp"
#include "base/text.hpp"
#include "db/audit.hpp"
#include "db/retry.hpp"
#include "db/tenants.hpp"
#include "db/users.hpp"

namespace codi::api {
namespace {

using auth::CredentialKind;

struct MeIn {};
BOOST_DESCRIBE_STRUCT(MeIn, (), ())

/// What a request was made with.
struct CredentialOut {
  CredentialKind kind{};
  std::vector<models::Permission> permissions;
  std::optional<ProjectId> project_id;
  std::optional<SessionId> session_id;
  std::optional<LoginId> login_id;
  std::optional<TokenId> token_id;
};
BOOST_DESCRIBE_STRUCT(CredentialOut, (), (kind, permissions, project_id, session_id, login_id, token_id))

struct MeOut {
  models::User user;
  models::Tenant tenant;
  CredentialOut credential;
};
BOOST_DESCRIBE_STRUCT(MeOut, (), (user, tenant, credential))

struct ChangePasswordIn {
  std::optional<std::string> old;
  std::string new_;
};
BOOST_DESCRIBE_STRUCT(ChangePasswordIn, (), (old, new_))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<MeIn> {
  static constexpr std::string_view name = "Me";
  static constexpr std::array<Field, 0> fields{};
};
template <>
struct Fields<CredentialOut> {
  static constexpr std::string_view name = "Credential";
  static constexpr std::array fields{
      field("kind", "What the request was made with."),
      field("permissions", "What it may do: the role's permissions, cut down to the token's."),
      field("project_id", "The only project that it reaches; null: all."),
      field("session_id", "The only session that it acts for; null unless it is a session token."),
      field("login_id", "The login that it comes from."),
      field("token_id", "The API token that it is, or comes from."),
  };
};
template <>
struct Fields<MeOut> {
  static constexpr std::string_view name = "MeAnswer";
  static constexpr std::array fields{
      field("user", "For whom the credential acts."),
      field("tenant", "The user's tenant."),
      field("credential", "What the request was made with."),
  };
};
template <>
struct Fields<ChangePasswordIn> {
  static constexpr std::string_view name = "ChangePassword";
  static constexpr std::array fields{
      password_field("old", "The present password; left out only by a user who has none yet."),
      new_password_field("new"),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct Me {
  static constexpr OperationMeta meta{.id = "me",
                                      .method = Method::get,
                                      .path = "/me",
                                      .tag = "auth",
                                      .summary = "Show who you are and what your credential may do",
                                      .mcp = "look me",
                                      .cli = "whoami"};
  using In = MeIn;
  using Out = MeOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const&) {
    if (caller.kind == CredentialKind::session_token)
      co_return fail(ErrorCode::not_permitted, "a session token acts for its session and reads its project only");
    auto const user = co_await db::get_user(tx, caller.user);
    auto const tenant = co_await db::get_tenant(tx);
    if (!user || !tenant) co_return auth::token_refused();
    co_return MeOut{.user = *user,
                    .tenant = *tenant,
                    .credential = {.kind = caller.kind,
                                   .permissions = auth::permission_list(caller.permissions),
                                   .project_id = caller.project,
                                   .session_id = caller.session,
                                   .login_id = caller.login,
                                   .token_id = caller.token}};
  }
};

struct ChangePassword {
  static constexpr OperationMeta meta{
      .id = "change_password",
      .method = Method::post,
      .path = "/auth/password",
      .tag = "auth",
      .summary = "Change your password",
      .kind = Kind::write,
      .description =
          "Ends every other login of the user. API tokens live on. A user made without a password sets the "
          "first one by leaving `old` out, with a credential that may do all that the role may."};
  using In = ChangePasswordIn;
  using Out = models::User;
  struct Prepared {
    std::optional<std::string> old_hash;
    std::string new_hash;
  };
  struct Known {
    std::optional<std::string> password_hash;
    std::optional<models::User> user;
  };

  static Task<void> look_up(auth::OpenTx& open, auth::Caller const& caller, Known& known) {
    auto tx = auth::Directory::bind(open, caller.tenant);
    known.password_hash = co_await db::get_password(tx, caller.user);
    known.user = co_await db::get_user(tx, caller.user);
  }

  static Result<void> check_old(PrepareContext const& context, In const& in, std::string const& email,
                                std::optional<std::string> const& password_hash) {
    auto const& caller = *context.caller;
    if (!in.old && password_hash) return invalid("/old", "is required");
    if (!in.old) {
      if (caller.permissions == auth::permissions_of(caller.role)) return {};
      return fail(ErrorCode::not_permitted, "this token may not do all that its user may, so it can't set a password");
    }
    auto& throttle = context.throttle;
    auto const account = fold_case(email).value_or(email);
    if (auto calm = throttle.check(account, context.facts.address); !calm) return calm;
    if (context.hasher.verify(*in.old, password_hash)) {
      throttle.succeeded(account, context.facts.address);
      return {};
    }
    throttle.failed(account, context.facts.address);
    return bad_credentials();
  }

  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    if (context.caller->kind == CredentialKind::session_token)
      return fail(ErrorCode::not_permitted, "a session token acts for its session and reads its project only");
    Known known;
    context.read([&](auth::OpenTx& open) { return look_up(open, *context.caller, known); });
    if (!known.user) return auth::token_refused();
    auto const right = check_old(context, in, known.user->email, known.password_hash);
    if (!right) return std::unexpected(right.error());
    return Prepared{.old_hash = known.password_hash, .new_hash = context.hasher.hash(in.new_)};
  }

  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const&, Prepared const& made) {
    auto const hash = co_await db::get_password(tx, caller.user);
    if (hash != made.old_hash) co_return bad_credentials();
    auto user = co_await db::get_user(tx, caller.user);
    if (!user) co_return auth::token_refused();
    db::put_password(tx, caller.user, made.new_hash);
    user->updated_at = tx.now();
    db::put_user(tx, *user);
    co_await auth::end_logins_of(tx, caller.user, caller.login);
    db::append_audit(tx, {.actor_user_id = caller.user,
                          .actor_token_id = caller.token,
                          .action = "user.password_changed",
                          .target = to_string(caller.user)});
    co_return *user;
  }
};

}  // namespace

std::vector<Operation> account_operations() { return make_operations<Me, ChangePassword>(); }

}  // namespace codi::api
