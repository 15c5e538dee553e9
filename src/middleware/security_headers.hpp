#pragma once
#include "middleware/http.hpp"

namespace codi::middleware {

/// Adds what keeps a browser from doing with an answer what it was not made for; docs/http-api.md has the reason of
/// each. What the answer says itself is left as it is.
void add_security_headers(Headers& headers, bool secure);

}  // namespace codi::middleware
