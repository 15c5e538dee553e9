#pragma once
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "models/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace codi::coordination {

/// How alive a session is: computed from its last heartbeat whenever it is asked for, never stored.
using models::SessionState;

/// `active`, `idle`, `stale`, `ended`.
std::string_view to_string(SessionState state);

/// When a silent session changes its state, in thousandths of its ttl; idle <= stale <= 1000, where it ends.
struct LeaseThresholds {
  std::int64_t idle_permille = 333;
  std::int64_t stale_permille = 667;

  /// True when both lie in 0..1000, in order.
  [[nodiscard]] bool valid() const;
};

/// When a lease that was last renewed at `renewed` ends by itself.
constexpr Timestamp lease_end(Timestamp renewed, std::chrono::seconds ttl) { return renewed + ttl; }

/// True when a lease that ends at `end` may be ended by whoever meets it: `grace` after its end, so that servers whose
/// clocks differ by less don't end what another has just seen renewed.
constexpr bool expired(Timestamp now, Timestamp end, std::chrono::milliseconds grace = limits::kExpiryGrace) {
  return now >= end + grace;
}

/// The state of a session at `now`. A session is ended once its end is written (`ended_at`) or its lease has expired(),
/// grace included: until then it is stale, and a heartbeat still saves it. A `last_seen` after `now` (another server's
/// clock) is active.
SessionState session_state(Timestamp now, Timestamp last_seen, std::chrono::seconds ttl,
                           std::optional<Timestamp> ended_at, LeaseThresholds thresholds = {},
                           std::chrono::milliseconds grace = limits::kExpiryGrace);

/// When a claim ends: the later of its own end and `ttl` after its session's last heartbeat, so that a heartbeat renews
/// every claim of the session by writing one key.
constexpr Timestamp claim_end(Timestamp own_end, Timestamp last_heartbeat, std::chrono::seconds ttl) {
  return std::max(own_end, lease_end(last_heartbeat, ttl));
}

/// What the one who meets an entry of the due index does with a lease that ends at `end`: ends it (nothing), or looks
/// again at the returned time, which is always after `now`.
std::optional<Timestamp> next_check(Timestamp now, Timestamp end,
                                    std::chrono::milliseconds grace = limits::kExpiryGrace);

}  // namespace codi::coordination
