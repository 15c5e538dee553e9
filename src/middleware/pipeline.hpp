#pragma once
#include "api/operation.hpp"
#include "api/runtime.hpp"
#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "base/rate_limiter.hpp"
#include "base/worker_pool.hpp"
#include "mcp/service.hpp"
#include "middleware/cors.hpp"
#include "middleware/http.hpp"
#include "middleware/metrics.hpp"
#include "middleware/public_routes.hpp"
#include "middleware/router.hpp"
#include "middleware/trusted_proxies.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace codi::middleware {

/// How fast requests may come, before it is known whose they are.
struct Rates {
  Rate caller{.per_second = limits::kCallerRequestsPerSecond,
              .burst = limits::kCallerRequestsPerSecond * limits::kBurstSeconds};
  Rate address{.per_second = limits::kAddressRequestsPerSecond,
               .burst = limits::kAddressRequestsPerSecond * limits::kBurstSeconds};
};

/// Refuses a request that came faster than these.
Error too_many_requests(RateLimit limit, Rates const& rates);

/// The buckets of one server, one a caller and one an address. Thread-safe.
struct Limiters {
  explicit Limiters(Clock const& clock);
  /// What one request took.
  struct Taken {
    RateDecision caller;
    RateDecision address;
    /// The bucket that is empty.
    [[nodiscard]] std::optional<RateLimit> limited() const;
  };
  /// Counts one request.
  Taken take(std::string const& caller, std::string const& address, Rates const& rates);
  /// The bucket of a credential: a digest, because a limiter must not hold what a caller can be impersonated with.
  [[nodiscard]] std::string key_of(std::string_view credential) const { return short_digest(credential, digest_key_); }

  RateLimiter callers;
  RateLimiter addresses;

 private:
  DigestKey digest_key_{};  // secret, so that nobody can find a credential that shares another's bucket
};

/// What the requests of one server share. All of it outlives the pipeline and is thread-safe.
struct PipelineParts {
  api::Runtime& runtime;
  std::vector<api::Operation> const& operations;
  PublicRoutes const& public_routes;
  Metrics& metrics;
  WorkerPool& stream_workers;  ///< apart from those that hash passwords, so that sign-ins can't starve a stream
  Rates rates{};
  std::chrono::milliseconds slow = limits::kSlowRequest;  ///< from which on a request is logged as slow
  TrustedProxies trusted_proxies{};
  Cors cors{};
};

/// The way of every request from the wire to its operation and back, through a fixed order of stages; see
/// Exchange::start in pipeline.cpp. The one place where exceptions that no operation threw end.
class Pipeline final : public Handler {
 public:
  explicit Pipeline(PipelineParts parts);

  Abandon handle(HttpRequest request, Post post, Respond respond) override;
  HttpResponse reject(Error error, std::string const& remote_address) override;
  void on_connection(ConnectionEvent event) override;

 private:
  PipelineParts parts_;
  Router router_;
  mcp::Offer offer_;
  Limiters limiters_;
};

}  // namespace codi::middleware
