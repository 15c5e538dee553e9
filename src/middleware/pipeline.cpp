#include "middleware/pipeline.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "middleware/exchange.hpp"
#include "middleware/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <span>

namespace codi::middleware {
namespace {

Error internal_error(std::exception const& thrown) {
  log::write(log::Level::error, "http", "exception", {{"detail", thrown.what()}});
  Error error;
  error.code = ErrorCode::internal;
  error.detail = "the server met something that it does not understand";
  return error;
}

}  // namespace

Error too_many_requests(RateLimit limit, Rates const& rates) {
  auto const slower = std::min(rates.caller.per_second, rates.address.per_second);
  Error out;
  out.code = ErrorCode::rate_limited;
  out.limit = limit;
  out.retry_after_s = static_cast<unsigned>(std::max(1.0, std::ceil(1 / slower)));
  out.detail =
      fmt::format("a caller may make {:g} requests a second in bursts of {:g}, an address {:g} in bursts of {:g}",
                  rates.caller.per_second, rates.caller.burst, rates.address.per_second, rates.address.burst);
  return out;
}

std::optional<RateLimit> Limiters::Taken::limited() const {
  if (!caller.allowed) return RateLimit::caller;
  if (!address.allowed) return RateLimit::address;
  return std::nullopt;
}

Limiters::Taken Limiters::take(std::string const& caller, std::string const& address, Rates const& rates) {
  return {.caller = callers.take(caller, rates.caller), .address = addresses.take(address, rates.address)};
}

Limiters::Limiters(Clock const& clock) : callers(clock), addresses(clock) {
  SystemRandom().fill(std::as_writable_bytes(std::span(digest_key_)));
}

Pipeline::Pipeline(PipelineParts parts)
    : parts_(parts), router_(parts.operations), offer_(parts.operations), limiters_(parts.runtime.clock) {}

Handler::Abandon Pipeline::handle(HttpRequest request, Post post, Respond respond) {
  auto const exchange = std::make_shared<Exchange>(parts_, router_, offer_, limiters_, std::move(request),
                                                   std::move(post), std::move(respond));
  try {
    exchange->start();
  } catch (std::exception const& thrown) {
    exchange->refuse(internal_error(thrown));
  }
  return [exchange](Error error) { exchange->abandon(std::move(error)); };
}

HttpResponse Pipeline::reject(Error error, std::string const& remote_address) {
  HttpResponse out;
  auto const exchange =
      std::make_shared<Exchange>(parts_, router_, offer_, limiters_, HttpRequest{.remote_address = remote_address},
                                 Post(), [&out](HttpResponse response) { out = std::move(response); });
  exchange->refuse_unread(std::move(error));
  return out;
}

void Pipeline::on_connection(ConnectionEvent event) { parts_.metrics.connection(event); }

}  // namespace codi::middleware
