#pragma once
#include "base/random.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace codi::middleware {

/// A position in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/).
struct Trace {
  std::string trace_id;             ///< 32 hexadecimal digits
  std::string span_id;              ///< 16: of the work that this server does for the request
  bool sampled = false;             ///< the caller keeps what it records of this trace
  std::string parent_span_id = {};  ///< of the caller; empty where the trace begins here
  std::string state = {};           ///< `tracestate` as it came: other systems' own; passed on, never read
};

/// Reads a `traceparent` header field: its trace id, its parent's span id as `span_id`, and whether it is sampled.
/// Nothing for what is not valid.
std::optional<Trace> parse_traceparent(std::string_view header);

/// `00-TRACE-SPAN-FLAGS`.
std::string to_traceparent(Trace const& trace);

/// What a request says of its trace.
struct TraceFields {
  std::optional<std::string_view> traceparent = {};
  std::optional<std::string> tracestate = {};  ///< all fields of that name as one list
};

/// The trace of a request: that of its `traceparent`, or a new one, with a new span id either way. The `tracestate`
/// counts only with a valid `traceparent`; one that is too long or not printable ASCII is dropped.
Trace continue_trace(TraceFields const& fields, Random& random);

/// The caller's request id when it is 1 to limits::kRequestIdBytes letters, digits and `._~:/+=-` and no
/// token; else nothing.
std::optional<std::string> sane_request_id(std::optional<std::string_view> header);

}  // namespace codi::middleware
