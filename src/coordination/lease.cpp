#include "coordination/lease.hpp"

namespace codi::coordination {

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::active: return "active";
    case SessionState::idle: return "idle";
    case SessionState::stale: return "stale";
    case SessionState::ended: return "ended";
  }
  return "ended";
}

bool LeaseThresholds::valid() const {
  return 0 <= idle_permille && idle_permille <= stale_permille && stale_permille <= 1000;
}

SessionState session_state(Timestamp now, Timestamp last_seen, std::chrono::seconds ttl,
                           std::optional<Timestamp> ended_at, LeaseThresholds thresholds,
                           std::chrono::milliseconds grace) {
  if (ended_at || expired(now, lease_end(last_seen, ttl), grace)) return SessionState::ended;
  // A second is a thousand milliseconds and a whole a thousand permille: seconds times permille are milliseconds.
  auto const silent_ms = (now - last_seen).count();
  if (silent_ms >= ttl.count() * thresholds.stale_permille) return SessionState::stale;
  if (silent_ms >= ttl.count() * thresholds.idle_permille) return SessionState::idle;
  return SessionState::active;
}

std::optional<Timestamp> next_check(Timestamp now, Timestamp end, std::chrono::milliseconds grace) {
  if (expired(now, end, grace)) return std::nullopt;
  return end + grace;
}

}  // namespace codi::coordination
