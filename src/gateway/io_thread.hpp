#pragma once
#include "gateway/io.hpp"
#include "gateway/listener.hpp"
#include "gateway/session.hpp"
#include "gateway/tls.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

namespace codi::gateway {

/// Counts the connections of a server and those of each address. Thread-safe.
class ConnectionCount {
 public:
  ConnectionCount(std::size_t total_max, std::size_t per_address_max)
      : total_max_(total_max), per_address_max_(per_address_max) {}
  /// False, and nothing is counted, when one of the limits is reached. A proxy speaks for many: it has no limit of its
  /// own.
  [[nodiscard]] bool enter(std::string const& address, bool is_proxy);
  void leave(std::string const& address);
  [[nodiscard]] std::size_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  std::size_t const total_max_;
  std::size_t const per_address_max_;
  std::atomic<std::size_t> total_{0};
  std::mutex mutex_;
  std::map<std::string, std::size_t> per_address_;
};

/// A thread with an io_context, an acceptor on each of the shared sockets, and the connections that it accepted.
class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  /// `tls` may be null; all of them outlive the thread.
  IoThread(ServerOptions const& options, middleware::Handler& handler, ConnectionCount& count, Tls const* tls)
      : options_(options), handler_(handler), count_(count), tls_(tls) {}

  /// Begins to accept connections from a duplicate of each listener's socket.
  void start(Listeners const& listeners);
  /// Stops accepting and asks every connection to end. From any thread.
  void drain();
  /// Ends the thread at once; what is still open is closed. From another thread.
  void stop();

 private:
  // One of the sockets that it accepts from.
  struct Door {
    Door(asio::io_context& io, Tls const* with_tls) : acceptor(io), pause(io), tls(with_tls) {}
    Acceptor acceptor;
    Timer pause;
    Tls const* tls;
  };

  void run();
  Awaitable<> accept_loop(Door& door);
  void accept_rest(Door& door);
  void try_to_admit(Socket socket, Tls const* tls);
  void admit(Socket socket, Tls const* tls);
  [[nodiscard]] middleware::Post make_post();

  ServerOptions const& options_;
  middleware::Handler& handler_;
  ConnectionCount& count_;
  Tls const* tls_;
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
  Turns turns_{io_};
  Rounds rounds_{io_};
  std::deque<Door> doors_;
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  std::thread thread_;
};

}  // namespace codi::gateway
