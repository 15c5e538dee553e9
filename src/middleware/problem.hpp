#pragma once
#include "base/result.hpp"
#include "middleware/http.hpp"

#include <string_view>

namespace codi::middleware {

/// Facts of a request that its problem document repeats.
struct ProblemContext {
  std::string_view request_id = {};
  std::string_view instance = {};  ///< path of the request as sent, without secrets; left out when empty or not UTF-8
  bool credential_presented = false;  ///< then a 401 says that the token is the trouble (RFC 6750 section 3)
};

/// The status that an error is answered with.
unsigned status_of(Error const& error);

/// Where the documentation of an error stands, as a reference relative to the server: `/docs/errors#API-USR-2001`.
std::string problem_type(ErrorCode code);

/// The answer to a refusal or a failure: a problem document (RFC 9457) with the error's stable code, what is wrong with
/// which member, and what the caller can do next, and the header fields that its status asks for (WWW-Authenticate,
/// Retry-After).
HttpResponse problem_response(Error const& error, ProblemContext const& context);

}  // namespace codi::middleware
