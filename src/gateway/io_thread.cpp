#include "gateway/io_thread.hpp"

#include "base/log.hpp"
#include "base/process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <sys/socket.h>

namespace codi::gateway {

using boost::system::error_code;

bool ConnectionCount::enter(std::string const& address, bool is_proxy) {
  std::scoped_lock const lock(mutex_);
  if (total_ >= total_max_) return false;
  auto& here = per_address_[address];
  if (here >= per_address_max_ && !is_proxy) return false;
  ++here;
  ++total_;
  return true;
}

void ConnectionCount::leave(std::string const& address) {
  std::scoped_lock const lock(mutex_);
  --total_;
  if (auto const here = per_address_.find(address); --here->second == 0) per_address_.erase(here);
}

void IoThread::start(Listeners const& listeners) {
  for (auto const& listener : listeners) {
    bool const is_unix = listener->family() == AF_UNIX;
    auto& door = doors_.emplace_back(io_, is_unix ? nullptr : tls_);
    door.acceptor.assign(Protocol(listener->family(), 0), listener->duplicate());
    asio::co_spawn(io_.get_executor(), accept_loop(door), asio::detached);
  }
  thread_ = std::thread([this] { run(); });
}

void IoThread::run() {
  take_short_turns();
  for (;;) try {
      io_.run();
      return;
    } catch (std::exception const& error) {
      // One connection's trouble must not end the others.
      log::write(log::Level::error, "gateway", "thread_failed", {{"detail", error.what()}});
    }
}

Awaitable<> IoThread::accept_loop(Door& door) {
  static constexpr auto kPause = std::chrono::milliseconds(100);
  while (door.acceptor.is_open()) {
    auto [ec, socket] = co_await door.acceptor.async_accept(use_tuple);
    if (!ec) {
      try_to_admit(std::move(socket), door.tls);
      continue;
    }
    if (!door.acceptor.is_open()) co_return;
    if (ec == asio::error::connection_aborted) continue;
    // Out of descriptors or memory: connections wait in the backlog until others end.
    log::write(log::Level::warn, "gateway", "accept_failed", {{"detail", ec.message()}});
    door.pause.expires_after(kPause);
    co_await door.pause.async_wait(use_tuple);
  }
}

// Whom the system has let in already has perhaps sent a request, and would lose it.
void IoThread::accept_rest(Door& door) {
  error_code ec;
  door.acceptor.non_blocking(true, ec);
  for (int i = 0; i < SOMAXCONN && !ec; ++i) {
    auto socket = door.acceptor.accept(ec);
    if (!ec) try_to_admit(std::move(socket), door.tls);
  }
}

// A connection that there is no memory for must not end the loop.
void IoThread::try_to_admit(Socket socket, Tls const* tls) try {
  admit(std::move(socket), tls);
} catch (std::exception const& error) {
  log::write(log::Level::error, "gateway", "connection_refused", {{"detail", error.what()}});
}

void IoThread::admit(Socket socket, Tls const* tls) {
  auto const peer = peer_address(socket.native_handle());
  if (!peer) return;
  auto const& address = *peer;
  if (!count_.enter(address, options_.trusted_proxies.contains(address)))
    return handler_.on_connection(middleware::ConnectionEvent::refused);
  std::shared_ptr<Session> session;
  try {
    handler_.on_connection(middleware::ConnectionEvent::opened);
    session = make_session({std::move(socket), tls, address}, {options_, handler_, turns_, rounds_}, make_post());
    sessions_.insert(session);
  } catch (...) {
    count_.leave(address);
    throw;
  }
  session->start([this, address, weak = std::weak_ptr(session)] {
    sessions_.erase(weak.lock());
    count_.leave(address);
    handler_.on_connection(middleware::ConnectionEvent::closed);
  });
}

middleware::Post IoThread::make_post() {
  // A store may call back after the server is gone; by then nobody waits for the answer.
  return [weak = weak_from_this()](std::function<void()> work) {
    if (auto const self = weak.lock()) asio::dispatch(self->io_, std::move(work));
  };
}

void IoThread::drain() {
  asio::post(io_, [this] {
    for (auto& door : doors_) {
      accept_rest(door);
      error_code ignored;
      door.acceptor.close(ignored);
    }
    auto const open = sessions_;
    for (auto const& session : open) session->drain();
  });
}

void IoThread::stop() {
  work_.reset();
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace codi::gateway
