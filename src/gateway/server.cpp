#include "gateway/server.hpp"

#include "gateway/io_thread.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace codi::gateway {

class Server::Impl {
 public:
  Impl(ServerOptions options, middleware::Handler& handler)
      : options_(std::move(options)),
        handler_(handler),
        count_(options_.connections, options_.connections_per_address) {}
  ~Impl() { stop(); }
  Impl(Impl const&) = delete;
  Impl& operator=(Impl const&) = delete;

  void open() {
    if (options_.tls) tls_.emplace(*options_.tls);
    listeners_ = open_listeners(options_.listen);
    for (auto const& listener : listeners_) addresses_.push_back(listener->address());
  }

  void start() {
    if (listeners_.empty()) open();
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.threads, 1); ++i) {
      threads_.push_back(std::make_shared<IoThread>(options_, handler_, count_, tls_ ? &*tls_ : nullptr));
      threads_.back()->start(listeners_);
    }
  }

  void reload() {
    if (tls_) tls_->reload();
  }
  [[nodiscard]] std::optional<std::chrono::sys_seconds> certificate_expires() const {
    if (!tls_) return std::nullopt;
    return tls_->expires();
  }
  [[nodiscard]] std::optional<std::string> key_pin() const {
    if (!tls_) return std::nullopt;
    return tls_->key_pin();
  }

  bool stop_and_drain() {
    static constexpr auto kPoll = std::chrono::milliseconds(5);
    listeners_.clear();
    for (auto const& thread : threads_) thread->drain();
    auto const deadline = std::chrono::steady_clock::now() + options_.drain_time;
    while (count_.total() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(kPoll);
    bool const clean = count_.total() == 0;
    stop();
    return clean;
  }

  [[nodiscard]] std::vector<Address> const& addresses() const { return addresses_; }
  [[nodiscard]] std::size_t connections() const { return count_.total(); }

 private:
  void stop() {
    for (auto const& thread : threads_) thread->stop();
    threads_.clear();
  }

  ServerOptions const options_;
  middleware::Handler& handler_;
  ConnectionCount count_;
  std::optional<Tls> tls_;
  Listeners listeners_;
  std::vector<Address> addresses_;
  std::vector<std::shared_ptr<IoThread>> threads_;
};

Server::Server(ServerOptions options, middleware::Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}
Server::~Server() = default;
void Server::open() { impl_->open(); }
void Server::start() { impl_->start(); }
std::vector<Address> const& Server::addresses() const { return impl_->addresses(); }
Address Server::address() const { return impl_->addresses().at(0); }
void Server::reload() { impl_->reload(); }
std::optional<std::chrono::sys_seconds> Server::certificate_expires() const { return impl_->certificate_expires(); }
std::optional<std::string> Server::key_pin() const { return impl_->key_pin(); }
bool Server::stop_and_drain() { return impl_->stop_and_drain(); }
std::size_t Server::connections() const { return impl_->connections(); }

}  // namespace codi::gateway
