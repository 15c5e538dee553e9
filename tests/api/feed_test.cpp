#include "support/feed_fixture.hpp"

#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace codi {
namespace {

using testing::FeedClient;

class Feed : public testing::FeedFixture {};

TEST_F(Feed, tells_events_as_they_happen) {
  auto const before = append("before");
  auto feed = follow();
  ASSERT_EQ(feed.status(), 101U) << feed.answer();
  EXPECT_NE(feed.answer().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
  EXPECT_NE(feed.answer().find("X-Request-Id: "), std::string::npos);
  auto const cursor = append("first");
  EXPECT_EQ(cursor_of(feed.frame("caught_up")), before);
  auto const frame = feed.frame("event");
  EXPECT_EQ(cursor_of(frame), cursor);
  EXPECT_EQ(frame.at("event").at("cursor"), json::value(cursor));
  EXPECT_EQ(frame.at("event").at("text"), json::value("first"));
  append("second");
  append("third");
  EXPECT_EQ(feed.event_text(), "second");
  EXPECT_EQ(feed.event_text(), "third");
}

TEST_F(Feed, resumes_behind_a_cursor_without_gap_or_repetition) {
  auto const from = append("0");
  for (int i = 1; i <= 100; ++i) append(std::to_string(i));
  auto feed = follow("?after=" + from);
  std::string last;
  for (int i = 1; i <= 100; ++i) {
    auto const frame = feed.frame().as_object();
    ASSERT_EQ(frame.at("type"), json::value("event")) << i;
    EXPECT_EQ(frame.at("event").at("text"), json::value(std::to_string(i)));
    last = cursor_of(frame);
  }
  auto const caught_up = feed.frame().as_object();
  EXPECT_EQ(caught_up.at("type"), json::value("caught_up"));
  EXPECT_EQ(cursor_of(caught_up), last);
  append("live");
  EXPECT_EQ(feed.event_text(), "live");
}

TEST_F(Feed, resumes_on_a_log_of_which_nothing_is_known_yet) {
  auto feed = follow("?after=" + std::string(32, '0'));
  EXPECT_EQ(feed.frame().at("event").at("action"), json::value("SESSION_START"));
  EXPECT_EQ(feed.frame().at("type"), json::value("caught_up"));
}

TEST_F(Feed, refuses_an_upgrade_as_any_request) {
  EXPECT_EQ(follow("", {FeedClient::bearer("codi_x")}).status(), 401U);
  EXPECT_EQ(follow("?after=x").status(), 422U);
  EXPECT_EQ(follow("?nothing=x").status(), 422U);
  EXPECT_EQ(follow("?session=nobody").status(), 404U);
  EXPECT_EQ(follow("?path=../x").status(), 422U);
  FeedClient elsewhere(app_->address().port, "/v1/projects/elsewhere/feed", {FeedClient::bearer(token())});
  EXPECT_EQ(elsewhere.status(), 404U);
  EXPECT_NE(elsewhere.answer().find("API-USR-2002"), std::string::npos);
  auto const operator_token = std::string(bootstrap().at("operator_token").as_string());
  EXPECT_EQ(follow("", {FeedClient::bearer(operator_token)}).status(), 403U);
}

TEST_F(Feed, tells_who_asks_for_a_page_how_to_follow) {
  auto const answer = owner().get(kProject + "/feed");
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(answer.headers.find("upgrade")->second, "websocket");
  EXPECT_EQ(answer.headers.find("sec-websocket-version")->second, "13");
  EXPECT_EQ(client().get(kProject + "/feed").status, 401);
  EXPECT_EQ(owner().get("/v1/projects/elsewhere/feed").status, 404);
}

TEST_F(Feed, another_tenants_project_is_not_there) {
  auto const registered = client().post(
      "/v1/auth/register",
      R"({"email":"eve@example.org","password":"correct horse battery","name":"Eve","tenant_name":"Evil"})");
  ASSERT_EQ(registered.status, 201) << registered.body;
  auto const project = owner().get(kProject).text("/id");
  FeedClient feed(app_->address().port, "/v1/projects/" + project + "/feed",
                  {FeedClient::bearer(registered.text("/access_token"))});
  EXPECT_EQ(feed.status(), 404U);
}

TEST_F(Feed, shows_only_what_was_asked_for) {
  start_session("other");
  auto const from = append("from");
  auto write = [this] {
    append("a", R"(,"action":"TEST","paths":["src/api/a.rs"])");
    append("b", R"(,"action":"INFO","paths":["src/api/b.py"])");
    append("c", R"(,"action":"PROGRESS","paths":["docs/c.md","src/gateway/"])");
    owner().post(kProject + "/events", R"({"session":"other","action":"TEST","text":"d","paths":["src/d.rs"]})");
    append("end", R"(,"action":"TEST","paths":["src/api/end.rs","docs/x/end.md"])");
  };
  struct Case {
    std::string query;
    std::string texts;
  };
  std::vector<Case> const cases{
      {"session=OTHER", "d"},
      {"action=TEST", "a d end"},
      {"action=TEST&action=PROGRESS", "a c d end"},
      {"session=writer&action=TEST", "a end"},
      {"path=src/api/", "a b end"},
      {"path=src/**/*.rs", "a c d end"},  // all of src/gateway/ may hold such a file
      {"path=docs/c.md", "c"},
      {"path=docs/*.md&path=src/d.rs", "c d"},
      {"session=writer&path=**/*.md&action=TEST", "end"},
  };
  std::deque<FeedClient> live;
  for (auto const& each : cases)
    live.emplace_back(app_->address().port, kProject + "/feed?" + each.query, std::vector{FeedClient::bearer(token())});
  for (auto& feed : live) ASSERT_EQ(feed.status(), 101U) << feed.answer();
  write();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    auto history = follow("?" + cases[i].query + "&after=" + from);
    for (auto* feed : {&history, &live[i]})
      for (auto const text : split(cases[i].texts, ' ')) EXPECT_EQ(feed->event_text(), text) << cases[i].query;
  }
}

TEST_F(Feed, pings_are_answered_and_binary_is_not_read) {
  auto feed = follow();
  ASSERT_EQ(feed.status(), 101U);
  feed.frame("caught_up");
  feed.send(FeedClient::kPing, "are you there");
  for (auto message = feed.next(); message; message = feed.next())
    if (message->opcode == FeedClient::kPong) {
      EXPECT_EQ(message->payload, "are you there");
      break;
    }
  feed.send(FeedClient::kBinary, "x");
  EXPECT_EQ(feed.close_code(), 1003U);
}

TEST_F(Feed, a_close_is_answered) {
  auto feed = follow();
  ASSERT_EQ(feed.status(), 101U);
  feed.send(FeedClient::kClose, std::string("\x03\xE8", 2));
  EXPECT_EQ(feed.close_code(), 1000U);
  EXPECT_TRUE(testing::soon([this] { return client().get("/metrics").status == 200; }));
}

TEST_F(Feed, ends_on_a_drain_with_going_away) {
  auto feed = follow();
  ASSERT_EQ(feed.status(), 101U);
  feed.frame("caught_up");
  std::jthread const stopping([this] { EXPECT_TRUE(app_->stop_and_drain()); });
  EXPECT_EQ(feed.close_code(), 1001U);
}

}  // namespace
}  // namespace codi
