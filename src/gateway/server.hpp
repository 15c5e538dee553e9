#pragma once
#include "base/limits.hpp"
#include "gateway/address.hpp"
#include "middleware/http.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

/// The wire: sockets and HTTP/1.1. Everything that speaks Asio or Beast stands in this folder.
namespace codi::gateway {

/// How a server listens, and what it allows a connection. The limits are those of base/limits.hpp unless a test
/// shortens them.
struct ServerOptions {
  Address listen{.host = "127.0.0.1", .port = 0};
  std::size_t threads = 1;
  std::size_t connections = limits::kConnections;
  std::size_t connections_per_address = limits::kConnectionsPerAddress;
  std::chrono::milliseconds header_time = limits::kHeaderTime;  ///< from a request's first byte to its last header
  std::chrono::milliseconds body_time = limits::kBodyTime;      ///< to read a body, and to send an answer
  std::chrono::milliseconds idle_time = limits::kIdleTime;      ///< between two requests
  std::chrono::milliseconds request_time = limits::kRequestTime;
  std::chrono::milliseconds drain_time = limits::kDrainTime;
};

/// An HTTP/1.1 server: threads with an io_context each, which share one listening socket; a connection stays on the
/// thread that accepted it. open(), start() and stop_and_drain() are called by one thread; the rest is thread-safe.
class Server {
 public:
  /// `handler` must outlive the server.
  Server(ServerOptions options, middleware::Handler& handler);
  /// Closes every connection at once unless stop_and_drain() was called before.
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// Opens the socket, so that the address is known. Throws Failure when it is taken or can't be used.
  void open();
  /// Starts the threads; opens the socket first if that has not been done.
  void start();
  /// Where it really listens: the port that the system chose for port 0.
  [[nodiscard]] Address address() const;
  /// Stops accepting, closes idle connections, lets requests in flight finish for at most `drain_time`, and stops.
  /// False when connections had to be cut.
  bool stop_and_drain();
  [[nodiscard]] std::size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace codi::gateway
