#include "middleware/exchange.hpp"
#include "middleware/mcp_http.hpp"
#include "middleware/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace codi::middleware {
namespace {

/// What a client says once for all of its requests: in a header field, or in the address that it was given.
struct Default {
  std::string_view header;
  std::string_view parameter;
  std::optional<std::string> mcp::ServiceRequest::* member;
};
constexpr std::array kDefaults{Default{"Codi-Project", "project", &mcp::ServiceRequest::project},
                               Default{"Codi-Session", "session", &mcp::ServiceRequest::session}};

Result<void> read_defaults(mcp::ServiceRequest& out, HttpRequest const& request, std::string_view query) {
  auto const items = parse_query(query);
  if (!items) return std::unexpected(items.error());
  for (auto const& [name, value] : *items) {
    auto const* const known = std::ranges::find(kDefaults, std::string_view(name), &Default::parameter);
    if (known == kDefaults.end() || value.empty())
      return fail(ErrorCode::validation, "the address may have `project` and `session`, each with a value");
    out.*(known->member) = value;
  }
  for (auto const& each : kDefaults)
    if (auto const value = request.headers.find(each.header); value && !value->empty())
      out.*(each.member) = std::string(*value);
  return {};
}

}  // namespace

Exchange::Refusal Exchange::enter_mcp() {
  facts_.route = facts_.action = kMcpPath;
  return check_mcp_origin(request_, parts_.cors);
}

Result<mcp::ServiceRequest> Exchange::read_mcp_request() {
  if (auto wrong = check_fields()) return std::unexpected(*std::move(wrong));
  mcp::ServiceRequest out{.credential = credential_.value_or(""),
                          .request_id = facts_.request_id,
                          .address = request_.remote_address,
                          .since = started_,
                          .post = post_,
                          .hold = request_.hold};
  out.through_proxy = came_through_proxy(request_.headers);
  if (auto const key = request_.headers.find("Idempotency-Key")) out.idempotency_key = std::string(*key);
  if (auto read = read_defaults(out, request_, url_.query); !read) return std::unexpected(std::move(read.error()));
  return out;
}

void Exchange::serve_mcp() {
  auto request = read_mcp_request();
  if (!request) return refuse(std::move(request.error()));
  auto const weak = weak_from_this();
  request->ran = [weak](api::Operation const& operation, api::Finished const& finished) {
    if (auto const self = weak.lock()) self->mcp_ran(operation, finished);
  };
  auto const service = std::make_shared<mcp::Service>(parts_.runtime, offer_, *std::move(request));
  mcp_ = std::make_shared<McpRequest>(McpRequest::Parts{
      .provider = service,
      .listen = [service](mcp::Turn turn,
                          mcp::Reply reply) { return service->listen(std::move(turn), std::move(reply)); },
      .request_id = facts_.request_id,
      .respond =
          [weak](HttpResponse response) {
            if (auto const self = weak.lock()) self->answer_mcp(std::move(response));
          }});
  mcp_->start(request_);
}

void Exchange::mcp_ran(api::Operation const& operation, api::Finished const& finished) {
  facts_.identity = finished.identity;
  facts_.laps = finished.laps;
  if (finished.rate) note(*finished.rate);
  facts_.replayed = finished.answer && finished.answer->replayed;
  facts_.error_code = finished.answer ? std::string_view() : error_info(finished.answer.error().code).text;
  if (!finished.answer) parts_.metrics.request_refused(finished.answer.error().code);
  mcp_operation_ = operation.meta.id;
}

// The log tells the operation where a message was for one, else the method.
void Exchange::answer_mcp(HttpResponse response) {
  auto const method = mcp_->method();
  bool const is_for_operation = method == "tools/call" || method == "resources/read";
  if (!method.empty()) facts_.action = is_for_operation && !mcp_operation_.empty() ? mcp_operation_ : method;
  if (facts_.replayed) response.headers.add("Idempotency-Replayed", "true");
  answer(std::move(response));
}

}  // namespace codi::middleware
