#include "gateway/websocket.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "gateway/outbox.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace codi::gateway {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using middleware::Spoken;

using Request = http::request<http::empty_body>;

constexpr std::size_t kIdleBufferBytes = 512;
constexpr std::size_t kWriteBytes = 8 << 10;  // of frames that go in one write, and the last of them
constexpr std::size_t kReadBytes = 4 << 10;
constexpr std::size_t kFirstReadBytes = 128;  // there is room for them while nothing is said
// RFC 7692 with little memory: a few kilobytes a connection in the place of some three hundred.
constexpr int kDeflateWindowBits = 10;
constexpr int kDeflateMemoryLevel = 2;
constexpr std::size_t kDeflateFromBytes = 256;

class BeastWebSocket final : public WebSocket, public std::enable_shared_from_this<BeastWebSocket> {
 public:
  BeastWebSocket(Stream& stream, middleware::HttpRequest const& upgrade, middleware::HttpResponse answer,
                 SessionParts const& parts)
      : stream_(stream),
        outbox_(stream),
        socket_(outbox_),
        channel_(std::move(answer.channel)),
        request_(std::make_unique<Request>(http::verb::get, upgrade.target, 11)),
        ticker_(stream.get_executor()),
        ready_(stream.get_executor()),
        hearing_(stream.get_executor()),
        options_(parts.options),
        rounds_(parts.rounds) {
    for (auto const& [name, value] : upgrade.headers) request_->insert(name, value);
    auto add_headers = [headers = std::move(answer.headers)](websocket::response_type& response) {
      for (auto const& [name, value] : headers) response.set(name, value);
    };
    socket_.set_option(websocket::stream_base::decorator(std::move(add_headers)));
    auto timeout = websocket::stream_base::timeout::suggested(beast::role_type::server);
    timeout.handshake_timeout = options_.header_time;
    timeout.idle_timeout = websocket::stream_base::none();  // watched by tick()
    timeout.keep_alive_pings = false;
    socket_.set_option(timeout);
    socket_.auto_fragment(false);
    socket_.read_message_max(limits::kFeedMessageBytes);
    if (options_.feed_deflates) offer_deflate();
  }

  Awaitable<> serve() override {
    auto const self = shared_from_this();
    outbox_.belongs_to(self);
    stream_.expires_never();
    stream_.limit_send_buffer(limits::kFeedSendBytes);
    auto const [ec] = co_await socket_.async_accept(*request_, use_tuple);
    request_.reset();
    socket_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
    if (ec) co_return;
    is_open_ = true;
    saw_life();
    socket_.control_callback([this](websocket::frame_type, beast::string_view) { saw_life(); });
    tick();
    listening_ = true;
    asio::co_spawn(stream_.get_executor(), listen(), asio::detached);
    co_await speak();
    ticker_.cancel();
    channel_.reset();
    is_open_ = false;
    if (!listening_) co_return;
    stream_.cancel();
    hearing_.cancel();
    co_await wait(ready_);
  }

  void drain() override {
    if (!channel_) return;
    drain_by_ = Clock::now() + limits::kFeedCloseTime;
    channel_->drain();
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Ends listen(), however it ends.
  struct Listening {
    BeastWebSocket& of;
    ~Listening() {
      of.listening_ = of.is_open_ = false;
      of.ready_.cancel();
    }
  };

  void offer_deflate() {
    websocket::permessage_deflate options;
    options.server_enable = true;
    options.server_max_window_bits = kDeflateWindowBits;
    options.client_max_window_bits = kDeflateWindowBits;
    options.server_no_context_takeover = true;
    options.client_no_context_takeover = true;
    options.memLevel = kDeflateMemoryLevel;
    options.msg_size_threshold = kDeflateFromBytes;
    socket_.set_option(options);
  }

  void saw_life() {
    alive_at_ = Clock::now();
    pinged_ = false;
  }

  // What the channel says, one message after the other.
  Awaitable<> speak() {
    while (is_open_) {
      auto spoken = co_await next_spoken();
      if (!spoken) co_return;
      if (close_by_) continue;  // listen() has said it; nothing follows
      if (auto const& code = spoken->close_code)
        co_return co_await close({static_cast<websocket::close_code>(*code), spoken->close_reason});
      if (!spoken->text) {
        co_await asio::post(stream_.get_executor(), asio::use_awaitable_t<Executor>());
        continue;
      }
      co_await rounds_.take();
      if (!is_open_) co_return;
      writing_ = true;
      bool const failed =
          options_.feed_deflates ? co_await write_alone(*spoken->text) : co_await write_with_more(*spoken->text);
      writing_ = false;
      if (failed) co_return;
      saw_life();
    }
  }

  Awaitable<bool> write_alone(std::string const& text) {
    auto const [ec, bytes] = co_await socket_.async_write(asio::buffer(text), use_tuple);
    co_return ec.failed();
  }

  // With what else can be said at once: one call of the system for many frames is what a busy feed needs.
  Awaitable<bool> write_with_more(std::string const& text) {
    if (!socket_.is_open()) co_return true;  // nothing follows a close
    outbox_.add_text(text);
    while (outbox_.waiting_bytes() < kWriteBytes) {
      ask();
      if (!spoken_) break;
      auto const& more = spoken_->text;
      if (!more) break;
      outbox_.add_text(*more);
      spoken_.reset();
    }
    auto sending = [this](auto handler) {
      outbox_.send([handler = std::move(handler)](error_code ec) mutable { std::move(handler)(ec); });
    };
    auto const [ec] = co_await asio::async_initiate<UseTuple const&, void(error_code)>(sending, use_tuple);
    co_return ec.failed();
  }

  // What comes of it is kept, whether it comes now or later.
  void ask() {
    if (asked_ || spoken_ || !channel_) return;
    asked_ = true;
    channel_->next([weak = weak_from_this()](Spoken spoken) {
      auto const self = weak.lock();
      if (!self) return;
      self->asked_ = false;
      self->spoken_ = std::move(spoken);
      self->ready_.cancel();
    });
  }

  // Nothing when the connection has ended meanwhile.
  Awaitable<std::optional<Spoken>> next_spoken() {
    ask();
    if (!spoken_ && is_open_) {  // as wait() does, without a frame of its own: here most of a connection's time goes by
      ready_.expires_at(Clock::time_point::max());
      co_await ready_.async_wait(use_tuple);
    }
    co_return is_open_ ? std::exchange(spoken_, std::nullopt) : std::nullopt;
  }

  // Said once: Beast asserts that it is.
  Awaitable<> close(websocket::close_reason reason) {
    if (close_by_) co_return;
    close_by_ = Clock::now() + limits::kFeedCloseTime;
    channel_.reset();
    hearing_.cancel();  // nobody is left who would say that the next message may be read
    co_await socket_.async_close(reason, asio::bind_cancellation_slot(cut_close_.slot(), use_tuple));
  }

  // Into buffers of its own size, never Beast's: that makes room for as much as a frame says it has, and looks at the
  // frame while a close may be reading another, which fails one of its assertions.
  Awaitable<bool> read_message() {
    do {
      auto const room = heard_.prepare(heard_.size() == 0 ? kFirstReadBytes : kReadBytes);
      auto const [ec, bytes] =
          co_await socket_.async_read_some(room, asio::bind_cancellation_slot(cut_read_.slot(), use_tuple));
      if (ec) co_return false;
      heard_.commit(bytes);
    } while (!socket_.is_message_done());
    co_return true;
  }

  // What the peer says.
  Awaitable<> listen() {
    auto const self = shared_from_this();
    Listening const listening{*this};
    while (is_open_) {
      if (!co_await read_message()) break;
      saw_life();
      if (!channel_) continue;
      if (!socket_.got_text()) {
        co_await close(websocket::close_code::unknown_data);
        break;
      }
      auto message = beast::buffers_to_string(heard_.data());
      heard_.consume(heard_.size());
      if (heard_.capacity() > kIdleBufferBytes) heard_.shrink_to_fit();
      if (!is_valid_utf8(message)) {  // Beast lets some through that come in fragments
        co_await close(websocket::close_code::bad_payload);
        break;
      }
      co_await hear(std::move(message));
    }
  }

  // Returns when the next message may be read.
  Awaitable<> hear(std::string message) {
    heard_out_ = false;
    channel_->receive(std::move(message), [weak = weak_from_this()] {
      auto const self = weak.lock();
      if (!self) return;
      self->heard_out_ = true;
      self->hearing_.cancel();
    });
    if (!heard_out_ && is_open_) co_await wait(hearing_);
  }

  // Until the timer is cancelled.
  static Awaitable<> wait(Timer& timer) {
    timer.expires_at(Clock::time_point::max());
    co_await timer.async_wait(use_tuple);
  }

  void tick() {
    ticker_.expires_after(limits::kFeedTick);
    ticker_.async_wait([weak = weak_from_this()](error_code ec) {
      auto const self = weak.lock();
      if (!self || ec) return;
      self->look();
    });
  }

  static bool is_late(std::optional<Clock::time_point> const& by) { return by && Clock::now() >= *by; }

  // A close that waits for a frame which is read, and the reader of that frame, which found it broken and waits to say
  // so until the close is done, wait for each other in Beast, where no end of the connection reaches them.
  void cut() {
    stream_.close();
    cut_close_.emit(asio::cancellation_type::terminal);
    cut_read_.emit(asio::cancellation_type::terminal);
  }

  void look() {
    auto const silence = Clock::now() - alive_at_;
    if (silence >= options_.feed_silence || is_late(close_by_) || (writing_ && is_late(drain_by_))) return cut();
    if (silence >= options_.feed_ping && !pinged_ && channel_) {
      pinged_ = true;
      socket_.async_ping({}, [self = shared_from_this()](error_code) {});
    }
    if (channel_) channel_->tick();
    tick();
  }

  Stream& stream_;
  Outbox outbox_;
  websocket::stream<Outbox&> socket_;
  std::shared_ptr<middleware::Channel> channel_;
  std::unique_ptr<Request> request_;
  Timer ticker_;
  Timer ready_;    ///< cancelled when serve() has something to say, and by the end of listen()
  Timer hearing_;  ///< cancelled when the channel can hear more
  ServerOptions const& options_;
  Rounds& rounds_;
  beast::flat_buffer heard_;
  std::optional<Spoken> spoken_;  ///< and not yet written
  bool asked_ = false;            ///< the channel has yet to say something
  Clock::time_point alive_at_{};
  asio::cancellation_signal cut_close_;
  asio::cancellation_signal cut_read_;
  std::optional<Clock::time_point> close_by_;  ///< of a close that was said
  std::optional<Clock::time_point> drain_by_;  ///< of a message that the peer does not read
  bool pinged_ = false;
  bool writing_ = false;
  bool heard_out_ = false;
  bool listening_ = false;
  bool is_open_ = false;
};

}  // namespace

std::shared_ptr<WebSocket> make_websocket(Stream& stream, middleware::HttpRequest const& upgrade,
                                          middleware::HttpResponse answer, SessionParts const& parts) {
  return std::make_shared<BeastWebSocket>(stream, upgrade, std::move(answer), parts);
}

}  // namespace codi::gateway
