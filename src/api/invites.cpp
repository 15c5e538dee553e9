#include "db/invites.hpp"

#include "api/areas.hpp"
#include "api/runtime.hpp"
#include "api/scope.hpp"
#include "api/sign_in.hpp"
#include "auth/directory.hpp"
#include "auth/grants.hpp"
#include "auth/password.hpp"
#include "auth/revocation.hpp"
#include "base/encoding.hpp"
#include "base/text.hpp"
#include "db/audit.hpp"
#include "db/retry.hpp"
#include "db/tenants.hpp"
#include "db/users.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Invite;
using models::Role;

struct CreateInviteIn {
  std::optional<std::string> email;
  Role role = Role::member;
  std::optional<std::int64_t> expires_in;
};
BOOST_DESCRIBE_STRUCT(CreateInviteIn, (), (email, role, expires_in))

struct CreatedInvite {
  InviteId id;
  std::string code;
  std::optional<std::string> email;
  Role role = Role::member;
  UserId invited_by;
  Timestamp expires_at;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(CreatedInvite, (), (id, code, email, role, invited_by, expires_at, created_at, updated_at))

struct ListInvitesIn {
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListInvitesIn, (), (limit, after))

struct InviteIn {
  InviteId id;
};
BOOST_DESCRIBE_STRUCT(InviteIn, (), (id))

struct AcceptInviteIn {
  std::string code;
  std::string email;
  std::string password;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(AcceptInviteIn, (), (code, email, password, name))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<CreateInviteIn> {
  static constexpr std::string_view name = "CreateInvite";
  static constexpr std::array fields{
      field("email", "The only address that may accept it; any when missing.")
          .length(3, limits::kEmailBytes)
          .with_format("email"),
      field("role", "Role that whoever accepts it gets; owners are invited by owners."),
      field("expires_in", "Seconds until it stops to hold; a week when missing.")
          .range(limits::kInviteSecondsMin, limits::kInviteSecondsMax),
  };
};
template <>
struct Fields<CreatedInvite> {
  static constexpr std::string_view name = "CreatedInvite";
  static constexpr std::array fields{
      field("id", "Id of the invite."),
      field("code", "Who has it can accept the invite. Shown once.").secret(),
      field("email", "The only address that may accept it; null: any."),
      field("role", "Role that whoever accepts it gets."),
      field("invited_by", "User who made it."),
      field("expires_at", "When it stops to hold."),
      field("created_at", "When it was made."),
      field("updated_at", "The same: an invite never changes."),
  };
};
template <>
struct Fields<ListInvitesIn> {
  static constexpr std::string_view name = "ListInvites";
  static constexpr std::array fields{limit_field(), after_field()};
};
template <>
struct Fields<InviteIn> {
  static constexpr std::string_view name = "InvitePath";
  static constexpr std::array fields{field("id", "Id of the invite.")};
};
template <>
struct Fields<AcceptInviteIn> {
  static constexpr std::string_view name = "AcceptInvite";
  static constexpr std::array fields{
      field("code", "Code of the invite.").length(1, limits::kBearerBytes).secret(),
      email_field(),
      new_password_field("password"),
      person_name_field(),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct CreateInvite {
  static constexpr OperationMeta meta{
      .id = "create_invite",
      .method = Method::post,
      .path = "/invites",
      .tag = "invites",
      .summary = "Invite someone into your tenant",
      .kind = Kind::write,
      .permission = Permission::invite_manage,
      .status = 201,
      .grows = true,
      .cli = "invite create",
      .cli_example = "--role member --email ada@example.org --expires-in 2d --show-token"};
  using In = CreateInviteIn;
  using Out = CreatedInvite;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    if (in.email) {
      if (auto const email = fold_email(*in.email); !email) co_return std::unexpected(email.error());
    }
    auto const permitted = auth::permit(caller, Permission::invite_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (auto const may = auth::may_give_role(caller, in.role); !may) co_return std::unexpected(may.error());
    auto const standing = co_await db::count_invites(tx, limits::kInvitesPerTenant);
    if (standing >= limits::kInvitesPerTenant)
      co_return fail(ErrorCode::conflict, "there are too many invites; withdraw some that nobody has accepted");
    auto const expires_in = std::chrono::seconds(in.expires_in.value_or(limits::kInviteSecondsDefault));
    Invite const invite{.id = InviteId::make(tx.now(), tx.random()),
                        .email = in.email,
                        .role = in.role,
                        .invited_by = caller.user,
                        .expires_at = tx.now() + expires_in,
                        .created_at = tx.now(),
                        .updated_at = tx.now()};
    auto const code = auth::make_opaque_token(auth::TokenKind::invite, tx.random());
    db::put_invite(tx, invite, code.digest);
    auth::Directory::put_token(tx, auth::TokenKind::invite, invite.id.uuid, code.digest);
    db::append_audit(tx, {.actor_user_id = caller.user,
                          .actor_token_id = caller.token,
                          .action = "invite.created",
                          .target = to_string(invite.id),
                          .data = {{"role", reflect::enum_name(invite.role)}}});
    co_return CreatedInvite{.id = invite.id,
                            .code = code.text,
                            .email = invite.email,
                            .role = invite.role,
                            .invited_by = invite.invited_by,
                            .expires_at = invite.expires_at,
                            .created_at = invite.created_at,
                            .updated_at = invite.updated_at};
  }
};

struct ListInvites {
  static constexpr OperationMeta meta{.id = "list_invites",
                                      .method = Method::get,
                                      .path = "/invites",
                                      .tag = "invites",
                                      .summary = "List the invites that nobody has accepted yet",
                                      .permission = Permission::invite_manage,
                                      .cli = "invite list"};
  using In = ListInvitesIn;
  using Out = models::Page<Invite>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const permitted = auth::permit(caller, Permission::invite_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_invites(tx, page_of(in.limit, in.after));
  }
};

struct DeleteInvite {
  static constexpr OperationMeta meta{.id = "delete_invite",
                                      .method = Method::delete_,
                                      .path = "/invites/{id}",
                                      .tag = "invites",
                                      .summary = "Withdraw an invite",
                                      .kind = Kind::write,
                                      .permission = Permission::invite_manage,
                                      .status = 204,
                                      .cli = "invite delete",
                                      .cli_example = "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e"};
  using In = InviteIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const invite = co_await db::get_invite(tx, in.id);
    if (!invite) co_return fail(ErrorCode::not_found, "there is no such invite");
    auto const permitted = auth::permit(caller, Permission::invite_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_await auth::withdraw_invite(tx, *invite);
    db::append_audit(tx, {.actor_user_id = caller.user,
                          .actor_token_id = caller.token,
                          .action = "invite.deleted",
                          .target = to_string(invite->id)});
    co_return Nothing{};
  }
};

// An invite holds while the user who made it could still make it.
bool still_stands(Invite const& invite, std::optional<models::User> const& inviter, Timestamp now) {
  if (invite.expires_at <= now || !inviter || inviter->state != models::UserState::active) return false;
  return inviter->role >= auth::lowest_role(Permission::invite_manage) && inviter->role >= invite.role;
}

std::unexpected<Error> no_such_invite() {
  return fail(ErrorCode::not_found, "there is no such invite: it was accepted, withdrawn or has expired");
}

struct AcceptInvite {
  static constexpr OperationMeta meta{.id = "accept_invite",
                                      .method = Method::post,
                                      .path = "/invites/{code}/accept",
                                      .tag = "invites",
                                      .summary = "Join a tenant with an invite, and sign in",
                                      .kind = Kind::write,
                                      .access = Access::open,
                                      .status = 201};
  using In = AcceptInviteIn;
  using Out = SignedIn;
  struct Prepared {
    TenantId tenant;
    InviteId invite;
    UserId user;
    std::string email_folded;
    std::string password_hash;
    NewLogin login;
  };
  struct Known {
    TenantId tenant;
    Invite invite;
  };

  static Task<void> look_up(auth::OpenTx& open, std::string digest, std::optional<Known>& known) {
    known.reset();
    auto const entry = co_await auth::Directory::find_token(open, std::move(digest));
    if (!entry || entry->kind != auth::TokenKind::invite) co_return;
    auto tx = auth::Directory::bind(open, entry->tenant);
    auto const invite = co_await db::get_invite(tx, InviteId{entry->id});
    if (invite) known = Known{entry->tenant, *invite};
  }

  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    auto email = fold_email(in.email);
    if (!email) return std::unexpected(email.error());
    std::optional<Known> known;
    context.read([&](auth::OpenTx& open) { return look_up(open, sha256(in.code), known); });
    if (!known) return no_such_invite();
    if (auto const open = check_registration(context, true); !open) return std::unexpected(open.error());
    if (known->invite.email && fold_case(*known->invite.email) != *email)
      return fail(ErrorCode::not_permitted, "the invite is for another e-mail address");
    if (auto const free = check_email_free(context, *email); !free) return std::unexpected(free.error());
    Prepared made{.tenant = known->tenant,
                  .invite = known->invite.id,
                  .user = UserId::make(context.facts.now, context.random),
                  .email_folded = *std::move(email),
                  .password_hash = context.hasher.hash(in.password),
                  .login = {}};
    made.login = draw_login(context, made.tenant, made.user, known->invite.role);
    return made;
  }

  static Task<Result<Out>> run(auth::OpenTx& open, In const& in, Prepared const& made) {
    auto tx = auth::Directory::bind(open, made.tenant);
    auto const invite = co_await db::get_invite(tx, made.invite);
    if (!invite) co_return no_such_invite();
    auto const inviter = co_await db::get_user(tx, invite->invited_by);
    auto const tenant = co_await db::get_tenant(tx);
    bool const is_open = tenant && tenant->state == models::TenantState::active;
    if (!is_open || !still_stands(*invite, inviter, tx.now())) co_return no_such_invite();
    auto const taken = co_await auth::Directory::take_email(tx, made.email_folded, made.user);
    if (!taken) co_return email_taken();
    models::User const user{.id = made.user,
                            .email = in.email,
                            .name = in.name,
                            .role = invite->role,
                            .created_at = tx.now(),
                            .updated_at = tx.now()};
    co_await auth::withdraw_invite(tx, *invite);
    db::put_user(tx, user);
    db::put_password(tx, user.id, made.password_hash);
    db::append_audit(tx, {.actor_user_id = user.id,
                          .action = "invite.accepted",
                          .target = to_string(invite->id),
                          .data = {{"role", reflect::enum_name(user.role)}}});
    put_new_login(tx, user.id, made.login);
    co_return signed_in(user, *tenant, made.login);
  }
};

}  // namespace

std::vector<Operation> invite_operations() {
  return make_operations<CreateInvite, ListInvites, DeleteInvite, AcceptInvite>();
}

}  // namespace codi::api
