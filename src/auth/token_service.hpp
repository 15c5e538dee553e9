#pragma once
#include "auth/credential.hpp"
#include "auth/jwt.hpp"
#include "auth/key_pair.hpp"
#include "auth/token_cache.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "db/engine.hpp"
#include "models/signing_key.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::auth {

/// How a new signing key takes the place of the others.
enum class Rotation : std::uint8_t {
  announced,  ///< published for limits::kSigningKeyPublished before it signs; nobody is logged out
  at_once,    ///< signs now, and what the others have signed is refused: for a key that may have leaked
};

/// Issues access tokens and looks at the form and signature of every credential. Its keys live in the store: made once,
/// shared by all servers, replaced without logging anyone out (a new one is published for limits::kSigningKeyPublished
/// before it signs, an old one verifies until the last token that it signed has expired). Thread-safe.
class TokenService {
 public:
  /// Loads the keys, or makes the first one. `issuer` is also the audience: the store's id unless the operator says
  /// otherwise. Blocks; throws what the store throws.
  TokenService(db::Engine& engine, Clock const& clock, std::string issuer);
  ~TokenService();
  TokenService(TokenService const&) = delete;
  TokenService& operator=(TokenService const&) = delete;

  /// A credential whose form and signature are right, or AUTH-USR-1002. Never blocks: keys that another server has made
  /// since are asked for, and a token signed with one is refused only until they have come.
  Result<Presented> inspect(std::string_view bearer);

  /// Notes whose an opaque token is, for Presented of later requests.
  void remember(TokenDigest const& token, TenantId tenant);

  /// An access token that holds for limits::kAccessTokenTime. For worker threads: a signature costs some fifty
  /// microseconds.
  std::string sign(AccessClaims const& claims);

  /// RFC 7517: the public keys that may verify a token now or soon. May be cached for limits::kSigningKeyPublished.
  std::string jwks();

  /// Makes a new signing key and removes those that can verify nothing any more, with Rotation::at_once all others.
  /// Another server learns of it when it meets a token of the new key, or within limits::kSigningKeyReload. Of several
  /// announced ones at the same moment one is made. Blocks; throws what the store throws.
  void rotate(Rotation how);

  /// To be called about every limits::kSigningKeyReload, on a worker thread: loads what other servers have changed, and
  /// rotates when the newest key has signed for limits::kSigningKeyTime. Blocks.
  void maintain();

  [[nodiscard]] std::string const& issuer() const { return issuer_; }

 private:
  struct Key {
    KeyPair pair;
    Timestamp signs_from;
  };
  struct Shared;  // outlives the service while a load is under way

  [[nodiscard]] std::shared_ptr<Key const> find_key(std::string const& kid);
  void load();
  void load_soon(std::chrono::milliseconds at_most_every);
  void change_keys(std::optional<models::SigningKey> const& made, std::string const& newest_kid);
  void add_key(std::string const& newest_kid);
  void replace_keys();

  db::Engine& engine_;
  Clock const& clock_;
  std::string const issuer_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace codi::auth
