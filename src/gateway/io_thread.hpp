#pragma once
#include "gateway/io.hpp"
#include "gateway/listener.hpp"
#include "gateway/session.hpp"

#include <atomic>
#include <cstddef>
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
  /// False, and nothing is counted, when one of the limits is reached.
  [[nodiscard]] bool enter(std::string const& address);
  void leave(std::string const& address);
  [[nodiscard]] std::size_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  std::size_t const total_max_;
  std::size_t const per_address_max_;
  std::atomic<std::size_t> total_{0};
  std::mutex mutex_;
  std::map<std::string, std::size_t> per_address_;
};

/// A thread with an io_context, an acceptor on the shared socket, and the connections that it accepted.
class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  IoThread(ServerOptions const& options, middleware::Handler& handler, ConnectionCount& count)
      : options_(options), handler_(handler), count_(count) {}

  /// Begins to accept connections from a duplicate of the listener's socket.
  void start(Listener const& listener);
  /// Stops accepting and asks every connection to end. From any thread.
  void drain();
  /// Ends the thread at once; what is still open is closed. From another thread.
  void stop();

 private:
  void run();
  Awaitable<> accept_loop();
  void try_to_admit(Socket socket);
  void admit(Socket socket);
  [[nodiscard]] middleware::Post make_post();

  ServerOptions const& options_;
  middleware::Handler& handler_;
  ConnectionCount& count_;
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
  Acceptor acceptor_{io_};
  Timer pause_{io_};
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  std::thread thread_;
};

}  // namespace codi::gateway
