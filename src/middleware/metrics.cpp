#include "middleware/metrics.hpp"

#include "base/build_info.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <unistd.h>
#include <unordered_map>

namespace codi::middleware {
namespace {

using prometheus::MetricType;

// In seconds: what we aim at is 10 ms at p99, what we promise 100 ms at p95.
prometheus::Histogram::BucketBoundaries latency_buckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};
}

std::string_view method_label(std::string_view method) {
  static constexpr std::array<std::string_view, 6> kKnown{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  return std::ranges::find(kKnown, method) == kKnown.end() ? "other" : method;
}

prometheus::MetricFamily single(std::string name, std::string help, MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  prometheus::MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = type;
  out.metric.push_back(std::move(metric));
  return out;
}

void add_store(std::vector<prometheus::MetricFamily>& out, db::EngineStats const& stats) {
  auto const add = [&](char const* name, char const* help, MetricType type, double value) {
    out.push_back(single(name, help, type, value));
  };
  add("codi_store_commits_total", "Transactions committed", MetricType::Counter, static_cast<double>(stats.commits));
  add("codi_store_batches_total", "Syncs to disk, each of which committed one batch of transactions",
      MetricType::Counter, static_cast<double>(stats.batches));
  add("codi_store_conflicts_total", "Transactions tried again because of another's write", MetricType::Counter,
      static_cast<double>(stats.conflicts));
  add("codi_store_queue_depth", "Transactions that wait for the commit thread", MetricType::Gauge,
      static_cast<double>(stats.queue_depth));
  add("codi_store_bytes_on_disk", "Size of the store's files", MetricType::Gauge,
      static_cast<double>(stats.bytes_on_disk));
  add("codi_store_sync_seconds_total", "Time spent in syncs to disk", MetricType::Counter,
      std::chrono::duration<double>(stats.sync_time_total).count());
}

void add_process(std::vector<prometheus::MetricFamily>& out) {
  std::size_t pages = 0;
  std::size_t resident = 0;
  if (std::ifstream file("/proc/self/statm"); file >> pages >> resident)
    out.push_back(single("process_resident_memory_bytes", "Resident memory", MetricType::Gauge,
                         static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE))));
  std::error_code ec;
  auto const descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd", ec), {});
  if (!ec)
    out.push_back(
        single("process_open_fds", "Open file descriptors", MetricType::Gauge, static_cast<double>(descriptors)));
}

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
  }

  struct Series {
    std::array<prometheus::Counter*, 6> by_class{};
    prometheus::Histogram* took = nullptr;
  };

  void finished(std::string_view route, std::string_view method, unsigned status, std::chrono::nanoseconds took) {
    in_flight_.Decrement();
    method = method_label(method);
    auto const status_class = std::min<std::size_t>(status / 100, 5);
    std::scoped_lock const lock(mutex_);
    auto& series = series_[fmt::format("{} {}", method, route)];
    std::string const route_text(route);
    std::string const method_text(method);
    if (!series.took)
      series.took = &durations_.Add({{"route", route_text}, {"method", method_text}}, latency_buckets());
    auto*& counter = series.by_class.at(status_class);
    if (!counter)
      counter = &requests_.Add(
          {{"route", route_text}, {"method", method_text}, {"status", fmt::format("{}xx", status_class)}});
    counter->Increment();
    series.took->Observe(std::chrono::duration<double>(took).count());
  }

  [[nodiscard]] std::string render() const {
    auto families = registry_.Collect();
    if (sources_.store) add_store(families, sources_.store());
    if (sources_.ready)
      families.push_back(single("codi_ready", "1 when the last probe of the store committed", MetricType::Gauge,
                                sources_.ready() ? 1 : 0));
    if (sources_.queued_work)
      families.push_back(single("codi_work_queue_depth", "Jobs that wait for a worker thread", MetricType::Gauge,
                                static_cast<double>(sources_.queued_work())));
    add_process(families);
    return prometheus::TextSerializer().Serialize(families);
  }

  prometheus::Gauge& in_flight() { return in_flight_; }
  prometheus::Gauge& connections() { return connections_; }
  prometheus::Counter& connections_refused() { return connections_refused_; }
  prometheus::Counter& rate_limited() { return rate_limited_; }

 private:
  MetricSources const sources_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_ =
      prometheus::BuildCounter()
          .Name("codi_http_requests_total")
          .Help("Requests answered, by route template, method and status class")
          .Register(registry_);
  prometheus::Family<prometheus::Histogram>& durations_ = prometheus::BuildHistogram()
                                                              .Name("codi_http_request_duration_seconds")
                                                              .Help("From the last byte of a request to its answer")
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
  prometheus::Counter& rate_limited_ = prometheus::BuildCounter()
                                           .Name("codi_http_rate_limited_total")
                                           .Help("Requests refused because their caller had made too many")
                                           .Register(registry_)
                                           .Add({});
  std::mutex mutex_;
  std::unordered_map<std::string, Series> series_;
};

Metrics::Metrics(MetricSources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}
Metrics::~Metrics() = default;

void Metrics::request_started() { impl_->in_flight().Increment(); }

void Metrics::request_finished(std::string_view route, std::string_view method, unsigned status,
                               std::chrono::nanoseconds took) {
  impl_->finished(route, method, status, took);
}

void Metrics::request_rate_limited() { impl_->rate_limited().Increment(); }

void Metrics::connection(ConnectionEvent event) {
  switch (event) {
    case ConnectionEvent::opened: return impl_->connections().Increment();
    case ConnectionEvent::closed: return impl_->connections().Decrement();
    case ConnectionEvent::refused: return impl_->connections_refused().Increment();
  }
}

std::string Metrics::render() const { return impl_->render(); }

}  // namespace codi::middleware
