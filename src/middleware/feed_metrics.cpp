#include "middleware/feed_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <string>

namespace codi::middleware {
namespace {

// In the order of FeedTransport.
constexpr std::array kNames{"websocket", "sse"};

prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, char const* name, char const* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

}  // namespace

FeedMetrics::FeedMetrics(prometheus::Registry& registry) {
  auto& open = prometheus::BuildGauge()
                   .Name("codi_feed_connections")
                   .Help("Open feeds: WebSockets, and streams of server-sent events")
                   .Register(registry);
  auto& frames = counter(registry, "codi_feed_frames_total", "Frames handed to those who follow, events among them");
  auto& events = counter(registry, "codi_feed_events_total", "Events handed to those who follow");
  auto& closes = counter(registry, "codi_feed_closes_total",
                         "Feeds ended, by the close code that was given; peer: the client ended it or has gone");
  for (std::size_t i = 0; i < kTransports; ++i) {
    auto& of = counts_.at(i);
    prometheus::Labels const transport{{"transport", kNames.at(i)}};
    of.open = &open.Add(transport);
    of.frames = &frames.Add(transport);
    of.events = &events.Add(transport);
    auto const closed = [&](std::string code) -> prometheus::Counter* {
      return &closes.Add({{"transport", kNames.at(i)}, {"code", std::move(code)}});
    };
    std::ranges::transform(kCloses, of.closes.begin(),
                           [&](FeedClose code) { return closed(std::to_string(static_cast<std::uint16_t>(code))); });
    of.closed_by_peer = closed("peer");
  }
}

void FeedMetrics::opened(FeedTransport transport) { of(transport).open->Increment(); }

void FeedMetrics::closed(FeedTransport transport, std::optional<FeedClose> code) {
  auto& counts = of(transport);
  counts.open->Decrement();
  auto const* const at = std::ranges::find(kCloses, code.value_or(FeedClose{}));
  auto* const counter =
      at == kCloses.end() ? counts.closed_by_peer : counts.closes.at(static_cast<std::size_t>(at - kCloses.begin()));
  counter->Increment();
}

void FeedMetrics::said(FeedTransport transport, bool is_event) {
  auto& counts = of(transport);
  counts.frames->Increment();
  if (is_event) counts.events->Increment();
}

}  // namespace codi::middleware
