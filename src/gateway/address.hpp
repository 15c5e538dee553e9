#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codi::gateway {

/// Where a server listens: a host name or address and a port (0: one that the system chooses), or a Unix socket.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string path = {};   ///< of a Unix socket, in the place of host and port
  bool inherited = false;  ///< the sockets that the service manager has opened, in the place of all
};

/// Reads `host:port`, `[v6]:port`, `:port` (every interface), `unix:/path` or `systemd`.
Result<Address> parse_address(std::string_view text);

/// `127.0.0.1:7620`, `[::1]:7620`, `unix:/run/codi/codi.sock`, `systemd`.
std::string to_string(Address const& address);

/// True for loopback addresses, `localhost` and Unix sockets: nobody outside this machine can connect.
bool is_loopback(Address const& address);

/// Who is at the other end of a connected socket: an IP address, without a port and IPv4 in its own form even where it
/// came through an IPv6 socket, or `unix`. Nothing when nobody is there any more.
std::optional<std::string> peer_address(int descriptor);

}  // namespace codi::gateway
