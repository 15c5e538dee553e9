#pragma once
#include "auth/caller.hpp"
#include "auth/credential.hpp"
#include "auth/opaque_token.hpp"
#include "auth/open_tx.hpp"
#include "auth/operator_tx.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/tx.hpp"
#include "models/signing_key.hpp"

#include <optional>
#include <string>
#include <vector>

namespace codi::auth {

/// Whose an e-mail address is.
struct Account {
  TenantId tenant{};
  UserId user{};
};

/// What is held by all tenants.
struct TenantTotals {
  std::int64_t sessions = 0;  ///< that have not ended
  std::int64_t claims = 0;
};

/// What an opaque token stands for.
struct TokenEntry {
  TokenKind kind{};
  TenantId tenant{};
  Uuid id{};  ///< of the API token, session, operator token, login or invite
};

/// The part of the store that lies outside tenants: e-mail address -> user, token digest -> what it stands for, the
/// list of tenants. Only this class opens it. Its functions run inside one try of a transaction and keep what they are
/// given by reference only while the caller awaits them.
class Directory {
 public:
  /// Who presents the credential, from the store: the login or token, the user, the tenant's state. AUTH-USR-1002 for
  /// anything that does not hold now (expired, revoked, suspended, unknown), always with the same words. The caller of
  /// an operator token has no tenant, no user and no permission.
  static Task<Result<Caller>> resolve(db::Transaction& transaction, Presented const& presented,
                                      db::RequestFacts const& facts);

  /// Opens a tenant that an operation without a caller has found or made.
  static db::Tx bind(OpenTx& open, TenantId tenant);

  /// What an operator's operation works with; `caller` is one with an operator token.
  static OperatorTx as_operator(OpenTx& open, Caller const& caller);
  /// Opens a tenant for an operator; one that does not exist has no record.
  static db::Tx bind(OperatorTx& tx, TenantId tenant);

  /// The keys that access tokens are signed with, private parts and all.
  static Task<std::vector<models::SigningKey>> signing_keys(OperatorTx& tx);

  /// What all tenants together have, for metrics: a page of tenants a transaction, so not of one moment. Blocks.
  static TenantTotals count_all(db::Engine& engine);

  /// Enters the tenant of `tx` in the list of tenants.
  static void add_tenant(db::Tx& tx);
  /// At most `limit` tenants, in the order of their ids, after the one with the id `after`.
  static Task<std::vector<TenantId>> tenants_after(OperatorTx& tx, std::optional<TenantId> after, std::size_t limit);
  /// True when the store has any tenant.
  static Task<bool> any_tenant(db::Transaction& transaction);

  /// Whose address it is; `email_folded` is fold_case() of it. Reads as much for an unknown address as for a known one.
  static Task<std::optional<Account>> find_account(OpenTx& open, std::string email_folded);
  /// The same for a caller of a tenant: another tenant's address is as unknown as one that nobody has.
  static Task<std::optional<Account>> find_account(db::Tx& tx, std::string email_folded);
  /// Takes an address for a user of `tx`'s tenant; false when it is anyone's already.
  static Task<bool> take_email(db::Tx& tx, std::string email_folded, UserId user);
  static void free_email(db::Tx& tx, std::string const& email_folded);

  /// What the token with this digest stands for.
  static Task<std::optional<TokenEntry>> find_token(OpenTx& open, std::string digest);
  static void put_token(db::Tx& tx, TokenKind kind, Uuid const& id, std::string const& digest);
  static void remove_token(db::Tx& tx, std::string const& digest);

  /// Enters the token of a session that `starter` has started; `digest` is of make_opaque_token(TokenKind::session, …).
  /// It holds until remove_session_token, and only while the starter's own credential (login or API token), user and
  /// tenant do.
  static Task<void> put_session_token(db::Tx& tx, SessionId session, ProjectId project, Caller const& starter,
                                      std::string digest);
  /// For a session that has ended; nothing happens when it has no token.
  static Task<void> remove_session_token(db::Tx& tx, SessionId session);

  /// Enters an operator token, and removes one; operator tokens belong to no tenant.
  static void put_operator_token(db::Transaction& transaction, TokenId id, std::string const& digest, Timestamp now);
  static Task<bool> remove_operator_token(db::Transaction& transaction, TokenId id);

 private:
  class Resolution;
  static Task<std::vector<TenantId>> tenants_after(db::Transaction& transaction, std::optional<TenantId> after,
                                                   std::size_t limit);
  static Task<db::Verdict> count_page(db::Transaction& transaction, std::optional<TenantId> after,
                                      std::vector<TenantId>& page, TenantTotals& totals);
  static Task<std::optional<Account>> read_account(db::Transaction& transaction, std::string email_folded);
  static Task<std::optional<TokenEntry>> read_token(db::Transaction& transaction, std::string digest);
};

}  // namespace codi::auth
