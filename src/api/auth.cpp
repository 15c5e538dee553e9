#include "api/areas.hpp"
#include "api/runtime.hpp"
#include "api/sign_in.hpp"
#include "auth/directory.hpp"
#include "auth/login_throttle.hpp"
#include "auth/password.hpp"
#include "auth/revocation.hpp"
#include "auth/token_service.hpp"
#include "base/encoding.hpp"
#include "base/text.hpp"
#include "coordination/slug.hpp"
#include "db/audit.hpp"
#include "db/logins.hpp"
#include "db/retry.hpp"
#include "db/tenants.hpp"
#include "db/users.hpp"

namespace codi::api {
namespace {

struct RegisterIn {
  std::string email;
  std::string password;
  std::string name;
  std::string tenant_name;
};
BOOST_DESCRIBE_STRUCT(RegisterIn, (), (email, password, name, tenant_name))

struct LoginIn {
  std::string email;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(LoginIn, (), (email, password))

struct RefreshIn {
  std::string refresh_token;
};
BOOST_DESCRIBE_STRUCT(RefreshIn, (), (refresh_token))

struct LogoutIn {};
BOOST_DESCRIBE_STRUCT(LogoutIn, (), ())

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<RegisterIn> {
  static constexpr std::string_view name = "Register";
  static constexpr std::array fields{
      email_field(),
      new_password_field("password"),
      person_name_field(),
      field("tenant_name", "Name of the new tenant; its slug is made from it.").length(1, limits::kNameBytes),
  };
};
template <>
struct Fields<LoginIn> {
  static constexpr std::string_view name = "LogIn";
  static constexpr std::array fields{email_field(), password_field("password", "The account's password.")};
};
template <>
struct Fields<RefreshIn> {
  static constexpr std::string_view name = "Refresh";
  static constexpr std::array fields{
      field("refresh_token", "The newest one of the login.").length(1, limits::kBearerBytes).secret()};
};
template <>
struct Fields<LogoutIn> {
  static constexpr std::string_view name = "LogOut";
  static constexpr std::array<Field, 0> fields{};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct RegisterTenant {
  static constexpr OperationMeta meta{.id = "register",
                                      .method = Method::post,
                                      .path = "/auth/register",
                                      .tag = "auth",
                                      .summary = "Make a tenant and its owner, and sign in",
                                      .kind = Kind::write,
                                      .access = Access::open,
                                      .status = 201};
  using In = RegisterIn;
  using Out = SignedIn;
  struct Prepared {
    TenantId tenant;
    UserId user;
    std::string email_folded;
    std::string password_hash;
    NewLogin login;
  };

  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    auto email = fold_email(in.email);
    if (!email) return std::unexpected(email.error());
    if (auto const open = check_registration(context, false); !open) return std::unexpected(open.error());
    if (auto const free = check_email_free(context, *email); !free) return std::unexpected(free.error());
    auto const now = context.facts.now;
    Prepared made{.tenant = TenantId::make(now, context.random),
                  .user = UserId::make(now, context.random),
                  .email_folded = *std::move(email),
                  .password_hash = context.hasher.hash(in.password),
                  .login = {}};
    made.login = draw_login(context, made.tenant, made.user, models::Role::owner);
    return made;
  }

  static Task<Result<Out>> run(auth::OpenTx& open, In const& in, Prepared const& made) {
    auto tx = auth::Directory::bind(open, made.tenant);
    auto const taken = co_await auth::Directory::take_email(tx, made.email_folded, made.user);
    if (!taken) co_return email_taken();
    models::Tenant const tenant{.id = made.tenant,
                                .slug = coordination::make_slug(in.tenant_name),
                                .name = in.tenant_name,
                                .created_at = tx.now(),
                                .updated_at = tx.now()};
    models::User const user{.id = made.user,
                            .email = in.email,
                            .name = in.name,
                            .role = models::Role::owner,
                            .created_at = tx.now(),
                            .updated_at = tx.now()};
    auth::Directory::add_tenant(tx);
    db::put_tenant(tx, tenant);
    db::put_user(tx, user);
    db::put_password(tx, user.id, made.password_hash);
    db::append_audit(tx, {.actor_user_id = user.id,
                          .action = "tenant.created",
                          .target = to_string(tenant.id),
                          .data = {{"name", tenant.name}, {"slug", tenant.slug}}});
    put_new_login(tx, user.id, made.login);
    co_return signed_in(user, tenant, made.login);
  }
};

struct LogIn {
  static constexpr OperationMeta meta{.id = "login",
                                      .method = Method::post,
                                      .path = "/auth/login",
                                      .tag = "auth",
                                      .summary = "Sign in with e-mail address and password",
                                      .kind = Kind::write,
                                      .access = Access::open};
  using In = LoginIn;
  using Out = SignedIn;
  struct Prepared {
    auth::Account account;
    std::string password_hash;
    NewLogin login;
  };
  /// What the store says of an address; the same reads are made for one that nobody has.
  struct Known {
    std::optional<auth::Account> account;
    std::optional<std::string> password_hash;
    std::optional<models::User> user;
  };

  static Task<void> look_up(auth::OpenTx& open, std::string email_folded, Known& known) {
    known.account = co_await auth::Directory::find_account(open, std::move(email_folded));
    auto const account = known.account.value_or(auth::Account{});
    auto tx = auth::Directory::bind(open, account.tenant);
    known.password_hash = co_await db::get_password(tx, account.user);
    known.user = co_await db::get_user(tx, account.user);
  }

  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    auto const email = fold_case(in.email).value_or(in.email);
    auto& throttle = context.throttle;
    if (auto const calm = throttle.check(email, context.facts.address); !calm) return std::unexpected(calm.error());
    Known known;
    context.read([&](auth::OpenTx& open) { return look_up(open, email, known); });
    bool const is_right = context.hasher.verify(in.password, known.password_hash);
    if (!is_right || !known.password_hash || !known.account || !known.user) {
      throttle.failed(email, context.facts.address);
      return bad_credentials();
    }
    throttle.succeeded(email, context.facts.address);
    auto const account = *known.account;
    return Prepared{.account = account,
                    .password_hash = *known.password_hash,
                    .login = draw_login(context, account.tenant, account.user, known.user->role)};
  }

  static Task<Result<Out>> run(auth::OpenTx& open, In const&, Prepared const& made) {
    auto tx = auth::Directory::bind(open, made.account.tenant);
    auto const hash = co_await db::get_password(tx, made.account.user);
    auto const user = co_await db::get_user(tx, made.account.user);
    auto const tenant = co_await db::get_tenant(tx);
    bool const still_right = hash && *hash == made.password_hash;
    if (!still_right || !user || user->state != models::UserState::active) co_return bad_credentials();
    if (!tenant || tenant->state != models::TenantState::active) co_return bad_credentials();
    put_new_login(tx, user->id, made.login);
    co_return signed_in(*user, *tenant, made.login);
  }
};

struct RefreshLogin {
  static constexpr OperationMeta meta{
      .id = "refresh",
      .method = Method::post,
      .path = "/auth/refresh",
      .tag = "auth",
      .summary = "Exchange a refresh token for new tokens",
      .kind = Kind::write,
      .access = Access::open,
      .description =
          "The refresh token is used up. Sending one that was used before ends the login with all its "
          "tokens, unless the request repeats the first one with its Idempotency-Key."};
  using In = RefreshIn;
  using Out = SignedIn;
  struct Prepared {
    auth::RefreshToken presented;
    NewLogin next;
  };

  static Task<void> look_up(auth::OpenTx& open, std::string digest, std::optional<auth::AccessClaims>& claims) {
    claims.reset();
    auto const entry = co_await auth::Directory::find_token(open, std::move(digest));
    if (!entry) co_return;
    auto tx = auth::Directory::bind(open, entry->tenant);
    auto const login = co_await db::get_login(tx, LoginId{entry->id});
    if (!login) co_return;
    auto const user = co_await db::get_user(tx, login->user_id);
    if (user) claims = {.tenant = entry->tenant, .user = user->id, .login = login->id, .role = user->role};
  }

  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    auto const presented = auth::parse_refresh_token(in.refresh_token);
    if (!presented) return auth::token_refused();
    std::optional<auth::AccessClaims> claims;
    context.read([&](auth::OpenTx& open) { return look_up(open, presented->family_digest, claims); });
    if (!claims) return auth::token_refused();
    return Prepared{.presented = *presented,
                    .next = {.id = claims->login,
                             .refresh = auth::next_refresh_token(*presented, context.random),
                             .access_token = context.tokens.sign(*claims)}};
  }

  static Task<Result<Out>> run(auth::OpenTx& open, In const&, Prepared const& made) {
    auto const entry = co_await auth::Directory::find_token(open, made.presented.family_digest);
    if (!entry) co_return auth::token_refused();
    auto tx = auth::Directory::bind(open, entry->tenant);
    auto const login = co_await db::get_login(tx, made.next.id);
    if (!login || login->expires_at <= tx.now()) co_return auth::token_refused();
    if (!equal_constant_time(login->secret_digest, to_hex(made.presented.secret_digest))) {
      co_await auth::end_login(tx, login->id);
      db::append_audit(
          tx,
          {.actor_user_id = login->user_id, .action = "login.refresh_token_reused", .target = to_string(login->id)});
      co_return refuse(auth::token_refused().error());
    }
    auto const user = co_await db::get_user(tx, login->user_id);
    auto const tenant = co_await db::get_tenant(tx);
    if (!user || user->state != models::UserState::active) co_return auth::token_refused();
    if (!tenant || tenant->state != models::TenantState::active) co_return auth::token_refused();
    auto next = *login;
    next.secret_digest = to_hex(made.next.refresh.secret_digest);
    next.expires_at = tx.now() + limits::kRefreshTokenTime;
    next.updated_at = tx.now();
    db::put_login(tx, next, login);
    co_return signed_in(*user, *tenant, made.next);
  }
};

struct LogOut {
  static constexpr OperationMeta meta{
      .id = "logout",
      .method = Method::post,
      .path = "/auth/logout",
      .tag = "auth",
      .summary = "End the login at once",
      .kind = Kind::write,
      .status = 204,
      .description =
          "Its access tokens, its refresh token and the tokens of the sessions that it started hold no "
          "longer, on any server. API tokens live on."};
  using In = LogoutIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const&) {
    if (caller.kind == auth::CredentialKind::session_token)
      co_return fail(ErrorCode::not_permitted, "a session token can't end the login that started the session");
    if (!caller.login)
      co_return fail(ErrorCode::conflict,
                     "this token does not come from a login; delete it with DELETE /v1/tokens/{id}");
    co_await auth::end_login(tx, *caller.login);
    db::append_audit(tx, {.actor_user_id = caller.user, .action = "login.ended", .target = to_string(*caller.login)});
    co_return Nothing{};
  }
};

}  // namespace

std::vector<Operation> auth_operations() { return make_operations<RegisterTenant, LogIn, RefreshLogin, LogOut>(); }

}  // namespace codi::api
