#include "db/tokens.hpp"

#include "api/areas.hpp"
#include "api/scope.hpp"
#include "auth/directory.hpp"
#include "auth/revocation.hpp"
#include "db/audit.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;
using models::Token;

struct CreateTokenIn {
  std::string name;
  std::optional<std::string> project;
  std::vector<Permission> permissions;
  std::int64_t expires_in = 0;
};
BOOST_DESCRIBE_STRUCT(CreateTokenIn, (), (name, project, permissions, expires_in))

struct CreatedToken {
  TokenId id;
  std::string token;
  std::string name;
  UserId user_id;
  std::optional<ProjectId> project_id;
  std::vector<Permission> permissions;
  std::optional<Timestamp> expires_at;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(CreatedToken, (),
                      (id, token, name, user_id, project_id, permissions, expires_at, created_at, updated_at))

struct ListTokensIn {
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListTokensIn, (), (limit, after))

struct TokenIn {
  TokenId id;
};
BOOST_DESCRIBE_STRUCT(TokenIn, (), (id))

constexpr std::size_t kPermissions = static_cast<std::size_t>(Permission::audit_read) + 1;

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CreateTokenIn> {
  static constexpr std::string_view name = "CreateToken";
  static constexpr std::array fields{
      field("name", "What you call it, such as the agent that is to have it.").length(1, limits::kNameBytes),
      field("project", "Slug or id of the only project that it shall reach; all when missing.")
          .length(1, limits::kSlugBytes),
      field("permissions", "The most that it may do; no more than your own credential may.").items(1, kPermissions),
      field("expires_in", "Seconds until it stops to hold.")
          .range(limits::kApiTokenSecondsMin, limits::kApiTokenSecondsMax),
  };
};
template <>
struct Fields<CreatedToken> {
  static constexpr std::string_view name = "CreatedToken";
  static constexpr std::array fields{
      field("id", "Id of the token."),
      field("token", "The token itself, for the header `Authorization: Bearer …`. Shown once.").secret(),
      field("name", "What its owner calls it."),
      field("user_id", "User for whom it acts."),
      field("project_id", "The only project that it reaches; null: all."),
      field("permissions", "The most that it may do."),
      field("expires_at", "When it stops to hold."),
      field("created_at", "When it was made."),
      field("updated_at", "The same: a token never changes."),
  };
};
template <>
struct Fields<ListTokensIn> {
  static constexpr std::string_view name = "ListTokens";
  static constexpr std::array fields{limit_field(), after_field()};
};
template <>
struct Fields<TokenIn> {
  static constexpr std::string_view name = "TokenPath";
  static constexpr std::array fields{field("id", "Id of the token.")};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

bool sees_all(auth::Caller const& caller) { return caller.permissions.has(Permission::user_manage); }

void audit(db::Tx& tx, auth::Caller const& caller, std::string action, Token const& token) {
  db::append_audit(tx, {.actor_user_id = caller.user,
                        .actor_token_id = caller.token,
                        .action = std::move(action),
                        .target = to_string(token.id),
                        .data = {{"name", token.name}, {"user_id", to_string(token.user_id)}}});
}

Result<void> check_permissions(auth::Caller const& caller, auth::PermissionSet wanted) {
  for (auto const permission : auth::permission_list(wanted))
    if (!caller.permissions.has(permission))
      return fail(ErrorCode::not_permitted,
                  fmt::format("you can't give a token the permission {}, which you don't have yourself",
                              reflect::enum_name(permission)));
  return {};
}

struct CreateToken {
  static constexpr OperationMeta meta{
      .id = "create_token",
      .method = Method::post,
      .path = "/tokens",
      .tag = "tokens",
      .summary = "Make an API token for an agent or a script",
      .kind = Kind::write,
      .permission = Permission::token_manage,
      .status = 201,
      .grows = true,
      .cli = "token create",
      .description =
          "It acts for you and never may do more than you. Scoped to a project, it can't change the tenant, "
          "its people or their tokens, whatever its permissions say.",
      .cli_example =
          "--name ci --permissions project_read --permissions event_write --expires-in 30d --project web --show-token"};
  using In = CreateTokenIn;
  using Out = CreatedToken;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    std::optional<ProjectId> project_id;
    if (in.project) {
      auto const project = co_await find_project(tx, caller, *in.project);
      if (!project) co_return std::unexpected(project.error());
      project_id = project->id;
    }
    auto const permitted = auth::permit(caller, Permission::token_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const wanted = auth::permission_set(in.permissions);
    if (auto const may = check_permissions(caller, wanted); !may) co_return std::unexpected(may.error());
    auto const count = co_await db::count_tokens_of(tx, caller.user, limits::kApiTokensPerUser);
    if (count >= limits::kApiTokensPerUser)
      co_return fail(ErrorCode::conflict, "you have too many API tokens; delete some that are not used");
    Token const token{.id = TokenId::make(tx.now(), tx.random()),
                      .name = in.name,
                      .user_id = caller.user,
                      .project_id = project_id,
                      .permissions = auth::permission_list(wanted),
                      .expires_at = tx.now() + std::chrono::seconds(in.expires_in),
                      .created_at = tx.now(),
                      .updated_at = tx.now()};
    auto const secret = auth::make_opaque_token(auth::TokenKind::api, tx.random());
    db::put_token(tx, token, secret.digest);
    auth::Directory::put_token(tx, auth::TokenKind::api, token.id.uuid, secret.digest);
    audit(tx, caller, "token.created", token);
    co_return CreatedToken{.id = token.id,
                           .token = secret.text,
                           .name = token.name,
                           .user_id = token.user_id,
                           .project_id = token.project_id,
                           .permissions = token.permissions,
                           .expires_at = token.expires_at,
                           .created_at = token.created_at,
                           .updated_at = token.updated_at};
  }
};

struct ListTokens {
  static constexpr OperationMeta meta{.id = "list_tokens",
                                      .method = Method::get,
                                      .path = "/tokens",
                                      .tag = "tokens",
                                      .summary = "List your API tokens; all of the tenant for an admin",
                                      .permission = Permission::token_manage,
                                      .cli = "token list"};
  using In = ListTokensIn;
  using Out = models::Page<Token>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const permitted = auth::permit(caller, Permission::token_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const only = sees_all(caller) ? std::optional<UserId>() : caller.user;
    co_return co_await db::list_tokens(tx, page_of(in.limit, in.after), only);
  }
};

struct DeleteToken {
  static constexpr OperationMeta meta{
      .id = "delete_token",
      .method = Method::delete_,
      .path = "/tokens/{id}",
      .tag = "tokens",
      .summary = "Revoke an API token at once",
      .kind = Kind::write,
      .permission = Permission::token_manage,
      .status = 204,
      .cli = "token delete",
      .description = "The tokens of the sessions that it started end with it. Every API token may revoke itself.",
      .cli_example = "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e"};
  using In = TokenIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const token = co_await db::get_token(tx, in.id);
    if (!token || (token->user_id != caller.user && !sees_all(caller)))
      co_return fail(ErrorCode::not_found, "there is no such token");
    bool const is_itself = caller.kind == auth::CredentialKind::api_token && caller.token == token->id;
    if (!is_itself) {
      auto const permitted = auth::permit(caller, Permission::token_manage);
      if (!permitted) co_return std::unexpected(permitted.error());
    }
    co_await auth::revoke_token(tx, *token);
    audit(tx, caller, "token.deleted", *token);
    co_return Nothing{};
  }
};

}  // namespace

std::vector<Operation> token_operations() { return make_operations<CreateToken, ListTokens, DeleteToken>(); }

}  // namespace codi::api
