#pragma once
#include "base/errors.hpp"
#include "base/rate_limiter.hpp"
#include "base/result.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace codi::api {

/// What a request is answered when something was thrown, which is logged: a Failure has its own code, all else is
/// API-SYS-2500.
Error error_of(std::exception_ptr const& thrown, std::string const& request_id);

/// AUTH-SYS-1004, with when to come again.
Error too_fast(RateLimit limit, std::string_view who, Rate rate);

}  // namespace codi::api
