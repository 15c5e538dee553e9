#pragma once
#include "gateway/io.hpp"
#include "gateway/stream.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::gateway {

/// What a WebSocket sends, in order: Beast's control frames and whole messages of the server (RFC 6455 section 5). All
/// that is there when the one before is sent goes in one write, so that who has much to say makes few calls of the
/// system. It is the stream that Beast's WebSocket reads and writes. Used on the stream's thread; `owner`, which holds
/// it, is kept alive by a write under way.
class Outbox {
 public:
  using executor_type = Executor;
  using error_code = boost::system::error_code;

  explicit Outbox(Stream& stream) : stream_(stream) {}
  Outbox(Outbox const&) = delete;
  Outbox& operator=(Outbox const&) = delete;
  /// Whom writes keep alive.
  void belongs_to(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  [[nodiscard]] Executor get_executor() const { return stream_.get_executor(); }

  /// Puts a text message in. To be followed by send().
  void add_text(std::string_view text);
  /// Bytes that are in and not on the way.
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_.size(); }
  /// Sends what is in; calls `done` when it was taken by the system, or could not be.
  void send(std::move_only_function<void(error_code)> done);

  /// Reads from the stream.
  template <class Buffers, class Token>
  auto async_read_some(Buffers const& buffers, Token&& token) {
    return stream_.async_read_some(buffers, std::forward<Token>(token));
  }
  /// Completes when the bytes were sent: who only asks for answers gets them no faster than it reads them.
  template <class Buffers, class Token>
  auto async_write_some(Buffers const& buffers, Token&& token) {
    auto const start = [this](auto&& handler, std::size_t bytes) {
      send([handler = std::forward<decltype(handler)>(handler), bytes](error_code ec) mutable {
        std::move(handler)(ec, ec ? 0 : bytes);
      });
    };
    std::size_t bytes = 0;
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at) {
      asio::const_buffer const part(*at);
      waiting_.append(static_cast<char const*>(part.data()), part.size());
      bytes += part.size();
    }
    return asio::async_initiate<Token, void(error_code, std::size_t)>(start, token, bytes);
  }

  /// As Beast asks for it.
  friend void beast_close_socket(Outbox& outbox) { outbox.stream_.close(); }

 private:
  using Done = std::move_only_function<void(error_code)>;
  // Whom to tell. Owned by the write under way, not by the outbox: they may hold what holds the outbox.
  struct Asked {
    std::vector<Done> of_this_write;
    std::vector<Done> of_the_next;
  };

  void write(std::shared_ptr<Asked> asked);
  void written(error_code ec, std::shared_ptr<Asked> asked);

  Stream& stream_;
  std::weak_ptr<void> owner_;
  std::string waiting_;
  std::string on_the_way_;
  std::weak_ptr<Asked> asked_;  ///< while something is on the way
};

/// The end of a WebSocket, as Beast asks for it: nothing more is read; HttpSession ends the connection.
template <class Handler>
void async_teardown(boost::beast::role_type, Outbox& outbox, Handler&& handler) {
  asio::post(outbox.get_executor(), boost::beast::bind_handler(std::forward<Handler>(handler), Outbox::error_code()));
}

}  // namespace codi::gateway
