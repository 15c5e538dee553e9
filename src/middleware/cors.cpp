#include "middleware/cors.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

namespace codi::middleware {
namespace {

constexpr auto kAllowedHeaders =
    "Authorization, Codi-Project, Codi-Session, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "MCP-Protocol-Version, Mcp-Method, Mcp-Name, X-Request-Id, traceparent";
constexpr auto kExposedHeaders =
    "ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, WWW-Authenticate, "
    "X-Request-Id";

bool is_origin(std::string_view text) {
  auto const scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  auto const authority = text.substr(scheme + 3);
  return !authority.empty() && authority.find_first_of("/?#@*, \t") == std::string_view::npos &&
         text == to_lower_ascii(text);
}

}  // namespace

Result<void> Cors::add(std::string_view origin) {
  if (origin == "*") return fail(ErrorCode::validation, "'*' is no origin: name each one whose pages may call");
  if (!is_origin(origin))
    return fail(
        ErrorCode::validation,
        fmt::format("'{}' is no origin: it looks like https://app.example.org, in lower case and without a path",
                    origin));
  origins_.emplace(origin);
  return {};
}

bool Cors::allows(HttpRequest const& request) const {
  if (origins_.empty()) return false;
  auto const origin = request.headers.find("Origin");
  return origin && origins_.contains(*origin);
}

bool Cors::is_preflight(HttpRequest const& request) const {
  return request.method == "OPTIONS" && request.headers.find("Access-Control-Request-Method") && allows(request);
}

HttpResponse Cors::preflight_answer(std::span<std::string_view const> methods) {
  HttpResponse out{.status = 204};
  out.headers.add("Access-Control-Allow-Methods", fmt::format("{}", fmt::join(methods, ", ")));
  out.headers.add("Access-Control-Allow-Headers", kAllowedHeaders);
  out.headers.add("Access-Control-Max-Age", std::to_string(std::chrono::seconds(limits::kPreflightKept).count()));
  return out;
}

void Cors::add_headers(HttpRequest const& request, Headers& headers) const {
  if (origins_.empty()) return;
  headers.add("Vary", "Origin");  // also where there is none: the answer to another origin differs
  auto const origin = request.headers.find("Origin");
  if (!origin || !allows(request)) return;
  headers.add("Access-Control-Allow-Origin", std::string(*origin));
  headers.add("Access-Control-Expose-Headers", kExposedHeaders);
}

}  // namespace codi::middleware
