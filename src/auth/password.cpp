#include "auth/password.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"

#include <sodium.h>

#include <array>

namespace codi::auth {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 19'456ULL * 1'024;

std::string normalized(std::string_view password) { return normalize_nfc(password).value_or(std::string(password)); }

}  // namespace

PasswordHasher::PasswordHasher() {
  if (sodium_init() < 0) throw Failure(ErrorCode::internal, "libsodium could not be started");
  std::array<unsigned char, 32> nobody_knows{};
  randombytes_buf(nobody_knows.data(), nobody_knows.size());
  dummy_ = hash(std::string_view(reinterpret_cast<char const*>(nobody_knows.data()), nobody_knows.size()));
}

std::string PasswordHasher::hash(std::string_view password) const {
  auto const text = normalized(password);
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), text.data(), text.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw Failure(ErrorCode::overloaded, "no memory to hash a password");
  return out.data();
}

bool PasswordHasher::verify(std::string_view password, std::optional<std::string> const& encoded) const {
  ++verifications_;
  auto const text = normalized(password);
  auto const& stored = encoded ? *encoded : dummy_;
  bool const same = crypto_pwhash_str_verify(stored.c_str(), text.data(), text.size()) == 0;
  return same && encoded.has_value();
}

}  // namespace codi::auth
