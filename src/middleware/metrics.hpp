#pragma once
#include "db/engine.hpp"
#include "middleware/http.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace codi::middleware {

/// Where the numbers come from that are read when someone asks for them. Called from any thread; an empty function
/// leaves its metrics out.
struct MetricSources {
  std::function<db::EngineStats()> store = {};
  std::function<bool()> ready = {};
  std::function<std::size_t()> queued_work = {};  ///< jobs that wait for a worker thread
};

/// The server's metrics in the Prometheus text format. Labels take values from fixed sets only (route templates, known
/// methods, status classes), so their number is bounded whatever callers send. Thread-safe.
class Metrics {
 public:
  explicit Metrics(MetricSources sources);
  ~Metrics();
  Metrics(Metrics const&) = delete;
  Metrics& operator=(Metrics const&) = delete;

  /// What is counted, when it happens.
  void request_started();
  /// `route` is a route template, never a path as sent.
  void request_finished(std::string_view route, std::string_view method, unsigned status,
                        std::chrono::nanoseconds took);
  void request_rate_limited();
  void connection(ConnectionEvent event);
  /// The text that GET /metrics answers.
  [[nodiscard]] std::string render() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace codi::middleware
