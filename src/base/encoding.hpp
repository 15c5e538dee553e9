#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace codi {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";
/// What a hexadecimal digit of either case stands for.
constexpr std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
/// Nothing when `text` has an odd length or a character that is no hexadecimal digit.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
/// Nothing when `text` is not that encoding, with padding too.
std::optional<std::string> from_base64url(std::string_view text);
/// RFC 4648 section 4, padded (HTTP Basic).
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

/// SHA-256, as 32 raw bytes.
std::string sha256(std::string_view bytes);

/// SipHash-2-4 with 128 bits: a tenth of the time of sha256(), where finding two texts with one digest gains nothing or
/// where the key is secret.
using DigestKey = std::array<std::uint8_t, 16>;
std::string short_digest(std::string_view bytes, DigestKey const& key);

/// True when both are equal; takes the same time wherever they differ (for secrets and their hashes).
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace codi
