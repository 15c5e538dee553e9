#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace codi {

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
/// Nothing when `text` has an odd length or a character that is no hexadecimal digit.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
/// Nothing when `text` is not that encoding, with padding too.
std::optional<std::string> from_base64url(std::string_view text);
/// RFC 4648 section 4, padded (HTTP Basic).
std::optional<std::string> from_base64(std::string_view text);

/// SHA-256, as 32 raw bytes.
std::string sha256(std::string_view bytes);

/// True when both are equal; takes the same time wherever they differ (for secrets and their hashes).
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace codi
