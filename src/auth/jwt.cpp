#include "auth/jwt.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"

#include <array>
#include <cstdint>

namespace codi::auth::parts {

constexpr std::string_view kAlgorithm = "ES256";
constexpr std::string_view kType = "JWT";

/// The protected header (RFC 7515 section 4). Nothing else is taken: no `crit`, no `jwk`, no other algorithm.
struct Header {
  std::string alg{kAlgorithm};
  std::string typ{kType};
  std::string kid;
};
BOOST_DESCRIBE_STRUCT(Header, (), (alg, typ, kid))

/// The claims (RFC 7519 section 4).
struct Payload {
  std::string iss;
  std::string aud;
  UserId sub;
  TenantId tenant;
  models::Role role = models::Role::viewer;
  LoginId session;
  std::int64_t iat = 0;
  std::int64_t exp = 0;
};
BOOST_DESCRIBE_STRUCT(Payload, (), (iss, aud, sub, tenant, role, session, iat, exp))

}  // namespace codi::auth::parts

template <>
struct codi::reflect::Fields<codi::auth::parts::Header> {
  static constexpr std::string_view name = "JwtHeader";
  static constexpr std::array fields{field("alg", "Algorithm."), field("typ", "Type."), field("kid", "Key.")};
};
template <>
struct codi::reflect::Fields<codi::auth::parts::Payload> {
  static constexpr std::string_view name = "JwtPayload";
  static constexpr std::int64_t kLatest = 9'000'000'000'000;  // in milliseconds it still is an int64
  static constexpr std::array fields{
      field("iss", "Issuer."),
      field("aud", "Audience."),
      field("sub", "User."),
      field("tenant", "Tenant of the user."),
      field("role", "Role when it was issued."),
      field("session", "Login."),
      field("iat", "Issued at, in seconds.").range(0, kLatest),
      field("exp", "Expires at, in seconds.").range(0, kLatest),
  };
};

namespace codi::auth {
namespace {

std::int64_t seconds(Timestamp at) { return at.ms / 1'000; }

template <class T>
std::string part(T const& value) {
  return to_base64url(reflect::encode_text(value));
}

template <class T>
std::optional<T> read_part(std::string_view text) {
  auto const bytes = from_base64url(text);
  if (!bytes) return std::nullopt;
  auto const value = reflect::parse_json(*bytes);
  if (!value) return std::nullopt;
  auto decoded = reflect::decode<T>(*value);
  if (!decoded) return std::nullopt;
  return *std::move(decoded);
}

}  // namespace

std::string sign_jwt(AccessClaims const& claims, KeyPair const& key, std::string const& issuer, Timestamp now,
                     Timestamp expires_at) {
  parts::Header const header{.kid = key.kid};
  parts::Payload const payload{.iss = issuer,
                               .aud = issuer,
                               .sub = claims.user,
                               .tenant = claims.tenant,
                               .role = claims.role,
                               .session = claims.login,
                               .iat = seconds(now),
                               .exp = seconds(expires_at)};
  auto const text = part(header) + '.' + part(payload);
  return text + '.' + to_base64url(sign_es256(key, text));
}

std::optional<std::string> kid_of_jwt(std::string_view token) {
  auto header = read_part<parts::Header>(token.substr(0, token.find('.')));
  if (!header || header->alg != parts::kAlgorithm || header->typ != parts::kType) return std::nullopt;
  return std::move(header->kid);
}

std::optional<VerifiedJwt> verify_jwt(std::string_view token, KeyPair const& key, std::string const& issuer) {
  auto const pieces = split(token, '.');
  if (pieces.size() != 3 || kid_of_jwt(token) != key.kid) return std::nullopt;
  auto const signature = from_base64url(pieces[2]);
  auto const text = token.substr(0, pieces[0].size() + 1 + pieces[1].size());
  if (!signature || !verify_es256(key, text, *signature)) return std::nullopt;
  auto const payload = read_part<parts::Payload>(pieces[1]);
  if (!payload || payload->iss != issuer || payload->aud != issuer) return std::nullopt;
  constexpr std::int64_t kMsPerSecond = 1'000;
  return VerifiedJwt{
      .claims = {.tenant = payload->tenant, .user = payload->sub, .login = payload->session, .role = payload->role},
      .expires_at = {payload->exp * kMsPerSecond}};
}

}  // namespace codi::auth
