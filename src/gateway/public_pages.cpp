#include "gateway/public_pages.hpp"

#include "api/execute.hpp"
#include "base/build_info.hpp"
#include "base/errors.hpp"
#include "base/limits.hpp"
#include "gateway/assets.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace codi::gateway {
namespace {

using middleware::HttpResponse;

// Nothing from elsewhere, nothing inline, in nobody's frame.
constexpr auto kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

HttpResponse json_answer(json::object const& body) {
  HttpResponse out{.status = 200, .body = json::serialize(body)};
  out.headers.add("Content-Type", "application/json");
  return out;
}

HttpResponse health() {
  auto const info = build_info();
  return json_answer({{"status", "ok"}, {"version", info.version}, {"commit", info.commit}, {"build_time", info.time}});
}

Result<HttpResponse> readiness_answer(Readiness const& readiness) {
  if (readiness.ready && readiness.at)
    return json_answer(
        {{"status", "ready"}, {"committed_at", to_string(*readiness.at)}, {"commit_ms", readiness.took.count()}});
  Error error;
  error.code = ErrorCode::storage_unavailable;
  error.detail = readiness.detail;
  error.retry_after_s = 1;
  if (readiness.at) error.members["committed_at"] = to_string(*readiness.at);
  return std::unexpected(std::move(error));
}

// An answer that stays the same while the server runs: made once, with a validator.
middleware::PublicRoutes::Route fixed(std::string_view media_type, std::string body, bool is_page = false) {
  HttpResponse out{.status = 200, .body = std::move(body)};
  out.headers.add("Content-Type", std::string(media_type));
  out.headers.add("ETag", api::etag_of(out.body));
  out.headers.add("Cache-Control", "no-cache");
  if (is_page) {
    out.headers.add("Content-Security-Policy", kContentSecurityPolicy);
    out.headers.add("Referrer-Policy", "no-referrer");
    out.headers.add("X-Frame-Options", "DENY");
  }
  return {[made = std::make_shared<HttpResponse const>(std::move(out))] { return *made; }, true};
}

// Text with `code` in backquotes, as HTML.
std::string prose(std::string_view text) {
  std::string out;
  bool in_code = false;
  for (char const c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '`')
      out += (in_code = !in_code) ? "<code>" : "</code>";
    else
      out += c;
  }
  return out;
}

// Where the `type` of every problem document leads.
std::string errors_page() {
  std::string rows;
  for (auto const& info : error_table())
    rows += fmt::format("<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{2}</td><td>{3}</td></tr>\n",
                        info.text, info.status, prose(info.title), prose(info.recovery));
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>codi errors</title>"
      "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" "
      "href=\"/docs/docs.css\"></head>\n"
      "<body class=\"plain\"><main><p><a href=\"/docs\">codi HTTP API</a></p><h1>Errors</h1>"
      "<p>Every refusal is a problem document (RFC 9457). Its <code>code</code> is stable.</p>"
      "<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>What to do</th></tr></thead>\n"
      "<tbody>{}</tbody></table></main></body></html>\n",
      rows);
}

HttpResponse key_set(std::string keys) {
  HttpResponse out{.status = 200, .body = std::move(keys)};
  auto const max_age = std::chrono::duration_cast<std::chrono::seconds>(limits::kSigningKeyPublished);
  out.headers.add("Content-Type", "application/jwk-set+json");
  out.headers.add("Cache-Control", fmt::format("public, max-age={}", max_age.count()));
  return out;
}

}  // namespace

middleware::PublicRoutes public_pages(PublicSources sources) {
  middleware::PublicRoutes routes;
  routes.add("/healthz", {&health});
  routes.add("/readyz", {[ask = std::move(sources.readiness)] { return readiness_answer(ask()); }});
  routes.add("/metrics", {[render = std::move(sources.metrics)] {
               HttpResponse out{.status = 200, .body = render()};
               out.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
               return out;
             }});
  routes.add("/.well-known/jwks.json", {[keys = std::move(sources.jwks)] { return key_set(keys()); }});
  routes.add("/openapi.json", fixed("application/json", std::move(sources.openapi)));
  routes.add("/asyncapi.json", fixed("application/json", std::move(sources.asyncapi)));
  for (auto const* const path : {"/docs", "/docs/"})
    routes.add(path, fixed("text/html; charset=utf-8", std::string(assets::kDocsIndexHtml), true));
  routes.add("/docs/docs.js", fixed("text/javascript; charset=utf-8", std::string(assets::kDocsDocsJs), true));
  routes.add("/docs/docs.css", fixed("text/css; charset=utf-8", std::string(assets::kDocsDocsCss), true));
  routes.add("/docs/errors", fixed("text/html; charset=utf-8", errors_page(), true));
  return routes;
}

}  // namespace codi::gateway
