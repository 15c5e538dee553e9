#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace codi::gateway {

/// Where a server listens: a host name or address, and a port (0: one that the system chooses).
struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads `host:port`, `[v6]:port` or `:port` (every interface).
Result<Address> parse_address(std::string_view text);

/// `127.0.0.1:7620`, `[::1]:7620`.
std::string to_string(Address const& address);

/// True for loopback addresses and `localhost`: nobody outside this machine can connect.
bool is_loopback(Address const& address);

}  // namespace codi::gateway
