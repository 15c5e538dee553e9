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

  Listener& open() {
    auto& listener = listener_.emplace(options_.listen);
    address_ = listener.address();
    return listener;
  }

  void start() {
    auto& listener = listener_ ? *listener_ : open();
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.threads, 1); ++i) {
      threads_.push_back(std::make_shared<IoThread>(options_, handler_, count_));
      threads_.back()->start(listener);
    }
  }

  bool stop_and_drain() {
    static constexpr auto kPoll = std::chrono::milliseconds(5);
    listener_.reset();
    for (auto const& thread : threads_) thread->drain();
    auto const deadline = std::chrono::steady_clock::now() + options_.drain_time;
    while (count_.total() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(kPoll);
    bool const clean = count_.total() == 0;
    stop();
    return clean;
  }

  [[nodiscard]] Address const& address() const { return address_; }
  [[nodiscard]] std::size_t connections() const { return count_.total(); }

 private:
  void stop() {
    for (auto const& thread : threads_) thread->stop();
    threads_.clear();
  }

  ServerOptions const options_;
  middleware::Handler& handler_;
  ConnectionCount count_;
  std::optional<Listener> listener_;
  Address address_;
  std::vector<std::shared_ptr<IoThread>> threads_;
};

Server::Server(ServerOptions options, middleware::Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}
Server::~Server() = default;
void Server::open() { impl_->open(); }
void Server::start() { impl_->start(); }
Address Server::address() const { return impl_->address(); }
bool Server::stop_and_drain() { return impl_->stop_and_drain(); }
std::size_t Server::connections() const { return impl_->connections(); }

}  // namespace codi::gateway
