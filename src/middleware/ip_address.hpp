#pragma once
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>

namespace codi::middleware {

/// Stands for the address of whoever comes through a Unix socket.
inline constexpr std::string_view kUnixPeer = "unix";

/// An IP address. IPv4 stands as its mapped IPv6 address, so that one written either way is one.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// As the socket functions have it.
  static IpAddress from(in_addr const& v4);
  static IpAddress from(in6_addr const& v6);

  [[nodiscard]] bool is_v4() const;
  /// Byte by byte.
  friend bool operator==(IpAddress const&, IpAddress const&) = default;
};

/// Reads an address without port, brackets or zone; nothing when it is none.
std::optional<IpAddress> parse_ip(std::string_view text);

/// The shortest usual form: `192.0.2.1`, `2001:db8::1`.
std::string to_string(IpAddress const& address);

/// The addresses that begin with the same bits.
struct Network {
  IpAddress address;
  unsigned bits = 128;  ///< of the mapped form: an IPv4 prefix is 96 longer
  /// True for an address that begins with the prefix.
  [[nodiscard]] bool contains(IpAddress const& other) const;
};

/// Reads `10.0.0.0/8`, `2001:db8::/32` or one address; nothing when it is none or has bits set beyond its prefix.
std::optional<Network> parse_network(std::string_view text);

}  // namespace codi::middleware
