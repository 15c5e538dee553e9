#pragma once
#include "middleware/http.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace codi::middleware {

/// Answers that are no operations: health, metrics, documents. They ask for no credential and answer GET and HEAD.
/// Documents are counted for the address as other requests are; who watches over the server is answered always.
/// Immutable once the server runs; the functions must be thread-safe and quick.
class PublicRoutes {
 public:
  using Answer = std::function<Result<HttpResponse>()>;
  /// What answers at a path.
  struct Route {
    Answer answer;
    bool counted = false;  ///< for the rate limits
  };

  /// `path` is matched as a whole and names the route in logs and metrics.
  void add(std::string path, Route route) { routes_[std::move(path)] = std::move(route); }
  /// The route of a path as sent; null for none. Its key outlives the request.
  [[nodiscard]] std::pair<std::string const, Route> const* find(std::string_view path) const {
    auto const found = routes_.find(path);
    return found == routes_.end() ? nullptr : &*found;
  }

 private:
  std::map<std::string, Route, std::less<>> routes_;
};

}  // namespace codi::middleware
