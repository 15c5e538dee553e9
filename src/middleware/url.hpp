#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codi::middleware {

/// A request target (RFC 9112 section 3.2, origin or absolute form), taken apart.
struct Url {
  std::string path;                   ///< as sent, without the query; for fingerprints only, never for logs
  std::vector<std::string> segments;  ///< decoded; `/v1/a%2Fb` is {"v1", "a/b"}
  std::string query;                  ///< as sent, behind the `?`
};

/// Takes a target apart. A bad escape, a NUL, or text that is not UTF-8 in the path is a validation error, status 400.
Result<Url> parse_url(std::string_view target);

/// Name and value, in the order of the query.
using QueryItems = std::vector<std::pair<std::string, std::string>>;

/// The decoded names and values of a query in order, or the same error as parse_url. `+` is a space
/// (application/x-www-form-urlencoded).
Result<QueryItems> parse_query(std::string_view query);

}  // namespace codi::middleware
