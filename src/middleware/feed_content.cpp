#include "middleware/feed_content.hpp"

#include "base/limits.hpp"
#include "middleware/feed_channel.hpp"
#include "middleware/problem.hpp"
#include "models/feed.hpp"

#include <utility>

namespace codi::middleware {
namespace {

// Long enough for clients that give up below a byte a second.
constexpr std::string_view kComment = ": nothing has happened\n\n";
constexpr std::string_view kReconnect = "retry: 1000\n\n";  // milliseconds

// JSON has no line ends of its own, so that a frame is one line of data.
std::string event_of(std::string_view frame, std::optional<Stamp> const& cursor) {
  std::string out;
  if (cursor) out.append("id: ").append(to_string(*cursor)).append("\n");
  return out.append("data: ").append(frame).append("\n\n");
}

std::string error_event(Error const& error) {
  auto problem = problem_response(error, {.credential_presented = true});
  return event_of(reflect::encode_text(models::FeedError{.error = {std::move(problem.body)}}), std::nullopt);
}

}  // namespace

FeedContent::FeedContent(api::Runtime& runtime, FeedMetrics& metrics, std::shared_ptr<api::FeedPlan const> plan,
                         std::string credential, Post post)
    : runtime_(runtime),
      metrics_(metrics),
      feed_(std::make_shared<api::Feed>(runtime, std::move(plan), std::move(credential), std::move(post))),
      checked_at_(now()),
      sent_at_(now()) {
  metrics_.opened(FeedTransport::sse);
}

FeedContent::~FeedContent() { metrics_.closed(FeedTransport::sse, code_); }

void FeedContent::next(std::function<void(Piece)> got) {
  sent_at_ = now();
  if (ended_) return got(std::nullopt);
  if (!std::exchange(begun_, true)) return got(std::string(kReconnect));
  got_ = std::move(got);
  feed_->next([weak = weak_from_this()](api::FeedStep step) {
    if (auto const self = weak.lock()) self->take_step(std::move(step));
  });
}

void FeedContent::take_step(api::FeedStep step) {
  if (!got_) return;
  auto got = std::exchange(got_, nullptr);
  if (!step.end) {
    if (step.frame) metrics_.said(FeedTransport::sse, step.is_event);
    return got(step.frame ? event_of(*step.frame, step.cursor) : std::string());
  }
  ended_ = true;
  code_ = close_code_of(*step.end);
  if (step.end->code == ErrorCode::cursor_expired) return got(std::nullopt);
  got(error_event(*step.end));
}

std::optional<std::string> FeedContent::while_waiting() {
  if (now() - checked_at_ >= limits::kFeedCheck) {
    checked_at_ = now();
    feed_->check();
  }
  if (now() - sent_at_ < limits::kFeedKeepAlive) return std::string();
  sent_at_ = now();
  return std::string(kComment);
}

void FeedContent::drain() {
  if (!ended_) code_ = FeedClose::going_away;
  ended_ = true;
  if (got_) std::exchange(got_, nullptr)(std::nullopt);
}

}  // namespace codi::middleware
