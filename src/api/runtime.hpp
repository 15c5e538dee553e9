#pragma once
#include "api/feed_log.hpp"
#include "api/waiting_room.hpp"
#include "auth/credential.hpp"
#include "base/clock.hpp"
#include "base/clock_guard.hpp"
#include "base/random.hpp"
#include "base/rate_limiter.hpp"
#include "base/result.hpp"
#include "base/worker_pool.hpp"
#include "db/engine.hpp"
#include "db/tally.hpp"
#include "db/tx.hpp"
#include "models/quota.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

namespace codi::auth {
class TokenService;
class PasswordHasher;
class LoginThrottle;
}  // namespace codi::auth

namespace codi::api {

/// Who may make an account: anyone, holders of an invite, nobody.
enum class Registration : std::uint8_t { open, invited, closed };

/// Settings that operations read. Fixed after start.
struct Settings {
  Registration registration = Registration::open;
  bool registration_is_default = true;  ///< then a request that came through a proxy closes it
  db::LeaseSettings leases{};
  Rate tenant_rate{.per_second = limits::kTenantRequestsPerSecond,
                   .burst = limits::kTenantRequestsPerSecond * limits::kBurstSeconds};
  models::Quotas quotas{.sessions = limits::kTenantSessions,
                        .claims = limits::kTenantClaims,
                        .events_per_minute = limits::kTenantEventsPerMinute,
                        .storage_bytes = {}};  ///< of a tenant that has none of its own
};

/// Keys of the calls that run on this server now, so that a repeated Idempotency-Key is refused while the first one
/// runs.
class InFlight {
 public:
  /// False when the key is in flight already.
  [[nodiscard]] bool enter(std::string const& key);
  void leave(std::string const& key);

 private:
  std::mutex mutex_;
  std::unordered_set<std::string> keys_;
};

/// What the operations of one server share. Everything in it is thread-safe and outlives every call.
struct Runtime {
  db::Engine& engine;
  Clock const& clock;
  Random& random;
  WorkerPool& workers;
  auth::TokenService& tokens;
  auth::PasswordHasher& hasher;
  auth::LoginThrottle& throttle;
  Settings settings;
  std::uint32_t epoch = 0;    ///< of the store
  std::string store_id = {};  ///< of the store
  InFlight in_flight{};
  RateLimiter tenant_requests{clock};
  RateLimiter tenant_events{clock};
  db::Activity activity{};
  WaitingRoom waiting{engine};
  ClockGuard clocks{clock};
  FeedLogs feeds{};
};

}  // namespace codi::api
