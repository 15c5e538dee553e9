#include "api/feed.hpp"

#include "auth/token_service.hpp"
#include "base/limits.hpp"
#include "db/retry.hpp"
#include "models/feed.hpp"

#include <utility>

namespace codi::api {
namespace {

template <class Frame>
FeedStep step_of(Frame const& frame) {
  return {.frame = std::make_shared<std::string const>(reflect::encode_text(frame)), .cursor = frame.cursor};
}

Error unavailable() {
  Error error;
  error.code = ErrorCode::storage_unavailable;
  error.detail = error_info(error.code).title;
  error.retry_after_s = 1;
  return error;
}

}  // namespace

Feed::Feed(Runtime& runtime, std::shared_ptr<FeedPlan const> plan, std::string credential, Post post)
    : runtime_(runtime),
      plan_(std::move(plan)),
      credential_(std::move(credential)),
      post_(std::move(post)),
      log_(runtime.feeds.follow(runtime.engine, plan_->tenant, plan_->project, post_)),
      position_(plan_->after),
      in_history_(plan_->from_history),
      trusted_at_(runtime.clock.monotonic()) {}

Feed::~Feed() { log_->forget(this); }

void Feed::next(Got got) {
  got_ = std::move(got);
  step();
}

void Feed::give(FeedStep step) { std::exchange(got_, nullptr)(std::move(step)); }

void Feed::end(Error error) {
  if (!end_) end_ = std::move(error);
  step();
}

void Feed::step() {
  if (!got_ || looking_) return;
  if (step_from_page()) return;
  if (end_) return give({.end = end_});
  if (in_history_) return look({.history_after = position_});
  // Between history and what happens: said once.
  if (!std::exchange(caught_up_, true)) return give(step_of(models::FeedCaughtUp{.cursor = position_}));
  if (plan_->presence && std::exchange(presence_due_, false)) return look({.presence = true});
  step_live();
}

bool Feed::step_from_page() {
  if (page_.empty()) return false;
  auto step = std::move(page_.front());
  page_.pop_front();
  give(std::move(step));
  return true;
}

void Feed::step_live() {
  for (;;) {
    auto wake = [weak = weak_from_this(), post = post_] {
      post([weak] {
        if (auto const self = weak.lock()) self->step();
      });
    };
    auto const next = log_->after(position_, this, std::move(wake));
    if (next.kind == FeedLog::Next::Kind::end) return;
    if (next.kind == FeedLog::Next::Kind::behind) {
      in_history_ = true;
      runtime_.feeds.fell_back();
      return look({.history_after = position_});
    }
    auto const& event = *next.event;
    bool const wanted = wants(*plan_, event);
    bool const shows_presence = plan_->presence && event.presence;
    if ((wanted || shows_presence) && !is_trusted()) return look({});
    position_ = event.cursor;
    if (shows_presence) page_.push_back({.frame = event.presence});
    if (wanted) return give({.frame = event.frame, .cursor = event.cursor, .is_event = true});
    if (step_from_page()) return;
  }
}

bool Feed::is_trusted() const { return runtime_.clock.monotonic() - trusted_at_ < limits::kFeedTrust; }

void Feed::check() {
  log_->try_again();
  if (!looking_ && !end_) look({});
}

void Feed::look(FeedLook::Wish wish) {
  looking_ = true;
  look_with(credential_, wish, [this, wish](FeedLook& look, bool failed) {
    looking_ = false;
    if (!failed) return looked(look, wish);
    // A look at the credential alone is taken again with the next check.
    if (wish.history_after || wish.presence) end(unavailable());
  });
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the function frees what it holds

void Feed::looked(FeedLook& look, FeedLook::Wish wish) {
  if (look.refusal) {
    page_.clear();
    return end(*std::move(look.refusal));
  }
  trusted_at_ = runtime_.clock.monotonic();
  if (look.oldest) {
    page_.push_back(step_of(models::FeedExpired{.cursor = *look.oldest}));
    Error expired;
    expired.code = ErrorCode::cursor_expired;
    expired.detail = "events behind this cursor are older than the project keeps them";
    return end(std::move(expired));
  }
  if (look.presence) page_.push_back({.frame = std::move(look.presence)});
  if (!wish.history_after) return step();
  for (auto& event : look.events)
    page_.push_back({.frame = std::move(event.frame), .cursor = event.cursor, .is_event = true});
  position_ = look.reached;
  in_history_ = !look.at_end;
  presence_due_ = true;  // who came and left is not read from history
  // A page without anything for this subscriber: others on its thread come first.
  if (page_.empty() && in_history_ && got_) return give({});
  step();
}

void Feed::look_with(std::string const& credential, FeedLook::Wish wish, Looked then) {
  auto presented = runtime_.tokens.inspect(credential);
  if (!presented) {
    FeedLook refused(plan_, {}, {}, {});
    refused.refusal = std::move(presented.error());
    return then(refused, false);
  }
  auto const look = std::make_shared<FeedLook>(plan_, *std::move(presented), facts(), wish);
  auto done = [weak = weak_from_this(), look, post = post_, then = std::move(then)](db::Outcome const& outcome) {
    bool const failed = outcome.kind == db::Outcome::Kind::failed;
    post([weak, look, then, failed] {
      if (auto const self = weak.lock()) then(*look, failed);
    });
  };
  db::run_read(
      runtime_.engine, [look](db::Transaction& transaction) { return look->run(transaction); }, std::move(done));
}

void Feed::renew(std::string credential, std::function<void(Result<void>)> done) {
  auto const text = credential;
  look_with(text, {}, [this, credential = std::move(credential), done = std::move(done)](FeedLook& look, bool failed) {
    if (failed) return done(std::unexpected(unavailable()));
    if (look.refusal) return done(std::unexpected(*std::move(look.refusal)));
    credential_ = credential;
    trusted_at_ = runtime_.clock.monotonic();
    done({});
  });
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the function frees what it holds

db::RequestFacts Feed::facts() const {
  return {.now = runtime_.clock.now(), .epoch = runtime_.epoch, .leases = runtime_.settings.leases};
}

}  // namespace codi::api
