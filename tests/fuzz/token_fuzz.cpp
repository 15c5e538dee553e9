#include "auth/jwt.hpp"
#include "auth/opaque_token.hpp"
#include "base/encoding.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace codi::auth {
namespace {

using testing::check;

constexpr auto kIssuer = "store-1";

// Signed once a process: what is looked for does not depend on the key.
struct Signed {
  KeyPair key = generate_key_pair();
  KeyPair other = generate_key_pair();
  SeededRandom random{7};
  AccessClaims claims{.tenant = TenantId::make({1}, random),
                      .user = UserId::make({1}, random),
                      .login = LoginId::make({1}, random),
                      .role = models::Role::admin};
  std::string token = sign_jwt(claims, key, kIssuer, {5'000}, {905'000});
};

Signed& good() {
  static Signed once;
  return once;
}

void check_jwt(std::string_view text) {
  auto const& [key, other, random, claims, token] = good();
  auto const verified = verify_jwt(text, key, kIssuer);
  check(verified.has_value() == (text == token), "what was signed is verified, nothing else", text);
  check(!verify_jwt(text, other, kIssuer), "another key has not signed it", text);
  check(!verify_jwt(text, key, "store-2"), "another issuer has not issued it", text);
  if (verified) check(kid_of_jwt(text) == key.kid, "a token names its key", text);
}

// The signed token with parts of it replaced by what the fuzzer likes.
std::string changed(std::string token, FuzzedDataProvider& in) {
  for (auto changes = in.ConsumeIntegralInRange<int>(1, 4); changes > 0; --changes) {
    auto const at = in.ConsumeIntegralInRange<std::size_t>(0, token.size());
    auto const taken = in.ConsumeIntegralInRange<std::size_t>(0, 70);
    token.replace(at, taken, in.ConsumeRandomLengthString(40));
  }
  return token;
}

// Header and payload of the fuzzer's own under the good signature.
std::string resigned(FuzzedDataProvider& in) {
  auto const header = to_base64url(in.ConsumeRandomLengthString(120));
  auto const payload = to_base64url(in.ConsumeRandomLengthString(300));
  auto const parts = split(good().token, '.');
  return (in.ConsumeBool() ? std::string(parts[0]) : header) + '.' + payload + '.' + std::string(parts[2]);
}

void check_opaque(std::string_view text) {
  auto const kind = kind_of_opaque_token(text);
  auto const refresh = parse_refresh_token(text);
  check(refresh.has_value() == (kind == TokenKind::refresh), "a refresh token is one by its kind", text);
  if (!kind) return;
  auto const bytes = from_base64url(text.substr(6));
  check(bytes && "codi_" + std::string(1, static_cast<char>(*kind)) + to_base64url(*bytes) == text,
        "a token has one spelling", text);
  if (!refresh) return;
  check(refresh->text == text, "a refresh token is as sent", text);
  SeededRandom random(1);
  auto const next = next_refresh_token(*refresh, random);
  check(next.family_digest == refresh->family_digest && next.secret_digest != refresh->secret_digest,
        "the next token is of the same login", next.text);
  check(parse_refresh_token(next.text).has_value(), "the next token has the form of one", next.text);
}

void check_encodings(std::string_view text) {
  check(from_base64url(to_base64url(text)) == text, "base64url keeps bytes", text);
  if (auto const bytes = from_base64url(text)) check(to_base64url(*bytes) == text, "base64url has one spelling", text);
  check(from_hex(to_hex(text)) == text, "hexadecimal keeps bytes", text);
}

}  // namespace
}  // namespace codi::auth

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace codi::auth;
  auto const text = codi::testing::text_of(data, size);
  check_encodings(text);
  check_opaque(text);
  check_opaque("codi_" + codi::to_base64url(text));
  check_jwt(text);
  FuzzedDataProvider in(data, size);
  check_jwt(in.ConsumeBool() ? changed(good().token, in) : resigned(in));
  return 0;
}
