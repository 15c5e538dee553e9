#pragma once
#include "gateway/io.hpp"
#include "gateway/session.hpp"
#include "gateway/stream.hpp"
#include "middleware/http.hpp"

#include <memory>

namespace codi::gateway {

/// A connection that has become a WebSocket (RFC 6455): carries what a channel says, and brings it what the peer says.
/// Each way one message at a time: the next is asked for when the one before is written, so that a peer that does not
/// read costs one message. What a peer reads, writes or answers to a ping is a sign of life. Used on its connection's
/// thread.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// Answers the upgrade and serves until either side has had enough. The stream and `upgrade` outlive it.
  virtual Awaitable<> serve() = 0;
  /// Has the channel say the end.
  virtual void drain() = 0;
};

/// `upgrade` is the request; `answer` has a channel. permessage-deflate (RFC 7692) is agreed to by `feed_deflates`.
std::shared_ptr<WebSocket> make_websocket(Stream& stream, middleware::HttpRequest const& upgrade,
                                          middleware::HttpResponse answer, SessionParts const& parts);

}  // namespace codi::gateway
