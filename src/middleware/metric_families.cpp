#include "middleware/metric_families.hpp"

#include "base/limits.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace codi::middleware {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

MetricFamily& family(Families& out, char const* name, char const* help, MetricType type) {
  out.push_back({.name = name, .help = help, .type = type, .metric = {}});
  return out.back();
}

void add_value(MetricFamily& to, double value, std::optional<ClientMetric::Label> label = std::nullopt) {
  ClientMetric metric;
  if (to.type == MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  if (label) metric.label.push_back(*std::move(label));
  to.metric.push_back(std::move(metric));
}

void add_counter(Families& out, char const* name, char const* help, std::uint64_t value) {
  add_value(family(out, name, help, MetricType::Counter), static_cast<double>(value));
}

void add_gauge(Families& out, char const* name, char const* help, double value) {
  add_value(family(out, name, help, MetricType::Gauge), value);
}

void add_histogram(Families& out, char const* name, char const* help, HistogramCounts const& counts) {
  ClientMetric metric;
  auto& histogram = metric.histogram;
  for (std::size_t i = 0; i < counts.buckets.size(); ++i) {
    histogram.sample_count += counts.buckets[i];
    auto const bound = i < counts.bounds.size() ? counts.bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({.cumulative_count = histogram.sample_count, .upper_bound = bound});
  }
  histogram.sample_sum = counts.sum;
  family(out, name, help, MetricType::Histogram).metric.push_back(std::move(metric));
}

void add_store(Families& out, db::EngineStats const& stats) {
  add_counter(out, "codi_store_commits_total", "Transactions committed", stats.commits);
  add_counter(out, "codi_store_conflicts_total", "Transactions tried again because of another's write",
              stats.conflicts);
  add_counter(out, "codi_store_retries_total", "Transactions tried again, for conflicts and whatever else passes",
              stats.retries);
  add_counter(out, "codi_store_failed_syncs_total", "Batches that could not be written to disk", stats.failed_syncs);
  add_histogram(out, "codi_store_batch_transactions", "Transactions that shared one sync to disk",
                stats.batch_transactions);
  add_histogram(out, "codi_store_batch_bytes", "Keys and values that one sync made durable", stats.batch_bytes);
  add_histogram(out, "codi_store_sync_duration_seconds",
                "Writing a batch and its sync to disk; on a cluster, its commits", stats.sync_seconds);
  add_histogram(out, "codi_store_queue_duration_seconds", "Wait of a transaction for its turn", stats.queue_seconds);
  add_gauge(out, "codi_store_size_bytes", "Size of the store's files; on a cluster, its own estimate",
            static_cast<double>(stats.bytes_on_disk));
  if (stats.bytes_free)
    add_gauge(out, "codi_store_free_bytes", "Free space on the file system of the store",
              static_cast<double>(*stats.bytes_free));
}

void add_queues(Families& out, std::vector<QueueState> const& queues) {
  auto& depth = family(out, "codi_queue_depth", "What waits in each queue", MetricType::Gauge);
  for (auto const& queue : queues)
    add_value(depth, static_cast<double>(queue.depth), ClientMetric::Label{"queue", std::string(queue.name)});
  auto& limit = family(out, "codi_queue_limit", "What may wait in it; more is refused with 503", MetricType::Gauge);
  for (auto const& queue : queues)
    add_value(limit, static_cast<double>(queue.limit), ClientMetric::Label{"queue", std::string(queue.name)});
}

struct Counted {
  db::Happening what;
  char const* label;  ///< value of its family's label; null where the family has one member
};

struct ActivityFamily {
  char const* name;
  char const* help;
  char const* label;
  std::vector<Counted> members;
};

std::vector<ActivityFamily> const& activity_families() {
  using enum db::Happening;
  static std::vector<ActivityFamily> const list{
      {"codi_sessions_started_total", "Sessions started", nullptr, {{session_started, nullptr}}},
      {"codi_sessions_ended_total",
       "Sessions ended: by a call, or because they were silent for too long",
       "reason",
       {{session_ended, "ended"}, {session_expired, "expired"}}},
      {"codi_claims_granted_total", "New claims, without renewals and moves", nullptr, {{claim_granted, nullptr}}},
      {"codi_claims_refused_total",
       "Requests for claims refused because another session holds something of them",
       nullptr,
       {{claim_refused, nullptr}}},
      {"codi_claims_ended_total",
       "Claims ended: given back, run out, with their session, or taken away",
       "reason",
       {{claim_released, "released"},
        {claim_expired, "expired"},
        {claim_ended_with_session, "session_ended"},
        {claim_forced, "forced"}}},
      {"codi_handoffs_total",
       "Steps of handoffs",
       "state",
       {{handoff_offered, "offered"},
        {handoff_accepted, "accepted"},
        {handoff_declined, "declined"},
        {handoff_withdrawn, "withdrawn"},
        {handoff_completed, "completed"}}},
      {"codi_inbox_items_total",
       "What came into inboxes: messages of sessions and users, notices of what happened",
       "kind",
       {{message_sent, "message"}, {notice_given, "notice"}}},
      {"codi_inbox_acks_total", "Items of inboxes acknowledged", nullptr, {{message_acknowledged, nullptr}}},
      {"codi_events_appended_total",
       "Events written to the logs of all projects",
       nullptr,
       {{event_appended, nullptr}}},
  };
  return list;
}

void add_activity(Families& out, db::Tally const& done) {
  for (auto const& [name, help, label, members] : activity_families()) {
    auto& to = family(out, name, help, MetricType::Counter);
    for (auto const& [what, value] : members) {
      std::optional<ClientMetric::Label> labelled;
      if (label != nullptr) labelled = ClientMetric::Label{label, value};
      add_value(to, static_cast<double>(done.of(what)), std::move(labelled));
    }
  }
}

// Names and meanings are those of Prometheus' own client libraries.
void add_process(Families& out) {
  std::size_t pages = 0;
  std::size_t resident = 0;
  if (std::ifstream file("/proc/self/statm"); file >> pages >> resident)
    add_gauge(out, "process_resident_memory_bytes", "Resident memory",
              static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  std::error_code ec;
  auto const descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd", ec), {});
  if (!ec) add_gauge(out, "process_open_fds", "Open file descriptors", static_cast<double>(descriptors));
  rlimit most{};
  if (getrlimit(RLIMIT_NOFILE, &most) == 0)
    add_gauge(out, "process_max_fds", "File descriptors that may be open", static_cast<double>(most.rlim_cur));
  timespec used{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
    add_value(family(out, "process_cpu_seconds_total", "Processor time used", MetricType::Counter),
              static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9);
}

}  // namespace

void add_sources(Families& out, MetricSources const& sources) {
  auto queues = sources.queues ? sources.queues() : std::vector<QueueState>();
  if (sources.store) {
    auto const stats = sources.store();
    add_store(out, stats);
    queues.push_back({"commit", stats.commit_queue, limits::kCommitQueue});
    queues.push_back({"read", stats.read_queue, limits::kReadQueue});
  }
  if (!queues.empty()) add_queues(out, queues);
  if (sources.ready)
    add_gauge(out, "codi_ready", "1 when the last probe of the store committed", sources.ready() ? 1 : 0);
  if (sources.activity) add_activity(out, sources.activity());
  if (sources.reaped)
    add_gauge(out, "codi_reaper_last_pass_timestamp_seconds", "When expired leases were last looked for and ended",
              static_cast<double>(sources.reaped().ms) / 1e3);
  if (sources.live) {
    auto const live = sources.live();
    add_gauge(out, "codi_sessions", "Sessions that have not ended", static_cast<double>(live.sessions));
    add_gauge(out, "codi_claims", "Claims that have not ended", static_cast<double>(live.claims));
  }
  if (sources.feed_fallbacks)
    add_counter(out, "codi_feed_fallbacks_total",
                "Times a reader was too slow for the events that are kept and went on from the store",
                sources.feed_fallbacks());
  auto const expires = sources.certificate_expires ? sources.certificate_expires() : std::nullopt;
  if (expires)
    add_gauge(out, "codi_tls_certificate_expiry_timestamp_seconds", "When the certificate in use expires",
              static_cast<double>(expires->time_since_epoch().count()));
  add_process(out);
}

}  // namespace codi::middleware
