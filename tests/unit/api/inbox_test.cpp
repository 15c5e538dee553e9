#include "support/inbox_fixture.hpp"
#include "support/store.hpp"

#include <cstring>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Inbox : public InboxFixture {
 protected:
  TenantId tenant() { return *TenantId::parse(api.call("me", {}, owner).text("/tenant/id")); }
  ProjectId project() { return *ProjectId::parse(call("get_project").text("/id")); }
  // As if so many messages had been sent.
  void set_counter(std::string const& key, std::size_t count) {
    auto const number = static_cast<std::int64_t>(count);
    std::string stored(sizeof number, '\0');
    std::memcpy(stored.data(), &number, sizeof number);
    put(*api.engine, key, stored);
  }
};

TEST_F(Inbox, a_message_has_all_that_was_said_and_is_marked) {
  auto const reply =
      send("ANN-1", {{"session", "bob-1"}}, "review please", {{"priority", "high"}, {"ttl_seconds", 60}});
  ASSERT_EQ(reply.status, 201U) << reply.code;
  auto const got = inbox("BOB-1");
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(json::serialize(got.front()), json::serialize(reply.body)) << "what is read is what was answered";
  auto const& message = got.front();
  EXPECT_EQ(message.at("kind"), "message");
  EXPECT_EQ(message.at("untrusted"), true);
  EXPECT_EQ(message.at("from_session_alias"), "ANN-1");
  EXPECT_EQ(message.at("priority"), "high");
  EXPECT_EQ(message.at("thread"), message.at("id"));
  EXPECT_EQ(message.at("expires_at"), json::value(to_string(api.clock.now() + 60s)));
  EXPECT_TRUE(message.at("acked_at").is_null());
  EXPECT_TRUE(inbox("ANN-1").empty()) << "not to who sent it";
}

TEST_F(Inbox, the_event_has_ids_and_not_a_word_of_the_text) {
  auto const id = sent("ANN-1", {{"role", "QA-REVIEWER"}}, "xyzzy");
  auto const event = last_event("MESSAGE");
  EXPECT_EQ(event.at("session_alias"), "ANN-1");
  EXPECT_EQ(event.at("text"), "sent a message to role qa-reviewer");
  EXPECT_EQ(event.at("data").at("message_id").as_string(), id);
  EXPECT_EQ(event.at("data").at("to").at("role"), "qa-reviewer");
  EXPECT_EQ(event.at("data").at("inbox").at(0).at("message_id").as_string(), id);
  EXPECT_EQ(event.at("data").at("inbox").at(0).at("kind"), "message");
  EXPECT_EQ(json::serialize(event).find("xyzzy"), std::string::npos);
  EXPECT_EQ(event.at("cursor"), inbox("BOB-1").at(0).at("cursor"));
}

TEST_F(Inbox, is_of_the_session_its_role_its_user_and_the_project) {
  start("CAT-1");
  sent("CAT-1", {{"session", "BOB-1"}}, "to-bob");
  sent("CAT-1", {{"role", "qa-reviewer"}}, "to-qa");
  sent("CAT-1", {{"user", me()}}, "to-user");
  sent("CAT-1", {{"project", true}}, "to-all");
  EXPECT_EQ(told("BOB-1"), "to-bob to-qa to-user to-all") << "in the order in which they were sent";
  EXPECT_EQ(told("ANN-1"), "to-user to-all");
  EXPECT_EQ(told("CAT-1"), "") << "it sent all of it";
  EXPECT_EQ(call("list_inbox").text("/items/1/text"), "to-all") << "and of the user without a session";
}

TEST_F(Inbox, a_page_goes_on_where_the_last_one_ended) {
  for (int i = 0; i < 7; ++i)
    sent("ANN-1", i % 2 == 0 ? json::object{{"session", "BOB-1"}} : json::object{{"project", true}}, std::to_string(i));
  std::string seen;
  json::object members{{"session", "BOB-1"}, {"limit", 3}};
  for (int pages = 0; pages < 3; ++pages) {
    auto const page = call("list_inbox", members);
    ASSERT_EQ(page.status, 200U) << page.code;
    for (auto const& item : page.body.at("items").as_array()) seen += item.at("text").as_string();
    EXPECT_EQ(page.body.at("next").is_null(), pages == 2);
    members["after"] = page.body.at("next");
  }
  EXPECT_EQ(seen, "0123456");
  auto const third = inbox("BOB-1").at(2);
  EXPECT_EQ(told("BOB-1", {{"after", third.at("cursor")}}), "3 4 5 6") << "the cursor of an item is one";
  EXPECT_EQ(call("list_inbox", {{"session", "BOB-1"}, {"after", "x"}}).code, "API-USR-2001");
}

TEST_F(Inbox, acknowledging_is_each_sessions_own_and_counts_once) {
  start("QA-2", {{"role", "qa-reviewer"}});
  auto const id = sent("ANN-1", {{"role", "qa-reviewer"}});
  auto const before = last_event().at("cursor");
  auto const first = ack("BOB-1", id, bob);
  ASSERT_EQ(first.status, 200U) << first.code;
  pass(1s);
  EXPECT_EQ(ack("BOB-1", id, bob).text("/acked_at"), first.text("/acked_at"));
  EXPECT_TRUE(inbox("BOB-1", {{"unacked", true}}).empty());
  EXPECT_EQ(inbox("BOB-1").at(0).at("acked_at"), first.body.at("acked_at"));
  EXPECT_EQ(told("QA-2", {{"unacked", true}}), "hello");
  EXPECT_EQ(ack("QA-2", id).status, 200U);
  EXPECT_EQ(last_event().at("cursor"), before) << "an acknowledgement writes no event";
  auto const acks = items("list_acks", {{"session", "ANN-1"}, {"message", id}});
  ASSERT_EQ(acks.size(), 2U);
  EXPECT_EQ(acks.at(0).at("session_alias"), "BOB-1");
  EXPECT_EQ(acks.at(0).at("user_id").as_string(), me());
  EXPECT_EQ(items("list_acks", {{"session", "ANN-1"}, {"message", id}, {"limit", 1}}).size(), 1U);
}

TEST_F(Inbox, one_session_takes_note_for_its_user) {
  auto const id = sent("ANN-1", {{"user", me()}});
  start("BOB-2");
  EXPECT_EQ(told("BOB-2", {{"unacked", true}}), "hello") << "whenever it was sent";
  EXPECT_EQ(ack("BOB-1", id).status, 200U);
  EXPECT_TRUE(inbox("BOB-2", {{"unacked", true}}).empty());
  EXPECT_EQ(told("BOB-2"), "hello");
}

TEST_F(Inbox, who_starts_later_sees_of_its_role_what_nobody_took_note_of) {
  auto const taken = sent("ANN-1", {{"role", "qa-reviewer"}}, "taken");
  sent("ANN-1", {{"role", "qa-reviewer"}}, "open");
  sent("ANN-1", {{"project", true}}, "old");
  EXPECT_EQ(ack("BOB-1", taken).status, 200U);
  pass(1s);
  start("QA-2", {{"role", "qa-reviewer"}});
  sent("ANN-1", {{"role", "qa-reviewer"}}, "new");
  sent("ANN-1", {{"project", true}}, "news");
  EXPECT_EQ(told("QA-2"), "open new news");
  EXPECT_EQ(ack("BOB-1", inbox("BOB-1").at(3).at("id").as_string().c_str()).status, 200U);
  EXPECT_EQ(told("QA-2"), "open new news") << "of what came since, each takes note on its own";
  EXPECT_EQ(told("BOB-1"), "taken open old new news");
}

TEST_F(Inbox, replies_make_a_conversation) {
  auto const first = sent("ANN-1", {{"session", "BOB-1"}}, "how?");
  auto const answer = call("send_message", {{"session", "BOB-1"}, {"text", "so"}, {"in_reply_to", first}});
  ASSERT_EQ(answer.status, 201U) << answer.code << answer.text("/detail");
  EXPECT_EQ(answer.text("/thread"), first);
  EXPECT_EQ(answer.text("/in_reply_to"), first);
  EXPECT_EQ(answer.text("/to/session"), inbox("BOB-1").at(0).at("from_session_id").as_string().c_str());
  auto const more =
      call("send_message", {{"session", "BOB-1"}, {"text", "or so"}, {"in_reply_to", answer.text("/id")}});
  EXPECT_EQ(more.text("/to/session"), answer.text("/to/session")) << "to one's own words: the same recipient again";
  sent("ANN-1", {{"session", "BOB-1"}}, "else");
  EXPECT_EQ(told("ANN-1", {{"thread", first}}), "how? so or so") << "with one's own";
  EXPECT_EQ(told("ANN-1", {{"thread", first}, {"unacked", true}}), "so or so");
  EXPECT_EQ(told("BOB-1", {{"thread", first}}), "how? so or so");
  start("CAT-1");
  EXPECT_TRUE(inbox("CAT-1", {{"thread", first}}).empty()) << "no stranger reads it";
  EXPECT_EQ(call("send_message", {{"session", "CAT-1"}, {"text", "I"}, {"in_reply_to", first}}).code, "API-USR-2002");
  EXPECT_EQ(call("send_message", {{"session", "BOB-1"}, {"text", "x"}}).text("/detail"),
            "/to: is required where nothing is answered");
}

TEST_F(Inbox, shows_what_is_urgent) {
  sent("ANN-1", {{"session", "BOB-1"}}, "low", {{"priority", "low"}});
  sent("ANN-1", {{"session", "BOB-1"}}, "normal");
  sent("ANN-1", {{"session", "BOB-1"}}, "high", {{"priority", "high"}});
  EXPECT_EQ(told("BOB-1", {{"priority", "high"}}), "high");
  EXPECT_EQ(told("BOB-1", {{"priority", "normal"}}), "normal high");
}

TEST_F(Inbox, what_is_over_is_gone_to_the_last_row) {
  auto const before = rows(*api.engine).size();
  auto const id = sent("ANN-1", {{"session", "BOB-1"}}, "soon over", {{"ttl_seconds", 60}});
  auto const events = rows(*api.engine).size();
  EXPECT_EQ(ack("BOB-1", id).status, 200U);
  pass(60s);
  EXPECT_TRUE(inbox("BOB-1").empty());
  EXPECT_EQ(call("get_message", {{"session", "BOB-1"}, {"message", id}}).code, "API-USR-2002");
  EXPECT_EQ(ack("BOB-1", id).code, "API-USR-2002");
  reap();
  EXPECT_LT(rows(*api.engine).size(), events);
  EXPECT_LE(rows(*api.engine).size(), before + 3) << "what stays is the event with its indexes";
  for (auto const& [key, value] : rows(*api.engine)) EXPECT_EQ(value.find("soon over"), std::string::npos);
}

TEST_F(Inbox, refuses_what_is_wrong_in_order) {
  EXPECT_EQ(send("ANN-1", {}).text("/detail"), "/to: must have exactly one of `role`, `session`, `user` and `project`");
  EXPECT_EQ(send("ANN-1", {{"role", "x"}, {"project", true}}).status, 422U);
  EXPECT_EQ(send("ANN-1", {{"project", false}}).text("/detail"), "/to/project: must be true");
  EXPECT_EQ(send("ANN-1", {{"role", "no role!"}}).status, 422U);
  EXPECT_EQ(send("ANN-1", {{"session", "BOB-1"}}, "").status, 422U);
  EXPECT_EQ(send("ANN-1", {{"session", "BOB-1"}}, std::string(limits::kMessageTextBytes + 1, 'x')).status, 422U);
  EXPECT_EQ(send("ANN-1", {{"session", "BOB-1"}}, "x", {{"ttl_seconds", 0}}).status, 422U);
  EXPECT_EQ(send("ANN-1", {{"session", "nobody"}}).code, "API-USR-2002");
  EXPECT_EQ(send("nobody", {{"session", "BOB-1"}}).code, "API-USR-2002");
  EXPECT_EQ(send("ANN-1", {{"user", "nobody@example.org"}}).code, "API-USR-2002");
  EXPECT_EQ(call("send_message", {{"session", "ANN-1"}, {"to", {{"session", "nobody"}}}, {"text", "x"}}, bob).code,
            "API-USR-2002")
      << "what is not there comes before what is not allowed";
  EXPECT_EQ(call("send_message", {{"session", "ANN-1"}, {"to", {{"session", "BOB-1"}}}, {"text", "x"}}, bob).code,
            "AUTH-USR-1003");
  EXPECT_EQ(call("end_session", {{"session", "BOB-1"}}).status, 200U);
  EXPECT_EQ(send("ANN-1", {{"session", "BOB-1"}}).code, "API-USR-2003") << "nobody would read it";
  EXPECT_EQ(send("BOB-1", {{"session", "ANN-1"}}).code, "API-USR-2003");
}

TEST_F(Inbox, the_longest_text_of_the_widest_characters_fits) {
  auto const text = std::string(limits::kMessageTextBytes, '\x01');
  auto const id = sent("ANN-1", {{"session", "BOB-1"}}, text);
  EXPECT_EQ(call("get_message", {{"session", "BOB-1"}, {"message", id}}).body.at("text").as_string(), text);
}

TEST_F(Inbox, a_session_token_speaks_and_reads_for_its_session_alone) {
  auto const said = call("send_message", {{"to", {{"session", "BOB-1"}}}, {"text", "by token"}}, ann);
  ASSERT_EQ(said.status, 201U) << said.code;
  EXPECT_EQ(said.text("/from_session_alias"), "ANN-1");
  auto const own = call("list_inbox", {}, bob);
  ASSERT_EQ(own.status, 200U) << own.code;
  EXPECT_EQ(own.text("/items/0/text"), "by token");
  EXPECT_EQ(call("list_inbox", {{"session", "BOB-1"}}, ann).code, "AUTH-USR-1003");
  EXPECT_EQ(call("get_message", {{"session", "BOB-1"}, {"message", said.text("/id")}}, ann).code, "AUTH-USR-1003");
  EXPECT_EQ(ack("BOB-1", said.text("/id"), ann).code, "AUTH-USR-1003");
  EXPECT_EQ(call("ack_message", {{"message", said.text("/id")}}, ann).code, "API-USR-2003") << "it sent it";
  EXPECT_EQ(call("ack_message", {{"message", said.text("/id")}}, bob).status, 200U);
}

TEST_F(Inbox, users_write_and_read_without_a_session) {
  auto const boss = api.register_tenant("boss@example.org", "Firm");
  auto const member = api.add_user(boss, "member@example.org", "member");
  auto const viewer = api.add_user(boss, "viewer@example.org", "viewer");
  ASSERT_EQ(api.call("create_project", {{"slug", "p"}, {"name", "P"}}, boss.token).status, 201U);
  auto const in_p = [&](std::string_view operation, json::object members, Actor const& who) {
    members["project"] = "p";
    return api.call(operation, std::move(members), who.token);
  };
  auto const hello = in_p("send_message", {{"to", {{"user", "member@example.org"}}}, {"text", "hello"}}, boss);
  ASSERT_EQ(hello.status, 201U) << hello.code;
  EXPECT_EQ(hello.text("/from_user_id"), boss.user);
  EXPECT_EQ(hello.text("/from_session_id"), "null");
  EXPECT_EQ(in_p("list_inbox", {}, member).text("/items/0/text"), "hello");
  EXPECT_EQ(in_p("list_inbox", {}, viewer).text("/items"), "[]");
  EXPECT_EQ(in_p("get_message", {{"message", hello.text("/id")}}, viewer).code, "API-USR-2002");
  auto const answer = in_p("send_message", {{"in_reply_to", hello.text("/id")}, {"text", "hi"}}, member);
  EXPECT_EQ(answer.text("/to/user"), boss.user) << answer.code;
  EXPECT_EQ(in_p("ack_message", {{"message", hello.text("/id")}}, member).status, 200U);
  EXPECT_EQ(in_p("list_acks", {{"message", hello.text("/id")}}, boss).text("/items/0/user_id"), member.user);

  EXPECT_EQ(in_p("send_message", {{"to", {{"project", true}}}, {"text", "x"}}, viewer).code, "AUTH-USR-1003");
  auto const to_viewer = in_p("send_message", {{"to", {{"user", viewer.user}}}, {"text", "for you"}}, boss);
  EXPECT_EQ(in_p("list_inbox", {}, viewer).text("/items/0/text"), "for you") << "a viewer reads";
  EXPECT_EQ(in_p("ack_message", {{"message", to_viewer.text("/id")}}, viewer).code, "AUTH-USR-1003");

  ASSERT_EQ(in_p("start_session", {{"alias", "M-1"}}, member).status, 201U);
  EXPECT_EQ(in_p("list_inbox", {{"session", "M-1"}}, boss).code, "AUTH-USR-1003") << "an owner reads no other's inbox";
  auto const to_session = in_p("send_message", {{"to", {{"session", "M-1"}}}, {"text", "for M-1"}}, member);
  json::object const that{{"session", "M-1"}, {"message", to_session.text("/id")}};
  EXPECT_EQ(in_p("get_message", that, boss).code, "AUTH-USR-1003");
  auto const acked = in_p("ack_message", that, boss);
  EXPECT_EQ(acked.code, "AUTH-USR-1003") << "nor by acknowledging";
  EXPECT_FALSE(acked.body.contains("text"));
  EXPECT_EQ(in_p("list_acks", that, member).text("/items"), "[]") << "which has changed nothing";
  EXPECT_EQ(in_p("ack_message", that, member).status, 200U);
  EXPECT_EQ(in_p("list_inbox", {{"session", "M-1"}}, member).status, 200U);
  EXPECT_EQ(in_p("list_inbox", {{"session", "M-1"}}, viewer).code, "AUTH-USR-1003");
}

TEST_F(Inbox, of_another_tenant_nothing_is_there) {
  auto const id = sent("ANN-1", {{"project", true}});
  auto const eve = api.register_tenant("eve@example.org", "Other");
  ASSERT_EQ(api.call("create_project", {{"slug", "default"}, {"name", "D"}}, eve.token).status, 201U);
  ASSERT_EQ(api.call("start_session", {{"project", "default"}, {"alias", "BOB-1"}}, eve.token).status, 201U);
  auto const as_eve = [&](std::string_view operation, json::object members) {
    members["project"] = "default";
    members["session"] = "BOB-1";
    return api.call(operation, std::move(members), eve.token);
  };
  EXPECT_EQ(as_eve("list_inbox", {}).text("/items"), "[]");
  EXPECT_EQ(as_eve("list_inbox", {{"thread", id}}).text("/items"), "[]");
  EXPECT_EQ(as_eve("get_message", {{"message", id}}).code, "API-USR-2002");
  EXPECT_EQ(as_eve("ack_message", {{"message", id}}).code, "API-USR-2002");
  EXPECT_EQ(as_eve("send_message", {{"in_reply_to", id}, {"text", "x"}}).code, "API-USR-2002");
}

TEST_F(Inbox, an_ended_session_is_read_by_who_started_it) {
  sent("ANN-1", {{"session", "BOB-1"}});
  pass(3h);
  reap();
  EXPECT_EQ(call("list_inbox", {}, bob).code, "AUTH-USR-1002") << "its token is dead";
  EXPECT_EQ(told("BOB-1"), "hello lease_lost");
  EXPECT_EQ(ack("BOB-1", id_of(inbox("BOB-1").at(0))).code, "API-USR-2003");
}

TEST_F(Inbox, is_bounded_and_a_message_that_is_over_makes_room) {
  set_counter(db::make_key({}, tenant(), "project", project(), "inbox_counts", "role", "qa-reviewer"),
              limits::kInboxMessages - 1);
  sent("ANN-1", {{"role", "qa-reviewer"}}, "the last", {{"ttl_seconds", 10}});
  auto const refused = send("ANN-1", {{"role", "qa-reviewer"}});
  EXPECT_EQ(refused.code, "API-USR-2003");
  EXPECT_NE(refused.text("/detail").find("10000 messages"), std::string::npos);
  EXPECT_EQ(send("ANN-1", {{"role", "other"}}).status, 201U);
  pass(11s);
  reap();
  EXPECT_EQ(send("ANN-1", {{"role", "qa-reviewer"}}).status, 201U);
}

TEST_F(Inbox, one_sender_does_not_close_it_for_others) {
  auto const ann_1 = *SessionId::parse(call("get_session", {{"session", "ANN-1"}}).text("/id"));
  set_counter(db::make_key({}, tenant(), "project", project(), "inbox_sender_counts", "role", "qa-reviewer", ann_1),
              limits::kInboxMessagesOfSender - 1);
  sent("ANN-1", {{"role", "qa-reviewer"}}, "the last", {{"ttl_seconds", 10}});
  auto const refused = send("ANN-1", {{"role", "qa-reviewer"}});
  EXPECT_EQ(refused.code, "API-USR-2003");
  EXPECT_NE(refused.text("/detail").find("1000 messages of yours"), std::string::npos) << refused.text("/detail");
  EXPECT_EQ(send("ANN-1", {{"session", "BOB-1"}}).status, 201U) << "another box";
  start("CAT-1");
  EXPECT_EQ(send("CAT-1", {{"role", "qa-reviewer"}}).status, 201U) << "another sender";
  EXPECT_EQ(call("send_message", {{"to", {{"role", "qa-reviewer"}}}, {"text", "x"}}).status, 201U) << "a person";
  pass(11s);
  reap();
  EXPECT_EQ(send("ANN-1", {{"role", "qa-reviewer"}}).status, 201U);
}

TEST_F(Inbox, a_page_looks_at_a_bounded_number_of_rows) {
  start("CAT-1");
  for (std::size_t i = 0; i < limits::kInboxRowsPerPage; ++i)
    sent(i % 2 == 0 ? "ANN-1" : "CAT-1", {{"session", "BOB-1"}}, "low", {{"priority", "low"}});
  sent("ANN-1", {{"session", "BOB-1"}}, "high", {{"priority", "high"}});
  json::object members{{"session", "BOB-1"}, {"priority", "high"}};
  auto const first = call("list_inbox", members);
  ASSERT_EQ(first.status, 200U) << first.code;
  EXPECT_EQ(first.text("/items"), "[]");
  ASSERT_TRUE(first.body.at("next").is_string()) << "there is more to look at";
  members["after"] = first.body.at("next");
  auto const second = call("list_inbox", members);
  EXPECT_EQ(second.text("/items/0/text"), "high");
  EXPECT_TRUE(second.body.at("next").is_null());
}

TEST_F(Inbox, a_recipients_heartbeats_are_in_no_senders_way) {
  start("CAT-1");
  auto const cat = *SessionId::parse(call("get_session", {{"session", "CAT-1"}}).text("/id"));
  auto const life = db::make_key({}, tenant(), "project", project(), "beats", cat);
  ASSERT_FALSE(api.engine->has_read_with_conflict(life));
  sent("ANN-1", {{"session", "CAT-1"}});
  ASSERT_EQ(call("offer_handoff", {{"session", "ANN-1"}, {"to", {{"session", "CAT-1"}}}, {"summary", "rest"}}).status,
            201U);
  EXPECT_FALSE(api.engine->has_read_with_conflict(life));
  ASSERT_EQ(call("heartbeat_session", {{"session", "CAT-1"}}).status, 200U);
  EXPECT_TRUE(api.engine->has_read_with_conflict(life)) << "the session's own requests do read it so";
}

TEST_F(Inbox, a_store_that_makes_trouble_delivers_each_message_once_and_in_order) {
  auto const seed = seed_or(20);
  SCOPED_TRACE(seed);
  auto const faulty = api.faulty_engine({.seed = seed,
                                         .conflict_permille = 300,
                                         .unknown_applied_permille = 200,
                                         .unknown_lost_permille = 200,
                                         .delay_permille = 200});
  auto runtime = api.runtime_on(*faulty, api.facts);
  auto const act = [&](std::string_view operation, json::object members) {
    members["project"] = "default";
    auto const reply = ApiHarness::call_on(runtime, operation, std::move(members), owner);
    EXPECT_LT(reply.status, 300U) << operation << ' ' << reply.code;
    return reply;
  };
  json::array const to{json::object{{"session", "BOB-1"}}, json::object{{"role", "qa-reviewer"}},
                       json::object{{"project", true}}};
  std::string expected;
  for (std::size_t i = 0; i < 60; ++i) {
    auto const text = std::to_string(i);
    expected += (expected.empty() ? "" : " ") + text;
    auto const id = act("send_message", {{"session", "ANN-1"}, {"to", to.at(i % 3)}, {"text", text}}).text("/id");
    act("ack_message", {{"session", "BOB-1"}, {"message", id}});
  }
  EXPECT_EQ(told("BOB-1", {{"limit", 500}}), expected);
  EXPECT_TRUE(inbox("BOB-1", {{"unacked", true}}).empty());
  EXPECT_EQ(items("list_events", {{"action", "MESSAGE"}, {"limit", 500}}).size(), 60U);
}

}  // namespace
}  // namespace codi::testing
