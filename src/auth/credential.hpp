#pragma once
#include "base/ids.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <variant>

namespace codi::auth {

/// What a verified access JWT says; the store still decides whether it holds.
struct LoginClaims {
  TenantId tenant{};
  UserId user{};
  LoginId login{};
};

/// SHA-256 of an opaque token (`codi_…`): an API, session or operator token.
struct TokenDigest {
  std::string sha256;
  std::optional<TenantId> tenant = {};  ///< as an earlier request found it; decides nothing but whose turn it is
};

/// A credential whose form and signature are right.
using Presented = std::variant<LoginClaims, TokenDigest>;

/// The one refusal of every token that does not hold, whatever the reason.
inline std::unexpected<Error> token_refused() {
  return fail(ErrorCode::token_invalid, "the token is not known here, has expired or was revoked");
}

}  // namespace codi::auth
