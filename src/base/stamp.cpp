#include "base/stamp.hpp"

#include "base/encoding.hpp"

#include <algorithm>

namespace codi {

std::string stamp_bytes(Stamp const& stamp) {
  std::string out;
  out.reserve(kStampBytesSize);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(stamp.epoch >> shift);
  out.append(reinterpret_cast<char const*>(stamp.commit.data()), stamp.commit.size());
  out += static_cast<char>(stamp.order >> 8);
  out += static_cast<char>(stamp.order & 0xFF);
  return out;
}

std::optional<Stamp> stamp_from_bytes(std::string_view bytes) {
  if (bytes.size() != kStampBytesSize) return std::nullopt;
  auto const at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  Stamp stamp;
  for (std::size_t i = 0; i < 4; ++i) stamp.epoch = (stamp.epoch << 8) | at(i);
  for (std::size_t i = 0; i < stamp.commit.size(); ++i) stamp.commit[i] = at(4 + i);
  stamp.order = static_cast<std::uint16_t>((at(14) << 8) | at(15));
  return stamp;
}

std::string to_string(Stamp const& stamp) { return to_hex(stamp_bytes(stamp)); }

std::optional<Stamp> parse_stamp(std::string_view text) {
  bool const canonical =
      text.size() == kStampTextSize && std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
  if (!canonical) return std::nullopt;
  auto const bytes = from_hex(text);
  if (!bytes) return std::nullopt;
  return stamp_from_bytes(*bytes);
}

}  // namespace codi
