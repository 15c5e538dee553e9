#include "auth/token_service.hpp"

#include "auth/opaque_token.hpp"
#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "base/log.hpp"
#include "db/retry.hpp"
#include "db/signing_keys.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ranges>

namespace codi::auth {
namespace {

using models::SigningKey;

// Servers' clocks may differ by so much when one judges what another has signed.
constexpr std::chrono::milliseconds kClockSkew = std::chrono::seconds(30);

void sort_oldest_first(std::vector<SigningKey>& keys) {
  std::ranges::sort(keys, {}, [](SigningKey const& key) { return std::pair(key.signs_from, key.kid); });
}

// A key is dead when no token that it signed can still be valid: its successor has been signing for a token's life.
bool succeeded_long_ago(Timestamp successor_signs_from, Timestamp now) {
  return successor_signs_from + limits::kAccessTokenTime + kClockSkew <= now;
}

bool is_dead(std::vector<SigningKey> const& oldest_first, std::size_t i, Timestamp now) {
  return i + 1 < oldest_first.size() && succeeded_long_ago(oldest_first[i + 1].signs_from, now);
}

Task<db::Verdict> read_keys(db::Transaction& transaction, std::vector<SigningKey>& stored) {
  stored = co_await db::list_signing_keys(transaction);
  co_return db::Verdict::commit;
}

// Removes dead keys, and adds `made` when `newest_kid` is still the newest one: of several servers that find it too
// old, or missing, one makes the next.
Task<db::Verdict> write_keys(db::Transaction& transaction, std::optional<SigningKey> const& made,
                             std::string const& newest_kid, Timestamp now) {
  auto keys = co_await db::list_signing_keys(transaction);
  sort_oldest_first(keys);
  auto const newest = keys.empty() ? std::string() : keys.back().kid;
  if (newest != newest_kid) co_return db::Verdict::abort;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (is_dead(keys, i, now)) db::remove_signing_key(transaction, keys[i].kid);
  if (made) db::put_signing_key(transaction, *made);
  co_return db::Verdict::commit;
}

Task<db::Verdict> write_only_key(db::Transaction& transaction, SigningKey const& made) {
  for (auto const& key : co_await db::list_signing_keys(transaction)) db::remove_signing_key(transaction, key.kid);
  db::put_signing_key(transaction, made);
  co_return db::Verdict::commit;
}

}  // namespace

struct TokenService::Shared {
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Key const>> keys;  // oldest first
  std::chrono::milliseconds loaded_at{0};
  bool loading = false;
  TokenCache<LoginClaims> verified{limits::kTokenCacheEntries};  // access tokens: a signature costs 40 us to verify
  TokenCache<TenantId> tenants{limits::kTokenCacheEntries};      // of opaque tokens

  void install(std::vector<SigningKey> stored, std::chrono::milliseconds at) {
    sort_oldest_first(stored);
    std::vector<std::shared_ptr<Key const>> fresh;
    fresh.reserve(stored.size());
    for (auto const& key : stored)
      fresh.push_back(std::make_shared<Key const>(Key{read_key_pair(key.private_pem), key.signs_from}));
    std::lock_guard const lock(mutex);
    loaded_at = at;
    loading = false;
    if (fresh.empty()) return;  // a store that lost its keys: those in hand go on
    bool const lost_one = std::ranges::any_of(keys, [&fresh](auto const& old) {
      return std::ranges::none_of(fresh, [&old](auto const& key) { return key->pair.kid == old->pair.kid; });
    });
    keys = std::move(fresh);
    if (lost_one) verified.clear();  // what a removed key has signed is verified, and refused, again
  }

  [[nodiscard]] std::shared_ptr<Key const> find(std::string const& kid) const {
    std::lock_guard const lock(mutex);
    auto const found = std::ranges::find(keys, kid, [](auto const& key) { return key->pair.kid; });
    return found == keys.end() ? nullptr : *found;
  }

  // Nothing was loaded: the keys in hand go on, and the store is asked again later.
  void give_up(std::chrono::milliseconds at) {
    std::lock_guard const lock(mutex);
    loaded_at = at;
    loading = false;
  }

  [[nodiscard]] std::shared_ptr<Key const> newest() const {
    std::lock_guard const lock(mutex);
    return keys.empty() ? nullptr : keys.back();
  }

  [[nodiscard]] bool any_dead(Timestamp now) const {
    std::lock_guard const lock(mutex);
    return keys.size() > 1 && succeeded_long_ago(keys[1]->signs_from, now);
  }

  // The newest key that may sign; the oldest of all when a clock that went back makes none of them so.
  [[nodiscard]] std::shared_ptr<Key const> signing(Timestamp now) const {
    std::lock_guard const lock(mutex);
    for (auto const& key : keys | std::views::reverse)
      if (key->signs_from <= now) return key;
    return keys.front();
  }
};

TokenService::TokenService(db::Engine& engine, Clock const& clock, std::string issuer)
    : engine_(engine), clock_(clock), issuer_(std::move(issuer)), shared_(std::make_shared<Shared>()) {
  load();
  if (!shared_->newest()) add_key("");
}

TokenService::~TokenService() = default;

Result<Presented> TokenService::inspect(std::string_view bearer) {
  if (bearer.size() > limits::kBearerBytes) return token_refused();
  if (auto const kind = kind_of_opaque_token(bearer)) {
    using enum TokenKind;
    if (*kind != api && *kind != session && *kind != operator_) return token_refused();
    TokenDigest token{sha256(bearer)};
    if (auto const known = shared_->tenants.find(token.sha256, clock_.now())) token.tenant = *known;
    return token;
  }
  load_soon(limits::kSigningKeyReload);
  auto const digest = sha256(bearer);
  auto const now = clock_.now();
  if (auto const known = shared_->verified.find(digest, now)) return *known;
  auto const kid = kid_of_jwt(bearer);
  auto const key = kid ? find_key(*kid) : nullptr;
  auto const verified = key ? verify_jwt(bearer, key->pair, issuer_) : std::nullopt;
  if (!verified || verified->expires_at <= now) return token_refused();
  auto const& said = verified->claims;
  LoginClaims const claims{.tenant = said.tenant, .user = said.user, .login = said.login};
  shared_->verified.put(digest, claims, verified->expires_at);
  return claims;
}

void TokenService::remember(TokenDigest const& token, TenantId tenant) {
  if (token.tenant != tenant) shared_->tenants.put(token.sha256, tenant, clock_.now() + limits::kTokenTenantKept);
}

std::string TokenService::sign(AccessClaims const& claims) {
  load_soon(limits::kSigningKeyReload);
  auto const now = clock_.now();
  auto const key = shared_->signing(now);
  return sign_jwt(claims, key->pair, issuer_, now, now + limits::kAccessTokenTime);
}

std::string TokenService::jwks() {
  load_soon(limits::kSigningKeyReload);
  boost::json::array keys;
  std::lock_guard const lock(shared_->mutex);
  for (auto const& key : shared_->keys) keys.emplace_back(key->pair.jwk);
  return boost::json::serialize(boost::json::object{{"keys", std::move(keys)}});
}

std::shared_ptr<TokenService::Key const> TokenService::find_key(std::string const& kid) {
  if (auto found = shared_->find(kid)) return found;
  load_soon(limits::kSigningKeyReloadUnknown);
  return shared_->find(kid);
}

void TokenService::load_soon(std::chrono::milliseconds at_most_every) {
  auto const now = clock_.monotonic();
  {
    std::lock_guard const lock(shared_->mutex);
    if (shared_->loading || now - shared_->loaded_at < at_most_every) return;
    shared_->loading = true;
  }
  auto shared = shared_;
  auto stored = std::make_shared<std::vector<SigningKey>>();
  auto body = [stored](db::Transaction& t) { return read_keys(t, *stored); };
  db::run_read(engine_, std::move(body), [shared, stored, now](db::Outcome const& outcome) {
    try {
      if (outcome.kind == db::Outcome::Kind::committed) return shared->install(std::move(*stored), now);
    } catch (Failure const& failure) {
      log::write(log::Level::error, "auth", "signing_keys", {{"detail", failure.what()}});
    }
    shared->give_up(now);
  });
}

void TokenService::load() {
  std::vector<SigningKey> stored;
  db::run_read_blocking(engine_, [&stored](db::Transaction& t) { return read_keys(t, stored); });
  shared_->install(std::move(stored), clock_.monotonic());
}

void TokenService::change_keys(std::optional<SigningKey> const& made, std::string const& newest_kid) {
  auto const now = clock_.now();
  db::run_write_blocking(engine_, [&](db::Transaction& t) { return write_keys(t, made, newest_kid, now); });
  load();
}

void TokenService::add_key(std::string const& newest_kid) {
  auto const now = clock_.now();
  auto const pair = generate_key_pair();
  auto const signs_from = newest_kid.empty() ? now : now + limits::kSigningKeyPublished;
  change_keys(SigningKey{pair.kid, pair.private_pem, now, signs_from}, newest_kid);
}

void TokenService::replace_keys() {
  auto const now = clock_.now();
  auto const pair = generate_key_pair();
  SigningKey const made{pair.kid, pair.private_pem, now, now};
  db::run_write_blocking(engine_, [&made](db::Transaction& t) { return write_only_key(t, made); });
  load();
}

void TokenService::rotate(Rotation how) {
  if (how == Rotation::at_once) return replace_keys();
  load();
  add_key(shared_->newest()->pair.kid);
}

void TokenService::maintain() {
  load();
  auto const now = clock_.now();
  auto const newest = shared_->newest();
  if (newest->signs_from + limits::kSigningKeyTime <= now)
    add_key(newest->pair.kid);
  else if (shared_->any_dead(now))
    change_keys(std::nullopt, newest->pair.kid);
}

}  // namespace codi::auth
