#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/token.hpp"

#include <optional>
#include <string>
#include <vector>

/// API tokens and session tokens of a tenant. Keys: (t,"tokens",id) -> Token; (t,"token_digests",id) -> SHA-256;
/// (t,"user_tokens",user,id) -> ""; (t,"session_tokens",session) -> SessionToken.
namespace codi::db {

/// An API token whether it has expired or not; `digest` is the SHA-256 of its text.
Task<std::optional<models::Token>> get_token(Tx& tx, TokenId id);
void put_token(Tx& tx, models::Token const& token, std::string const& digest);
/// Removes a token; the digest that it had, so that the index of digests can be cleared too.
Task<std::optional<std::string>> remove_token(Tx& tx, models::Token token);

/// In the order in which they were made; of one user when `only` is given.
Task<Result<models::Page<models::Token>>> list_tokens(Tx& tx, PageRequest page, std::optional<UserId> only);
Task<std::vector<TokenId>> tokens_of(Tx& tx, UserId user);
/// How many a user has, counting no further than `at_most`.
Task<std::size_t> count_tokens_of(Tx& tx, UserId user, std::size_t at_most);

/// The one token of a session. The index of digests is the caller's to keep.
Task<std::optional<models::SessionToken>> get_session_token(Tx& tx, SessionId session);
void put_session_token(Tx& tx, SessionId session, models::SessionToken const& token);
void remove_session_token(Tx& tx, SessionId session);

}  // namespace codi::db
