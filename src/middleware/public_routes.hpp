#pragma once
#include "middleware/http.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace codi::middleware {

/// Answers that are no operations: health, metrics, documents. They ask for no credential, are not rate limited, and
/// answer GET and HEAD. Immutable once the server runs; the functions must be thread-safe and quick.
class PublicRoutes {
 public:
  using Answer = std::function<Result<HttpResponse>()>;

  /// `path` is matched as a whole and names the route in logs and metrics.
  void add(std::string path, Answer answer) { routes_[std::move(path)] = std::move(answer); }
  /// The route of a path as sent; null for none. Its key outlives the request.
  [[nodiscard]] std::pair<std::string const, Answer> const* find(std::string_view path) const {
    auto const found = routes_.find(path);
    return found == routes_.end() ? nullptr : &*found;
  }

 private:
  std::map<std::string, Answer, std::less<>> routes_;
};

}  // namespace codi::middleware
