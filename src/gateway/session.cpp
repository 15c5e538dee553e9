#include "gateway/session.hpp"

#include "base/log.hpp"
#include "gateway/content_sender.hpp"
#include "gateway/request_head.hpp"
#include "gateway/stream.hpp"
#include "gateway/websocket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace codi::gateway {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using middleware::HttpRequest;
using middleware::HttpResponse;

using Parser = http::request_parser<http::string_body>;

// Room for a header and for what a client has sent after it; an idle connection keeps less.
constexpr std::size_t kBufferBytes = 4 * limits::kHeaderBytes;
constexpr std::size_t kIdleBufferBytes = 4'096;
constexpr std::size_t kReadBytes = 16 << 10;         // at once
constexpr auto kPeerLook = std::chrono::seconds(1);  // whether who waits for long is still there

bool is_http_error(error_code ec) {
  static auto const& category = http::make_error_code(http::error::end_of_stream).category();
  return ec.category() == category;
}

// What a request that can't be read is answered with; nothing when the peer is gone or too slow.
std::optional<Error> refusal_of(error_code ec) {
  if (!is_http_error(ec) || ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
  if (ec == http::error::header_limit)
    return request_error(ErrorCode::header_too_large, 431,
                         fmt::format("a request's header may have {} bytes", limits::kHeaderBytes));
  return request_error(ErrorCode::validation, 400, "the request is not well-formed HTTP: " + ec.message());
}

std::string_view view_of(beast::flat_buffer const& buffer) {
  return {static_cast<char const*>(buffer.data().data()), buffer.size()};
}

class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Accepted accepted, SessionParts const& parts, middleware::Post post)
      : stream_(without_delay(std::move(accepted.socket)), accepted.tls),
        answered_(stream_.get_executor()),
        parts_(parts),
        options_(parts.options),
        post_(std::move(post)),
        remote_address_(std::move(accepted.peer)) {
    buffer_.max_size(kBufferBytes);
  }

  void start(std::function<void()> ended) override {
    auto const self = shared_from_this();
    asio::co_spawn(stream_.get_executor(), serve(), [self, ended = std::move(ended)](std::exception_ptr const& error) {
      if (error) self->log_failure(error);
      self->stream_.close();
      ended();
    });
  }

  void drain() override {
    draining_ = true;
    if (held_) answered_.cancel();
    if (websocket_) websocket_->drain();
    if (content_) content_->drain();
    if (idle_ && !stream_.has_unread()) stream_.cancel();
  }

 private:
  using Clock = std::chrono::steady_clock;

  // What becomes of the connection after a step.
  enum class Next { go_on, close };

  static Socket without_delay(Socket socket) {
    error_code ignored;  // of a Unix socket, which has no such option
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    return socket;
  }

  Awaitable<> serve() {
    stream_.expires_after(options_.handshake_time);
    auto const start = co_await stream_.handshake();
    if (start.is_misplaced) co_return co_await turn_away();
    if (start.error) co_return log_handshake(start.error.message());
    stream_.expires_after(options_.header_time);
    for (;;) {
      auto const reads = stream_.reads();
      if (co_await wait_for_request() == Next::close) break;
      co_await parts_.turns.take(lane_);
      if (co_await serve_one(reads) == Next::close) break;
      stream_.expires_after(options_.idle_time);
    }
    if (websocket_) co_await websocket_->serve();
    websocket_.reset();
    // Closing while there is something unread would make the peer's system throw away an answer that it has not read.
    bool const unread = (parser_ && !parser_->is_done()) || buffer_.size() > 0 || stream_.has_unread();
    co_await stream_.finish(unread);
  }

  // Who meant `https` gets to know it. Whatever else the peer speaks, it reads one line that names the protocol.
  Awaitable<> turn_away() {
    static constexpr std::string_view kWhy = "this port speaks TLS: use https://";
    log_handshake(kWhy);
    co_await refuse(new_parser(), request_error(ErrorCode::validation, 400, std::string(kWhy)));
    co_await stream_.finish(true);
  }

  // Until the first byte of a request is there. Nothing is lost when the connection is closed meanwhile.
  Awaitable<Next> wait_for_request() {
    if (buffer_.size() > 0) co_return Next::go_on;
    if (draining_ && !stream_.has_unread()) co_return Next::close;
    idle_ = true;
    if (buffer_.capacity() > kIdleBufferBytes) buffer_.shrink_to_fit();
    auto const room = buffer_.prepare(kIdleBufferBytes);
    auto const [ec, bytes] = co_await stream_.async_read_some(room, use_tuple);
    idle_ = false;
    buffer_.commit(bytes);
    co_return ec ? Next::close : Next::go_on;
  }

  // Not a part of the session: a WebSocket, which is idle most of its time, needs none.
  Parser& new_parser() {
    parser_ = std::make_unique<Parser>();
    return *parser_;
  }

  // `reads`: how often something had been read before this request was waited for.
  Awaitable<Next> serve_one(std::size_t reads) {
    auto& parser = new_parser();
    parser.header_limit(limits::kHeaderBytes);
    parser.body_limit(limits::kBodyBytes);
    stream_.expires_after(options_.header_time);
    auto const [ec, trouble] = co_await read_head(parser);
    bool const too_large = ec == http::error::body_limit;
    if (!trouble.empty()) co_return co_await refuse(parser, malformed(trouble));
    if (ec && !too_large) co_return co_await refuse(parser, refusal_of(ec));

    // Copied now: what follows a chunked body as its trailer must not pass for a header field.
    auto request = request_head(parser.get());
    if (auto error = check_head(request, parser.get().version())) co_return co_await refuse(parser, std::move(error));
    if (too_large)
      request.refused = body_too_large();
    else if (auto const error = co_await read_body(parser, request); error)
      co_return co_await refuse(parser, refusal_of(error));
    pipelined_ = stream_.reads() == reads ? pipelined_ + 1 : 0;
    auto response = co_await answer_of(std::move(request));
    if (response.channel) co_return co_await become_websocket(parser, std::move(response));
    if (pipelined_ >= limits::kPipelinedRequests) response.close = true;
    co_return co_await write(parser, response);
  }

  // Some more bytes into the buffer.
  Awaitable<error_code> read_more() {
    auto const room = std::min(kReadBytes, buffer_.max_size() - buffer_.size());
    if (room == 0) co_return http::make_error_code(http::error::buffer_overflow);
    auto const place = buffer_.prepare(room);
    auto const [ec, bytes] = co_await stream_.async_read_some(place, use_tuple);
    buffer_.commit(bytes);
    co_return ec;
  }

  struct HeadRead {
    error_code ec = {};
    std::string_view trouble = {};
  };

  Awaitable<HeadRead> read_head(Parser& parser) {
    HeadRead out;
    for (std::size_t skipped = 0;;) {
      auto const progress = look_at_head(view_of(buffer_).substr(0, limits::kHeaderBytes));
      buffer_.consume(progress.skip);
      skipped += progress.skip;
      out.trouble = progress.trouble;
      if (!out.trouble.empty()) co_return out;
      if (progress.whole) break;
      if (skipped + buffer_.size() >= limits::kHeaderBytes) {
        out.ec = http::make_error_code(http::error::header_limit);
        co_return out;
      }
      out.ec = co_await read_more();
      if (out.ec) co_return out;
    }
    buffer_.consume(parser.put(buffer_.data(), out.ec));
    co_return out;
  }

  HttpRequest request_head(Parser::value_type const& message) const {
    HttpRequest out{.method = message.method_string(),
                    .target = message.target(),
                    .remote_address = remote_address_,
                    .secure = stream_.is_tls()};
    for (auto const& field : message) out.headers.add(field.name_string(), field.value());
    return out;
  }

  Awaitable<error_code> read_body(Parser& parser, HttpRequest& request) {
    if (parser.is_done()) co_return error_code();
    stream_.expires_after(options_.body_time);
    if (request.headers.find("Expect") && parser.get().version() >= 11) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      auto const [ec, bytes] = co_await asio::async_write(stream_, asio::buffer(kContinue), use_tuple);
      if (ec) co_return ec;
    }
    auto const ec = co_await parse_body(parser);
    if (ec == http::error::body_limit) {
      request.refused = body_too_large();
      co_return error_code();
    }
    request.body = std::move(parser.get().body());
    co_return ec;
  }

  Awaitable<error_code> parse_body(Parser& parser) {
    parser.eager(true);
    std::size_t extensions = 0;
    auto count_extensions = [&extensions](std::uint64_t, std::string_view text, error_code& ec) {
      extensions += text.size();
      if (extensions > limits::kChunkExtensionBytes) ec = http::make_error_code(http::error::bad_chunk_extension);
    };
    parser.on_chunk_header(count_extensions);
    while (!parser.is_done()) {
      error_code ec;
      auto const used = buffer_.size() > 0 ? parser.put(buffer_.data(), ec) : 0;
      buffer_.consume(used);
      if (parser.is_done()) break;
      if (ec && ec != http::error::need_more) co_return ec;
      // What is left is the line before a chunk, or the end of the last one.
      if (parser.chunked() && has_bare_line_end()) co_return http::make_error_code(http::error::bad_chunk);
      if (used > 0 && buffer_.size() > 0) continue;
      if (auto const failed = co_await read_more(); failed) co_return failed;
    }
    co_return error_code();
  }

  // RFC 9112 section 7.1 knows no line of a chunk that ends with LF alone.
  [[nodiscard]] bool has_bare_line_end() const {
    auto const bytes = view_of(buffer_);
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n', end + 1))
      if (end == 0 || bytes[end - 1] != '\r') return true;
    return false;
  }

  Awaitable<HttpResponse> answer_of(HttpRequest request) {
    bool const refused = request.refused.has_value();
    response_.reset();
    stream_.expires_never();
    held_ = false;
    std::weak_ptr<HttpSession> const weak = weak_from_this();
    request.hold = [weak](std::chrono::milliseconds at_most) {
      if (auto const self = weak.lock()) self->hold(at_most);
    };
    answer_until_ = Clock::now() + options_.request_time;
    abandon_ = parts_.handler.handle(std::move(request), post_, [weak](HttpResponse response) {
      auto const self = weak.lock();
      if (!self) return;
      self->response_ = std::move(response);
      self->answered_.cancel();
    });
    // A wait ends when there is an answer, and to look whether one is still waited for.
    while (!response_) {
      auto const now = Clock::now();
      bool const shuts_down = held_ && draining_;
      if (shuts_down || now >= answer_until_ || (held_ && stream_.peer_has_gone())) {
        abandon_(shuts_down ? shutting_down() : too_slow());
        break;
      }
      answered_.expires_at(held_ ? std::min(now + kPeerLook, answer_until_) : answer_until_);
      co_await answered_.async_wait(use_tuple);
    }
    abandon_ = nullptr;
    held_ = false;
    auto response = response_ ? *std::exchange(response_, std::nullopt) : HttpResponse{.status = 503, .close = true};
    if (refused) response.close = true;
    if (response.tenant && response.tenant != tenant_) {
      tenant_ = response.tenant;
      lane_ = to_string(*tenant_);
    }
    co_return response;
  }

  // The answer may take longer than others do. Meanwhile nothing is read, so that the peer has gone must be looked for.
  void hold(std::chrono::milliseconds at_most) {
    held_ = true;
    answer_until_ = Clock::now() + at_most + options_.request_time;
    answered_.cancel();
  }

  // From its answer on the connection is one, to its end. It is served by serve() itself: what a request takes is freed
  // before, for a WebSocket is idle most of its time.
  Awaitable<Next> become_websocket(Parser& parser, HttpResponse response) {
    if (buffer_.size() > 0)
      co_return co_await refuse(parser, malformed("nothing may follow a request for a WebSocket before its answer"));
    websocket_ = make_websocket(stream_, request_head(parser.get()), std::move(response), parts_);
    parser_.reset();
    buffer_.shrink_to_fit();
    if (draining_) websocket_->drain();
    co_return Next::close;
  }

  Awaitable<Next> refuse(Parser const& parser, std::optional<Error> error) {
    if (!error) co_return Next::close;
    auto response = parts_.handler.reject(*std::move(error), remote_address_);
    response.close = true;
    co_return co_await write(parser, response);
  }

  // A drain still answers what has been read.
  [[nodiscard]] bool goes_on() const { return !draining_ || buffer_.size() > 0; }

  Awaitable<Next> write(Parser const& parser, HttpResponse const& response) {
    if (response.content) co_return co_await write_made(parser, response);
    bool const keep = !response.close && goes_on() && parser.is_done() && parser.keep_alive();
    auto const head = serialize_head(response, {.keep_alive = keep, .http_1_0 = parser.get().version() < 11});
    bool const headless = parser.get().method() == http::verb::head || middleware::has_no_content(response.status);
    std::array<asio::const_buffer, 2> const parts{asio::buffer(head),
                                                  headless ? asio::const_buffer() : asio::buffer(response.body)};
    stream_.expires_after(options_.body_time);
    auto const [ec, bytes] = co_await asio::async_write(stream_, parts, use_tuple);
    co_return keep && !ec ? Next::go_on : Next::close;
  }

  Awaitable<Next> write_made(Parser const& parser, HttpResponse const& response) {
    bool const http_1_0 = parser.get().version() < 11;
    bool const keep = !response.close && goes_on() && !http_1_0 && parser.is_done() && parser.keep_alive();
    auto const head = serialize_head(response, {.keep_alive = keep, .http_1_0 = http_1_0});
    stream_.expires_after(options_.body_time);
    auto const [ec, bytes] = co_await asio::async_write(stream_, asio::buffer(head), use_tuple);
    if (ec) co_return Next::close;
    if (parser.get().method() == http::verb::head) co_return keep ? Next::go_on : Next::close;
    content_ = std::make_shared<ContentSender>(stream_, options_, response.content, !http_1_0);
    if (draining_) content_->drain();
    bool const sent = co_await content_->send(std::string(response.headers.find("X-Request-Id").value_or("")));
    content_.reset();
    co_return keep&& sent&& goes_on() ? Next::go_on : Next::close;
  }

  void log_handshake(std::string_view why) const {
    parts_.handler.on_connection(middleware::ConnectionEvent::handshake_failed);
    log::write(log::Level::debug, "gateway", "handshake_failed", {{"peer", remote_address_}, {"detail", why}});
  }

  void log_failure(std::exception_ptr const& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (std::exception const& error) {
      log::write(log::Level::error, "gateway", "connection_failed", {{"detail", error.what()}});
    }
  }

  Stream stream_;
  Timer answered_;  ///< runs out when the handler takes too long; cancelled by its answer
  beast::flat_buffer buffer_;
  std::unique_ptr<Parser> parser_;
  std::optional<HttpResponse> response_;
  middleware::Handler::Abandon abandon_;  ///< of the request that is being answered
  Clock::time_point answer_until_;
  bool held_ = false;                       ///< its answer may take long
  std::shared_ptr<ContentSender> content_;  ///< that is being sent
  std::shared_ptr<WebSocket> websocket_;    ///< that the connection has become
  SessionParts const parts_;
  ServerOptions const& options_;
  middleware::Post post_;
  std::string remote_address_;
  std::optional<TenantId> tenant_;  ///< of the last request
  std::string lane_;                ///< its text
  std::size_t pipelined_ = 0;       ///< requests that were there, whole, before the one ahead of them was answered
  bool idle_ = false;
  bool draining_ = false;
};

}  // namespace

std::shared_ptr<Session> make_session(Accepted accepted, SessionParts const& parts, middleware::Post post) {
  return std::make_shared<HttpSession>(std::move(accepted), parts, std::move(post));
}

}  // namespace codi::gateway
