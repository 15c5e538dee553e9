#include "api/feed_log.hpp"

#include "auth/directory.hpp"
#include "base/limits.hpp"
#include "db/retry.hpp"
#include "db/sessions.hpp"
#include "models/feed.hpp"

#include <algorithm>

namespace codi::api {
namespace {

// Derived from the session itself: anyone may write an event of that name.
Task<std::shared_ptr<std::string const>> presence_of(db::Tx& tx, ProjectId project, models::Event event) {
  if (!event.session_id || (event.action != "SESSION_START" && event.action != "SESSION_END")) co_return nullptr;
  auto session = co_await db::get_session(tx, project, *event.session_id);
  if (!session) co_return nullptr;
  models::FeedPresence frame{.cursor = event.cursor};
  frame.sessions.push_back({.session_id = session->id,
                            .session_alias = std::move(session->alias),
                            .role = std::move(session->role),
                            .state = session->state,
                            .expires_at = session->expires_at});
  co_return std::make_shared<std::string const>(reflect::encode_text(frame));
}

// Loosely: anyone may write an event with such data.
std::vector<models::MessageRecipient> recipients_of(models::Event const& event) {
  std::vector<models::MessageRecipient> out;
  auto const* const inbox = event.data.if_contains("inbox");
  if (!inbox || !inbox->is_array()) return out;
  for (auto const& item : inbox->get_array()) {
    auto const* const to = item.is_object() ? item.get_object().if_contains("to") : nullptr;
    auto read = to ? reflect::decode<models::MessageRecipient>(*to) : invalid("/to", "is required");
    if (read) out.push_back(*std::move(read));
  }
  return out;
}

}  // namespace

Task<LoggedEvent> logged_event(db::Tx& tx, ProjectId project, std::string text) {
  auto const event = reflect::decode_stored<models::Event>(text);
  models::FeedEvent const frame{.cursor = event.cursor, .event = {std::move(text)}};
  LoggedEvent out{.cursor = event.cursor,
                  .session = event.session_id,
                  .action = event.action,
                  .paths = event.paths,
                  .at = event.at,
                  .recipients = recipients_of(event),
                  .frame = std::make_shared<std::string const>(reflect::encode_text(frame))};
  out.presence = co_await presence_of(tx, project, event);
  co_return out;
}

// One look at what is new. Its own object, because its transaction may outlive the log.
struct FeedLog::Look {
  std::size_t number = 0;
  bool is_starting = true;    ///< look() has not returned from the store
  bool goes_on = false;       ///< look() shall begin the next one
  std::optional<Stamp> head;  ///< where the look before it ended
  db::RequestFacts facts{};
  db::LogTail tail{};
  std::vector<std::shared_ptr<LoggedEvent const>> events{};
  bool more = false;
  bool lost = false;  ///< events between `head` and what is there now were removed
};

FeedLog::Next FeedLog::after(Stamp const& cursor, void const* who, std::function<void()> wake) {
  std::unique_lock lock(mutex_);
  if (head_ && cursor < floor_) return {.kind = Next::Kind::behind};
  auto const next =
      std::ranges::upper_bound(kept_, cursor, std::less<>(), [](auto const& event) { return event->cursor; });
  if (next != kept_.end()) return {.kind = Next::Kind::event, .event = *next};
  waiting_[who] = std::move(wake);
  bool const is_first = !head_ && !looking_ && !failed_;
  lock.unlock();
  if (is_first) look();
  return {};
}

void FeedLog::forget(void const* who) {
  std::function<void()> dropped;  // destroyed without the lock: it may own anything
  std::scoped_lock const lock(mutex_);
  auto const found = waiting_.find(who);
  if (found == waiting_.end()) return;
  dropped = std::move(found->second);
  waiting_.erase(found);
}

void FeedLog::try_again() {
  {
    std::scoped_lock const lock(mutex_);
    if (!failed_) return;
    failed_ = false;
  }
  look();
}

std::size_t FeedLog::looks() const {
  std::scoped_lock const lock(mutex_);
  return looks_;
}

// From memory a look ends before it returns. What follows it is then begun here: one inside the other, many would use
// up the stack.
void FeedLog::look() {
  for (;;) {
    auto const look = begin_look();
    if (!look) return;
    auto done = [weak = weak_from_this(), look](db::Outcome const& outcome) {
      if (auto const self = weak.lock()) self->looked(look, outcome.kind == db::Outcome::Kind::failed);
    };
    auto body = [self = shared_from_this(), look](db::Transaction& transaction) {
      return self->read(transaction, *look);
    };
    db::run_read(engine_, std::move(body), std::move(done));
    std::scoped_lock const lock(mutex_);
    look->is_starting = false;
    if (!look->goes_on) return;
  }
}

std::shared_ptr<FeedLog::Look> FeedLog::begin_look() {
  std::scoped_lock const lock(mutex_);
  if (looking_) return nullptr;
  looking_ = true;
  auto look = std::make_shared<Look>();
  look->number = ++looks_;
  look->head = head_;
  return look;
}

Task<db::Verdict> FeedLog::read(db::Transaction& transaction, Look& look) const {
  look.events.clear();
  look.more = look.lost = false;
  SeededRandom random(look.facts.seed);
  auth::OpenTx open(transaction, look.facts, random);
  auto tx = auth::Directory::bind(open, tenant_);
  look.tail = co_await db::log_tail(tx, project_);
  if (!look.head) co_return db::Verdict::abort;
  db::PageRequest page{
      .limit = limits::kFeedReadEvents, .after = to_string(*look.head), .bytes = limits::kFeedKeptBytes};
  auto found = co_await db::list_events(tx, project_, {}, std::move(page));
  look.lost = !found;
  if (!found) co_return db::Verdict::abort;
  for (auto& item : found->items) {
    auto event = co_await logged_event(tx, project_, std::move(item.text));
    look.events.push_back(std::make_shared<LoggedEvent const>(std::move(event)));
  }
  look.more = found->next.has_value();
  co_return db::Verdict::abort;
}

void FeedLog::looked(std::shared_ptr<Look> const& look, bool failed) {
  Wakes wakes;
  bool post_next = false;
  {
    std::scoped_lock const lock(mutex_);
    looking_ = false;
    failed_ = failed;
    if (failed) return;
    take(*look);
    for (auto& [who, wake] : waiting_) wakes.push_back(std::move(wake));
    waiting_.clear();
    look->goes_on = look->more && look->is_starting;
    post_next = look->more && !look->is_starting;
  }
  for (auto const& wake : wakes) wake();
  if (post_next) look_later();
  if (!look->more) watch(*look);
}

void FeedLog::take(Look& look) {
  if (!head_ || look.lost) {
    kept_.clear();
    kept_bytes_ = 0;
    head_ = floor_ = look.tail.last;
    return;
  }
  for (auto& event : look.events) {
    head_ = event->cursor;
    kept_bytes_ += event->frame->size();
    kept_.push_back(std::move(event));
  }
  while (kept_.size() > limits::kFeedKeptEvents || (kept_bytes_ > limits::kFeedKeptBytes && kept_.size() > 1)) {
    floor_ = kept_.front()->cursor;
    kept_bytes_ -= kept_.front()->frame->size();
    kept_.pop_front();
  }
}

void FeedLog::look_later() {
  post_([weak = weak_from_this()] {
    if (auto const self = weak.lock()) self->look();
  });
}

// A change is told on the thread of the store, which must not read: the look itself happens on a connection's.
void FeedLog::watch(Look const& look) {
  auto changed = [weak = weak_from_this()] {
    if (auto const self = weak.lock()) self->look_later();
  };
  auto watch = engine_.watch(look.tail.key, look.tail.stored, std::move(changed));
  std::scoped_lock const lock(mutex_);
  if (looks_ == look.number) watch_.swap(watch);  // else it has fired, and the look after it watches
}

std::shared_ptr<FeedLog> FeedLogs::follow(db::Engine& engine, TenantId tenant, ProjectId project, Post const& post) {
  auto const key = to_string(tenant) + to_string(project);
  std::scoped_lock const lock(mutex_);
  if (auto const found = logs_.find(key); found != logs_.end())
    if (auto log = found->second.lock()) return log;
  std::erase_if(logs_, [](auto const& entry) { return entry.second.expired(); });
  auto log = std::make_shared<FeedLog>(engine, tenant, project, post);
  logs_.insert_or_assign(key, log);
  return log;
}

}  // namespace codi::api
