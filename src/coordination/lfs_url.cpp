#include "coordination/lfs_url.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace codi::coordination {
namespace {

bool is_letter_or_digit(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }

bool is_host(std::string_view host) {
  auto const in = [](std::string_view more) {
    return [more](char c) { return is_letter_or_digit(c) || more.find(c) != std::string_view::npos; };
  };
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2)
    return std::ranges::all_of(host.substr(1, host.size() - 2), in(":."));
  return !host.empty() && std::ranges::all_of(host, in(".-_"));
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  auto const [stopped, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return ec == std::errc() && stopped == text.data() + text.size() && port > 0;
}

bool is_authority(std::string_view text) {
  auto const colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
  if (colon == std::string_view::npos) return is_host(text);
  return is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

bool is_path(std::string_view path) {
  constexpr std::string_view kAllowed = "/-._~!$&'()*+,;=:@";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') {
      if (i + 2 >= path.size() || !hex_value(path[i + 1]) || !hex_value(path[i + 2])) return false;
      i += 2;
    } else if (!is_letter_or_digit(path[i]) && kAllowed.find(path[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool valid_lfs_url(std::string_view url) {
  auto const scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  auto const name = to_lower_ascii(url.substr(0, scheme));
  if (name != "http" && name != "https") return false;
  auto const rest = url.substr(scheme + 3);
  auto const slash = std::min(rest.find('/'), rest.size());
  return is_authority(rest.substr(0, slash)) && is_path(rest.substr(slash));
}

}  // namespace codi::coordination
