#include "middleware/url.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace codi::middleware {
namespace {

enum class Part : std::uint8_t { path, query };

std::unexpected<Error> bad(std::string_view where, std::string_view what) {
  Error error;
  error.code = ErrorCode::validation;
  error.status = 400;
  error.detail = fmt::format("the {} of the URL {}", where, what);
  error.errors.push_back({"", error.detail});
  return std::unexpected(std::move(error));
}

Result<std::string> decode(std::string_view text, Part part) {
  auto const where = part == Part::path ? "path" : "query";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      auto const byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return bad(where, "has a % that no two hexadecimal digits follow");
      c = byte->front();
      i += 2;
    } else if (c == '+' && part == Part::query) {
      c = ' ';
    }
    if (c == '\0') return bad(where, "has a NUL");
    out += c;
  }
  if (!is_valid_utf8(out)) return bad(where, "is not UTF-8");
  return out;
}

// `http://host:port/path` to `/path`.
std::string_view without_authority(std::string_view target) {
  auto const scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  auto const path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

Result<Url> parse_url(std::string_view target) {
  target = without_authority(target.substr(0, target.find('#')));
  Url url;
  auto const mark = target.find('?');
  url.path = target.substr(0, mark);
  if (url.path.empty()) url.path = "/";
  auto const path = std::string_view(url.path);
  if (path != "/") {
    for (auto const segment : split(path.starts_with('/') ? path.substr(1) : path, '/')) {
      auto decoded = decode(segment, Part::path);
      if (!decoded) return std::unexpected(std::move(decoded.error()));
      url.segments.push_back(*std::move(decoded));
    }
  }
  if (mark != std::string_view::npos) url.query = target.substr(mark + 1);
  return url;
}

Result<QueryItems> parse_query(std::string_view query) {
  QueryItems items;
  for (auto const pair : split(query, '&')) {
    if (pair.empty()) continue;
    auto const equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), Part::query);
    if (!name) return std::unexpected(std::move(name.error()));
    auto value = decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), Part::query);
    if (!value) return std::unexpected(std::move(value.error()));
    items.emplace_back(*std::move(name), *std::move(value));
  }
  return items;
}

}  // namespace codi::middleware
