#include "api/feed.hpp"

#include "api/reaper.hpp"
#include "support/workshop.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

/// A thread's queue of work: what the store calls back with is run when the test says so.
class Work {
 public:
  api::Post post() {
    return [this](std::function<void()> work) {
      std::scoped_lock const lock(mutex_);
      queue_.push_back(std::move(work));
      came_.notify_one();
    };
  }
  /// Runs what comes until something holds; false when nothing has come for five seconds.
  bool until(std::function<bool()> const& holds) {
    while (!holds()) {
      std::unique_lock lock(mutex_);
      if (!came_.wait_for(lock, 5s, [this] { return !queue_.empty(); })) return false;
      auto const work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
    }
    return true;
  }
  /// Runs what comes until nothing has come for a while.
  void until_idle() {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (!came_.wait_for(lock, 50ms, [this] { return !queue_.empty(); })) return;
      auto const work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> queue_;
};

class FeedReader : public Workshop {
 protected:
  /// One who follows, and what it was given last.
  struct Reader {
    std::shared_ptr<api::Feed> feed;
    std::optional<api::FeedStep> step = {};
  };

  std::unique_ptr<Reader> follow(json::object members = {}, std::optional<std::string> credential = {}) {
    return follow_on(api.runtime, std::move(members), credential.value_or(owner));
  }
  std::unique_ptr<Reader> follow_on(api::Runtime& runtime, json::object members, std::string const& credential) {
    members["project"] = "default";
    if (!members.contains("presence")) members["presence"] = false;
    api::Request request{.members = std::move(members), .credential = credential};
    std::promise<api::Finished> promise;
    for (auto const& operation : api::operations())
      if (operation.meta.id == "follow_log")
        api::execute(api.runtime, operation, std::move(request),
                     [&promise](api::Finished finished) { promise.set_value(std::move(finished)); });
    auto finished = promise.get_future().get();
    EXPECT_TRUE(finished.answer) << finished.answer.error().detail;
    return std::make_unique<Reader>(
        Reader{.feed = std::make_shared<api::Feed>(runtime, finished.answer->feed, credential, work.post())});
  }
  void ask(Reader& reader) {
    reader.step.reset();
    reader.feed->next([&reader](api::FeedStep step) { reader.step = std::move(step); });
  }
  /// The next frame, or the end.
  api::FeedStep next(Reader& reader) {
    do {
      ask(reader);
      if (!work.until([&] { return reader.step.has_value(); })) {
        ADD_FAILURE() << "nothing comes";
        return {};
      }
    } while (!reader.step->frame && !reader.step->end);
    return *reader.step;
  }
  json::object frame(Reader& reader) {
    auto const step = next(reader);
    return step.frame ? json::parse(*step.frame).as_object() : json::object();
  }
  std::string text(Reader& reader) {
    auto const found = frame(reader);
    auto const* const event = found.if_contains("event");
    return event ? std::string(event->at("text").as_string()) : "(" + json::serialize(found) + ")";
  }
  std::string say(std::string_view what) {
    auto const said = call("append_event", {{"session", "A"}, {"action", "INFO"}, {"text", what}});
    EXPECT_EQ(said.status, 201U) << said.code;
    return said.text("/cursor");
  }

  Work work;
};

TEST_F(FeedReader, Hazard23_who_follows_reads_the_log_no_more_often_for_being_many) {
  start("A");
  auto const reads_of = [this](std::size_t count) {
    std::vector<std::unique_ptr<Reader>> readers;
    for (std::size_t i = 0; i < count; ++i) readers.push_back(follow());
    for (auto& reader : readers) EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
    for (auto& reader : readers) ask(*reader);
    say("warm");
    for (auto& reader : readers) work.until([&] { return reader->step.has_value(); });
    for (auto& reader : readers) ask(*reader);
    auto const before = api.engine->reads();
    say("counted");
    for (auto& reader : readers) {
      EXPECT_TRUE(work.until([&] { return reader->step.has_value(); }));
      EXPECT_TRUE(reader->step->frame->contains("counted"));
    }
    return api.engine->reads() - before;
  };
  auto const one = reads_of(1);
  EXPECT_EQ(reads_of(200), one);
}

TEST_F(FeedReader, who_is_too_slow_goes_on_from_the_store) {
  start("A");
  auto const slow = follow();
  EXPECT_EQ(frame(*slow).at("type"), json::value("caught_up"));
  auto const quick = follow();
  EXPECT_EQ(frame(*quick).at("type"), json::value("caught_up"));
  auto const events = 2 * limits::kFeedKeptEvents;
  for (std::size_t i = 0; i < events; ++i) {
    say(std::to_string(i));
    ASSERT_EQ(text(*quick), std::to_string(i));
  }
  for (std::size_t i = 0; i < events; ++i) ASSERT_EQ(text(*slow), std::to_string(i));
  say("live again");
  EXPECT_EQ(text(*slow), "live again");
  EXPECT_EQ(text(*quick), "live again");
}

TEST_F(FeedReader, large_events_push_others_out_and_none_is_lost) {
  start("A");
  auto const reader = follow();
  EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
  auto const filler = std::string(60'000, 'x');
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(call("append_event", {{"session", "A"},
                                    {"action", "INFO"},
                                    {"text", std::to_string(i)},
                                    {"data", json::object{{"filler", filler}}}})
                  .status,
              201U);
  for (int i = 0; i < 40; ++i) ASSERT_EQ(text(*reader), std::to_string(i));
}

TEST_F(FeedReader, a_burst_between_two_looks_is_read_whole) {
  start("A");
  auto const reader = follow();
  EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
  ask(*reader);
  for (std::size_t i = 0; i < 3 * limits::kFeedReadEvents; ++i) say(std::to_string(i));
  ASSERT_TRUE(work.until([&] { return reader->step.has_value(); }));
  EXPECT_TRUE(reader->step->frame->contains(R"("text":"0")"));
  for (std::size_t i = 1; i < 3 * limits::kFeedReadEvents; ++i) ASSERT_EQ(text(*reader), std::to_string(i));
}

TEST_F(FeedReader, a_cursor_older_than_the_log_is_expired) {
  start("A");
  call("update_project", {{"policies", json::object{{"retention_days", 1}}}});
  auto const old = say("old");
  auto const gone = say("gone");
  pass(48h);
  start("B");
  api::Reaper(api.runtime).run_once();
  auto const reader = follow({{"after", old}});
  auto const expired = frame(*reader);
  EXPECT_EQ(expired.at("type"), json::value("expired"));
  EXPECT_GE(expired.at("cursor").as_string(), gone);
  auto const end = next(*reader);
  ASSERT_TRUE(end.end);
  EXPECT_EQ(end.end->code, ErrorCode::cursor_expired);
  // From what it was told it can go on.
  auto const again = follow({{"after", expired.at("cursor")}});
  EXPECT_EQ(frame(*again).at("type"), json::value("event"));
}

TEST_F(FeedReader, nothing_is_told_for_a_token_that_was_revoked) {
  start("A");
  auto const token = api.call(
      "create_token", {{"name", "feed"}, {"permissions", json::array{"project_read"}}, {"expires_in", 3600}}, owner);
  ASSERT_EQ(token.status, 201U) << token.code;
  auto const reader = follow({}, token.text("/token"));
  EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
  say("seen");
  EXPECT_EQ(text(*reader), "seen");
  EXPECT_EQ(api.call("delete_token", {{"id", token.text("/id")}}, owner).status, 204U);
  pass(limits::kFeedTrust);
  say("unseen");
  auto const step = next(*reader);
  ASSERT_TRUE(step.end);
  EXPECT_EQ(step.end->code, ErrorCode::token_invalid);
  EXPECT_FALSE(step.frame);
}

TEST_F(FeedReader, a_check_finds_a_credential_that_has_run_out) {
  auto const token = api.call(
      "create_token", {{"name", "feed"}, {"permissions", json::array{"project_read"}}, {"expires_in", 60}}, owner);
  ASSERT_EQ(token.status, 201U) << token.code;
  auto const reader = follow({}, token.text("/token"));
  EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
  ask(*reader);
  reader->feed->check();
  work.until_idle();
  EXPECT_FALSE(reader->step);
  pass(61s);
  reader->feed->check();
  ASSERT_TRUE(work.until([&] { return reader->step.has_value(); }));
  ASSERT_TRUE(reader->step->end);
  EXPECT_EQ(reader->step->end->code, ErrorCode::token_invalid);
}

TEST_F(FeedReader, a_store_that_fails_for_a_while_loses_nothing) {
  start("A");
  auto const trouble = api.faulty_engine({});
  auto runtime = api.runtime_on(*trouble, api.facts);
  auto const reader = follow_on(runtime, {}, owner);
  EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
  say("before");
  EXPECT_EQ(text(*reader), "before");
  ask(*reader);
  trouble->fail_reads(true);
  say("meanwhile");
  work.until_idle();
  reader->feed->check();
  work.until_idle();
  EXPECT_FALSE(reader->step) << "nothing is said that was not read";
  trouble->fail_reads(false);
  reader->feed->check();
  ASSERT_TRUE(work.until([&] { return reader->step.has_value(); }));
  ASSERT_TRUE(reader->step->frame);
  EXPECT_TRUE(reader->step->frame->contains("meanwhile"));
}

TEST_F(FeedReader, history_that_cannot_be_read_ends_it) {
  start("A");
  auto const from = say("from");
  auto const trouble = api.faulty_engine({});
  auto runtime = api.runtime_on(*trouble, api.facts);
  auto const reader = follow_on(runtime, {{"after", from}}, owner);
  trouble->fail_reads(true);
  auto const step = next(*reader);
  ASSERT_TRUE(step.end);
  EXPECT_EQ(step.end->code, ErrorCode::storage_unavailable);
}

TEST_F(FeedReader, who_is_here_is_told_again_after_falling_behind) {
  start("A");
  auto const reader = follow({{"presence", true}});
  EXPECT_EQ(frame(*reader).at("type"), json::value("caught_up"));
  EXPECT_EQ(frame(*reader).at("sessions").as_array().size(), 1U);
  start("B");
  for (std::size_t i = 0; i < 2 * limits::kFeedKeptEvents; ++i) say("more");
  // Another keeps the log moving, so that what is behind is no longer kept.
  auto const quick = follow();
  EXPECT_EQ(frame(*quick).at("type"), json::value("caught_up"));
  json::object last;
  do last = frame(*reader);
  while (last.at("type") == json::value("event"));
  EXPECT_EQ(last.at("whole"), json::value(true));
  EXPECT_EQ(last.at("sessions").as_array().size(), 2U);
}

}  // namespace
}  // namespace codi::testing
