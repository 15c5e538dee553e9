#pragma once
#include "base/random.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi::auth {

/// What an opaque token is for: its sixth character (`codi_a…`).
enum class TokenKind : std::uint8_t {
  api = 'a',
  session = 's',
  operator_ = 'o',
  refresh = 'r',
  invite = 'i',
};

/// A secret that its owner keeps and of which the store holds only the digest.
struct OpaqueToken {
  std::string text;    ///< `codi_`, the kind, base64url of its random bytes; shown once
  std::string digest;  ///< SHA-256 of `text`, 32 raw bytes
};

/// A new token of 32 random bytes.
OpaqueToken make_opaque_token(TokenKind kind, Random& random);

/// The kind of a token that has the form of one; nothing for any other text. Says nothing of whether it holds.
std::optional<TokenKind> kind_of_opaque_token(std::string_view text);

/// A refresh token has two parts of 32 random bytes each: one that stays the same in every token of its login and finds
/// it, and one that every refresh replaces. A token with the right first and a wrong second part is one that was used
/// before.
struct RefreshToken {
  std::string text;
  std::string family_digest;  ///< SHA-256 of the first part
  std::string secret_digest;  ///< SHA-256 of the second
};

/// The first refresh token of a login.
RefreshToken make_refresh_token(Random& random);
/// The one that takes the place of `current`.
RefreshToken next_refresh_token(RefreshToken const& current, Random& random);
/// Reads what a caller sent; nothing when it has not the form of a refresh token.
std::optional<RefreshToken> parse_refresh_token(std::string_view text);

}  // namespace codi::auth
