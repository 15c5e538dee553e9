#include "gateway/stream.hpp"

#include "gateway/tls.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/rate_policy.hpp>

#include <optional>
#include <poll.h>

namespace codi::gateway {
namespace {

namespace beast = boost::beast;

using Transport = beast::basic_stream<Protocol, Executor, beast::unlimited_rate_policy>;

constexpr auto kFinishTime = std::chrono::seconds(2);
constexpr std::size_t kFinishBytes = 4 << 20;
constexpr unsigned char kHandshakeRecord = 22;  // RFC 8446 section 5.1: what every TLS client begins with

}  // namespace

struct Stream::Layers {
  explicit Layers(Socket socket) : transport(std::move(socket)) {}
  Transport transport;
  std::optional<asio::ssl::stream<Transport&>> tls = {};
};

Stream::Stream(Socket socket, Tls const* tls)
    : executor_(socket.get_executor()), layers_(std::make_unique<Layers>(std::move(socket))) {
  // The context lives on in each connection that was made from it.
  if (tls != nullptr) layers_->tls.emplace(layers_->transport, *tls->context());
}

Stream::~Stream() = default;

bool Stream::is_tls() const { return layers_->tls.has_value(); }

void Stream::expires_after(std::chrono::milliseconds time) { layers_->transport.expires_after(time); }
void Stream::expires_never() { layers_->transport.expires_never(); }

Awaitable<Stream::Start> Stream::handshake() {
  Start out;
  auto& tls = layers_->tls;
  if (!tls) co_return out;
  std::array<unsigned char, 1> first{};
  auto const [failed, read] = co_await layers_->transport.async_read_some(asio::buffer(first), use_tuple);
  out.error = failed;
  if (failed) co_return out;
  if (first.front() != kHandshakeRecord) {
    tls.reset();
    out.is_misplaced = true;
    co_return out;
  }
  auto const [ec, used] = co_await tls->async_handshake(asio::ssl::stream_base::server, asio::buffer(first), use_tuple);
  out.error = ec;
  co_return out;
}

bool Stream::has_unread() const {
  error_code ignored;
  return layers_->transport.socket().available(ignored) > 0;
}

bool Stream::peer_has_gone() const {
  pollfd look{.fd = layers_->transport.socket().native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&look, 1, 0) == 1 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Stream::limit_send_buffer(int bytes) {
  error_code ignored;
  layers_->transport.socket().set_option(asio::socket_base::send_buffer_size(bytes), ignored);
}

void Stream::cancel() { layers_->transport.cancel(); }

Awaitable<> Stream::finish(bool is_sending) {
  auto& transport = layers_->transport;
  if (!transport.socket().is_open()) co_return;
  transport.expires_after(kFinishTime);
  if (auto& tls = layers_->tls) {
    // The peer's own alert is not waited for (RFC 8446 section 6.1): as if it had come.
    SSL_set_shutdown(tls->native_handle(), SSL_RECEIVED_SHUTDOWN);
    auto const [ec] = co_await tls->async_shutdown(use_tuple);
    if (ec || !transport.socket().is_open()) co_return;
  }
  if (!is_sending) co_return;
  error_code failed;
  transport.socket().shutdown(asio::socket_base::shutdown_send, failed);
  if (failed) co_return;
  std::array<char, 16 << 10> thrown_away{};
  for (std::size_t total = 0; total < kFinishBytes;) {
    auto const [ec, bytes] = co_await transport.async_read_some(asio::buffer(thrown_away), use_tuple);
    if (ec) co_return;
    total += bytes;
  }
}

void Stream::close() { layers_->transport.close(); }

void Stream::read(asio::mutable_buffer room, Done done) {
  ++reads_;
  if (auto& tls = layers_->tls)
    tls->async_read_some(room, std::move(done));
  else
    layers_->transport.async_read_some(room, std::move(done));
}

void Stream::write(Gathered const& parts, Done done) {
  if (auto& tls = layers_->tls)
    tls->async_write_some(parts, std::move(done));
  else
    layers_->transport.async_write_some(parts, std::move(done));
}

}  // namespace codi::gateway
