#pragma once
#include "gateway/server.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace codi::gateway {

using namespace std::chrono_literals;
using middleware::ConnectionEvent;
using middleware::HttpRequest;
using middleware::HttpResponse;
using testing::RawClient;

/// Content in three pieces, one of them empty; what follows may be an end or a failure.
class Pieces final : public middleware::Content {
 public:
  Pieces(bool breaks, middleware::Post post) : breaks_(breaks), post_(std::move(post)) {}
  void next(std::function<void(Piece)> got) override {
    ++asked_;
    Piece piece = std::nullopt;
    if (asked_ == 1) piece = "piece 1\n";
    if (asked_ == 2) piece = "";
    if (asked_ == 3) piece = "piece 2\n";
    if (asked_ == 4 && breaks_) piece = std::unexpected(std::string("the disk is gone"));
    post_([got = std::move(got), piece = std::move(piece)] { got(piece); });
  }

 private:
  bool breaks_;
  middleware::Post post_;
  int asked_ = 0;
};

/// One piece, when it is let go.
class HeldPiece final : public middleware::Content {
 public:
  explicit HeldPiece(std::function<void(std::function<void()>)> hold) : hold_(std::move(hold)) {}
  void next(std::function<void(Piece)> got) override {
    if (std::exchange(given_, true)) return got(std::nullopt);
    hold_([got = std::move(got)] { got("the end"); });
  }

 private:
  std::function<void(std::function<void()>)> hold_;
  bool given_ = false;
};

/// Content without end, in large pieces.
class Endless final : public middleware::Content {
 public:
  explicit Endless(middleware::Post post) : post_(std::move(post)) {}
  void next(std::function<void(Piece)> got) override {
    post_([got = std::move(got)] { got(std::string(1 << 20, 'e')); });
  }

 private:
  middleware::Post post_;
};

/// Echoes `METHOD TARGET BODY`; what `/hold` asks for is answered when the test says so, by another thread. `/large`
/// answers more than a connection's buffers hold, `/endless` never ends, `/slow-pieces` waits as `/hold` does.
class EchoHandler final : public middleware::Handler {
 public:
  static constexpr std::size_t kLargeBytes = 32 << 20;

  Abandon handle(HttpRequest request, middleware::Post post, Respond respond) override {
    {
      std::scoped_lock const lock(mutex_);
      last_ = request;
      ++requests_;
    }
    auto const shared = std::make_shared<Respond>(std::move(respond));
    auto const answered = std::make_shared<bool>(false);
    auto finish = [shared, answered](HttpResponse response) {
      if (!std::exchange(*answered, true)) (*shared)(std::move(response));
    };
    if (request.refused)
      finish({.status = 413, .body = "too large"});
    else if (request.target.starts_with("/pieces"))
      finish({.status = 200, .content = std::make_shared<Pieces>(request.target == "/pieces/broken", post)});
    else if (request.target == "/endless")
      finish({.status = 200, .content = std::make_shared<Endless>(post)});
    else if (request.target == "/large")
      finish({.status = 200, .body = std::string(kLargeBytes, 'l')});
    else if (request.target == "/slow-pieces")
      finish({.status = 200, .content = std::make_shared<HeldPiece>([this, post](std::function<void()> go_on) {
                               hold([post, go_on] { post(go_on); });
                             })});
    else if (request.target == "/hold")
      hold([post, finish] { post([finish] { finish({.status = 200, .body = "held"}); }); });
    else
      finish({.status = 200, .body = fmt::format("{} {} {}", request.method, request.target, request.body)});
    return [finish](Error const& error) { finish({.status = error_info(error.code).status, .body = error.detail}); };
  }
  HttpResponse reject(Error error, std::string const&) override {
    return {.status = error.status.value_or(500), .body = error.detail};
  }
  void on_connection(ConnectionEvent event) override {
    if (event == ConnectionEvent::opened && fails_to_open_.exchange(false)) throw std::bad_alloc();
    std::scoped_lock const lock(mutex_);
    ++events_[event];
  }

  void fail_to_open() { fails_to_open_ = true; }
  HttpRequest last() {
    std::scoped_lock const lock(mutex_);
    return last_;
  }
  int requests() {
    std::scoped_lock const lock(mutex_);
    return requests_;
  }
  int events(ConnectionEvent event) {
    std::scoped_lock const lock(mutex_);
    return events_[event];
  }
  bool holds() {
    std::scoped_lock const lock(mutex_);
    return held_ != nullptr;
  }
  void release() {
    std::function<void()> held;
    {
      std::scoped_lock const lock(mutex_);
      held = std::exchange(held_, nullptr);
    }
    held();
  }

 private:
  void hold(std::function<void()> answer) {
    std::scoped_lock const lock(mutex_);
    held_ = std::move(answer);
  }
  std::mutex mutex_;
  HttpRequest last_;
  int requests_ = 0;
  std::map<ConnectionEvent, int> events_;
  std::function<void()> held_;
  std::atomic<bool> fails_to_open_ = false;
};

/// Waits until something holds; false when it does not within five seconds.
inline bool soon(std::function<bool()> const& holds) {
  for (int i = 0; i < 500; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

/// True when nobody listens on a port of loopback.
inline bool refuses(std::uint16_t port) {
  try {
    RawClient const attempt(port);
    return false;
  } catch (std::runtime_error const&) {
    return true;
  }
}

/// A server on a free port, with an EchoHandler.
class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(options, handler_);
    server_->start();
  }
  [[nodiscard]] RawClient client() const { return RawClient(server_->address().port); }
  // One request on a connection of its own; its answer.
  std::string ask(std::string_view text) {
    auto connection = client();
    connection.send(text);
    return connection.response().value_or("(closed)");
  }

  EchoHandler handler_;
  std::unique_ptr<Server> server_;
};

}  // namespace codi::gateway
