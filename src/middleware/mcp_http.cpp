#include "middleware/mcp_http.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "mcp/refusal.hpp"
#include "middleware/upgrade.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace codi::middleware {
namespace {

namespace rpc = mcp::rpc;

constexpr auto kJson = "application/json";

Error refused(ErrorCode code, unsigned status, std::string detail, std::string recovery) {
  Error error;
  error.code = code;
  error.status = status;
  error.detail = std::move(detail);
  error.recovery = {std::move(recovery)};
  return error;
}

// `http://localhost:3000`: the page of a server on this machine.
bool is_of_this_machine(std::string_view origin) {
  for (std::string_view const scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    auto host = origin.substr(scheme.size());
    auto const port = host.rfind(':');
    if (port != std::string_view::npos && port + 1 < host.size() &&
        std::ranges::all_of(host.substr(port + 1), [](char c) { return is_digit(c); }))
      host = host.substr(0, port);
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
  }
  return false;
}

bool accepts(std::string_view list, std::string_view wanted) {
  return std::ranges::any_of(split(list, ','), [&](std::string_view item) {
    auto const type = to_lower_ascii(trim(item.substr(0, item.find(';'))));
    return type == wanted || type == "*/*" || type == std::string(wanted.substr(0, wanted.find('/'))) + "/*";
  });
}

mcp::RpcError mismatch(std::string detail) { return {.code = rpc::kHeaderMismatch, .message = std::move(detail)}; }

std::optional<std::string> name_of(mcp::Message const& message) {
  if (message.method == "tools/call" || message.method == "prompts/get") return mcp::text_in(message.params, "name");
  if (message.method == "resources/read") return mcp::text_in(message.params, "uri");
  return std::nullopt;
}

std::optional<mcp::RpcError> check_mirror(HttpRequest const& request, std::string_view header,
                                          std::string_view in_message) {
  auto const sent = request.headers.find(header);
  if (!sent || request.headers.count(header) > 1)
    return mismatch(fmt::format("the header {} must stand there, once", header));
  if (decoded_header(trim(*sent)) != in_message)
    return mismatch(fmt::format("the header {} does not say what the message says", header));
  return std::nullopt;
}

// Errors of the protocol that HTTP is told of too, by the newer revision; other ones are answers like any.
unsigned status_of_rpc(int code) {
  switch (code) {
    case rpc::kParseError:
    case rpc::kInvalidRequest:
    case rpc::kHeaderMismatch:
    case rpc::kMissingCapability:
    case rpc::kUnsupportedVersion: return 400;
    default: return 200;
  }
}

}  // namespace

std::optional<Error> check_mcp_origin(HttpRequest const& request, Cors const& cors) {
  auto const origin = request.headers.find("Origin");
  if (!origin) return std::nullopt;
  bool const once = request.headers.count("Origin") == 1;
  if (once && (cors.allows(request) || is_of_this_machine(*origin))) return std::nullopt;
  return refused(ErrorCode::not_permitted, 403, "pages of this origin may not call this server",
                 "An operator can allow the origin (`--cors-origin`).");
}

std::optional<Error> check_mcp_form(HttpRequest const& request) {
  if (request.refused) return request.refused;
  auto const type = request.headers.find("Content-Type");
  auto const bare = type ? to_lower_ascii(trim(type->substr(0, type->find(';')))) : std::string();
  if (bare != kJson || request.headers.find("Content-Encoding").value_or("identity") != "identity")
    return refused(ErrorCode::unsupported_media_type, 415, "a message is `application/json`, not encoded",
                   "Send `Content-Type: application/json`.");
  auto const accept = request.headers.joined("Accept");
  if (accept && !accepts(*accept, kJson) && !accepts(*accept, "text/event-stream"))
    return refused(ErrorCode::validation, 406, "answers are JSON or a stream of events",
                   "Send `Accept: application/json, text/event-stream`.");
  return std::nullopt;
}

std::expected<mcp::Revision, mcp::RpcError> revision_of(HttpRequest const& request, mcp::Message const& message) {
  auto const header = request.headers.find("MCP-Protocol-Version");
  auto const named = mcp::named_revision(message);
  if (request.headers.count("MCP-Protocol-Version") > 1)
    return std::unexpected(mismatch("the header MCP-Protocol-Version stands twice"));
  // The handshake is how the older revision is chosen, whatever the header says.
  if (message.method == "initialize" && !named) return mcp::Revision::r2025_11_25;
  if (named && !header) return std::unexpected(mismatch("the header MCP-Protocol-Version is missing"));
  if (named && *named != trim(*header))
    return std::unexpected(mismatch("the header MCP-Protocol-Version does not say what the message says"));
  // A client that names none in any way is from before the header.
  auto const revision = header ? trim(*header) : mcp::kHandshakeRevision;
  if (revision == mcp::kStatelessRevision) return mcp::Revision::r2026_07_28;
  if (revision == mcp::kHandshakeRevision) return mcp::Revision::r2025_11_25;
  if (!is_valid_utf8(revision)) return std::unexpected(mismatch("the header MCP-Protocol-Version is not text"));
  return std::unexpected(mcp::unsupported_revision(revision));
}

std::optional<mcp::RpcError> check_mcp_headers(HttpRequest const& request, mcp::Message const& message) {
  if (auto error = check_mirror(request, "Mcp-Method", message.method)) return error;
  if (auto const name = name_of(message)) return check_mirror(request, "Mcp-Name", *name);
  return std::nullopt;
}

std::optional<std::string> decoded_header(std::string_view text) {
  static constexpr std::string_view kBegin = "=?base64?";
  static constexpr std::string_view kEnd = "?=";
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd) || text.size() < kBegin.size() + kEnd.size())
    return std::string(text);
  return from_base64(text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size()));
}

HttpResponse mcp_answer(unsigned status, json::object const& message) {
  HttpResponse out{.status = status, .body = json::serialize(message)};
  out.headers.add("Content-Type", kJson);
  return out;
}

HttpResponse mcp_error(json::value const& id, mcp::RpcError const& error, std::string_view request_id) {
  auto out = mcp_answer(status_of_rpc(error.code), mcp::error_message(id, error));
  if (!error.refusal) return out;
  auto const code = error.refusal->code;
  if (code != ErrorCode::token_invalid && code != ErrorCode::rate_limited) return out;
  auto problem = problem_response(*error.refusal, {.request_id = request_id, .credential_presented = true});
  problem.headers.set("Content-Type", kJson);
  problem.body = std::move(out.body);
  return problem;
}

HttpResponse mcp_refusal(Error const& error, ProblemContext const& context) {
  auto out = problem_response(error, context);
  auto refusal = mcp::rpc_refusal(error);
  if (out.status == 400 || out.status == 405) refusal.code = rpc::kInvalidRequest;
  refusal.data["request_id"] = context.request_id;
  out.headers.set("Content-Type", kJson);
  out.body = json::serialize(mcp::error_message(nullptr, refusal));
  return out;
}

}  // namespace codi::middleware
