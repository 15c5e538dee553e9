#pragma once
#include "base/ids.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What stands between a connection and an operation: one function a stage, in one fixed order (pipeline.hpp).
namespace codi::middleware {

/// Header fields in the order in which they came; names compare without regard to case (RFC 9110 section 5.1).
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// Appends a field; a name may occur more than once.
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// Replaces every field of that name.
  void set(std::string name, std::string value);
  /// The first value.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// All values as one list, joined by ", ".
  [[nodiscard]] std::optional<std::string> joined(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// A request as it came over the wire, whole.
struct HttpRequest {
  std::string method;  ///< as sent: `GET`
  std::string target;  ///< as sent: `/v1/projects?limit=5`
  Headers headers;
  std::string body;
  std::string remote_address;  ///< of the peer, without its port
  bool secure = false;         ///< came over TLS
  /// What the connection found wrong after it had read the header (a body that is too large): answered when a
  /// malformed body would be. The connection closes after it.
  std::optional<Error> refused = {};
  /// Called on the connection's thread when the answer may take as long as that, however long requests may take
  /// otherwise.
  std::function<void(std::chrono::milliseconds)> hold = {};
};

/// Content that is made while it is sent.
class Content {
 public:
  /// The next bytes; nothing after the last ones. An error ends it before its time.
  using Piece = std::expected<std::optional<std::string>, std::string>;
  virtual ~Content() = default;
  /// Calls `got` once, on the connection's thread. Not called again before it has.
  virtual void next(std::function<void(Piece)> got) = 0;
  /// Called every limits::kFeedTick while a piece is waited for: bytes to send meanwhile, perhaps none. Nothing is
  /// said of content that must come within a request's time.
  virtual std::optional<std::string> while_waiting() { return std::nullopt; }
  /// The server is about to stop: content that would go on for ever ends.
  virtual void drain() {}
};

/// What a WebSocket is to send: a text message, the end of the connection, or nothing yet: then it is asked again after
/// other connections have had a turn.
struct Spoken {
  std::shared_ptr<std::string const> text = nullptr;
  std::optional<std::uint16_t> close_code = {};
  std::string close_reason = {};  ///< at most 123 bytes (RFC 6455 section 5.5)
};

/// What speaks and listens on a WebSocket. Used on its connection's thread; dropped when the connection ends.
class Channel {
 public:
  virtual ~Channel() = default;
  /// Calls `said` once, now or later. Not called again before it has, nor after the end was said.
  virtual void next(std::function<void(Spoken)> said) = 0;
  /// A text message of the peer. Calls `read_on` once, when the next one may be read.
  virtual void receive(std::string message, std::function<void()> read_on) = 0;
  /// Called every limits::kFeedTick.
  virtual void tick() = 0;
  /// The server is about to stop: the end is said soon.
  virtual void drain() = 0;
};

/// An answer before it is put on the wire.
struct HttpResponse {
  unsigned status = 200;
  Headers headers = {};
  std::string body = {};
  bool close = false;                          ///< the connection ends after this answer
  std::shared_ptr<Content> content = nullptr;  ///< in the place of `body`
  std::shared_ptr<Channel> channel = nullptr;  ///< of a 101: the connection becomes a WebSocket
  std::optional<TenantId> tenant = {};         ///< whose request it was, where that is known; not sent
};

/// The standard reason phrase of a status; empty for an unknown one.
std::string_view reason_phrase(unsigned status);

/// True for statuses whose answers have no content and no Content-Length (RFC 9110 section 8.6).
constexpr bool has_no_content(unsigned status) { return status < 200 || status == 204 || status == 304; }

/// How an answer is framed on its connection.
struct Framing {
  bool keep_alive = true;
  bool http_1_0 = false;  ///< the request was HTTP/1.0, where keeping the connection must be said
};

/// Status line and header fields of an answer with Date, its length or Transfer-Encoding, and Connection, up to the
/// empty line. In HTTP/1.0 made content ends with its connection.
std::string serialize_head(HttpResponse const& response, Framing framing);

/// Runs a function on the thread of one connection, at once or later; drops it when the server is gone.
using Post = std::function<void(std::function<void()>)>;

/// What metrics count of connections.
enum class ConnectionEvent : std::uint8_t { opened, closed, refused, handshake_failed };

/// What stands behind the connections of a server. Thread-safe.
class Handler {
 public:
  using Respond = std::function<void(HttpResponse)>;
  /// Answers a request with the error unless it is answered already; what it waits for is given up. Called on the
  /// connection's thread.
  using Abandon = std::function<void(Error)>;

  virtual ~Handler() = default;
  /// Calls `respond` once, on the thread that calls this or through `post`. Does not throw.
  virtual Abandon handle(HttpRequest request, Post post, Respond respond) = 0;
  /// The answer to what could not be read as a request. Does not throw.
  virtual HttpResponse reject(Error error, std::string const& remote_address) = 0;
  virtual void on_connection(ConnectionEvent event) = 0;
};

}  // namespace codi::middleware
