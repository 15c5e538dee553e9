#include "middleware/pipeline.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "middleware/exchange.hpp"
#include "middleware/problem.hpp"

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

Limiters::Limiters(Clock const& clock) : callers(clock), addresses(clock) {
  SystemRandom().fill(std::as_writable_bytes(std::span(digest_key_)));
}

Pipeline::Pipeline(PipelineParts parts) : parts_(parts), router_(parts.operations), limiters_(parts.runtime.clock) {}

Handler::Abandon Pipeline::handle(HttpRequest request, Post post, Respond respond) {
  auto const exchange =
      std::make_shared<Exchange>(parts_, router_, limiters_, std::move(request), std::move(post), std::move(respond));
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
      std::make_shared<Exchange>(parts_, router_, limiters_, HttpRequest{.remote_address = remote_address}, Post(),
                                 [&out](HttpResponse response) { out = std::move(response); });
  exchange->refuse_unread(std::move(error));
  return out;
}

void Pipeline::on_connection(ConnectionEvent event) { parts_.metrics.connection(event); }

}  // namespace codi::middleware
