#include "db/tokens.hpp"

#include "db/ids_below.hpp"

namespace codi::db {
namespace {

using models::SessionToken;
using models::Token;

TenantKey token_key(Tx const& tx, TokenId id) { return tx.key("tokens", id); }
TenantKey digest_key(Tx const& tx, TokenId id) { return tx.key("token_digests", id); }
TenantKey user_key(Tx const& tx, Token const& token) { return tx.key("user_tokens", token.user_id, token.id); }
TenantKey session_key(Tx const& tx, SessionId session) { return tx.key("session_tokens", session); }

std::optional<Due> due_of(Token const& token) {
  if (!token.expires_at) return std::nullopt;
  return Due{.at = *token.expires_at, .kind = DueKind::api_token, .scope = {}, .id = token.id.uuid};
}

struct ReadToken {
  Task<std::optional<Token>> operator()(std::string_view, std::string_view value) const {
    co_return reflect::decode_stored<Token>(value);
  }
};

struct ReadTokenOfUser {
  Tx& tx;
  Task<std::optional<Token>> operator()(std::string_view suffix, std::string_view) const {
    auto const id = tuple::Unpacker(suffix).uuid();
    if (!id) throw StorageFailure(StorageCode::corrupt, "an index key does not end in an id");
    return get_token(tx, TokenId{*id});
  }
};

}  // namespace

Task<std::optional<Token>> get_token(Tx& tx, TokenId id) { return tx.find<Token>(token_key(tx, id)); }

void put_token(Tx& tx, Token const& token, std::string const& digest) {
  tx.put(token_key(tx, token.id), token);
  tx.set(digest_key(tx, token.id), digest);
  tx.set(user_key(tx, token), "");
  if (auto const due = due_of(token)) tx.due(*due);
}

Task<std::optional<std::string>> remove_token(Tx& tx, Token token) {
  auto digest = co_await tx.get(digest_key(tx, token.id));
  tx.clear(token_key(tx, token.id));
  tx.clear(digest_key(tx, token.id));
  tx.clear(user_key(tx, token));
  if (auto const due = due_of(token)) tx.not_due(*due);
  co_return digest;
}

Task<Result<models::Page<Token>>> list_tokens(Tx& tx, PageRequest page, std::optional<UserId> only) {
  if (only) {
    ReadTokenOfUser read{tx};
    co_return co_await read_page<Token>(tx, tx.key("user_tokens", *only), std::move(page), read);
  }
  ReadToken read;
  co_return co_await read_page<Token>(tx, tx.key("tokens"), std::move(page), read);
}

Task<std::vector<TokenId>> tokens_of(Tx& tx, UserId user) {
  return ids_below<TokenId>(tx, tx.key("user_tokens", user));
}

Task<std::size_t> count_tokens_of(Tx& tx, UserId user, std::size_t at_most) {
  RangeOptions const options{.limit = at_most, .isolation = Isolation::snapshot};
  auto const found = co_await tx.get_below(tx.key("user_tokens", user), options);
  co_return found.rows.size();
}

Task<std::optional<SessionToken>> get_session_token(Tx& tx, SessionId session) {
  return tx.find<SessionToken>(session_key(tx, session));
}

void put_session_token(Tx& tx, SessionId session, SessionToken const& token) {
  tx.put(session_key(tx, session), token);
}

void remove_session_token(Tx& tx, SessionId session) { tx.clear(session_key(tx, session)); }

}  // namespace codi::db
