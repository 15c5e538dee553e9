#pragma once
#include "gateway/prober.hpp"
#include "middleware/metrics.hpp"
#include "middleware/public_routes.hpp"

#include <functional>
#include <string>

namespace codi::gateway {

/// Where the public routes take their answers from. Functions are called from any thread.
struct PublicSources {
  std::function<Readiness()> readiness;
  std::function<std::string()> metrics;
  std::function<std::string()> jwks;
  std::string openapi;   ///< the document
  std::string asyncapi;  ///< the document of the feed
};

/// `/healthz`, `/readyz`, `/metrics`, `/openapi.json`, `/asyncapi.json`, `/docs` with what it loads, `/docs/errors`,
/// `/.well-known/jwks.json`.
middleware::PublicRoutes public_pages(PublicSources sources);

}  // namespace codi::gateway
