#include "auth/jwt.hpp"

#include "base/encoding.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "reflect/decode.hpp"

#include <cstdint>
#include <limits>

// The library's own headers don't bear our warnings.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <jwt/jwt.hpp>
#pragma clang diagnostic pop

namespace codi::auth {
namespace {

constexpr std::string_view kAlgorithm = "ES256";

std::int64_t seconds(Timestamp at) { return at.ms / 1'000; }

// cpp-jwt looks at the system's clock; its check of `exp` is put out of the way, ours reads codi's clock.
constexpr auto kNoExpiryCheck = std::numeric_limits<std::uint32_t>::max();

// Three parts of canonical base64url, the last one a P-256 signature. cpp-jwt 1.4 looks bytes beyond ASCII up outside
// of its table, so nothing else may reach it.
bool is_well_formed(std::string_view token) {
  constexpr std::size_t kSignatureBytes = 64;
  auto const parts = split(token, '.');
  if (parts.size() != 3 || !from_base64url(parts[0]) || !from_base64url(parts[1])) return false;
  auto const signature = from_base64url(parts[2]);
  return signature && signature->size() == kSignatureBytes;
}

}  // namespace

std::string sign_jwt(AccessClaims const& claims, KeyPair const& key, std::string const& issuer, Timestamp now,
                     Timestamp expires_at) {
  using namespace ::jwt::params;
  ::jwt::jwt_object token{algorithm(std::string(kAlgorithm)), secret(key.private_pem), headers({{"kid", key.kid}})};
  token.add_claim("iss", issuer)
      .add_claim("aud", issuer)
      .add_claim("sub", to_string(claims.user))
      .add_claim("tenant", to_string(claims.tenant))
      .add_claim("role", std::string(reflect::enum_name(claims.role)))
      .add_claim("session", to_string(claims.login))
      .add_claim("iat", seconds(now))
      .add_claim("exp", seconds(expires_at));
  std::error_code ec;
  auto text = token.signature(ec);
  if (ec) throw Failure(ErrorCode::internal, "an access token can't be signed: " + ec.message());
  return text;
}

std::optional<std::string> kid_of_jwt(std::string_view token) {
  auto const decoded = from_base64url(token.substr(0, token.find('.')));
  auto const header = decoded ? reflect::parse_json(*decoded) : Result<json::value>(invalid("", "no header"));
  auto const* const members = header ? header->if_object() : nullptr;
  if (!members || members->size() != 3) return std::nullopt;
  auto const text = [members](char const* name) {
    auto const* const member = members->if_contains(name);
    return member && member->is_string() ? std::string_view(member->get_string()) : std::string_view();
  };
  if (text("alg") != kAlgorithm || text("typ") != "JWT" || text("kid").empty()) return std::nullopt;
  return std::string(text("kid"));
}

std::optional<VerifiedJwt> verify_jwt(std::string_view token, KeyPair const& key, std::string const& issuer) try {
  using namespace ::jwt::params;
  if (!is_well_formed(token)) return std::nullopt;
  std::error_code ec;
  auto const decoded =
      ::jwt::decode(::jwt::string_view(token.data(), token.size()), algorithms({std::string(kAlgorithm)}), ec,
                    secret(key.public_pem), ::jwt::params::issuer(issuer), aud(issuer), leeway(kNoExpiryCheck));
  if (ec) return std::nullopt;
  auto const& payload = decoded.payload();
  auto const tenant = TenantId::parse(payload.get_claim_value<std::string>("tenant"));
  auto const user = UserId::parse(payload.get_claim_value<std::string>("sub"));
  auto const login = LoginId::parse(payload.get_claim_value<std::string>("session"));
  auto const expires_s = payload.get_claim_value<std::int64_t>("exp");
  if (!tenant || !user || !login) return std::nullopt;
  return VerifiedJwt{.claims = {.tenant = *tenant, .user = *user, .login = *login}, .expires_at = {expires_s * 1'000}};
} catch (std::exception const&) {
  return std::nullopt;  // the library throws for claims that are missing or of another type
}

}  // namespace codi::auth
