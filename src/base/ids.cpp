#include "base/ids.hpp"

#include "base/encoding.hpp"

namespace codi {

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
  auto text = to_hex({reinterpret_cast<char const*>(id.bytes.data()), id.bytes.size()});
  for (std::size_t const at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  digits.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  auto const bytes = from_hex(digits);
  if (!bytes) return std::nullopt;
  Uuid id;
  std::memcpy(id.bytes.data(), bytes->data(), id.bytes.size());
  return id;
}

}  // namespace codi
