#pragma once
#include "base/clock.hpp"
#include "base/errors.hpp"
#include "db/engine.hpp"
#include "db/tally.hpp"
#include "middleware/feed_metrics.hpp"
#include "middleware/http.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::middleware {

/// A bounded queue, as it is now.
struct QueueState {
  std::string_view name;  ///< a label's value
  std::size_t depth = 0;
  std::size_t limit = 0;
};

/// How many there are now in the whole store, for those who know without looking at each.
struct LiveCounts {
  std::uint64_t sessions = 0;
  std::uint64_t claims = 0;
};

/// Where the numbers come from that are read when someone asks for them. Called from any thread; an empty function
/// leaves its metrics out.
struct MetricSources {
  std::function<db::EngineStats()> store = {};
  std::function<bool()> ready = {};
  std::function<std::vector<QueueState>()> queues = {};  ///< of jobs that wait for a thread; the store tells its own
  std::function<db::Tally()> activity = {};
  std::function<Timestamp()> reaped = {};  ///< when what was due was last done
  std::function<LiveCounts()> live = {};
  std::function<std::uint64_t()> feed_fallbacks = {};
  std::function<std::optional<std::chrono::sys_seconds>()> certificate_expires = {};  ///< nothing: there is no TLS
};

/// The server's metrics in the Prometheus text format. Labels take values from fixed sets only (route templates, known
/// methods, statuses that this server answers, error codes), so their number is bounded whatever callers send.
/// Thread-safe.
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
  void request_refused(ErrorCode code);
  void request_rate_limited(RateLimit limit);
  void connection(ConnectionEvent event);
  [[nodiscard]] FeedMetrics& feed();
  /// The text that GET /metrics answers.
  [[nodiscard]] std::string render() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace codi::middleware
