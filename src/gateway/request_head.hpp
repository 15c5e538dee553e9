#pragma once
#include "base/result.hpp"
#include "middleware/http.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace codi::gateway {

/// How far a connection's unread bytes are on the way to a whole request header.
struct HeadProgress {
  std::size_t skip = 0;           ///< empty lines before the request line, to be thrown away
  bool whole = false;             ///< its empty line is there
  std::string_view trouble = {};  ///< what is wrong with its lines, for the sender; empty for nothing
};

/// Looks at the lines of a header before it is parsed, and more strictly than RFC 9112 demands, because proxies differ
/// in what they make of the rest: lines end with CR LF, not with one of them alone (section 2.2), and none continues
/// the one before (section 5.2). Empty lines before the request line are allowed.
HeadProgress look_at_head(std::string_view bytes);

/// What is wrong with a parsed header of HTTP/1.0 (10) or 1.1 (11); nothing when its request can be handled.
std::optional<Error> check_head(middleware::HttpRequest const& request, unsigned version);

/// A refusal of what could not be read as a request.
Error request_error(ErrorCode code, unsigned status, std::string detail);
Error malformed(std::string_view what);
Error body_too_large();

/// What a request is answered that takes too long, and one that waits when the server shuts down.
Error too_slow();
Error shutting_down();

}  // namespace codi::gateway
