#pragma once
#include "fuzz/check.hpp"
#include "gateway/session.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <fuzzer/FuzzedDataProvider.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace codi::gateway {

/// What the fuzzer decides besides the bytes on the wire: a few bytes at the end of its input, over and over.
class Script {
 public:
  explicit Script(FuzzedDataProvider& in) {
    for (auto& byte : bytes_) byte = in.ConsumeIntegral<std::uint8_t>();
  }
  /// 0 to `most`.
  std::size_t next(std::size_t most) { return bytes_[at_++ % bytes_.size()] % (most + 1); }

 private:
  std::array<std::uint8_t, 8> bytes_{};
  std::size_t at_ = 0;
};

/// The fuzzer at one end of a pair of sockets, a session at the other; one thread turns both. Handler::go_on() does
/// what the handler has kept for later, and says whether there was anything.
template <class Handler>
class FuzzedPeer {
 public:
  FuzzedPeer(Script& script, ServerOptions options) : script_(script), options_(std::move(options)), handler_(script) {
    std::array<int, 2> ends{};
    testing::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0, "sockets");
    end_ = ends[0];
    Socket socket(io_);
    socket.assign(Protocol(AF_UNIX, 0), ends[1]);
    session_ = make_session({.socket = std::move(socket), .peer = "unix"}, {options_, handler_, turns_, rounds_},
                            [this](std::function<void()> work) { asio::post(io_, std::move(work)); });
    session_->start([this] { ++ended_; });
  }
  ~FuzzedPeer() { ::close(end_); }
  FuzzedPeer(FuzzedPeer const&) = delete;
  FuzzedPeer& operator=(FuzzedPeer const&) = delete;

  /// In pieces of any size, some of them sent before the last one was looked at.
  void send(std::string_view bytes) {
    while (!bytes.empty() && ended_ == 0) {
      auto const some = script_.next(1) == 0 ? bytes.size() : script_.next(40) + 1;
      bytes.remove_prefix(send_some(bytes.substr(0, some)));
      between_pieces();
    }
  }
  /// No more is sent, or nothing goes either way; how is one of SHUT_WR and SHUT_RDWR. The connection must end by it,
  /// unless that may take time, which does not pass here.
  void shut(int how, bool may_take_time = false) {
    ::shutdown(end_, how);
    settle();
    testing::check(ended_ == 1 || (may_take_time && ended_ == 0), "a connection ends when its peer has", received_);
  }

 protected:
  /// Called behind each piece that was sent.
  virtual void between_pieces() {}

  /// How many bytes there was room for.
  std::size_t send_some(std::string_view bytes) {
    auto const sent = ::send(end_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0 || script_.next(2) > 0) settle();
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  /// Until nothing happens any more.
  void settle() {
    constexpr int kTurns = 100'000;
    int turns = 0;
    while (turn()) testing::check(++turns < kTurns, "a connection comes to rest", received_);
  }
  void drain() { session_->drain(); }

  Script& script_;
  ServerOptions options_;

 private:
  bool turn() {
    io_.restart();
    bool const worked = io_.poll() > 0;
    bool const received = receive();
    return worked || received || handler_.go_on();
  }
  bool receive() {
    std::array<char, 4'096> bytes{};
    auto const count = ::recv(end_, bytes.data(), bytes.size(), 0);
    if (count > 0) received_.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  asio::io_context io_{1};
  Turns turns_{io_};
  Rounds rounds_{io_};

 protected:
  Handler handler_;
  std::string received_;

 private:
  std::shared_ptr<Session> session_;
  int end_ = -1;
  int ended_ = 0;
};

}  // namespace codi::gateway
