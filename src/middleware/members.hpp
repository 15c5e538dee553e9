#pragma once
#include "base/result.hpp"
#include "middleware/http.hpp"
#include "middleware/router.hpp"
#include "middleware/url.hpp"

#include <boost/json/object.hpp>

#include <optional>

namespace codi::middleware {

/// The members that an operation decodes, or what is wrong with the request that should have carried them.
struct GatheredMembers {
  json::object members = {};
  std::optional<Error> malformed = {};
};

/// Merges path parameters, query and body into one object. GET takes its members from the query, POST, PUT and PATCH
/// from the body, DELETE from both; a body of text/markdown is one member, where the operation has one for it. Texts of
/// path and query become what the operation's member is (integer, number, boolean; a repeated parameter fills an
/// array); a text that does not fit is left to the operation's own decoder, which says so with a pointer. A query
/// parameter that is unknown or repeated without need, and a body member that is a path parameter, are errors; unknown
/// ones are left out where the operation's door says so.
GatheredMembers gather_members(RouteMatch const& route, Url const& url, HttpRequest const& request);

}  // namespace codi::middleware
