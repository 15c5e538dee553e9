#include "gateway/address.hpp"

#include <fmt/format.h>

#include <charconv>

namespace codi::gateway {
namespace {

std::unexpected<Error> bad(std::string_view text) {
  return fail(ErrorCode::validation,
              fmt::format("'{}' is no address to listen on: use HOST:PORT, [IPV6]:PORT or :PORT", text));
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
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
  bool const v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

bool is_loopback(Address const& address) {
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

}  // namespace codi::gateway
