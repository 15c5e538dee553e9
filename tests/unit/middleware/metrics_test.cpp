#include "middleware/metrics.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::middleware {
namespace {

using namespace std::chrono_literals;

bool has(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Metrics, requests_are_counted_by_route_method_and_status) {
  Metrics metrics({});
  for (unsigned const status : {200U, 200U, 404U}) {
    metrics.request_started();
    metrics.request_finished("/v1/things/{thing}", "GET", status, 3ms);
  }
  auto const text = metrics.render();
  EXPECT_TRUE(has(text, R"(codi_http_requests_total{method="GET",route="/v1/things/{thing}",status="200"} 2)")) << text;
  EXPECT_TRUE(has(text, R"(status="404"} 1)"));
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
  EXPECT_TRUE(has(text, R"(codi_http_requests_total{method="other",route="unmatched",status="404"} 1000)"));
  EXPECT_FALSE(has(text, "BREW"));
}

TEST(Metrics, connections_and_refusals) {
  Metrics metrics({});
  metrics.connection(ConnectionEvent::opened);
  metrics.connection(ConnectionEvent::opened);
  metrics.connection(ConnectionEvent::closed);
  metrics.connection(ConnectionEvent::refused);
  metrics.request_started();
  auto const text = metrics.render();
  EXPECT_TRUE(has(text, "codi_http_connections 1\n"));
  EXPECT_TRUE(has(text, "codi_http_connections_refused_total 1\n"));
  EXPECT_TRUE(has(text, "codi_http_requests_in_flight 1\n"));
  EXPECT_FALSE(has(text, "codi_tls_certificate_expiry_timestamp_seconds"));
}

TEST(Metrics, feeds_are_counted_by_transport_and_close_code) {
  Metrics metrics({.feed_fallbacks = [] { return 3UL; }});
  auto& feed = metrics.feed();
  for (int i = 0; i < 4; ++i) feed.opened(FeedTransport::websocket);
  feed.opened(FeedTransport::sse);
  feed.said(FeedTransport::websocket, true);
  feed.said(FeedTransport::websocket, false);
  feed.said(FeedTransport::sse, false);
  feed.closed(FeedTransport::websocket, FeedClose::token);
  feed.closed(FeedTransport::websocket, std::nullopt);
  feed.closed(FeedTransport::websocket, static_cast<FeedClose>(4'999));
  feed.closed(FeedTransport::sse, FeedClose::going_away);
  auto const text = metrics.render();
  for (auto const* const line :
       {R"(codi_feed_connections{transport="websocket"} 1)", R"(codi_feed_connections{transport="sse"} 0)",
        R"(codi_feed_frames_total{transport="websocket"} 2)", R"(codi_feed_events_total{transport="websocket"} 1)",
        R"(codi_feed_frames_total{transport="sse"} 1)", R"(codi_feed_events_total{transport="sse"} 0)",
        R"(codi_feed_closes_total{code="4401",transport="websocket"} 1)",
        R"(codi_feed_closes_total{code="peer",transport="websocket"} 2)",
        R"(codi_feed_closes_total{code="1001",transport="sse"} 1)",
        R"(codi_feed_closes_total{code="4410",transport="sse"} 0)", "codi_feed_fallbacks_total 3"})
    EXPECT_TRUE(has(text, std::string(line) + "\n")) << line << "\n" << text;
}

TEST(Metrics, limited_requests_are_counted_by_the_limit_and_every_limit_is_there) {
  using enum RateLimit;
  Metrics metrics({});
  for (auto const limit : {caller, address, address, tenant, events, sign_in, sign_in, sign_in})
    metrics.request_rate_limited(limit);
  auto const text = metrics.render();
  for (auto const* const line : {"caller\"} 1", "address\"} 2", "tenant\"} 1", "events\"} 1", "sign_in\"} 3"})
    EXPECT_TRUE(has(text, fmt::format("codi_http_rate_limited_total{{limit=\"{}\n", line))) << text;
  EXPECT_TRUE(has(Metrics({}).render(), "codi_http_rate_limited_total{limit=\"events\"} 0\n"));
}

TEST(Metrics, refusals_are_counted_by_code_and_every_code_is_there) {
  Metrics metrics({});
  metrics.request_refused(ErrorCode::claim_conflict);
  metrics.request_refused(ErrorCode::claim_conflict);
  auto const text = metrics.render();
  for (auto const& error : error_table()) {
    auto const line = fmt::format("codi_http_refusals_total{{code=\"{}\"}} {}\n", error.text,
                                  error.code == ErrorCode::claim_conflict ? 2 : 0);
    EXPECT_TRUE(has(text, line)) << line;
  }
}

TEST(Metrics, the_store_is_asked_when_someone_looks) {
  db::EngineStats stats{.commits = 7, .failed_syncs = 1, .commit_queue = 2, .read_queue = 3, .bytes_free = 9};
  stats.sync_seconds = {.bounds = {0.001, 0.01}, .buckets = {2, 1, 4}, .sum = 1.5};
  Metrics metrics({.store = [&] { return stats; }});
  auto const text = metrics.render();
  EXPECT_TRUE(has(text, "codi_store_commits_total 7\n")) << text;
  EXPECT_TRUE(has(text, "codi_store_failed_syncs_total 1\n"));
  EXPECT_TRUE(has(text, "codi_store_free_bytes 9\n"));
  EXPECT_TRUE(has(text, R"(codi_store_sync_duration_seconds_bucket{le="0.001"} 2)"));
  EXPECT_TRUE(has(text, R"(codi_store_sync_duration_seconds_bucket{le="0.01"} 3)"));
  EXPECT_TRUE(has(text, R"(codi_store_sync_duration_seconds_bucket{le="+Inf"} 7)"));
  EXPECT_TRUE(has(text, "codi_store_sync_duration_seconds_count 7\n"));
  EXPECT_TRUE(has(text, "codi_store_sync_duration_seconds_sum 1.5\n"));
  EXPECT_TRUE(has(text, "codi_queue_depth{queue=\"commit\"} 2\n"));
  EXPECT_TRUE(has(text, "codi_queue_depth{queue=\"read\"} 3\n"));
  EXPECT_TRUE(has(text, "codi_queue_limit{queue=\"commit\"} 65536\n"));
}

TEST(Metrics, other_sources_are_asked_when_someone_looks) {
  bool ready = false;
  db::Tally done;
  done.add(db::Happening::claim_granted, 5);
  done.add(db::Happening::claim_expired);
  Metrics metrics(
      {.ready = [&] { return ready; },
       .queues = [] { return std::vector<QueueState>{{"work", 4, 256}}; },
       .activity = [&] { return done; },
       .reaped = [] { return Timestamp{1'500}; },
       .live = [] { return LiveCounts{.sessions = 2, .claims = 9}; },
       .certificate_expires = [] { return std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)); }});
  auto text = metrics.render();
  EXPECT_TRUE(has(text, "codi_queue_depth{queue=\"work\"} 4\n")) << text;
  EXPECT_TRUE(has(text, "codi_queue_limit{queue=\"work\"} 256\n"));
  EXPECT_TRUE(has(text, "codi_claims_granted_total 5\n"));
  EXPECT_TRUE(has(text, "codi_claims_ended_total{reason=\"expired\"} 1\n"));
  EXPECT_TRUE(has(text, "codi_claims_ended_total{reason=\"forced\"} 0\n"));
  EXPECT_TRUE(has(text, "codi_reaper_last_pass_timestamp_seconds 1.5\n"));
  EXPECT_TRUE(has(text, "codi_sessions 2\n"));
  EXPECT_TRUE(has(text, "codi_claims 9\n"));
  EXPECT_TRUE(has(text, "codi_ready 0\n"));
  EXPECT_TRUE(has(text, "codi_tls_certificate_expiry_timestamp_seconds 1800000000\n")) << text;
  ready = true;
  text = metrics.render();
  EXPECT_TRUE(has(text, "codi_ready 1\n"));
  EXPECT_TRUE(has(text, "codi_build_info{"));
  for (auto const* const name : {"process_resident_memory_bytes", "process_open_fds", "process_max_fds",
                                 "process_cpu_seconds_total", "process_start_time_seconds"})
    EXPECT_TRUE(has(text, fmt::format("\n{} ", name))) << name;
}

}  // namespace
}  // namespace codi::middleware
