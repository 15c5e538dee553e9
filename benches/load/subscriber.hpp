#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace codi::load {

/// How messages come.
enum class Wire : std::uint8_t { websocket, nats };

/// One connection on which messages come, on a socket that does not block. It answers pings. Failures throw
/// std::runtime_error.
class Subscriber {
 public:
  struct Peer {
    std::string host;
    std::uint16_t port = 0;
    std::string from = {};  ///< address of this end; any when empty
  };
  /// Connects and says `greeting`: the request for the upgrade, or what NATS is told first; waits until it is granted.
  Subscriber(Peer const& peer, Wire wire, std::string const& greeting);
  ~Subscriber();
  Subscriber(Subscriber const&) = delete;
  Subscriber& operator=(Subscriber const&) = delete;

  [[nodiscard]] int descriptor() const { return socket_; }
  /// Reads what is there and gives each whole message.
  void receive(std::function<void(std::string_view)> const& got);
  /// Sends one message: a masked text frame, or one to the subject `codi`.
  void publish(std::string_view text);

 private:
  void greet(std::string const& greeting);
  void send_all(std::string_view bytes);
  std::size_t take_frame(std::string_view bytes, std::function<void(std::string_view)> const& got);
  std::size_t take_line(std::string_view bytes, std::function<void(std::string_view)> const& got);

  int socket_ = -1;
  Wire const wire_;
  std::string rest_;  ///< the begin of a message that is not whole
  std::string out_;
};

}  // namespace codi::load
