#include "support/feed_fixture.hpp"

#include <string>

namespace codi {
namespace {

using testing::FeedClient;

class FeedCredentials : public testing::FeedFixture {
 protected:
  static json::object auth(std::string_view token, std::string_view id = "a") {
    return {{"type", "auth"}, {"id", id}, {"token", token}};
  }
  static std::string protocols(std::string const& token) {
    return "Sec-WebSocket-Protocol: codi.v1, codi.bearer." + token;
  }
};

TEST_F(FeedCredentials, a_browser_shows_its_token_among_the_subprotocols) {
  auto feed = open("", {protocols(token())});
  ASSERT_EQ(feed.status(), 101U);
  EXPECT_NE(feed.answer().find("Sec-WebSocket-Protocol: codi.v1\r\n"), std::string::npos) << feed.answer();
  EXPECT_EQ(feed.answer().find(token()), std::string::npos);
  EXPECT_EQ(feed.frame().at("type"), json::value("caught_up"));
  append("hello");
  EXPECT_EQ(feed.event_text(), "hello");
}

TEST_F(FeedCredentials, a_browser_learns_why_it_may_not) {
  auto unknown = open("", {protocols("codi_nobody")});
  EXPECT_EQ(unknown.frame().at("error").at("code"), json::value("AUTH-USR-1002"));
  EXPECT_EQ(unknown.close_code(), 4401U);
  EXPECT_FALSE(unknown.close_reason().empty());
  FeedClient elsewhere(app_->address().port, "/v1/projects/elsewhere/feed", {protocols(token())});
  EXPECT_EQ(elsewhere.frame().at("error").at("code"), json::value("API-USR-2002"));
  EXPECT_EQ(elsewhere.close_code(), 4404U);
  auto const operator_token = std::string(bootstrap().at("operator_token").as_string());
  EXPECT_EQ(open("", {protocols(operator_token)}).close_code(), 4403U);
  EXPECT_EQ(open("?after=x", {protocols(token())}).close_code(), 4400U);
}

TEST_F(FeedCredentials, the_first_message_may_bring_the_token) {
  auto feed = open("", {});
  ASSERT_EQ(feed.status(), 101U);
  feed.say(auth(token(), "first"));
  auto const result = feed.frame().as_object();
  EXPECT_EQ(result.at("type"), json::value("result"));
  EXPECT_EQ(result.at("id"), json::value("first"));
  append("hello");
  EXPECT_EQ(feed.event_text(), "hello");
}

TEST_F(FeedCredentials, nothing_is_told_to_who_shows_no_token) {
  auto wrong = open("", {});
  wrong.say(auth("codi_nobody"));
  EXPECT_EQ(wrong.frame().at("error").at("code"), json::value("AUTH-USR-1002"));
  EXPECT_EQ(wrong.close_code(), 4401U);
  auto other = open("", {});
  other.say({{"type", "log"}, {"input", json::object()}});
  EXPECT_EQ(other.close_code(), 4400U);
  auto garbage = open("", {});
  garbage.send(FeedClient::kText, "{");
  EXPECT_EQ(garbage.close_code(), 4400U);
  // Whether there is such a project is not told before the caller is known.
  FeedClient elsewhere(app_->address().port, "/v1/projects/elsewhere/feed");
  EXPECT_EQ(elsewhere.status(), 101U);
  elsewhere.say(auth("codi_nobody"));
  EXPECT_EQ(elsewhere.close_code(), 4401U);
}

TEST_F(FeedCredentials, the_first_message_must_come_in_time) {
  auto feed = open("", {});
  ASSERT_EQ(feed.status(), 101U);
  append("unseen");
  EXPECT_TRUE(feed.frame("event").empty());
  EXPECT_EQ(feed.close_code(), 4408U);
}

TEST_F(FeedCredentials, a_revoked_token_ends_the_connection) {
  auto const [id, text] = make_token();
  auto feed = follow("", {FeedClient::bearer(text)});
  ASSERT_EQ(feed.status(), 101U);
  append("seen");
  EXPECT_EQ(feed.event_text(), "seen");
  EXPECT_TRUE(client().get("/metrics").body.contains("codi_feed_connections{transport=\"websocket\"} 1\n"));
  revoke(id);
  EXPECT_EQ(feed.frame("error").at("error").at("code"), json::value("AUTH-USR-1002"));
  EXPECT_EQ(feed.close_code(), 4401U);
  EXPECT_TRUE(testing::soon([this] {
    auto const metrics = client().get("/metrics").body;
    return metrics.contains("codi_feed_closes_total{code=\"4401\",transport=\"websocket\"} 1\n") &&
           metrics.contains("codi_feed_events_total{transport=\"websocket\"} 1\n");
  }));
}

TEST_F(FeedCredentials, an_expired_token_ends_the_connection) {
  auto const [id, text] = make_token(1);
  auto feed = follow("", {FeedClient::bearer(text)});
  ASSERT_EQ(feed.status(), 101U);
  EXPECT_EQ(feed.close_code(), 4401U);
}

TEST_F(FeedCredentials, a_token_is_renewed_in_place) {
  auto const [id, text] = make_token();
  auto feed = follow("", {FeedClient::bearer(text)});
  ASSERT_EQ(feed.status(), 101U);
  feed.say(auth("codi_nobody", "bad"));
  auto const refused = feed.frame("error");
  EXPECT_EQ(refused.at("id"), json::value("bad"));
  EXPECT_EQ(refused.at("error").at("status"), json::value(401));
  feed.say(auth(token(), "good"));
  EXPECT_EQ(feed.frame("result").at("id"), json::value("good"));
  revoke(id);
  std::this_thread::sleep_for(limits::kFeedCheck + limits::kFeedTick);  // past the next look at the credential
  append("still here");
  EXPECT_EQ(feed.event_text(), "still here");
}

TEST_F(FeedCredentials, another_tenants_token_renews_nothing) {
  auto const registered = client().post(
      "/v1/auth/register",
      R"({"email":"eve@example.org","password":"correct horse battery","name":"Eve","tenant_name":"Evil"})");
  ASSERT_EQ(registered.status, 201) << registered.body;
  auto feed = follow();
  feed.say(auth(registered.text("/access_token")));
  EXPECT_EQ(feed.frame("error").at("error").at("code"), json::value("API-USR-2002"));
  append("still the owner's");
  EXPECT_EQ(feed.event_text(), "still the owner's");
}

TEST_F(FeedCredentials, a_deleted_project_ends_the_connection) {
  ASSERT_EQ(owner().post("/v1/projects", R"({"slug":"short","name":"Short-lived"})").status, 201);
  FeedClient feed(app_->address().port, "/v1/projects/short/feed", {FeedClient::bearer(token())});
  ASSERT_EQ(feed.status(), 101U);
  ASSERT_EQ(owner().send("DELETE", "/v1/projects/short", nullptr).status, 204);
  EXPECT_EQ(feed.close_code(), 4404U);
}

}  // namespace
}  // namespace codi
