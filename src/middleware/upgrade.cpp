#include "middleware/upgrade.hpp"

#include "base/encoding.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace codi::middleware {
namespace {

constexpr std::size_t kKeyBytes = 16;  // RFC 6455 section 4.1

bool lists_token(HttpRequest const& request, std::string_view header, std::string_view token) {
  auto const list = request.headers.joined(header);
  if (!list) return false;
  return std::ranges::any_of(split(*list, ','),
                             [&](std::string_view item) { return to_lower_ascii(trim(item)) == token; });
}

Error refused(unsigned status, std::string detail) {
  Error error;
  error.code = ErrorCode::validation;
  error.status = status;
  error.detail = std::move(detail);
  return error;
}

bool is_key(std::string_view text) {
  auto const bytes = from_base64(text);
  return bytes && bytes->size() == kKeyBytes;
}

}  // namespace

bool asks_for_websocket(HttpRequest const& request) {
  return lists_token(request, "Upgrade", "websocket") && lists_token(request, "Connection", "upgrade");
}

std::optional<Error> check_upgrade(HttpRequest const& request) {
  if (request.method != "GET") return refused(400, "a WebSocket begins with GET");
  auto const version = request.headers.find("Sec-WebSocket-Version");
  if (!version || trim(*version) != "13")
    return refused(426, "this server speaks version 13 of the WebSocket protocol");
  auto const key = request.headers.find("Sec-WebSocket-Key");
  if (!key || request.headers.count("Sec-WebSocket-Key") > 1 || !is_key(trim(*key)))
    return refused(400, "Sec-WebSocket-Key must be 16 bytes in Base64, once");
  return std::nullopt;
}

bool offers_feed_protocol(HttpRequest const& request) {
  return lists_token(request, "Sec-WebSocket-Protocol", kFeedProtocol);
}

std::optional<std::string> token_among_protocols(HttpRequest const& request) {
  auto const list = request.headers.joined("Sec-WebSocket-Protocol");
  if (!list) return std::nullopt;
  for (auto item : split(*list, ','))
    if (item = trim(item); item.starts_with(kTokenProtocol)) return std::string(item.substr(kTokenProtocol.size()));
  return std::nullopt;
}

bool accepts_event_stream(HttpRequest const& request) {
  auto const list = request.headers.joined("Accept");
  if (!list) return false;
  return std::ranges::any_of(split(*list, ','), [](std::string_view item) {
    return to_lower_ascii(trim(item.substr(0, item.find(';')))) == "text/event-stream";
  });
}

}  // namespace codi::middleware
