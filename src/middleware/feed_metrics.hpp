#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace prometheus {
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace codi::middleware {

/// How a feed reaches who follows it.
enum class FeedTransport : std::uint8_t { websocket, sse };

/// Close codes of the feed besides those of RFC 6455.
enum class FeedClose : std::uint16_t {
  going_away = 1001,
  try_again_later = 1013,
  bad_request = 4400,
  token = 4401,
  not_permitted = 4403,
  not_found = 4404,
  too_slow_to_authenticate = 4408,
  expired_cursor = 4410,
};

/// What is counted of feeds. Thread-safe.
class FeedMetrics {
 public:
  explicit FeedMetrics(prometheus::Registry& registry);

  /// One that is open now.
  void opened(FeedTransport transport);
  /// Nothing: the peer has ended it, or has gone.
  void closed(FeedTransport transport, std::optional<FeedClose> code);
  /// One frame was handed to the connection.
  void said(FeedTransport transport, bool is_event);

 private:
  static constexpr std::size_t kTransports = 2;
  static constexpr std::array kCloses{FeedClose::going_away,     FeedClose::try_again_later,
                                      FeedClose::bad_request,    FeedClose::token,
                                      FeedClose::not_permitted,  FeedClose::not_found,
                                      FeedClose::expired_cursor, FeedClose::too_slow_to_authenticate};

  struct Counts {
    prometheus::Gauge* open = nullptr;
    prometheus::Counter* frames = nullptr;
    prometheus::Counter* events = nullptr;
    std::array<prometheus::Counter*, kCloses.size()> closes{};  ///< in the order of kCloses
    prometheus::Counter* closed_by_peer = nullptr;
  };
  Counts& of(FeedTransport transport) { return counts_.at(static_cast<std::size_t>(transport)); }

  std::array<Counts, kTransports> counts_{};
};

}  // namespace codi::middleware
