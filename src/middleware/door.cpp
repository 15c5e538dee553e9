#include "middleware/door.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "middleware/mcp_http.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace codi::middleware {
namespace {

constexpr std::string_view kLfsMediaType = "application/vnd.git-lfs+json";

// An operation knows no header fields: where it sends a client on, the address stands in its answer.
void finish_lfs(HttpResponse& success) {
  if (success.status != 307) return;
  success.headers.set("Location", std::string(json::parse(success.body).at("location").as_string()));
}

constexpr DoorForm kRest{.media_type = "application/json", .refusal = &problem_response};
constexpr DoorForm kLfs{.media_type = kLfsMediaType,
                        .takes_basic = true,
                        .ignores_the_unknown = true,
                        .refusal = &lfs_refusal,
                        .finish = &finish_lfs};

constexpr DoorForm kMcp{.media_type = "application/json", .refusal = &mcp_refusal};

std::string_view behind_scheme(std::string_view field, std::string_view scheme) {
  if (field.size() <= scheme.size() || to_lower_ascii(field.substr(0, scheme.size())) != scheme) return {};
  return trim(field.substr(scheme.size()));
}

}  // namespace

DoorForm const& form_of(api::Door door) {
  switch (door) {
    case api::Door::lfs: return kLfs;
    case api::Door::mcp: return kMcp;
    case api::Door::rest: break;
  }
  return kRest;
}

api::Door door_of_path(std::vector<std::string> const& segments) {
  if (segments.size() == 1 && segments.front() == kMcpPath.substr(1)) return api::Door::mcp;
  bool const is_lfs = segments.size() > 4 && segments[2] == "info" && segments[3] == "lfs";
  return is_lfs ? api::Door::lfs : api::Door::rest;
}

std::optional<Authorization> read_authorization(std::string_view field) {
  if (auto const token = behind_scheme(field, "bearer "); !token.empty())
    return Authorization{.token = std::string(token)};
  auto const pair = from_base64(behind_scheme(field, "basic "));
  if (!pair) return std::nullopt;
  auto const colon = pair->find(':');
  if (colon == std::string::npos || colon + 1 == pair->size()) return std::nullopt;
  return Authorization{.basic = true, .token = pair->substr(colon + 1)};
}

HttpResponse lfs_refusal(Error const& error, ProblemContext const& context) {
  auto out = problem_response(error, context);
  json::object body{{"message", error.detail.empty() ? error_info(error.code).title : error.detail},
                    {"request_id", context.request_id},
                    {"documentation_url", problem_type(error.code)}};
  if (auto const* const lock = error.members.if_contains("lock")) body["lock"] = *lock;
  out.body = json::serialize(body);
  out.headers.set("Content-Type", std::string(kLfsMediaType));
  if (out.status == 401) {
    // The one git asks its credential helpers for, the other is git-lfs's own name of it.
    out.headers.set("WWW-Authenticate", R"(Basic realm="codi")");
    out.headers.set("LFS-Authenticate", R"(Basic realm="codi")");
  }
  return out;
}

}  // namespace codi::middleware
