#include "support/feed_fixture.hpp"

#include <set>
#include <string>

namespace codi {
namespace {

using testing::FeedClient;

class FeedCommands : public testing::FeedFixture {
 protected:
  static json::object command(std::string_view type, std::string_view id, json::object input) {
    return {{"type", type}, {"id", id}, {"input", std::move(input)}};
  }
};

TEST_F(FeedCommands, are_the_operations_and_answer_by_id) {
  auto feed = follow("?presence=false&action=NOTHING");
  auto log = follow();
  ASSERT_EQ(log.status(), 101U);
  feed.say(command("log", "1", {{"session", "writer"}, {"action", "TEST"}, {"text", "all green"}}));
  auto const logged = feed.frame("result");
  EXPECT_EQ(logged.at("id"), json::value("1"));
  EXPECT_EQ(logged.at("status"), json::value(201));
  EXPECT_EQ(log.event_text(), "all green");

  feed.say(command("claim", "2", {{"session", "writer"}, {"targets", json::array{"src/a.rs"}}, {"mode", "exclusive"}}));
  auto const claimed = feed.frame("result");
  EXPECT_EQ(claimed.at("status"), json::value(201));
  auto const claim = claimed.at("result").at("claims").at(0).at("id");
  EXPECT_EQ(log.frame("event").at("event").at("action"), json::value("FILE_CLAIM"));

  feed.say(command("heartbeat", "3", {{"session", "writer"}}));
  EXPECT_EQ(feed.frame("result").at("result").at("state"), json::value("active"));

  feed.say(command("release", "4", {{"claim", claim}}));
  EXPECT_EQ(feed.frame("result").at("id"), json::value("4"));
  EXPECT_EQ(log.frame("event").at("event").at("action"), json::value("FILE_RELEASE"));
}

TEST_F(FeedCommands, are_refused_as_over_http) {
  start_session("holder");
  owner().post(kProject + "/claims", R"({"session":"holder","targets":["src/"],"mode":"exclusive"})");
  auto feed = follow();
  feed.say(command("claim", "1", {{"session", "writer"}, {"targets", json::array{"src/a.rs"}}, {"mode", "exclusive"}}));
  auto const refused = feed.frame("error");
  EXPECT_EQ(refused.at("id"), json::value("1"));
  EXPECT_EQ(refused.at("error").at("code"), json::value("CLAIM-USR-3001"));
  EXPECT_EQ(refused.at("error").at("conflicts").at(0).at("session_alias"), json::value("holder"));

  auto const detail_of = [&feed](json::object const& message) {
    feed.say(message);
    auto const frame = feed.frame("error");
    return frame.empty() ? std::string("(none)") : std::string(frame.at("error").at("detail").as_string());
  };
  EXPECT_NE(detail_of(command("sing", "2", {})).find("/type"), std::string::npos);
  EXPECT_NE(detail_of(command("heartbeat", "3", {{"session", "writer"}, {"project", "other"}})).find("/project"),
            std::string::npos);
  EXPECT_NE(detail_of({{"type", "log"}, {"more", 1}}).find("/more"), std::string::npos);
  EXPECT_NE(detail_of({{"type", "auth"}}).find("/token"), std::string::npos);
  feed.send(FeedClient::kText, "[");
  EXPECT_EQ(feed.frame("error").at("error").at("status"), json::value(400));
  append("and it goes on");
  EXPECT_EQ(feed.event_text(), "and it goes on");
}

TEST_F(FeedCommands, act_by_the_connections_credential) {
  auto const started = owner().post(kProject + "/sessions", R"({"alias":"agent"})");
  auto feed = follow("", {FeedClient::bearer(started.text("/session_token"))});
  feed.say(command("log", "1", {{"session", "writer"}, {"action", "INFO"}, {"text", "as another"}}));
  EXPECT_EQ(feed.frame("error").at("error").at("status"), json::value(403));
  feed.say(command("log", "2", {{"session", "agent"}, {"action", "INFO"}, {"text", "as itself"}}));
  EXPECT_EQ(feed.frame("result").at("id"), json::value("2"));
}

TEST_F(FeedCommands, are_carried_out_once_with_a_key) {
  auto message = command("log", "1", {{"session", "writer"}, {"action", "INFO"}, {"text", "once"}});
  message["idempotency_key"] = "key-1";
  auto first = follow();
  first.say(message);
  auto const cursor = first.frame("result").at("result").at("cursor");
  auto second = follow();  // as after a lost connection
  second.say(message);
  EXPECT_EQ(second.frame("result").at("result").at("cursor"), cursor);
}

TEST_F(FeedCommands, a_key_is_of_the_feeds_project) {
  ASSERT_EQ(owner().post("/v1/projects", R"({"slug":"other","name":"Other"})").status, 201);
  ASSERT_EQ(owner().post("/v1/projects/other/sessions", R"({"alias":"writer"})").status, 201);
  auto message = command("log", "1", {{"session", "writer"}, {"action", "INFO"}, {"text", "once"}});
  message["idempotency_key"] = "key-1";
  auto here = follow();
  here.say(message);
  EXPECT_EQ(here.frame("result").at("status"), json::value(201));
  FeedClient there(app_->address().port, "/v1/projects/other/feed", {FeedClient::bearer(token())});
  there.say(message);
  EXPECT_EQ(there.frame("error").at("error").at("status"), json::value(422)) << "and not the other project's event";
}

TEST_F(FeedCommands, count_with_the_callers_other_requests) {
  gateway::AppOptions options;
  options.rates.caller = {.per_second = 0.001, .burst = 6};
  app_.reset();
  start(std::move(options));
  auto feed = follow();
  ASSERT_EQ(feed.status(), 101U);
  EXPECT_EQ(owner().get(kProject).status, 200);
  feed.say(command("heartbeat", "1", {{"session", "writer"}}));
  EXPECT_EQ(feed.frame("result").at("id"), json::value("1"));
  while (owner().get(kProject).status == 200) continue;
  feed.say(command("heartbeat", "2", {{"session", "writer"}}));
  EXPECT_EQ(feed.frame("error").at("error").at("code"), json::value("AUTH-SYS-1004"));
}

TEST_F(FeedCommands, a_claim_that_waits_leaves_the_line_with_its_connection) {
  start_session("holder");
  auto const held = owner().post(kProject + "/claims", R"({"session":"holder","targets":["src/a.rs"]})");
  auto const waiting = [&] { return owner().get(kProject + "/claims/tickets").json().at("items").as_array().size(); };
  {
    auto feed = follow();
    feed.say(
        command("claim", "1", {{"session", "writer"}, {"targets", json::array{"src/a.rs"}}, {"wait_seconds", 60}}));
    ASSERT_TRUE(testing::soon([&] { return waiting() == 1; }));
  }
  EXPECT_TRUE(testing::soon([&] { return waiting() == 0; }));
  owner().post(kProject + "/claims/" + held.text("/claims/0/id") + "/release", "{}");
  EXPECT_TRUE(owner().get(kProject + "/claims").json().at("items").as_array().empty());
}

TEST_F(FeedCommands, a_claim_that_waits_is_given_up_when_the_server_shuts_down) {
  start_session("holder");
  owner().post(kProject + "/claims", R"({"session":"holder","targets":["src/a.rs"]})");
  auto feed = follow();
  feed.say(command("claim", "1", {{"session", "writer"}, {"targets", json::array{"src/a.rs"}}, {"wait_seconds", 60}}));
  ASSERT_TRUE(
      testing::soon([&] { return !owner().get(kProject + "/claims/tickets").json().at("items").as_array().empty(); }));
  EXPECT_TRUE(app_->stop_and_drain()) << "within its time";
  EXPECT_EQ(feed.frame("error").at("id"), json::value("1"));
  EXPECT_EQ(feed.close_code(), 1001U);
}

TEST_F(FeedCommands, many_at_once_are_all_answered) {
  auto feed = follow();
  std::set<std::string> waiting;
  for (int i = 0; i < 100; ++i) {
    auto const id = std::to_string(i);
    waiting.insert(id);
    feed.say(command("log", id, {{"session", "writer"}, {"action", "INFO"}, {"text", id}}));
  }
  for (int i = 0; i < 100; ++i) {
    auto const frame = feed.frame("result");
    ASSERT_FALSE(frame.empty());
    EXPECT_EQ(waiting.erase(std::string(frame.at("id").as_string())), 1U);
  }
  EXPECT_TRUE(waiting.empty());
}

TEST_F(FeedCommands, a_message_has_a_limit) {
  auto feed = follow();
  feed.send(FeedClient::kText, std::string(limits::kFeedMessageBytes + 1, ' '));
  EXPECT_EQ(feed.close_code(), 1009U);
}

TEST_F(FeedCommands, text_is_utf8) {
  auto feed = follow();
  feed.send(FeedClient::kText, "\xFF\xFE");
  EXPECT_EQ(feed.close_code(), 1007U);
}

TEST_F(FeedCommands, are_logged_without_what_they_carry) {
  auto feed = follow();
  feed.say({{"type", "auth"}, {"id", "1"}, {"token", token()}});
  feed.say(command("log", "2", {{"session", "writer"}, {"action", "INFO"}, {"text", "told in confidence"}}));
  EXPECT_EQ(feed.frame("result").at("id"), json::value("1"));
  EXPECT_EQ(feed.frame("result").at("id"), json::value("2"));
  auto const has = [](std::string_view what) {
    return std::ranges::any_of(testing::LogLines::all(), [&](auto const& line) { return line.contains(what); });
  };
  EXPECT_TRUE(testing::soon([&] { return has(R"("action":"append_event")"); }));
  EXPECT_FALSE(has("told in confidence"));
  EXPECT_FALSE(has(token()));
}

class FeedPresence : public testing::FeedFixture {};

TEST_F(FeedPresence, tells_who_is_here_who_comes_and_who_leaves) {
  auto feed = follow();
  auto const whole = feed.frame("presence");
  EXPECT_EQ(whole.at("whole"), json::value(true));
  ASSERT_EQ(whole.at("sessions").as_array().size(), 1U);
  EXPECT_EQ(whole.at("sessions").at(0).at("session_alias"), json::value("writer"));
  auto const id = start_session("RUST-DEVELOPER-SESSION-3");
  auto const came = feed.frame("presence");
  EXPECT_EQ(came.at("whole"), json::value(false));
  EXPECT_EQ(came.at("sessions").at(0).at("session_id"), json::value(id));
  EXPECT_EQ(came.at("sessions").at(0).at("role"), json::value("rust-developer"));
  EXPECT_EQ(came.at("sessions").at(0).at("state"), json::value("active"));
  owner().post(kProject + "/sessions/" + id + "/end", "{}");
  EXPECT_EQ(feed.frame("presence").at("sessions").at(0).at("state"), json::value("ended"));
  auto const after = follow().frame("presence");
  EXPECT_EQ(after.at("sessions").as_array().size(), 1U);
}

TEST_F(FeedPresence, is_told_of_the_session_itself_not_of_what_was_said) {
  auto feed = follow("?action=NOTHING");
  feed.frame("presence");
  append("not true", R"(,"action":"SESSION_END")");
  EXPECT_EQ(feed.frame("presence").at("sessions").at(0).at("state"), json::value("active"));
}

TEST_F(FeedPresence, can_be_left_out) {
  auto feed = follow("?presence=false");
  EXPECT_EQ(feed.frame().at("type"), json::value("caught_up"));
  start_session("other");
  EXPECT_EQ(feed.frame().at("type"), json::value("event"));
  append("next");
  EXPECT_EQ(feed.frame().at("type"), json::value("event"));
}

}  // namespace
}  // namespace codi
