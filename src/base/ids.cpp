#include "base/ids.hpp"

#include "base/encoding.hpp"

namespace codi {
namespace {

constexpr std::size_t kTextSize = 36;

constexpr bool is_dash(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

Uuid make_uuid_v7(Timestamp now, Random& random) {
  Uuid id;
  random.fill(std::as_writable_bytes(std::span(id.bytes)));
  auto const ms = static_cast<std::uint64_t>(now.ms);
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0F));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
  return id;
}

std::string to_string(Uuid const& id) {
  std::string text(kTextSize, '-');
  std::size_t at = 0;
  for (auto const byte : id.bytes) {
    if (is_dash(at)) ++at;
    text[at++] = kHexDigits[byte >> 4];
    text[at++] = kHexDigits[byte & 15];
  }
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  Uuid id;
  std::size_t digits = 0;
  for (std::size_t at = 0; at < kTextSize; ++at) {
    if (is_dash(at)) {
      if (text[at] != '-') return std::nullopt;
      continue;
    }
    auto const value = hex_value(text[at]);
    if (!value) return std::nullopt;
    auto& byte = id.bytes[digits++ / 2];
    byte = static_cast<std::uint8_t>((byte & 15U) << 4 | *value);
  }
  return id;
}

}  // namespace codi
