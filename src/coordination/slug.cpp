#include "coordination/slug.hpp"

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace codi::coordination {
namespace {

bool is_slug_edge(char c) { return is_lower(c) || is_digit(c); }

// Keeps lower-case letters, digits and the characters of `kept`; makes each run of others one dash, none at the ends.
std::string slug_of(std::string_view text, std::string_view kept, std::string_view fallback) {
  std::string slug;
  for (char const c : text) {
    if (is_slug_edge(c) || kept.find(c) != std::string_view::npos)
      slug += c;
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  slug.erase(slug.begin(), std::ranges::find_if(slug, is_slug_edge));
  slug.resize(std::min(slug.size(), limits::kSlugBytes));
  while (!slug.empty() && !is_slug_edge(slug.back())) slug.pop_back();
  if (parse_uuid(slug)) return "x-" + slug;
  return slug.empty() ? std::string(fallback) : slug;
}

struct Scheme {
  std::string_view name;
  std::string_view default_port;
};
constexpr std::array kSchemes{
    Scheme{"ssh", "22"},    Scheme{"git+ssh", "22"}, Scheme{"ssh+git", "22"},
    Scheme{"https", "443"}, Scheme{"http", "80"},    Scheme{"git", "9418"},
};

std::string_view default_port(std::string_view scheme) {
  auto const found = std::ranges::find(kSchemes, scheme, &Scheme::name);
  return found == kSchemes.end() ? std::string_view{} : found->default_port;
}

// `path` without `.git`, with single slashes and none at its end.
std::string clean_path(std::string_view path) {
  std::string out;
  for (char const c : path)
    if (c != '/' || !out.ends_with('/')) out += c;
  if (out.ends_with('/')) out.pop_back();
  if (out.ends_with(".git")) out.resize(out.size() - 4);
  if (out.ends_with('/')) out.pop_back();
  return out;
}

std::string join(std::string_view host, std::string_view port, std::string_view path) {
  auto const cleaned = clean_path("/" + std::string(path));
  auto const place = port.empty() ? to_lower_ascii(host) : fmt::format("{}:{}", to_lower_ascii(host), port);
  return place + cleaned;
}

// Cuts `host:rest` at the colon that follows the host, which may be an IPv6 address in brackets.
std::optional<std::pair<std::string_view, std::string_view>> cut_host(std::string_view text) {
  auto const closing = text.starts_with('[') ? text.find(']') : 0;
  if (closing == std::string_view::npos) return std::nullopt;
  auto const colon = text.find(':', closing);
  if (colon == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, colon), text.substr(colon + 1));
}

std::string from_address(std::string_view scheme, std::string_view rest) {
  auto const slash = std::min(rest.find('/'), rest.size());
  auto authority = rest.substr(0, slash);
  auto const path = rest.substr(slash);
  if (auto const at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (scheme == "file" && (authority.empty() || authority == "localhost")) return clean_path(path);
  auto const [host, port] = cut_host(authority).value_or(std::pair(authority, std::string_view{}));
  if (host.empty()) return {};
  return join(host, port == default_port(scheme) ? std::string_view{} : port, path);
}

bool is_port(std::string_view text) { return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit); }

// `[user@]host:path`, which git reads so when no slash stands before the colon. One letter is a drive, no host.
std::optional<std::string> from_scp_like(std::string_view url) {
  auto const at = url.substr(0, url.find('/')).find('@');
  auto const place = cut_host(at == std::string_view::npos ? url : url.substr(at + 1));
  if (!place || place->first.size() < 2 || place->first.find_first_of("/\\") != std::string_view::npos)
    return std::nullopt;
  auto const [host, path] = *place;
  auto const slash = std::min(path.find('/'), path.size());
  // `host:2222/acme/api` is what normalising an address with a port gives: it stays as it is.
  if (at == std::string_view::npos && is_port(path.substr(0, slash)))
    return join(host, path.substr(0, slash), path.substr(slash));
  return join(host, {}, path);
}

}  // namespace

bool valid_slug(std::string_view slug) {
  bool const shaped =
      !slug.empty() && slug.size() <= limits::kSlugBytes && is_slug_edge(slug.front()) && is_slug_edge(slug.back());
  return shaped && !parse_uuid(slug) &&
         std::ranges::all_of(slug, [](char c) { return is_slug_edge(c) || c == '.' || c == '_' || c == '-'; });
}

std::string make_slug(std::string_view name) {
  auto const plain = fold_to_base_letters(name);
  return slug_of(plain ? *plain : to_lower_ascii(name), "", "tenant");
}

std::string normalize_remote_url(std::string_view url) {
  url = trim(url);
  auto const scheme = url.find("://");
  if (scheme != std::string_view::npos)
    return from_address(to_lower_ascii(url.substr(0, scheme)), url.substr(scheme + 3));
  if (auto remote = from_scp_like(url)) return std::move(*remote);
  std::string path(url);
  std::ranges::replace(path, '\\', '/');
  return clean_path(path);
}

std::string slug_from_remote_url(std::string_view url) {
  auto const path = normalize_remote_url(url);
  auto const last = std::string_view(path).substr(path.rfind('/') + 1);
  auto const plain = fold_to_base_letters(last);
  return slug_of(plain ? *plain : to_lower_ascii(last), "._-", "project");
}

}  // namespace codi::coordination
