#pragma once
#include "base/result.hpp"
#include "middleware/http.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>

namespace codi::middleware {

/// The origins whose pages may call this server from a browser (the CORS protocol of the Fetch standard); none by
/// default. Tokens are sent by the pages themselves, so the browser's own credentials are never allowed. Immutable once
/// the server runs.
class Cors {
 public:
  /// An origin as browsers send it: `https://app.example.org`, `http://localhost:5173`. `*` is none: the tokens of a
  /// page that anybody can make are nobody's business.
  Result<void> add(std::string_view origin);
  [[nodiscard]] bool empty() const { return origins_.empty(); }

  /// True for the question of a browser, from an origin in the list, whether it may send a request.
  [[nodiscard]] bool is_preflight(HttpRequest const& request) const;
  /// Allows `methods` and every header field that the API reads.
  static HttpResponse preflight_answer(std::span<std::string_view const> methods);
  /// Lets a page of the request's origin read the answer, if the origin is in the list.
  void add_headers(HttpRequest const& request, Headers& headers) const;
  /// True for a request from an origin in the list.
  [[nodiscard]] bool allows(HttpRequest const& request) const;

 private:
  std::set<std::string, std::less<>> origins_;
};

}  // namespace codi::middleware
