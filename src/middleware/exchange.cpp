#include "middleware/exchange.hpp"

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/redact.hpp"
#include "base/text.hpp"
#include "middleware/feed_channel.hpp"
#include "middleware/feed_content.hpp"
#include "middleware/members.hpp"
#include "middleware/security_headers.hpp"
#include "middleware/stream_content.hpp"
#include "middleware/upgrade.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace codi::middleware {
namespace {

// Fields of which a second one would leave open which counts.
constexpr std::array<std::string_view, 4> kSingular{"Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"};

Error header_error(std::string detail) {
  Error error;
  error.code = ErrorCode::validation;
  error.status = 400;
  error.detail = std::move(detail);
  return error;
}

std::optional<Error> check_idempotency_key(std::string_view key) {
  bool const visible = std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7F; });
  if (!key.empty() && key.size() <= limits::kIdempotencyKeyBytes && visible) return std::nullopt;
  Error error;
  error.code = ErrorCode::validation;
  error.detail = fmt::format("Idempotency-Key must be 1 to {} visible ASCII characters", limits::kIdempotencyKeyBytes);
  return error;
}

// RFC 9110 section 13.1.2: weak comparison.
bool lists_tag(std::string_view header, std::string_view tag) {
  if (trim(header) == "*") return true;
  return std::ranges::any_of(split(header, ','), [&](std::string_view item) {
    item = trim(item);
    if (item.starts_with("W/")) item.remove_prefix(2);
    return item == tag;
  });
}

}  // namespace

Exchange::Exchange(PipelineParts const& parts, Router const& router, mcp::Offer const& offer, Limiters& limiters,
                   HttpRequest request, Post post, Handler::Respond respond)
    : parts_(parts),
      router_(router),
      offer_(offer),
      limiters_(limiters),
      request_(std::move(request)),
      post_(std::move(post)),
      respond_(std::move(respond)) {
  facts_.bytes_in = request_.body.size();
  parts_.metrics.request_started();
}

void Exchange::start() {
  identify();
  find_client();
  read_target();
  if (answer_preflight() || answer_public()) return;
  take_from_buckets();
  for (auto const stage : {&Exchange::find_route, &Exchange::find_credential, &Exchange::obey_rate_limit})
    if (auto refusal = (this->*stage)()) return refuse(*std::move(refusal));
  if (is_mcp()) return serve_mcp();
  auto request = read_request();
  if (follows()) {
    if (auto wrong = read_feed_request(request); wrong && !request.malformed) request.malformed = std::move(wrong);
    subscription_ = request;
    // A browser learns why only from a WebSocket that was opened.
    if (!request_.headers.find("Authorization") && asks_for_websocket(request_) && !check_upgrade(request_))
      return open_channel(nullptr);
  }
  give_up_ = api::execute(parts_.runtime, *route_.operation, std::move(request),
                          [self = shared_from_this()](api::Finished finished) { self->executed(std::move(finished)); });
}

void Exchange::refuse_unread(Error error) {
  identify();
  refuse(std::move(error));
}

void Exchange::identify() {
  auto& runtime = parts_.runtime;
  auto const sent = sane_request_id(request_.headers.find("X-Request-Id"));
  facts_.request_id = sent ? *sent : to_string(make_uuid_v7(runtime.clock.now(), runtime.random));
  // Two of them are as good as none: nobody knows which is meant.
  auto const parent = request_.headers.count("traceparent") == 1 ? request_.headers.find("traceparent") : std::nullopt;
  facts_.trace = continue_trace({parent, request_.headers.joined("tracestate")}, runtime.random);
}

void Exchange::find_client() {
  auto client = parts_.trusted_proxies.client_of(request_);
  request_.remote_address = std::move(client.address);
  request_.secure = client.secure;
}

void Exchange::read_target() {
  auto url = parse_url(request_.target);
  if (url)
    url_ = *std::move(url);
  else
    wrong_target_ = std::move(url.error());
}

bool Exchange::answer_preflight() {
  if (!parts_.cors.is_preflight(request_)) return false;
  facts_.route = facts_.action = "preflight";
  std::vector<std::string_view> methods{"GET", "HEAD"};
  if (auto allowed = router_.match(request_.method, url_.segments).allowed; !allowed.empty())
    methods = std::move(allowed);
  if (door_of_path(url_.segments) == api::Door::mcp) methods = {"GET", "POST"};
  answer(Cors::preflight_answer(methods));
  return true;
}

bool Exchange::answer_public() {
  auto const* found = wrong_target_ ? nullptr : parts_.public_routes.find(url_.path);
  if (!found) return false;
  facts_.route = facts_.action = found->first;
  if (found->second.counted) {
    take_from_buckets();
    if (auto refusal = obey_rate_limit()) {
      refuse(*std::move(refusal));
      return true;
    }
  }
  if (reads()) {
    auto response = found->second.answer();
    if (response)
      answer(*std::move(response));
    else
      refuse(std::move(response.error()));
    return true;
  }
  allowed_ = {"GET", "HEAD"};
  Error error;
  error.code = ErrorCode::method_not_allowed;
  error.detail = fmt::format("{} is for reading", found->first);
  refuse(std::move(error));
  return true;
}

void Exchange::take_from_buckets() {
  auto const header = request_.headers.find("Authorization");
  if (header) authorization_ = read_authorization(*header);
  // By the token alone: who presents it may spell the field in many ways.
  auto const caller =
      header ? limiters_.key_of(authorization_ ? authorization_->token : *header) : request_.remote_address;
  auto const taken = limiters_.take(caller, request_.remote_address, parts_.rates);
  note(taken.caller);
  note(taken.address);
  limited_ = taken.limited();
}

void Exchange::note(RateDecision const& decision) {
  if (!rate_ || (rate_->allowed && (!decision.allowed || decision.remaining < rate_->remaining))) rate_ = decision;
}

Exchange::Refusal Exchange::find_route() {
  if (wrong_target_) return std::move(wrong_target_);
  door_ = &form_of(door_of_path(url_.segments));
  if (is_mcp()) return enter_mcp();
  route_ = router_.match(request_.method, url_.segments);
  if (route_.operation) {
    door_ = &form_of(route_.operation->meta.door);
    facts_.route = route_.path;
    facts_.action = route_.operation->meta.id;
    return std::nullopt;
  }
  Error error;
  error.code = route_.allowed.empty() ? ErrorCode::not_found : ErrorCode::method_not_allowed;
  if (route_.allowed.empty()) {
    error.detail = "no operation has this path";
    error.recovery = {"Look the path up in /docs or /openapi.json."};
  } else {
    error.detail = fmt::format("this path has {}", fmt::join(route_.allowed, ", "));
    allowed_ = route_.allowed;
  }
  return error;
}

Exchange::Refusal Exchange::find_credential() {
  if (authorization_ && (!authorization_->basic || door_->takes_basic)) credential_ = authorization_->token;
  if (!is_mcp() && route_.operation->meta.access == api::Access::open) {
    credential_.reset();
    return std::nullopt;
  }
  if (!request_.headers.find("Authorization") && follows() && asks_for_websocket(request_) &&
      !check_upgrade(request_)) {
    credential_ = token_among_protocols(request_);
    return std::nullopt;
  }
  Error error;
  error.code = ErrorCode::token_invalid;
  auto const* const wrong = door_->takes_basic ? "the Authorization header field is not Basic with a token as password"
                                               : "the Authorization header field is not `Bearer TOKEN`";
  error.detail = request_.headers.find("Authorization") ? wrong : "this operation needs a token";
  if (!credential_ || request_.headers.count("Authorization") > 1) return error;
  return std::nullopt;
}

Exchange::Refusal Exchange::obey_rate_limit() {
  if (!limited_) return std::nullopt;
  return too_many_requests(*limited_, parts_.rates);
}

Exchange::Refusal Exchange::check_fields() const {
  for (auto const name : kSingular)
    if (request_.headers.count(name) > 1) return header_error(fmt::format("{} stands twice", name));
  auto const key = request_.method == "POST" ? request_.headers.find("Idempotency-Key") : std::nullopt;
  return key ? check_idempotency_key(*key) : std::nullopt;
}

api::Request Exchange::read_request() {
  auto gathered = gather_members(route_, url_, request_);
  api::Request out{.members = std::move(gathered.members), .malformed = std::move(gathered.malformed)};
  if (auto error = check_fields()) out.malformed = std::move(error);
  if (request_.refused) out.malformed = std::move(request_.refused);
  if (auto const key = request_.headers.find("Idempotency-Key"); key && request_.method == "POST")
    out.idempotency_key = std::string(*key);
  // The key must not be looked up for a request that can't be read.
  if (out.malformed) out.idempotency_key.reset();
  if (out.idempotency_key)
    out.fingerprint = sha256(fmt::format("{} {}\n{}", request_.method, url_.path, request_.body));
  out.credential = credential_;
  out.request_id = facts_.request_id;
  out.address = request_.remote_address;
  out.if_match = request_.headers.joined("If-Match");
  out.through_proxy = came_through_proxy(request_.headers);
  out.since = started_;
  out.post = post_;
  out.hold = request_.hold;
  return out;
}

void Exchange::executed(api::Finished finished) {
  facts_.identity = finished.identity;
  if (finished.rate) note(*finished.rate);
  facts_.laps = finished.laps;
  if (answered_) return log_if_slow(facts_, request_.method, status_, elapsed(), parts_.slow);
  if (!finished.answer) return refuse(std::move(finished.answer.error()));
  if (finished.answer->feed) return open_feed(std::move(finished.answer->feed));
  facts_.replayed = finished.answer->replayed;
  HttpResponse response{.status = finished.answer->status, .body = std::move(finished.answer->body)};
  if (auto stream = std::move(finished.answer->stream)) {
    response.headers.add("Content-Type", "application/octet-stream");
    response.headers.add("Content-Disposition", fmt::format(R"(attachment; filename="{}")", stream->file_name()));
    response.content = std::make_shared<StreamContent>(std::move(stream), parts_.stream_workers, post_);
  }
  if (!response.body.empty()) response.headers.add("Content-Type", std::string(door_->media_type));
  if (!response.body.empty() && route_.answers_resource) response.headers.add("ETag", api::etag_of(response.body));
  if (facts_.replayed) response.headers.add("Idempotency-Replayed", "true");
  if (door_->finish) door_->finish(response);
  answer(std::move(response));
}

void Exchange::abandon(Error error) {
  refuse(std::move(error));
  if (give_up_) give_up_();
  if (mcp_) mcp_->give_up();
}

Exchange::Refusal Exchange::read_feed_request(api::Request& request) const {
  if (asks_for_websocket(request_)) return check_upgrade(request_);
  if (auto const last = request_.headers.find("Last-Event-ID"); last && !last->empty())
    request.members["after"] = json::string(*last);
  return std::nullopt;
}

void Exchange::open_feed(std::shared_ptr<api::FeedPlan const> plan) {
  if (asks_for_websocket(request_)) return open_channel(std::move(plan));
  if (!accepts_event_stream(request_)) {
    Error error;
    error.code = ErrorCode::validation;
    error.status = 426;
    error.detail = "the feed is a WebSocket, or server-sent events with `Accept: text/event-stream`";
    return refuse(std::move(error));
  }
  HttpResponse response{.status = 200,
                        .content = std::make_shared<FeedContent>(parts_.runtime, parts_.metrics.feed(), std::move(plan),
                                                                 credential_.value_or(""), post_)};
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("X-Accel-Buffering", "no");  // or nginx would wait for more
  answer(std::move(response));
}

void Exchange::open_channel(std::shared_ptr<api::FeedPlan const> plan) {
  auto request = std::move(subscription_).value_or(api::Request());
  request.credential = credential_;
  FeedDoor door{.parts = parts_,
                .limiters = limiters_,
                .follow = *route_.operation,
                .request = std::move(request),
                .trace = facts_.trace};
  auto channel = std::make_shared<FeedChannel>(std::move(door), std::move(plan));
  channel->open();
  HttpResponse response{.status = 101, .channel = std::move(channel)};
  if (offers_feed_protocol(request_)) response.headers.add("Sec-WebSocket-Protocol", std::string(kFeedProtocol));
  answer(std::move(response));
}

void Exchange::refuse(Error error) {
  if (answered_) return;
  if (error.limit) parts_.metrics.request_rate_limited(*error.limit);
  facts_.error_code = error_info(error.code).text;
  parts_.metrics.request_refused(error.code);
  auto response = door_->refusal(
      error,
      {.request_id = facts_.request_id, .instance = instance(), .credential_presented = credential_.has_value()});
  if (response.status == 426) {
    response.headers.add("Upgrade", "websocket");
    response.headers.add("Sec-WebSocket-Version", "13");
  }
  if (!allowed_.empty()) response.headers.add("Allow", fmt::format("{}", fmt::join(allowed_, ", ")));
  answer(std::move(response));
}

// An invite's code stands in a path; other secrets get there by mistake.
bool Exchange::path_holds_secret() const {
  if (looks_secret(request_.target) || std::ranges::any_of(url_.segments, &looks_secret)) return true;
  return std::ranges::any_of(route_.parameters, [this](auto const& parameter) {
    auto const& inputs = route_.operation->inputs;
    return std::ranges::any_of(inputs, [&](reflect::Member const& member) {
      return member.field.is_secret && member.field.name == parameter.first;
    });
  });
}

std::string_view Exchange::instance() const {
  if (path_holds_secret()) return {};
  return std::string_view(request_.target).substr(0, request_.target.find('?'));
}

bool Exchange::is_unchanged(HttpResponse const& response) const {
  auto const wanted = reads() && response.status == 200 ? request_.headers.joined("If-None-Match") : std::nullopt;
  auto const tag = response.headers.find("ETag");
  return wanted && tag && lists_tag(*wanted, *tag);
}

void Exchange::add_common_headers(HttpResponse& response) const {
  response.headers.add("X-Request-Id", facts_.request_id);
  response.headers.add("traceparent", to_traceparent(facts_.trace));
  if (!facts_.trace.state.empty()) response.headers.add("tracestate", facts_.trace.state);
  add_security_headers(response.headers, request_.secure);
  parts_.cors.add_headers(request_, response.headers);
  if (!response.headers.find("Cache-Control")) response.headers.add("Cache-Control", "no-store");
  if (!rate_) return;
  response.headers.add("RateLimit-Limit", std::to_string(rate_->limit));
  response.headers.add("RateLimit-Remaining", std::to_string(rate_->remaining));
  response.headers.add("RateLimit-Reset", std::to_string(rate_->reset_s));
}

void Exchange::answer(HttpResponse response) {
  if (answered_) return;
  answered_ = true;
  if (is_unchanged(response)) {
    response.status = 304;
    response.body.clear();
  }
  add_common_headers(response);
  response.tenant = facts_.identity.tenant;
  status_ = response.status;
  auto const took = elapsed();
  auto const held = facts_.laps ? facts_.laps->of(api::Part::held) : std::chrono::nanoseconds(0);
  parts_.metrics.request_finished(facts_.route, request_.method, response.status, took - held);
  log_request(facts_, request_.method, response, took);
  if (facts_.laps) log_if_slow(facts_, request_.method, response.status, took, parts_.slow);
  respond_(std::move(response));
}

}  // namespace codi::middleware
