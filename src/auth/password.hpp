#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi::auth {

/// Argon2id (RFC 9106) with 19,456 KiB, 2 passes and 1 lane: OWASP's smallest recommended setting. Each call costs tens
/// of milliseconds and that memory: worker threads only. Thread-safe. Passwords are compared after Unicode NFC, as RFC
/// 8265 asks.
class PasswordHasher {
 public:
  PasswordHasher();

  /// The encoded hash, with salt and parameters (`$argon2id$v=19$m=19456,t=2,p=1$…`). Throws Failure(overloaded) when
  /// there is no memory for it.
  [[nodiscard]] std::string hash(std::string_view password) const;

  /// True when `password` is the one that `encoded` was made of. Without `encoded` (no such account, or none with a
  /// password) a hash that nothing matches is verified instead, so that both cost the same.
  [[nodiscard]] bool verify(std::string_view password, std::optional<std::string> const& encoded) const;

  /// How many passwords have been verified, dummies included.
  [[nodiscard]] std::uint64_t verifications() const { return verifications_.load(); }

 private:
  std::string dummy_;
  mutable std::atomic<std::uint64_t> verifications_{0};
};

}  // namespace codi::auth
