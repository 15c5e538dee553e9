#pragma once
#include "gateway/io.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace codi::gateway {

class Tls;
class Stream;

/// The bytes of one connection, plain or through TLS. One type for both, so that what reads and writes it is compiled
/// once. It is an AsyncStream of Asio and Beast whose operations complete on the connection's thread: handlers with
/// another executor of their own are not asked for it. Not thread-safe; at most one read and one write at a time.
class Stream {
 public:
  using executor_type = Executor;
  using error_code = boost::system::error_code;

  /// `tls` may be null: plain. It may be destroyed once this returns.
  Stream(Socket socket, Tls const* tls);
  ~Stream();
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;

  [[nodiscard]] Executor get_executor() const { return executor_; }
  [[nodiscard]] bool is_tls() const;

  /// What does not complete within the time fails, and the connection is closed.
  void expires_after(std::chrono::milliseconds time);
  void expires_never();

  /// How a connection began.
  struct Start {
    error_code error = {};
    bool is_misplaced = false;  ///< the peer speaks no TLS where it should: the stream is plain from now on
  };
  /// The server's part of the TLS handshake; nothing to do for a plain stream. The byte that has told a misplaced peer
  /// is read.
  Awaitable<Start> handshake();
  /// True when there are bytes that have come and are not read yet.
  [[nodiscard]] bool has_unread() const;
  /// True when the peer sends no more: it has closed the connection, or its half of it.
  [[nodiscard]] bool peer_has_gone() const;
  /// What the system keeps for a peer that does not read, about.
  void limit_send_buffer(int bytes);
  /// Ends what is under way as cancelled.
  void cancel();
  /// Tells the peer that nothing more comes (RFC 9112 section 9.8: with TLS by a close_notify alert) and, where it may
  /// still be sending, reads what comes for a while, so that it can read the last answer.
  Awaitable<> finish(bool is_sending);
  void close();
  /// How often bytes were asked of the peer.
  [[nodiscard]] std::size_t reads() const { return reads_; }

  /// Reads some bytes into the first buffer.
  template <class Buffers, class Token>
  auto async_read_some(Buffers const& buffers, Token&& token) {
    auto const start = [this](auto&& handler, asio::mutable_buffer room) {
      read(room, std::forward<decltype(handler)>(handler));
    };
    return asio::async_initiate<Token, Signature>(start, token, first_of(buffers));
  }
  /// Writes some bytes of the first buffers.
  template <class Buffers, class Token>
  auto async_write_some(Buffers const& buffers, Token&& token) {
    auto const start = [this](auto&& handler, Gathered const& parts) {
      write(parts, std::forward<decltype(handler)>(handler));
    };
    return asio::async_initiate<Token, Signature>(start, token, gather(buffers));
  }

 private:
  using Signature = void(error_code, std::size_t);
  using Done = std::move_only_function<Signature>;
  using Gathered = std::array<asio::const_buffer, 2>;
  struct Layers;

  static asio::mutable_buffer first_of(auto const& buffers) {
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at)
      if (asio::mutable_buffer const buffer(*at); buffer.size() > 0) return buffer;
    return {};
  }
  static Gathered gather(auto const& buffers) {
    Gathered out;
    auto* next = out.begin();
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at)
      if (asio::const_buffer const buffer(*at); buffer.size() > 0 && next != out.end()) *next++ = buffer;
    return out;
  }
  void read(asio::mutable_buffer room, Done done);
  void write(Gathered const& parts, Done done);

  Executor executor_;
  std::unique_ptr<Layers> layers_;
  std::size_t reads_ = 0;
};

}  // namespace codi::gateway
