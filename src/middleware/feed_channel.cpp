#include "middleware/feed_channel.hpp"

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "middleware/exchange.hpp"
#include "middleware/feed_commands.hpp"
#include "middleware/problem.hpp"
#include "reflect/decode.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <utility>

namespace codi::middleware {
namespace {

Error wrong(std::string pointer, std::string detail) { return invalid(std::move(pointer), std::move(detail)).error(); }

}  // namespace

struct FeedChannel::Command {
  api::Operation const& operation;
  std::optional<std::string> id;
  std::string request_id;
  std::size_t bytes_in = 0;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

FeedClose close_code_of(Error const& error) {
  switch (error.code) {
    case ErrorCode::token_invalid: return FeedClose::token;
    case ErrorCode::not_permitted: return FeedClose::not_permitted;
    case ErrorCode::not_found: return FeedClose::not_found;
    case ErrorCode::cursor_expired: return FeedClose::expired_cursor;
    case ErrorCode::validation: return FeedClose::bad_request;
    default: return FeedClose::try_again_later;
  }
}

FeedChannel::FeedChannel(FeedDoor door, std::shared_ptr<api::FeedPlan const> plan)
    : door_(std::move(door)), opened_at_(now()), checked_at_(opened_at_) {
  if (plan) begin(std::move(plan));
  door_.parts.metrics.feed().opened(FeedTransport::websocket);
}

// Who has gone waits for nothing.
FeedChannel::~FeedChannel() {
  give_up_waiting();
  std::optional<FeedClose> code;
  if (end_said_ && end_) code = static_cast<FeedClose>(end_->close_code.value_or(0));
  door_.parts.metrics.feed().closed(FeedTransport::websocket, code);
}

void FeedChannel::open() {
  auto const& credential = door_.request.credential;
  if (!feed_ && credential) authenticate(*credential, std::nullopt, nullptr);
}

void FeedChannel::next(std::function<void(Spoken)> said) {
  said_ = std::move(said);
  speak();
}

void FeedChannel::speak() {
  if (!said_ || say_answer() || say_end()) return;
  if (auto step = std::exchange(step_, std::nullopt)) return take_step(*std::move(step));
  if (feed_ && !asked_) ask_feed();
}

bool FeedChannel::say_answer() {
  if (answers_.empty()) return false;
  auto text = std::move(answers_.front());
  answers_.pop_front();
  read_on_if_free();
  door_.parts.metrics.feed().said(FeedTransport::websocket, false);
  std::exchange(said_, nullptr)({.text = std::move(text)});
  return true;
}

bool FeedChannel::say_end() {
  if (draining_ && !end_ && under_way_ == 0) end_with(FeedClose::going_away, "the server stops: connect again");
  if (!end_) return false;
  end_said_ = true;
  std::exchange(said_, nullptr)(*end_);
  return true;
}

void FeedChannel::ask_feed() {
  asked_ = true;
  feed_->next([weak = weak_from_this()](api::FeedStep step) {
    auto const self = weak.lock();
    if (!self) return;
    self->asked_ = false;
    if (self->said_)
      self->take_step(std::move(step));
    else
      self->step_ = std::move(step);
  });
}

void FeedChannel::take_step(api::FeedStep step) {
  if (!step.end) {
    if (step.frame) door_.parts.metrics.feed().said(FeedTransport::websocket, step.is_event);
    return std::exchange(said_, nullptr)({.text = std::move(step.frame)});
  }
  end_with(*step.end);
  speak();
}

void FeedChannel::end_with(FeedClose code, std::string_view reason) {
  if (end_) return;
  end_ = Spoken{.close_code = static_cast<std::uint16_t>(code), .close_reason = std::string(reason)};
}

// The reader of an expired cursor was told by a frame of its own.
void FeedChannel::end_with(Error const& error) {
  if (end_) return;
  if (error.code != ErrorCode::cursor_expired) refuse(std::nullopt, error, make_request_id());
  end_with(close_code_of(error), error_info(error.code).title);
}

void FeedChannel::tick() {
  if (!feed_) {
    if (!authenticating_ && now() - opened_at_ >= limits::kFeedAuthTime) {
      end_with(FeedClose::too_slow_to_authenticate, "no token came in time");
      speak();
    }
    return;
  }
  if (now() - checked_at_ < limits::kFeedCheck) return;
  checked_at_ = now();
  feed_->check();
}

void FeedChannel::drain() {
  draining_ = true;
  give_up_waiting();
  speak();
}

void FeedChannel::receive(std::string text, std::function<void()> read_on) {
  auto message = read(text);
  if (!feed_) return receive_first(std::move(message), std::move(read_on));
  ++under_way_;
  read_on_ = std::move(read_on);
  if (!message)
    refuse(std::nullopt, message.error(), make_request_id());
  else if (auto const limited = obey_rate_limit())
    refuse(message->id, *limited, make_request_id());
  else if (message->type == "auth")
    renew(*std::move(message));
  else
    command(*std::move(message));
  read_on_if_free();
}

void FeedChannel::receive_first(Result<models::FeedMessage> message, std::function<void()> read_on) {
  if (end_) return;
  std::optional<std::string> token;
  if (message && message->type == "auth") token = std::move(message->token);
  if (token) return authenticate(*std::move(token), std::move(message->id), std::move(read_on));
  end_with(message ? wrong("/type", "the first message must be `auth`, with a `token`") : message.error());
  speak();
}

Result<models::FeedMessage> FeedChannel::read(std::string const& text) {
  auto const value = reflect::parse_json(text);
  if (!value) return std::unexpected(value.error());
  return reflect::decode<models::FeedMessage>(*value);
}

void FeedChannel::authenticate(std::string token, std::optional<std::string> id, std::function<void()> read_on) {
  authenticating_ = true;
  door_.request.credential = std::move(token);
  if (auto const limited = obey_rate_limit()) {
    end_with(*limited);
    return speak();
  }
  auto request = door_.request;
  request.since = std::chrono::steady_clock::now();
  api::execute(door_.parts.runtime, door_.follow, std::move(request),
               [weak = weak_from_this(), id = std::move(id), read_on = std::move(read_on)](api::Finished finished) {
                 auto const self = weak.lock();
                 if (!self) return;
                 if (!self->admitted(std::move(finished)) || !read_on) return self->speak();
                 ++self->under_way_;
                 self->answer(reflect::encode_text(models::FeedResult{.id = id, .status = 200}));
                 read_on();
               });
}

bool FeedChannel::admitted(api::Finished finished) {
  authenticating_ = false;
  if (!finished.answer) {
    end_with(finished.answer.error());
    return false;
  }
  begin(std::move(finished.answer->feed));
  checked_at_ = now();
  return true;
}

// What has been asked for is in the plan: an idle connection keeps no more than that.
void FeedChannel::begin(std::shared_ptr<api::FeedPlan const> plan) {
  auto& request = door_.request;
  feed_ =
      std::make_shared<api::Feed>(door_.parts.runtime, std::move(plan), request.credential.value_or(""), request.post);
  request.members = {};
  request.credential.reset();
}

void FeedChannel::renew(models::FeedMessage message) {
  if (!message.token) return refuse(message.id, wrong("/token", "is missing"), make_request_id());
  auto done = [weak = weak_from_this(), id = message.id](Result<void> const& renewed) {
    auto const self = weak.lock();
    if (!self) return;
    if (!renewed) return self->refuse(id, renewed.error(), self->make_request_id());
    self->answer(reflect::encode_text(models::FeedResult{.id = id, .status = 200}));
  };
  feed_->renew(*std::move(message.token), std::move(done));
}

void FeedChannel::command(models::FeedMessage message) {
  auto const request_id = make_request_id();
  auto const* const operation = find_command(door_.parts.operations, message.type);
  if (!operation) return refuse(message.id, wrong("/type", "is no message of the feed"), request_id);
  api::Request request{.members = std::move(message.input).value_or(json::object()),
                       .credential = feed_->credential(),
                       .request_id = request_id,
                       .address = door_.request.address,
                       .through_proxy = door_.request.through_proxy,
                       .post = door_.request.post};
  auto const members = json::serialize(request.members);
  if (request.members.contains("project"))
    request.malformed = wrong("/project", "unknown member: the feed is of one project");
  request.members["project"] = to_string(feed_->plan().project);
  if (message.idempotency_key && !request.malformed) {
    request.idempotency_key = std::move(message.idempotency_key);
    request.fingerprint =
        sha256(fmt::format("{} {}\n{}", to_string(feed_->plan().project), operation->meta.id, members));
  }
  Command const of{
      .operation = *operation, .id = std::move(message.id), .request_id = request_id, .bytes_in = members.size()};
  door_.parts.metrics.request_started();
  auto const number = ++commands_;
  give_ups_[number] = [] {};  // it may be answered at once
  auto give_up =
      api::execute(door_.parts.runtime, *operation, std::move(request),
                   [weak = weak_from_this(), of, number, &metrics = door_.parts.metrics](api::Finished finished) {
                     auto const status = finished.answer ? finished.answer->status : status_of(finished.answer.error());
                     metrics.request_finished(full_path(of.operation.meta), api::to_string(of.operation.meta.method),
                                              status, std::chrono::steady_clock::now() - of.since);
                     auto const self = weak.lock();
                     if (!self) return;
                     self->give_ups_.erase(number);
                     self->executed(of, std::move(finished));
                   });
  if (auto const at = give_ups_.find(number); at != give_ups_.end()) at->second = std::move(give_up);
}

void FeedChannel::give_up_waiting() {
  for (auto const& [number, give_up] : give_ups_) give_up();
}

void FeedChannel::executed(Command const& command, api::Finished finished) {
  ExchangeFacts facts{.request_id = command.request_id,
                      .trace = door_.trace,
                      .route = door_.follow.meta.path,
                      .action = command.operation.meta.id,
                      .identity = finished.identity,
                      .bytes_in = command.bytes_in};
  HttpResponse logged;
  if (finished.answer) {
    facts.replayed = finished.answer->replayed;
    models::FeedResult frame{.id = command.id, .status = finished.answer->status};
    if (!finished.answer->body.empty()) frame.result = {std::move(finished.answer->body)};
    logged.status = finished.answer->status;
    logged.body = reflect::encode_text(frame);
    answer(logged.body);
  } else {
    facts.error_code = error_info(finished.answer.error().code).text;
    logged.status = status_of(finished.answer.error());
    door_.parts.metrics.request_refused(finished.answer.error().code);
    refuse(command.id, finished.answer.error(), command.request_id);
  }
  log_request(facts, api::to_string(command.operation.meta.method), logged,
              std::chrono::steady_clock::now() - command.since);
}

void FeedChannel::answer(std::string text) {
  if (under_way_ > 0) --under_way_;
  answers_.push_back(std::make_shared<std::string const>(std::move(text)));
  speak();
}

void FeedChannel::refuse(std::optional<std::string> const& id, Error const& error, std::string const& request_id) {
  auto problem = problem_response(error, {.request_id = request_id, .credential_presented = true});
  answer(reflect::encode_text(models::FeedError{.id = id, .error = {std::move(problem.body)}}));
}

// What is said counts as under way: who does not read its answers is not read from.
void FeedChannel::read_on_if_free() {
  if (read_on_ && under_way_ + answers_.size() < limits::kFeedCommands) std::exchange(read_on_, nullptr)();
}

std::optional<Error> FeedChannel::obey_rate_limit() const {
  auto const& credential = feed_ ? feed_->credential() : door_.request.credential.value_or("");
  auto const taken = door_.limiters.take(door_.limiters.key_of(credential), door_.request.address, door_.parts.rates);
  auto const limited = taken.limited();
  if (!limited) return std::nullopt;
  door_.parts.metrics.request_rate_limited(*limited);
  return too_many_requests(*limited, door_.parts.rates);
}

std::string FeedChannel::make_request_id() const {
  auto& runtime = door_.parts.runtime;
  return to_string(make_uuid_v7(runtime.clock.now(), runtime.random));
}

}  // namespace codi::middleware
