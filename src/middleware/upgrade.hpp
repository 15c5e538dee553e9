#pragma once
#include "base/result.hpp"
#include "middleware/http.hpp"

#include <optional>
#include <string>
#include <string_view>

/// How a request asks for a WebSocket (RFC 6455 section 4.1), and for server-sent events.
namespace codi::middleware {

/// The subprotocol that codi speaks, and how a browser, which can set no header field, names its token beside it:
/// `codi.v1, codi.bearer.TOKEN`.
inline constexpr std::string_view kFeedProtocol = "codi.v1";
inline constexpr std::string_view kTokenProtocol = "codi.bearer.";

/// True when the request asks for a WebSocket, rightly or not.
bool asks_for_websocket(HttpRequest const& request);
/// What is wrong with such a request; nothing when it can be granted.
std::optional<Error> check_upgrade(HttpRequest const& request);
/// True when codi's subprotocol is among the offered.
bool offers_feed_protocol(HttpRequest const& request);
/// The token that stands among the offered subprotocols.
std::optional<std::string> token_among_protocols(HttpRequest const& request);

/// True when the answer may be a stream of server-sent events.
bool accepts_event_stream(HttpRequest const& request);

}  // namespace codi::middleware
