#include "gateway/server.hpp"

#include <csignal>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace codi;
using middleware::Spoken;

/// Says again what it hears: what Autobahn|Testsuite asks of a server.
class EchoChannel final : public middleware::Channel {
 public:
  void next(std::function<void(Spoken)> said) override {
    said_ = std::move(said);
    speak();
  }
  void receive(std::string message, std::function<void()> read_on) override {
    to_say_.push_back({.text = std::make_shared<std::string const>(std::move(message))});
    read_on();
    speak();
  }
  void tick() override {}
  void drain() override {
    to_say_.push_back({.close_code = std::uint16_t{1'001}});
    speak();
  }

 private:
  void speak() {
    if (!said_ || to_say_.empty()) return;
    auto spoken = std::move(to_say_.front());
    to_say_.pop_front();
    std::exchange(said_, nullptr)(std::move(spoken));
  }

  std::function<void(Spoken)> said_;
  std::deque<Spoken> to_say_;
};

/// Grants every upgrade.
class EchoHandler final : public middleware::Handler {
 public:
  Abandon handle(middleware::HttpRequest /*request*/, middleware::Post /*post*/, Respond respond) override {
    respond({.status = 101, .channel = std::make_shared<EchoChannel>()});
    return [](Error const&) {};
  }
  middleware::HttpResponse reject(Error error, std::string const& /*remote_address*/) override {
    return {.status = error.status.value_or(500), .body = error.detail};
  }
  void on_connection(middleware::ConnectionEvent /*event*/) override {}
};

}  // namespace

/// websocket_echo [--deflate]: codi's WebSocket layer with an echo behind it, on a free port of the loopback until
/// SIGTERM or SIGINT; its address is its only line of output.
int main(int count, char** words) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  gateway::ServerOptions options;
  options.feed_deflates = count > 1 && std::string_view(words[1]) == "--deflate";
  EchoHandler handler;
  gateway::Server server(std::move(options), handler);
  server.start();
  std::cout << "ws://" << gateway::to_string(server.address()) << "/" << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop_and_drain();
}
