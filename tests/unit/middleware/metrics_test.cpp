#include "middleware/metrics.hpp"

#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

using namespace std::chrono_literals;

bool has(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Metrics, requests_are_counted_by_route_method_and_class) {
  Metrics metrics({});
  for (unsigned const status : {200U, 201U, 404U}) {
    metrics.request_started();
    metrics.request_finished("/v1/things/{thing}", "GET", status, 3ms);
  }
  auto const text = metrics.render();
  EXPECT_TRUE(has(text, R"(codi_http_requests_total{method="GET",route="/v1/things/{thing}",status="2xx"} 2)")) << text;
  EXPECT_TRUE(has(text, R"(status="4xx"} 1)"));
  EXPECT_TRUE(has(text, R"(codi_http_request_duration_seconds_count{method="GET",route="/v1/things/{thing}"} 3)"));
  EXPECT_TRUE(has(text, R"(route="/v1/things/{thing}",le="0.0025"} 0)"));
  EXPECT_TRUE(has(text, R"(route="/v1/things/{thing}",le="0.005"} 3)"));
  EXPECT_TRUE(has(text, "codi_http_requests_in_flight 0"));
}

TEST(Hazard22, methods_that_nobody_knows_are_one_label) {
  Metrics metrics({});
  for (int i = 0; i < 1'000; ++i) {
    metrics.request_started();
    metrics.request_finished("unmatched", "BREW" + std::to_string(i), 404, 1ms);
  }
  auto const text = metrics.render();
  EXPECT_TRUE(has(text, R"(codi_http_requests_total{method="other",route="unmatched",status="4xx"} 1000)"));
  EXPECT_FALSE(has(text, "BREW"));
}

TEST(Metrics, connections_and_refusals) {
  Metrics metrics({});
  metrics.connection(ConnectionEvent::opened);
  metrics.connection(ConnectionEvent::opened);
  metrics.connection(ConnectionEvent::closed);
  metrics.connection(ConnectionEvent::refused);
  metrics.request_rate_limited();
  metrics.request_started();
  auto const text = metrics.render();
  EXPECT_TRUE(has(text, "codi_http_connections 1\n"));
  EXPECT_TRUE(has(text, "codi_http_connections_refused_total 1\n"));
  EXPECT_TRUE(has(text, "codi_http_rate_limited_total 1\n"));
  EXPECT_TRUE(has(text, "codi_http_requests_in_flight 1\n"));
}

TEST(Metrics, sources_are_asked_when_someone_looks) {
  bool ready = false;
  Metrics metrics(
      {.store = [] { return db::EngineStats{.commits = 7, .batches = 3, .queue_depth = 2, .sync_time_total = 1500ms}; },
       .ready = [&] { return ready; },
       .queued_work = [] { return std::size_t{4}; }});
  auto text = metrics.render();
  EXPECT_TRUE(has(text, "codi_store_commits_total 7\n")) << text;
  EXPECT_TRUE(has(text, "codi_store_batches_total 3\n"));
  EXPECT_TRUE(has(text, "codi_store_queue_depth 2\n"));
  EXPECT_TRUE(has(text, "codi_store_sync_seconds_total 1.5\n"));
  EXPECT_TRUE(has(text, "codi_work_queue_depth 4\n"));
  EXPECT_TRUE(has(text, "codi_ready 0\n"));
  ready = true;
  text = metrics.render();
  EXPECT_TRUE(has(text, "codi_ready 1\n"));
  EXPECT_TRUE(has(text, "codi_build_info{"));
  EXPECT_TRUE(has(text, "process_resident_memory_bytes"));
  EXPECT_TRUE(has(text, "process_open_fds"));
}

}  // namespace
}  // namespace codi::middleware
