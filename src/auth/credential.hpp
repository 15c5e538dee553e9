#pragma once
#include <string>
#include <variant>

#include "base/ids.hpp"

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
};

/// A credential whose form and signature are right.
using Presented = std::variant<LoginClaims, TokenDigest>;

}  // namespace codi::auth
