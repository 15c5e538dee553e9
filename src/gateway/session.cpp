#include "gateway/session.hpp"

#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include <array>
#include <optional>

namespace codi::gateway {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using middleware::HttpRequest;
using middleware::HttpResponse;

using Stream = beast::basic_stream<Tcp, Executor, beast::unlimited_rate_policy>;
using Parser = http::request_parser<http::string_body>;

// Room for a header and for what a client has sent after it; an idle connection keeps less.
constexpr std::size_t kBufferBytes = 4 * limits::kHeaderBytes;
constexpr std::size_t kIdleBufferBytes = 4'096;
constexpr auto kLingerTime = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = 4 << 20;

Error request_error(ErrorCode code, unsigned status, std::string detail) {
  Error error;
  error.code = code;
  error.status = status;
  error.detail = std::move(detail);
  return error;
}

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

Error malformed(std::string_view what) { return request_error(ErrorCode::validation, 400, std::string(what)); }

// How long the body is must be said in one way that everybody understands alike. A proxy in front that reads it another
// way would take the bytes behind the body for a request, or part of the body for one.
std::optional<Error> check_framing(Parser::value_type const& message) {
  auto const codings = message.count(http::field::transfer_encoding);
  if (codings == 0) return std::nullopt;
  if (message.count(http::field::content_length) > 0)
    return malformed("a request has Content-Length or Transfer-Encoding, not both");
  if (codings > 1 || message.version() < 11 || !beast::iequals(message[http::field::transfer_encoding], "chunked"))
    return malformed("the only Transfer-Encoding of a request is chunked, in HTTP/1.1");
  return std::nullopt;
}

std::optional<Error> check_header(Parser::value_type const& message) {
  if (message.target().size() > limits::kUrlBytes)
    return request_error(ErrorCode::header_too_large, 414, fmt::format("a URL may have {} bytes", limits::kUrlBytes));
  if (std::distance(message.begin(), message.end()) > static_cast<std::ptrdiff_t>(limits::kHeaderCount))
    return request_error(ErrorCode::header_too_large, 431,
                         fmt::format("a request may have {} header fields", limits::kHeaderCount));
  auto const hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11))
    return malformed("an HTTP/1.1 request has exactly one Host header field");
  if (auto error = check_framing(message)) return error;
  if (auto const expect = message.find(http::field::expect);
      expect != message.end() && !beast::iequals(expect->value(), "100-continue"))
    return request_error(ErrorCode::validation, 417, "the only expectation that is met is 100-continue");
  return std::nullopt;
}

Error body_too_large() {
  return request_error(ErrorCode::payload_too_large, 413,
                       fmt::format("a request body may have {} bytes", limits::kBodyBytes));
}

class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Socket socket, ServerOptions const& options, middleware::Handler& handler, middleware::Post post)
      : stream_(std::move(socket)),
        answered_(stream_.get_executor()),
        options_(options),
        handler_(handler),
        post_(std::move(post)) {
    error_code ignored;
    stream_.socket().set_option(Tcp::no_delay(true), ignored);
    auto const peer = stream_.socket().remote_endpoint(ignored);
    remote_address_ = peer.address().to_string();
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
    if (idle_) stream_.close();
  }

 private:
  // What becomes of the connection after a step.
  enum class Next { go_on, close };

  Awaitable<> serve() {
    stream_.expires_after(options_.header_time);
    for (;;) {
      if (co_await wait_for_request() == Next::close) co_return;
      if (co_await serve_one() == Next::close) break;
      stream_.expires_after(options_.idle_time);
    }
    co_await linger();
  }

  // Until the first byte of a request is there. Nothing is lost when the connection is closed meanwhile.
  Awaitable<Next> wait_for_request() {
    if (buffer_.size() > 0) co_return Next::go_on;
    if (draining_) co_return Next::close;
    idle_ = true;
    if (buffer_.capacity() > kIdleBufferBytes) buffer_.shrink_to_fit();
    auto const room = buffer_.prepare(kIdleBufferBytes);
    auto const [ec, bytes] = co_await stream_.async_read_some(room, use_tuple);
    idle_ = false;
    buffer_.commit(bytes);
    co_return ec ? Next::close : Next::go_on;
  }

  Awaitable<Next> serve_one() {
    auto& parser = parser_.emplace();
    parser.header_limit(limits::kHeaderBytes);
    parser.body_limit(limits::kBodyBytes);
    stream_.expires_after(options_.header_time);
    auto const [ec, bytes] = co_await http::async_read_header(stream_, buffer_, parser, use_tuple);
    bool const too_large = ec == http::error::body_limit;
    if (ec && !too_large) co_return co_await refuse(parser, refusal_of(ec));
    if (auto error = check_header(parser.get())) co_return co_await refuse(parser, std::move(error));

    // Copied now: what follows a chunked body as its trailer must not pass for a header field.
    auto request = request_head(parser.get());
    if (too_large)
      request.refused = body_too_large();
    else if (auto const error = co_await read_body(parser, request); error)
      co_return co_await refuse(parser, refusal_of(error));
    auto const response = co_await answer_of(std::move(request));
    co_return co_await write(parser, response);
  }

  HttpRequest request_head(Parser::value_type const& message) const {
    HttpRequest out{.method = message.method_string(), .target = message.target(), .remote_address = remote_address_};
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
    auto const [ec, bytes] = co_await http::async_read(stream_, buffer_, parser, use_tuple);
    if (ec == http::error::body_limit) {
      request.refused = body_too_large();
      co_return error_code();
    }
    request.body = std::move(parser.get().body());
    co_return ec;
  }

  Awaitable<HttpResponse> answer_of(HttpRequest request) {
    bool const refused = request.refused.has_value();
    response_.reset();
    stream_.expires_never();
    answered_.expires_after(options_.request_time);
    std::weak_ptr<HttpSession> const weak = weak_from_this();
    auto const abandon = handler_.handle(std::move(request), post_, [weak](HttpResponse response) {
      auto const self = weak.lock();
      if (!self) return;
      self->response_ = std::move(response);
      self->answered_.cancel();
    });
    // A cancelled wait means answered; one that ran out, that the handler needs too long.
    if (!response_) co_await answered_.async_wait(use_tuple);
    if (!response_) abandon(too_slow());
    auto response = response_ ? *std::exchange(response_, std::nullopt) : HttpResponse{.status = 503, .close = true};
    if (refused) response.close = true;
    co_return response;
  }

  static Error too_slow() {
    Error error;
    error.code = ErrorCode::overloaded;
    error.detail = "the request was not finished in time; it may still be carried out";
    error.retry_after_s = 1;
    return error;
  }

  Awaitable<Next> refuse(Parser const& parser, std::optional<Error> error) {
    if (!error) co_return Next::close;
    auto response = handler_.reject(*std::move(error), remote_address_);
    response.close = true;
    co_return co_await write(parser, response);
  }

  Awaitable<Next> write(Parser const& parser, HttpResponse const& response) {
    if (response.content) co_return co_await write_made(parser, response);
    bool const keep = !response.close && !draining_ && parser.is_done() && parser.keep_alive();
    auto const head = serialize_head(response, {.keep_alive = keep, .http_1_0 = parser.get().version() < 11});
    bool const headless = parser.get().method() == http::verb::head || middleware::has_no_content(response.status);
    std::array<asio::const_buffer, 2> const parts{asio::buffer(head),
                                                  headless ? asio::const_buffer() : asio::buffer(response.body)};
    stream_.expires_after(options_.body_time);
    auto const [ec, bytes] = co_await asio::async_write(stream_, parts, use_tuple);
    co_return keep && !ec ? Next::go_on : Next::close;
  }

  // The length is not known, so each piece says its own (RFC 9112 section 7.1); in HTTP/1.0 the connection's end is the
  // content's. Whoever reads content that was cut off sees no last chunk.
  Awaitable<Next> write_made(Parser const& parser, HttpResponse const& response) {
    bool const http_1_0 = parser.get().version() < 11;
    bool const keep = !response.close && !draining_ && !http_1_0 && parser.is_done() && parser.keep_alive();
    auto const head = serialize_head(response, {.keep_alive = keep, .http_1_0 = http_1_0});
    if (!co_await write_text(head)) co_return Next::close;
    if (parser.get().method() == http::verb::head) co_return keep ? Next::go_on : Next::close;
    for (;;) {
      auto piece = co_await piece_of(*response.content);
      if (!piece) {
        log::write(log::Level::error, "gateway", "content_cut_off",
                   {{"request_id", response.headers.find("X-Request-Id").value_or("")}, {"detail", piece.error()}});
        co_return Next::close;
      }
      auto const bytes = std::move(*piece);
      if (!bytes) break;
      if (bytes->empty()) continue;  // as a chunk it would be the last one
      auto const chunk = http_1_0 ? *bytes : fmt::format("{:x}\r\n", bytes->size()) + *bytes + "\r\n";
      if (!co_await write_text(chunk)) co_return Next::close;
    }
    bool const written = http_1_0 || co_await write_text("0\r\n\r\n");
    co_return keep&& written ? Next::go_on : Next::close;
  }

  Awaitable<bool> write_text(std::string_view text) {
    stream_.expires_after(options_.body_time);
    auto const [ec, bytes] = co_await asio::async_write(stream_, asio::buffer(text), use_tuple);
    co_return !ec;
  }

  Awaitable<middleware::Content::Piece> piece_of(middleware::Content& content) {
    piece_.reset();
    stream_.expires_never();
    answered_.expires_after(options_.request_time);
    content.next([weak = weak_from_this()](middleware::Content::Piece piece) {
      auto const self = weak.lock();
      if (!self) return;
      self->piece_ = std::move(piece);
      self->answered_.cancel();
    });
    if (!piece_) co_await answered_.async_wait(use_tuple);
    co_return piece_ ? *std::exchange(piece_, std::nullopt)
                     : std::unexpected(std::string("the next piece took too long"));
  }

  // Closing while there is something unread would make the peer's system throw away an answer that it has not read yet.
  Awaitable<> linger() {
    error_code ignored;
    bool const unread =
        !parser_ || !parser_->is_done() || buffer_.size() > 0 || stream_.socket().available(ignored) > 0;
    if (!unread) co_return;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    if (ignored) co_return;
    stream_.expires_after(kLingerTime);
    std::array<char, 16 << 10> thrown_away{};
    for (std::size_t total = 0; total < kLingerBytes;) {
      auto const [ec, bytes] = co_await stream_.async_read_some(asio::buffer(thrown_away), use_tuple);
      if (ec) co_return;
      total += bytes;
    }
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
  std::optional<Parser> parser_;
  std::optional<HttpResponse> response_;
  std::optional<middleware::Content::Piece> piece_;
  ServerOptions const& options_;
  middleware::Handler& handler_;
  middleware::Post post_;
  std::string remote_address_;
  bool idle_ = false;
  bool draining_ = false;
};

}  // namespace

std::shared_ptr<Session> make_session(Socket socket, ServerOptions const& options, middleware::Handler& handler,
                                      middleware::Post post) {
  return std::make_shared<HttpSession>(std::move(socket), options, handler, std::move(post));
}

}  // namespace codi::gateway
