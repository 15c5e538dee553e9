#pragma once
#include "base/limits.hpp"
#include "gateway/address.hpp"
#include "gateway/tls.hpp"
#include "middleware/http.hpp"
#include "middleware/trusted_proxies.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

/// The wire: sockets and HTTP/1.1. Everything that speaks Asio or Beast stands in this folder.
namespace codi::gateway {

/// How a server listens, and what it allows a connection. The limits are those of base/limits.hpp unless a test
/// shortens them.
struct ServerOptions {
  std::vector<Address> listen{{.host = "127.0.0.1", .port = 0}};
  std::optional<TlsFiles> tls = {};  ///< of TCP connections; nothing: they are plain
  middleware::TrustedProxies trusted_proxies = {};
  std::size_t threads = 1;
  std::size_t connections = limits::kConnections;
  std::size_t connections_per_address = limits::kConnectionsPerAddress;
  std::chrono::milliseconds handshake_time = limits::kHandshakeTime;
  std::chrono::milliseconds header_time = limits::kHeaderTime;  ///< from a request's first byte to its last header
  std::chrono::milliseconds body_time = limits::kBodyTime;      ///< to read a body, and to send an answer
  std::chrono::milliseconds idle_time = limits::kIdleTime;      ///< between two requests
  std::chrono::milliseconds request_time = limits::kRequestTime;
  std::chrono::milliseconds drain_time = limits::kDrainTime;
  std::chrono::milliseconds feed_ping = limits::kFeedPing;        ///< of silence until a WebSocket's peer is asked
  std::chrono::milliseconds feed_silence = limits::kFeedSilence;  ///< until its connection ends
  bool feed_deflates = false;                                     ///< compresses WebSockets whose peers offer it
};

/// An HTTP/1.1 server: threads with an io_context each, which share the listening sockets; a connection stays on the
/// thread that accepted it. open(), start() and stop_and_drain() are called by one thread; the rest is thread-safe.
class Server {
 public:
  /// `handler` must outlive the server.
  Server(ServerOptions options, middleware::Handler& handler);
  /// Closes every connection at once unless stop_and_drain() was called before.
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// Reads the certificate and opens the sockets, so that the addresses are known. Throws Failure when one of them is
  /// taken or can't be used.
  void open();
  /// Starts the threads; opens the sockets first if that has not been done.
  void start();
  /// Where it really listens, with the ports that the system chose for port 0. Empty before open().
  [[nodiscard]] std::vector<Address> const& addresses() const;
  /// The first of them.
  [[nodiscard]] Address address() const;
  /// Reads certificate and key again, for new connections. Throws Failure, and nothing has changed.
  void reload();
  /// When the certificate expires; nothing without TLS.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> certificate_expires() const;
  /// See Tls::key_pin; nothing without TLS.
  [[nodiscard]] std::optional<std::string> key_pin() const;
  /// Stops accepting, closes idle connections, lets requests in flight finish for at most `drain_time`, and stops.
  /// False when connections had to be cut.
  bool stop_and_drain();
  [[nodiscard]] std::size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace codi::gateway
