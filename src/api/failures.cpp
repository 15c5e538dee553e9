#include "api/failures.hpp"

#include "base/failure.hpp"
#include "base/log.hpp"
#include "db/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace codi::api {

Error error_of(std::exception_ptr const& thrown, std::string const& request_id) {
  Error error;
  try {
    std::rethrow_exception(thrown);
  } catch (db::StorageFailure const& failure) {
    error.code = failure.code();
    error.detail = error_info(failure.code()).title;
    if (error_info(failure.code()).status == 503) error.retry_after_s = 1;
    // Known and passing: whoever is refused is told why.
    bool const frozen = failure.storage_code() == db::StorageCode::frozen;
    if (frozen) error.detail = failure.what();
    log::write(frozen ? log::Level::warn : log::Level::error, "api", "failure",
               {{"request_id", request_id}, {"detail", failure.what()}});
  } catch (Failure const& failure) {
    error.code = failure.code();
    error.detail = error_info(failure.code()).title;
    log::write(log::Level::error, "api", "failure", {{"request_id", request_id}, {"detail", failure.what()}});
  } catch (std::exception const& other) {
    error.code = ErrorCode::internal;
    error.detail = "the server met something that it does not understand";
    log::write(log::Level::error, "api", "exception", {{"request_id", request_id}, {"detail", other.what()}});
  }
  return error;
}

Error too_fast(RateLimit limit, std::string_view who, Rate rate) {
  return {
      .code = ErrorCode::rate_limited,
      .detail = fmt::format("{} may take {:g} requests a second in bursts of {:g}", who, rate.per_second, rate.burst),
      .retry_after_s = static_cast<unsigned>(std::max(1.0, std::ceil(1 / rate.per_second))),
      .limit = limit};
}

}  // namespace codi::api
