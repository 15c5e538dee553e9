#pragma once
#include "base/random.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace codi::middleware {

/// A position in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/).
struct Trace {
  std::string trace_id;  ///< 32 hexadecimal digits
  std::string span_id;   ///< 16: of the work that this server does for the request
  std::string flags = "00";
};

/// Reads a `traceparent` header field: its trace id, its parent's span id and flags. Nothing for what is not valid.
std::optional<Trace> parse_traceparent(std::string_view header);

/// `00-TRACE-SPAN-FLAGS`.
std::string to_traceparent(Trace const& trace);

/// The trace of a request: that of its `traceparent`, or a new one, with a new span id either way.
Trace continue_trace(std::optional<std::string_view> traceparent, Random& random);

/// The caller's request id when it is 1 to limits::kRequestIdBytes letters, digits and `._~:/+=-` and no
/// token; else nothing.
std::optional<std::string> sane_request_id(std::optional<std::string_view> header);

}  // namespace codi::middleware
