#pragma once
#include "support/workshop.hpp"
#include "unit/cli/fake_server.hpp"
#include "unit/cli/test_shell.hpp"

#include <memory>
#include <string>

namespace codi::testing {

/// Answers HTTP requests by the real operations on a real store: the way of a request without the gateway.
FakeAnswer answer_by_operations(ApiHarness& api, SeenRequest const& request);

/// A command line whose server answers by the real operations. CODI_SERVER and CODI_TOKEN are set, the project is
/// `default`.
class CommandLine : public Workshop {
 protected:
  CommandLine() {
    serve();
    test.shell.environment["CODI_SERVER"] = server->url();
    test.shell.environment["CODI_TOKEN"] = owner;
    test.shell.environment["CODI_PROJECT"] = "default";
  }

  void serve(std::uint16_t port = 0) {
    server = std::make_unique<FakeServer>(
        [this](SeenRequest const& request) { return answer_by_operations(api, request); }, port);
  }
  /// The server goes away; serve(port) brings it back.
  std::uint16_t stop_server() {
    auto const port = server->port();
    server.reset();
    return port;
  }
  int codi(std::vector<std::string> arguments, std::string const& input = {}) {
    return test.codi(std::move(arguments), input);
  }
  int codi_log(std::vector<std::string> arguments) { return test.codi_log(std::move(arguments)); }
  [[nodiscard]] std::string out() const { return test.out.str(); }
  [[nodiscard]] std::string err() const { return test.err.str(); }
  [[nodiscard]] json::value out_json() const { return json::parse(test.out.str()); }
  void pass_time(std::chrono::milliseconds time) {
    api.clock.advance(time);
    test.clock.advance(time);
  }

  TestShell test;
  std::unique_ptr<FakeServer> server;
};

}  // namespace codi::testing
