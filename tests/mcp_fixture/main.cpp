#include "gateway/server.hpp"
#include "mcp_fixture/fixture.hpp"
#include "middleware/cors.hpp"
#include "middleware/mcp_http.hpp"
#include "middleware/mcp_request.hpp"

#include <csignal>
#include <iostream>
#include <memory>

namespace {

using namespace codi;

/// The fixture behind codi's own way of HTTP.
class FixtureHandler final : public middleware::Handler {
 public:
  Abandon handle(middleware::HttpRequest request, middleware::Post /*post*/, Respond respond) override {
    if (auto const wrong = middleware::check_mcp_origin(request, cors_)) {
      respond(middleware::mcp_refusal(*wrong, {}));
      return [](Error const&) {};
    }
    auto const turn = std::make_shared<middleware::McpRequest>(
        middleware::McpRequest::Parts{.provider = fixture_, .respond = std::move(respond)});
    turn->start(request);
    return [turn](Error const&) { turn->give_up(); };
  }
  middleware::HttpResponse reject(Error error, std::string const& /*remote_address*/) override {
    return middleware::mcp_refusal(error, {});
  }
  void on_connection(middleware::ConnectionEvent /*event*/) override {}

 private:
  middleware::Cors cors_;
  std::shared_ptr<mcp_fixture::Fixture> fixture_ = std::make_shared<mcp_fixture::Fixture>();
};

}  // namespace

/// mcp_fixture: serves what the conformance suite asks for on a free port of the loopback until SIGTERM or SIGINT; its
/// address is its only line of output.
int main() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  FixtureHandler handler;
  gateway::Server server({}, handler);
  server.start();
  std::cout << "http://" << gateway::to_string(server.address()) << "/mcp" << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop_and_drain();
}
