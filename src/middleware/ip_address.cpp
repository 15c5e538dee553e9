#include "middleware/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <ranges>

namespace codi::middleware {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kMappedBits = 96;

constexpr unsigned mask_of_byte(unsigned bits, std::size_t index) {
  auto const before = static_cast<unsigned>(index) * 8;
  if (bits <= before) return 0;
  return (0xFF00U >> std::min(bits - before, 8U)) & 0xFFU;
}

}  // namespace

IpAddress IpAddress::from(in_addr const& v4) {
  IpAddress out;
  std::ranges::copy(kMapped, out.bytes.begin());
  std::memcpy(out.bytes.data() + kMapped.size(), &v4, sizeof v4);
  return out;
}

IpAddress IpAddress::from(in6_addr const& v6) {
  IpAddress out;
  std::memcpy(out.bytes.data(), &v6, sizeof v6);
  return out;
}

bool IpAddress::is_v4() const { return std::ranges::equal(kMapped, bytes | std::views::take(kMapped.size())); }

std::optional<IpAddress> parse_ip(std::string_view text) {
  std::string const copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return IpAddress::from(v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, copy.c_str(), &v6) == 1) return IpAddress::from(v6);
  return std::nullopt;
}

std::string to_string(IpAddress const& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.is_v4())
    inet_ntop(AF_INET, address.bytes.data() + kMapped.size(), text.data(), text.size());
  else
    inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool Network::contains(IpAddress const& other) const {
  for (std::size_t i = 0; i < other.bytes.size(); ++i)
    if (((address.bytes[i] ^ other.bytes[i]) & mask_of_byte(bits, i)) != 0) return false;
  return true;
}

std::optional<Network> parse_network(std::string_view text) {
  auto const slash = text.find('/');
  auto const address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network out{.address = *address};
  if (slash == std::string_view::npos) return out;
  auto const prefix = text.substr(slash + 1);
  auto const [end, ec] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), out.bits);
  if (ec != std::errc() || end != prefix.data() + prefix.size()) return std::nullopt;
  bool const written_as_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (out.bits > (written_as_v4 ? 32U : 128U)) return std::nullopt;
  if (written_as_v4) out.bits += kMappedBits;
  for (std::size_t i = 0; i < out.address.bytes.size(); ++i)
    if ((out.address.bytes[i] & ~mask_of_byte(out.bits, i) & 0xFFU) != 0) return std::nullopt;
  return out;
}

}  // namespace codi::middleware
