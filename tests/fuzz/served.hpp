#pragma once
#include "api/operation.hpp"
#include "base/log.hpp"
#include "fuzz/check.hpp"
#include "middleware/pipeline.hpp"
#include "support/api_harness.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace codi::testing {

/// One server without a socket for all runs of a fuzz target, with a project `web` and a session `A` in it: what runs
/// write stays. Its connections' thread is whoever calls.
class FuzzedServer {
 public:
  FuzzedServer() {
    log::capture([](std::string_view) {});
    check(harness_.call("create_project", {{"slug", "web"}, {"name", "Web"}}, owner).status == 201, "a project");
    check(harness_.call("start_session", {{"project", "web"}, {"alias", "A"}, {"ttl_seconds", 86'400}}, owner).status ==
              201,
          "a session");
  }

  /// The answer, or that of a request that was abandoned because it would be waited for.
  middleware::HttpResponse answer_to(middleware::HttpRequest request) {
    std::optional<middleware::HttpResponse> response;
    bool held = false;
    request.hold = [&held](std::chrono::milliseconds) { held = true; };
    auto const abandon =
        pipeline_.handle(std::move(request), post(), [&](middleware::HttpResponse got) { response = std::move(got); });
    auto const answered = [&] { return response.has_value(); };
    turn_until([&] { return held || answered(); });
    if (!response) abandon(Error{.code = ErrorCode::storage_unavailable, .detail = "nobody waits for it"});
    turn_until(answered);
    return *std::move(response);
  }

  middleware::Post post() {
    return [this](std::function<void()> work) { boost::asio::post(io_, std::move(work)); };
  }
  /// Does what is to be done until this holds.
  void turn_until(std::function<bool()> const& holds) {
    constexpr auto kLongest = std::chrono::seconds(10);
    auto const end = std::chrono::steady_clock::now() + kLongest;
    while (!holds()) {
      check(std::chrono::steady_clock::now() < end, "what is asked for is answered");
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(5));
    }
  }
  /// Does what is there to be done.
  void turn() {
    io_.restart();
    io_.poll();
  }

 private:
  ApiHarness harness_;

 public:
  std::string const owner = harness_.register_tenant("owner@example.org").token;

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<api::Operation> const operations_ = api::operations();
  middleware::PublicRoutes routes_;
  middleware::Metrics metrics_{{}};
  WorkerPool stream_workers_{1, 4};
  middleware::Pipeline pipeline_{
      {.runtime = harness_.runtime,
       .operations = operations_,
       .public_routes = routes_,
       .metrics = metrics_,
       .stream_workers = stream_workers_,
       .rates = {.caller = {.per_second = 1e9, .burst = 1e9}, .address = {.per_second = 1e9, .burst = 1e9}}}};
};

}  // namespace codi::testing
