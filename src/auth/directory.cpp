#include "auth/directory.hpp"

#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "db/logins.hpp"
#include "db/projects.hpp"
#include "db/retry.hpp"
#include "db/signing_keys.hpp"
#include "db/tenants.hpp"
#include "db/tokens.hpp"
#include "db/usage.hpp"
#include "db/users.hpp"

namespace codi::auth {
namespace {

std::string email_key(std::string_view folded) { return db::make_key({}, "auth", "emails", folded); }
std::string tenants_key() { return db::make_key({}, "auth", "tenants"); }
std::string operator_key(TokenId id) { return db::make_key({}, "auth", "operator_tokens", id); }
std::string token_key(std::string_view digest) {
  db::tuple::Packer key(db::make_key({}, "auth", "tokens"));
  return key.bytes(digest).take();
}

std::string pack_entry(TokenKind kind, TenantId tenant, Uuid const& id) {
  return db::tuple::Packer().integer(static_cast<std::int64_t>(kind)).uuid(tenant.uuid).uuid(id).take();
}

[[noreturn]] void damaged(char const* what) { throw db::StorageFailure(db::StorageCode::corrupt, what); }

TokenEntry unpack_entry(std::string_view stored) {
  db::tuple::Unpacker parts(stored);
  auto const kind = parts.integer();
  auto const tenant = parts.uuid();
  auto const id = parts.uuid();
  if (!kind || !tenant || !id) damaged("an entry of the token index can't be read");
  return {static_cast<TokenKind>(*kind), TenantId{*tenant}, *id};
}

}  // namespace

/// One resolution: reads the store until the caller is known or refused.
class Directory::Resolution {
 public:
  Resolution(db::Transaction& transaction, TenantId tenant, db::RequestFacts const& facts)
      : random_(facts.seed), tx_(transaction, tenant, facts, random_) {
    if (!tx_.fetches_ahead()) return;
    db::prefetch_tenant(tx_);
    if (facts.project) db::prefetch_project(tx_, *facts.project);
  }

  Task<Result<Caller>> login(LoginClaims claims) {
    if (tx_.fetches_ahead()) db::prefetch_user(tx_, claims.user);
    auto const alive = co_await login_alive(claims.login, claims.user);
    if (!alive) co_return token_refused();
    caller_.kind = CredentialKind::login;
    caller_.login = claims.login;
    co_return co_await user(claims.user);
  }

  Task<Result<Caller>> api_token(TokenId id) {
    auto const token = co_await live_token(id);
    if (!token) co_return token_refused();
    caller_.kind = CredentialKind::api_token;
    co_return co_await user(token->user_id);
  }

  Task<Result<Caller>> session_token(SessionId session) {
    auto const token = co_await db::get_session_token(tx_, session);
    if (!token) co_return token_refused();
    bool const starter_holds = co_await starter_alive(*token);
    if (!starter_holds) co_return token_refused();
    caller_.kind = CredentialKind::session_token;
    caller_.session = session;
    caller_.project = token->project_id;
    scope_ = scope_.intersect(session_token_permissions());
    co_return co_await user(token->user_id);
  }

 private:
  Task<bool> login_alive(LoginId id, UserId user) {
    auto const login = co_await db::get_login(tx_, id);
    co_return login && login->user_id == user && login->expires_at > tx_.now();
  }

  // An API token that has not expired; notes it as what the caller's powers come from.
  Task<std::optional<models::Token>> live_token(TokenId id) {
    auto token = co_await db::get_token(tx_, id);
    if (!token || (token->expires_at && *token->expires_at <= tx_.now())) co_return std::nullopt;
    caller_.token = id;
    caller_.project = token->project_id;
    scope_ = permission_set(token->permissions);
    if (token->project_id) scope_ = scope_.intersect(project_token_permissions());
    co_return token;
  }

  Task<bool> starter_alive(models::SessionToken token) {
    if (token.token_id) {
      auto const starter = co_await live_token(*token.token_id);
      co_return starter && starter->user_id == token.user_id;
    }
    if (!token.login_id) co_return false;
    caller_.login = token.login_id;
    co_return co_await login_alive(*token.login_id, token.user_id);
  }

  Task<Result<Caller>> user(UserId id) {
    auto const found = co_await db::get_user(tx_, id);
    if (!found || found->state != models::UserState::active) co_return token_refused();
    auto const tenant = co_await db::get_tenant(tx_);
    if (!tenant || tenant->state != models::TenantState::active) co_return token_refused();
    caller_.tenant = tx_.tenant();
    caller_.user = id;
    caller_.role = found->role;
    caller_.permissions = permissions_of(found->role).intersect(scope_);
    caller_.quotas = tenant->quotas;
    co_return caller_;
  }

  SeededRandom random_;
  db::Tx tx_;
  Caller caller_;
  PermissionSet scope_ = permissions_of(models::Role::owner);
};

Task<Result<Caller>> Directory::resolve(db::Transaction& transaction, Presented const& presented,
                                        db::RequestFacts const& facts) {
  if (auto const* const claims = std::get_if<LoginClaims>(&presented)) {
    Resolution resolution(transaction, claims->tenant, facts);
    co_return co_await resolution.login(*claims);
  }
  auto const entry = co_await read_token(transaction, std::get<TokenDigest>(presented).sha256);
  if (!entry) co_return token_refused();
  Resolution resolution(transaction, entry->tenant, facts);
  switch (entry->kind) {
    case TokenKind::api: co_return co_await resolution.api_token(TokenId{entry->id});
    case TokenKind::session: co_return co_await resolution.session_token(SessionId{entry->id});
    case TokenKind::operator_: co_return Caller{.kind = CredentialKind::operator_token, .token = TokenId{entry->id}};
    default: co_return token_refused();
  }
}

db::Tx Directory::bind(OpenTx& open, TenantId tenant) { return {open.below_, tenant, open.facts_, open.random_}; }

OperatorTx Directory::as_operator(OpenTx& open, Caller const& caller) {
  if (!caller.token) throw Failure(ErrorCode::internal, "an operator is known by a token");
  return {open, *caller.token};
}

db::Tx Directory::bind(OperatorTx& tx, TenantId tenant) { return bind(tx.open_, tenant); }

Task<std::vector<models::SigningKey>> Directory::signing_keys(OperatorTx& tx) {
  return db::list_signing_keys(tx.open_.below_);
}

Task<std::vector<TenantId>> Directory::tenants_after(OperatorTx& tx, std::optional<TenantId> after, std::size_t limit) {
  return tenants_after(tx.open_.below_, after, limit);
}

Task<std::vector<TenantId>> Directory::tenants_after(db::Transaction& transaction, std::optional<TenantId> after,
                                                     std::size_t limit) {
  auto range = db::tuple::range_below(tenants_key());
  if (after) range.begin = db::make_key(tenants_key(), *after) + '\0';
  db::RangeOptions const options{.limit = limit};
  auto const found = co_await transaction.get_range(std::move(range), options);
  std::vector<TenantId> out;
  for (auto const& row : found.rows) {
    auto const id = db::tuple::Unpacker(std::string_view(row.key).substr(tenants_key().size())).uuid();
    if (!id) damaged("an entry of the list of tenants can't be read");
    out.push_back(TenantId{*id});
  }
  co_return out;
}

Task<db::Verdict> Directory::count_page(db::Transaction& transaction, std::optional<TenantId> after,
                                        std::vector<TenantId>& page, TenantTotals& totals) {
  page = co_await tenants_after(transaction, after, limits::kRangeRows);
  totals = {};
  db::RequestFacts const facts;
  SeededRandom random(facts.seed);
  for (auto const& id : page) {
    db::Tx tx(transaction, id, facts, random);
    totals.sessions += co_await db::counted(tx, db::Counted::sessions);
    totals.claims += co_await db::counted(tx, db::Counted::claims);
  }
  co_return db::Verdict::abort;
}

TenantTotals Directory::count_all(db::Engine& engine) {
  TenantTotals out;
  std::optional<TenantId> after;
  for (;;) {
    std::vector<TenantId> page;
    TenantTotals of_page;
    db::run_read_blocking(engine, [&](db::Transaction& t) { return count_page(t, after, page, of_page); });
    out.sessions += of_page.sessions;
    out.claims += of_page.claims;
    if (page.size() < limits::kRangeRows) return out;
    after = page.back();
  }
}

void Directory::add_tenant(db::Tx& tx) {
  tx.global(db::GlobalPass()).set(db::make_key(tenants_key(), tx.tenant()), "");
}

Task<bool> Directory::any_tenant(db::Transaction& transaction) {
  db::RangeOptions const one{.limit = 1};
  auto const found = co_await transaction.get_range(db::tuple::range_below(tenants_key()), one);
  co_return !found.rows.empty();
}

Task<std::optional<Account>> Directory::read_account(db::Transaction& transaction, std::string email_folded) {
  auto const stored = co_await transaction.get(email_key(email_folded));
  if (!stored) co_return std::nullopt;
  db::tuple::Unpacker parts(*stored);
  auto const tenant = parts.uuid();
  auto const user = parts.uuid();
  if (!tenant || !user) damaged("an entry of the e-mail index can't be read");
  co_return Account{TenantId{*tenant}, UserId{*user}};
}

Task<std::optional<Account>> Directory::find_account(OpenTx& open, std::string email_folded) {
  return read_account(open.below_, std::move(email_folded));
}

Task<std::optional<Account>> Directory::find_account(db::Tx& tx, std::string email_folded) {
  auto const account = co_await read_account(tx.global(db::GlobalPass()), std::move(email_folded));
  if (!account || account->tenant != tx.tenant()) co_return std::nullopt;
  co_return account;
}

Task<bool> Directory::take_email(db::Tx& tx, std::string email_folded, UserId user) {
  auto& global = tx.global(db::GlobalPass());
  auto const key = email_key(email_folded);
  auto const taken = co_await global.get(key);
  if (taken) co_return false;
  global.set(key, db::tuple::Packer().uuid(tx.tenant().uuid).uuid(user.uuid).take());
  co_return true;
}

void Directory::free_email(db::Tx& tx, std::string const& email_folded) {
  tx.global(db::GlobalPass()).clear(email_key(email_folded));
}

Task<std::optional<TokenEntry>> Directory::read_token(db::Transaction& transaction, std::string digest) {
  auto const stored = co_await transaction.get(token_key(digest));
  if (!stored) co_return std::nullopt;
  co_return unpack_entry(*stored);
}

Task<std::optional<TokenEntry>> Directory::find_token(OpenTx& open, std::string digest) {
  return read_token(open.below_, std::move(digest));
}

void Directory::put_token(db::Tx& tx, TokenKind kind, Uuid const& id, std::string const& digest) {
  tx.global(db::GlobalPass()).set(token_key(digest), pack_entry(kind, tx.tenant(), id));
}

void Directory::remove_token(db::Tx& tx, std::string const& digest) {
  tx.global(db::GlobalPass()).clear(token_key(digest));
}

Task<void> Directory::put_session_token(db::Tx& tx, SessionId session, ProjectId project, Caller const& starter,
                                        std::string digest) {
  auto const by_token = starter.token;
  models::SessionToken const token{.project_id = project,
                                   .user_id = starter.user,
                                   .login_id = by_token ? std::nullopt : starter.login,
                                   .token_id = by_token,
                                   .digest = to_hex(digest)};
  co_await remove_session_token(tx, session);
  db::put_session_token(tx, session, token);
  put_token(tx, TokenKind::session, session.uuid, digest);
}

Task<void> Directory::remove_session_token(db::Tx& tx, SessionId session) {
  auto const token = co_await db::get_session_token(tx, session);
  if (!token) co_return;
  remove_token(tx, from_hex(token->digest).value_or(""));
  db::remove_session_token(tx, session);
}

void Directory::put_operator_token(db::Transaction& transaction, TokenId id, std::string const& digest, Timestamp now) {
  transaction.set(token_key(digest), pack_entry(TokenKind::operator_, TenantId{}, id.uuid));
  transaction.set(operator_key(id), db::tuple::Packer().bytes(digest).integer(now.ms).take());
}

Task<bool> Directory::remove_operator_token(db::Transaction& transaction, TokenId id) {
  auto const stored = co_await transaction.get(operator_key(id));
  if (!stored) co_return false;
  auto const digest = db::tuple::Unpacker(*stored).bytes();
  if (!digest) damaged("an operator token's record can't be read");
  transaction.clear(token_key(*digest));
  transaction.clear(operator_key(id));
  co_return true;
}

}  // namespace codi::auth
