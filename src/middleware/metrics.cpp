#include "middleware/metrics.hpp"

#include "base/build_info.hpp"
#include "middleware/method_label.hpp"
#include "middleware/metric_families.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

namespace codi::middleware {
namespace {

// In seconds: what we aim at is 10 ms at p99, what we promise 100 ms at p95.
prometheus::Histogram::BucketBoundaries latency_buckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

// In the order of RateLimit.
constexpr std::array kRateLimits{"caller", "address", "tenant", "events", "sign_in"};

}  // namespace

class Metrics::Impl {
 public:
  explicit Impl(MetricSources sources) : sources_(std::move(sources)) {
    auto const info = build_info();
    prometheus::BuildGauge()
        .Name("codi_build_info")
        .Help("What this server was built from; always 1")
        .Register(registry_)
        .Add({{"version", std::string(info.version)},
              {"commit", std::string(info.commit)},
              {"time", std::string(info.time)}})
        .Set(1);
    prometheus::BuildGauge()
        .Name("process_start_time_seconds")
        .Help("When this server started, as seconds since the epoch")
        .Register(registry_)
        .Add({})
        .Set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    auto& refusals = prometheus::BuildCounter()
                         .Name("codi_http_refusals_total")
                         .Help("Requests answered with an error, by its code")
                         .Register(registry_);
    for (auto const& error : error_table()) refusals_.push_back(&refusals.Add({{"code", std::string(error.text)}}));
    auto& rate_limited = prometheus::BuildCounter()
                             .Name("codi_http_rate_limited_total")
                             .Help("Requests refused because there had been too many, by the limit that they met")
                             .Register(registry_);
    for (auto const* const limit : kRateLimits) rate_limited_.push_back(&rate_limited.Add({{"limit", limit}}));
  }

  struct Series {
    std::unordered_map<unsigned, prometheus::Counter*> by_status;
    prometheus::Histogram* took = nullptr;
  };

  void finished(std::string_view route, std::string_view method, unsigned status, std::chrono::nanoseconds took) {
    in_flight_.Decrement();
    method = method_label(method);
    std::scoped_lock const lock(mutex_);
    key_.assign(method).append(1, ' ').append(route);
    auto& series = series_[key_];
    if (!series.took)
      series.took =
          &durations_.Add({{"route", std::string(route)}, {"method", std::string(method)}}, latency_buckets());
    auto*& counter = series.by_status[status];
    if (!counter)
      counter = &requests_.Add(
          {{"route", std::string(route)}, {"method", std::string(method)}, {"status", std::to_string(status)}});
    counter->Increment();
    series.took->Observe(std::chrono::duration<double>(took).count());
  }

  [[nodiscard]] std::string render() const {
    auto families = registry_.Collect();
    add_sources(families, sources_);
    return prometheus::TextSerializer().Serialize(families);
  }

  void refused(ErrorCode code) { refusals_.at(static_cast<std::size_t>(code))->Increment(); }
  prometheus::Gauge& in_flight() { return in_flight_; }
  prometheus::Gauge& connections() { return connections_; }
  prometheus::Counter& connections_refused() { return connections_refused_; }
  prometheus::Counter& handshakes_failed() { return handshakes_failed_; }
  FeedMetrics& feed() { return feed_; }
  void rate_limited(RateLimit limit) { rate_limited_.at(static_cast<std::size_t>(limit))->Increment(); }

 private:
  MetricSources const sources_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_ =
      prometheus::BuildCounter()
          .Name("codi_http_requests_total")
          .Help("Requests answered, by route template, method and status")
          .Register(registry_);
  prometheus::Family<prometheus::Histogram>& durations_ =
      prometheus::BuildHistogram()
          .Name("codi_http_request_duration_seconds")
          .Help("From the last byte of a request to its answer, without the time in line for a claim")
          .Register(registry_);
  prometheus::Gauge& in_flight_ = prometheus::BuildGauge()
                                      .Name("codi_http_requests_in_flight")
                                      .Help("Requests being handled")
                                      .Register(registry_)
                                      .Add({});
  prometheus::Gauge& connections_ =
      prometheus::BuildGauge().Name("codi_http_connections").Help("Open connections").Register(registry_).Add({});
  prometheus::Counter& connections_refused_ = prometheus::BuildCounter()
                                                  .Name("codi_http_connections_refused_total")
                                                  .Help("Connections closed at once because of a limit")
                                                  .Register(registry_)
                                                  .Add({});
  prometheus::Counter& handshakes_failed_ = prometheus::BuildCounter()
                                                .Name("codi_tls_handshakes_failed_total")
                                                .Help("Connections that ended before they were encrypted")
                                                .Register(registry_)
                                                .Add({});
  FeedMetrics feed_{registry_};
  std::vector<prometheus::Counter*> refusals_;      ///< in the order of the error table
  std::vector<prometheus::Counter*> rate_limited_;  ///< in the order of RateLimit
  std::mutex mutex_;
  std::unordered_map<std::string, Series> series_;
  std::string key_;
};

Metrics::Metrics(MetricSources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}
Metrics::~Metrics() = default;

void Metrics::request_started() { impl_->in_flight().Increment(); }

void Metrics::request_finished(std::string_view route, std::string_view method, unsigned status,
                               std::chrono::nanoseconds took) {
  impl_->finished(route, method, status, took);
}

void Metrics::request_refused(ErrorCode code) { impl_->refused(code); }
void Metrics::request_rate_limited(RateLimit limit) { impl_->rate_limited(limit); }
FeedMetrics& Metrics::feed() { return impl_->feed(); }

void Metrics::connection(ConnectionEvent event) {
  switch (event) {
    case ConnectionEvent::opened: return impl_->connections().Increment();
    case ConnectionEvent::closed: return impl_->connections().Decrement();
    case ConnectionEvent::refused: return impl_->connections_refused().Increment();
    case ConnectionEvent::handshake_failed: return impl_->handshakes_failed().Increment();
  }
}

std::string Metrics::render() const { return impl_->render(); }

}  // namespace codi::middleware
