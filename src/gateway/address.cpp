#include "gateway/address.hpp"

#include "middleware/ip_address.hpp"

#include <fmt/format.h>

#include <charconv>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace codi::gateway {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kSystemd = "systemd";

std::unexpected<Error> bad(std::string_view text) {
  return fail(
      ErrorCode::validation,
      fmt::format("'{}' is no address to listen on: use HOST:PORT, [IPV6]:PORT, :PORT, unix:/PATH or systemd", text));
}

Result<Address> parse_path(std::string_view text) {
  auto const path = text.substr(kUnix.size());
  if (!path.starts_with('/')) return bad(text);
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return fail(ErrorCode::validation, fmt::format("'{}' is too long: the path of a Unix socket may have {} bytes",
                                                   text, sizeof(sockaddr_un::sun_path) - 1));
  return Address{.path = std::string(path)};
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (text == kSystemd) return Address{.inherited = true};
  if (text.starts_with(kUnix)) return parse_path(text);
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad(text);
  auto host = text.substr(0, colon);
  auto const port_text = text.substr(colon + 1);
  bool const bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return bad(text);
  if (bracketed && host.empty()) return bad(text);

  Address out;
  auto const [end, ec] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), out.port);
  if (ec != std::errc() || end != port_text.data() + port_text.size()) return bad(text);
  out.host = host.empty() ? "0.0.0.0" : std::string(host);
  return out;
}

std::string to_string(Address const& address) {
  if (address.inherited) return std::string(kSystemd);
  if (!address.path.empty()) return fmt::format("{}{}", kUnix, address.path);
  bool const v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

bool is_loopback(Address const& address) {
  return !address.path.empty() || address.host == "localhost" || address.host == "::1" ||
         address.host.starts_with("127.");
}

std::optional<std::string> peer_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  if (storage.ss_family == AF_UNIX) return std::string(middleware::kUnixPeer);
  auto const text = storage.ss_family == AF_INET6
                        ? middleware::IpAddress::from(reinterpret_cast<sockaddr_in6 const&>(storage).sin6_addr)
                        : middleware::IpAddress::from(reinterpret_cast<sockaddr_in const&>(storage).sin_addr);
  return to_string(text);
}

}  // namespace codi::gateway
