#include "support/feed_fixture.hpp"

#include <string>

namespace codi {
namespace {

using testing::CurlClient;
using testing::FeedClient;

// Messages over real sockets: sent and read by HTTP, told by the feed.
class InboxDoors : public testing::FeedFixture {
 protected:
  CurlClient with(std::string const& token) {
    auto out = client();
    out.set_token(token);
    return out;
  }
  /// The token of a new session.
  std::string agent(std::string_view alias, std::string_view role) {
    auto const started =
        owner().post(kProject + "/sessions", fmt::format(R"({{"alias":"{}","role":"{}"}})", alias, role));
    EXPECT_EQ(started.status, 201) << started.body;
    return started.text("/session_token");
  }
  testing::WebAnswer send(std::string const& token, std::string_view to, std::string_view text) {
    return with(token).post(kProject + "/messages", fmt::format(R"({{"to":{},"text":"{}"}})", to, text));
  }
  static json::object command(std::string_view type, std::string_view id, json::object input) {
    return {{"type", type}, {"id", id}, {"input", std::move(input)}};
  }
};

TEST_F(InboxDoors, send_list_and_acknowledge_over_http) {
  auto const ann = agent("ann", "dev");
  auto const bob = agent("bob", "qa");
  auto const sent = send(ann, R"({"role":"qa"})", "look");
  ASSERT_EQ(sent.status, 201) << sent.body;
  auto const id = sent.text("/id");
  EXPECT_EQ(sent.text("/cursor"), owner().get(kProject + "/events?action=MESSAGE").text("/items/0/cursor"));

  auto const listed = with(bob).get(kProject + "/inbox?session=bob&unacked=true");
  ASSERT_EQ(listed.status, 200) << listed.body;
  EXPECT_EQ(listed.text("/items/0/id"), id);
  EXPECT_EQ(listed.text("/items/0/text"), "look");
  EXPECT_EQ(with(bob).get(kProject + "/messages/" + id).text("/text"), "look");
  auto const acked = with(bob).post(kProject + "/messages/" + id + "/ack", R"({"session":"bob"})");
  ASSERT_EQ(acked.status, 200) << acked.body;
  EXPECT_NE(acked.text("/acked_at"), "null");
  EXPECT_TRUE(with(bob).get(kProject + "/inbox?unacked=true").json().at("items").as_array().empty());
  EXPECT_EQ(with(ann).get(kProject + "/messages/" + id + "/acks").text("/items/0/session_alias"), "bob");
  EXPECT_EQ(with(bob).post(kProject + "/messages/" + id + "/ack", "{}").status, 200) << "again";
}

TEST_F(InboxDoors, refuse_in_order) {
  auto const ann = agent("ann", "dev");
  agent("bob", "qa");
  auto const messages = kProject + "/messages";
  EXPECT_EQ(client().post(messages, "{").status, 401);
  EXPECT_EQ(with(ann).post(messages, "{").status, 400);
  EXPECT_EQ(with(ann).post(messages, R"({"to":{"role":"qa"}})").status, 422);
  EXPECT_EQ(with(ann).post(messages, R"({"to":{"role":"qa"},"text":"x","subject":"y"})").text("/errors/0/pointer"),
            "/subject");
  EXPECT_EQ(with(ann).post("/v1/projects/none/messages", R"({"to":{"role":"qa"},"text":"x"})").status, 404);
  EXPECT_EQ(with(ann).post(messages, R"({"session":"bob","to":{"session":"none"},"text":"x"})").status, 404);
  EXPECT_EQ(with(ann).post(messages, R"({"session":"bob","to":{"role":"qa"},"text":"x"})").status, 403);
  EXPECT_EQ(with(ann).get(kProject + "/inbox?session=bob").status, 403);
  EXPECT_EQ(with(ann).get(kProject + "/inbox?session=none").status, 404);
  EXPECT_EQ(with(ann).get(kProject + "/inbox?after=none").status, 422);
  EXPECT_EQ(with(ann).get(kProject + "/messages/" + std::string("01a20512-501f-736e-ae64-c5d322cac4a5")).status, 404);
  EXPECT_EQ(with(ann).get(messages + "/none").status, 422);
}

TEST_F(InboxDoors, a_message_is_sent_once_with_a_key) {
  auto const body = std::string(R"({"session":"writer","to":{"project":true},"text":"once"})");
  CurlClient::Headers const key{"Idempotency-Key: k"};
  auto owner_client = owner();
  auto const first = owner_client.send("POST", kProject + "/messages", &body, key);
  EXPECT_EQ(owner_client.send("POST", kProject + "/messages", &body, key).text("/cursor"), first.text("/cursor"));
  EXPECT_EQ(owner().get(kProject + "/events?action=MESSAGE").json().at("items").as_array().size(), 1U);
}

TEST_F(InboxDoors, the_feed_tells_a_recipient_in_one_round_trip) {
  auto const ann = agent("ann", "dev");
  auto const bob = agent("bob", "qa");
  auto feed = follow("?inbox=bob&presence=false", {FeedClient::bearer(bob)});
  ASSERT_EQ(feed.status(), 101U) << feed.answer();
  auto const from = append("nothing for bob");
  EXPECT_EQ(send(ann, R"({"session":"writer"})", "not for bob").status, 201);
  auto const sent = send(ann, R"({"role":"qa"})", "for bob");
  auto const told = feed.frame("event");
  EXPECT_EQ(told.at("cursor").as_string(), sent.text("/cursor")) << "the first event that is for bob";
  auto const& named = told.at("event").at("data").at("inbox").at(0);
  EXPECT_EQ(named.at("message_id").as_string(), sent.text("/id"));
  EXPECT_EQ(json::serialize(told).find("for bob"), std::string::npos) << "ids, no words";

  feed.say(command("inbox", "1", {{"unacked", true}}));
  auto const inbox = feed.frame("result");
  EXPECT_EQ(inbox.at("result").at("items").at(0).at("text"), json::value("for bob"));
  feed.say(command("ack", "2", {{"message", sent.text("/id")}}));
  auto const acked = feed.frame("result");
  EXPECT_EQ(acked.at("id"), json::value("2"));
  EXPECT_EQ(acked.at("status"), json::value(200));
  EXPECT_TRUE(acked.at("result").at("acked_at").is_string());
  feed.say(command("message", "3", {{"in_reply_to", sent.text("/id")}, {"text", "seen"}}));
  EXPECT_EQ(feed.frame("result").at("status"), json::value(201));
  EXPECT_EQ(with(ann).get(kProject + "/inbox").text("/items/0/text"), "seen");

  auto history = follow("?inbox=bob&presence=false&after=" + from);
  EXPECT_EQ(history.frame("event").at("cursor").as_string(), sent.text("/cursor"));
  EXPECT_EQ(follow("?inbox=none").status(), 404U);
}

TEST_F(InboxDoors, acknowledging_over_the_feed_is_refused_as_over_http) {
  auto const ann = agent("ann", "dev");
  auto const bob = agent("bob", "qa");
  auto const id = send(ann, R"({"session":"writer"})", "x").text("/id");
  auto feed = follow("", {FeedClient::bearer(bob)});
  feed.say(command("ack", "1", {{"message", id}}));
  auto const none = feed.frame("error");
  EXPECT_EQ(none.at("id"), json::value("1"));
  EXPECT_EQ(none.at("error").at("code"), json::value("API-USR-2002"));
  feed.say(command("ack", "2", {{"session", "writer"}, {"message", id}}));
  EXPECT_EQ(feed.frame("error").at("error").at("status"), json::value(403));
  feed.say(command("ack", "3", {{"message", "x"}}));
  EXPECT_EQ(feed.frame("error").at("error").at("status"), json::value(422));
}

TEST_F(InboxDoors, notices_reach_the_feed_of_whom_they_are_for) {
  auto const ann = agent("ann", "dev");
  auto const bob = agent("bob", "qa");
  auto const body = std::string(R"({"session":"ann","targets":["src/x"],"mode":"exclusive"})");
  auto const claim = with(ann).post(kProject + "/claims", body).text("/claims/0/id");
  auto feed = follow("?inbox=ann&presence=false", {FeedClient::bearer(ann)});
  ASSERT_EQ(feed.status(), 101U);
  auto waiting = follow("?inbox=bob&presence=false", {FeedClient::bearer(bob)});
  ASSERT_EQ(waiting.status(), 101U);
  EXPECT_EQ(with(bob)
                .post(kProject + "/claims", R"({"session":"bob","targets":["src/x"],"mode":"exclusive","queue":true})")
                .status,
            202);
  EXPECT_EQ(with(bob).post(kProject + "/claims/" + claim + "/request-release", R"({"session":"bob"})").status, 200);
  EXPECT_EQ(feed.frame("event").at("event").at("action"), json::value("RELEASE_REQUEST"));
  EXPECT_EQ(with(ann).post(kProject + "/claims/" + claim + "/release", "{}").status, 200);
  auto const granted = waiting.frame("event");
  EXPECT_EQ(granted.at("event").at("action"), json::value("FILE_CLAIM"));
  EXPECT_EQ(granted.at("event").at("data").at("inbox").at(0).at("kind"), json::value("ticket_granted"));
}

TEST_F(InboxDoors, who_writes_such_data_itself_tells_nobody_a_thing) {
  auto const bob = agent("bob", "qa");
  auto feed = follow("?inbox=bob&presence=false", {FeedClient::bearer(bob)});
  ASSERT_EQ(feed.status(), 101U);
  for (auto const* const data : {R"({"inbox":1})", R"({"inbox":[1,{"to":1},{"to":{"nobody":"x"}},{}]})"})
    append("odd", fmt::format(R"(,"action":"INFO","data":{})", data));
  append("bob", R"(,"action":"INFO","data":{"inbox":[{"to":{"role":"qa"}}]})");
  EXPECT_EQ(feed.event_text(), "bob");
  EXPECT_TRUE(with(bob).get(kProject + "/inbox").json().at("items").as_array().empty());
}

}  // namespace
}  // namespace codi
