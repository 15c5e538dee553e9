#include "support/inbox_fixture.hpp"
#include "support/store.hpp"

#include <fmt/format.h>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

// What comes into inboxes without anybody writing it.
class InboxNotices : public InboxFixture {
 protected:
  std::string held(std::string const& session, std::string_view target, json::object more = {}) {
    auto const reply = claim(session, {target}, std::move(more));
    EXPECT_EQ(reply.status, 201U) << reply.code;
    return reply.text("/claims/0/id");
  }
  /// The one item of an inbox.
  json::object only(std::string_view session) {
    auto const items = inbox(session);
    EXPECT_EQ(items.size(), 1U) << session;
    return items.empty() ? json::object() : items.front();
  }
  /// The event with which an item came.
  json::object event_of(json::object const& item) {
    json::object members{{"limit", 500}};
    for (;;) {
      auto const page = call("list_events", members);
      for (auto const& event : page.body.at("items").as_array())
        if (event.at("cursor") == item.at("cursor")) return event.as_object();
      if (page.body.at("next").is_null()) return {};
      members["after"] = page.body.at("next");
    }
  }
  /// True when that event names the item.
  bool is_named(json::object const& item) {
    auto const event = event_of(item);
    return !event.empty() && event.at("data").at("inbox").at(0).at("message_id") == item.at("id") &&
           event.at("data").at("inbox").at(0).at("kind") == item.at("kind");
  }
};

TEST_F(InboxNotices, a_handoff_that_is_offered) {
  held("ANN-1", "src/x.rs");
  auto const offered =
      call("offer_handoff", {{"session", "ANN-1"}, {"to", {{"role", "qa-reviewer"}}}, {"summary", "ready"}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  auto const notice = only("BOB-1");
  EXPECT_EQ(notice.at("kind"), "handoff");
  EXPECT_EQ(notice.at("handoff_id").as_string(), offered.text("/id"));
  EXPECT_EQ(notice.at("text"), "ready");
  EXPECT_EQ(notice.at("untrusted"), true);
  EXPECT_EQ(notice.at("from_session_alias"), "ANN-1");
  EXPECT_EQ(notice.at("paths").at(0), "src/x.rs");
  EXPECT_TRUE(is_named(notice));
  EXPECT_EQ(event_of(notice).at("action"), "HANDOFF");
  EXPECT_EQ(items("list_events", {{"action", "MESSAGE"}}).size(), 0U) << "no event besides that of the offer";

  ASSERT_EQ(call("accept_handoff", {{"session", "BOB-1"}, {"handoff", offered.text("/id")}}).status, 200U);
  EXPECT_TRUE(inbox("BOB-1").empty()) << "what was taken is offered no more";
}

TEST_F(InboxNotices, offers_to_a_session_and_to_a_user_and_those_that_are_taken_back) {
  auto const to_session =
      call("offer_handoff", {{"session", "ANN-1"}, {"to", {{"session", "BOB-1"}}}, {"summary", "one"}});
  auto const to_user = call("offer_handoff", {{"session", "ANN-1"}, {"to", {{"user", me()}}}, {"summary", "two"}});
  EXPECT_EQ(told("BOB-1"), "one two");
  call("withdraw_handoff", {{"session", "ANN-1"}, {"handoff", to_session.text("/id")}});
  EXPECT_EQ(told("BOB-1"), "two");
  call("decline_handoff", {{"session", "BOB-1"}, {"handoff", to_user.text("/id")}});
  EXPECT_EQ(told("BOB-1"), "");
}

TEST_F(InboxNotices, a_very_long_summary_is_cut) {
  auto const summary = std::string(limits::kSummaryBytes, 'x');
  call("offer_handoff", {{"session", "ANN-1"}, {"to", {{"session", "BOB-1"}}}, {"summary", summary}});
  EXPECT_EQ(only("BOB-1").at("text").as_string().size(), limits::kMessageTextBytes);
}

TEST_F(InboxNotices, a_log_line_that_hands_over) {
  call("write_line", {{"line", "ANN-1: HANDOFF to QA-REVIEWER"}, {"action", "HANDOFF"}});
  EXPECT_EQ(only("BOB-1").at("kind"), "handoff");
}

TEST_F(InboxNotices, a_request_to_release_once_until_it_is_noted_or_answered) {
  auto const id = held("BOB-1", "src/x.rs");
  auto const ask = [&](std::string_view reason) {
    auto const asked = call("request_release", {{"session", "ANN-1"}, {"claim", id}, {"reason", reason}});
    EXPECT_EQ(asked.status, 200U) << asked.code;
  };
  ask("a fix");
  auto const notice = only("BOB-1");
  EXPECT_EQ(notice.at("kind"), "release_request");
  EXPECT_EQ(notice.at("text"), "a fix");
  EXPECT_EQ(notice.at("claim_ids").at(0).as_string(), id);
  EXPECT_EQ(notice.at("from_session_alias"), "ANN-1");
  EXPECT_TRUE(is_named(notice));
  pass(1s);
  ask("a hot fix");
  EXPECT_EQ(only("BOB-1").at("id"), notice.at("id")) << "asked again before it was noted: the same notice";
  EXPECT_EQ(only("BOB-1").at("text"), "a hot fix");
  EXPECT_EQ(only("BOB-1").at("created_at"), notice.at("created_at"));
  EXPECT_EQ(only("BOB-1").at("updated_at"), json::value(to_string(api.clock.now()))) << "and it says that it changed";
  EXPECT_EQ(last_event("RELEASE_REQUEST").at("data").at("inbox").at(0).at("message_id"), notice.at("id"))
      << "so that who follows the log reads it again";
  ASSERT_EQ(ack("BOB-1", id_of(notice)).status, 200U);
  ask("please");
  EXPECT_EQ(told("BOB-1", {{"unacked", true}}), "please") << "asked again after that: a new one";

  ASSERT_EQ(call("answer_release", {{"claim", id}, {"grant", false}, {"reason", "soon"}}).status, 200U);
  EXPECT_TRUE(inbox("BOB-1").empty()) << "it was answered";
  auto const answer = only("ANN-1");
  EXPECT_EQ(answer.at("kind"), "release_answer");
  EXPECT_EQ(answer.at("granted"), false);
  EXPECT_EQ(answer.at("text"), "soon");
  EXPECT_TRUE(is_named(answer));
}

TEST_F(InboxNotices, an_answer_goes_to_all_who_asked) {
  start("CAT-1");
  auto const id = held("BOB-1", "src/x.rs");
  for (auto const* const session : {"ANN-1", "CAT-1"})
    ASSERT_EQ(call("request_release", {{"session", session}, {"claim", id}}).status, 200U);
  EXPECT_EQ(told("BOB-1"), "release_request release_request");
  ASSERT_EQ(call("answer_release", {{"claim", id}, {"grant", true}}).status, 200U);
  EXPECT_EQ(only("ANN-1").at("granted"), true);
  EXPECT_EQ(only("CAT-1").at("granted"), true);
  EXPECT_EQ(only("ANN-1").at("thread"), only("ANN-1").at("in_reply_to"));
  EXPECT_EQ(event_of(only("CAT-1")).at("data").at("inbox").as_array().size(), 2U);
}

TEST_F(InboxNotices, a_request_is_settled_when_the_claim_ends) {
  auto const id = held("BOB-1", "src/x.rs");
  ASSERT_EQ(call("request_release", {{"session", "ANN-1"}, {"claim", id}}).status, 200U);
  ASSERT_EQ(call("release_claim", {{"claim", id}}).status, 200U);
  EXPECT_TRUE(inbox("BOB-1").empty());
}

TEST_F(InboxNotices, a_claim_that_ran_out_while_its_session_lives) {
  auto const id = held("BOB-1", "src/x.rs", {{"ttl_seconds", 60}});
  pass(63s);
  reap();
  auto const notice = only("BOB-1");
  EXPECT_EQ(notice.at("kind"), "lease_lost");
  EXPECT_EQ(notice.at("claim_ids").at(0).as_string(), id);
  EXPECT_EQ(notice.at("paths").at(0), "src/x.rs");
  EXPECT_TRUE(notice.at("text").is_null());
  EXPECT_TRUE(notice.at("from_session_id").is_null());
  EXPECT_TRUE(is_named(notice));
  EXPECT_EQ(event_of(notice).at("action"), "CLAIM_EXPIRED");
  EXPECT_EQ(
      call("send_message", {{"session", "BOB-1"}, {"text", "x"}, {"in_reply_to", notice.at("id")}}).text("/detail"),
      "/to: is required: nobody sent what is answered");
  EXPECT_EQ(
      call(
          "send_message",
          {{"session", "BOB-1"}, {"to", {{"session", "ANN-1"}}}, {"text", "lost it"}, {"in_reply_to", notice.at("id")}})
          .status,
      201U);
}

TEST_F(InboxNotices, a_claim_whose_end_another_meets) {
  held("BOB-1", "src/x.rs", {{"ttl_seconds", 60}});
  pass(63s);
  held("ANN-1", "src/");
  EXPECT_EQ(only("BOB-1").at("kind"), "lease_lost");
  reap();
  EXPECT_EQ(inbox("BOB-1").size(), 1U) << "told once";
}

TEST_F(InboxNotices, a_claim_that_was_taken_away_with_the_reason) {
  auto const id = held("BOB-1", "src/x.rs");
  ASSERT_EQ(call("force_release_claim", {{"claim", id}, {"reason", "urgent"}}).status, 200U);
  auto const notice = only("BOB-1");
  EXPECT_EQ(notice.at("kind"), "lease_lost");
  EXPECT_EQ(notice.at("text"), "urgent");
  EXPECT_TRUE(is_named(notice));
}

TEST_F(InboxNotices, a_session_that_ran_out_for_who_started_it) {
  held("BOB-1", "src/x.rs", {{"ttl_seconds", 7'200}});
  held("BOB-1", "docs/", {{"ttl_seconds", 7'200}});
  pass(61min);
  reap();
  auto const notice = only("BOB-1");
  EXPECT_EQ(notice.at("kind"), "lease_lost");
  EXPECT_EQ(notice.at("claim_ids").as_array().size(), 2U);
  EXPECT_TRUE(is_named(notice));
  EXPECT_EQ(event_of(notice).at("action"), "SESSION_END");
  EXPECT_TRUE(only("ANN-1").at("claim_ids").as_array().empty()) << "it held nothing";
}

TEST_F(InboxNotices, a_session_that_ran_out_with_its_claims_is_told_once) {
  held("BOB-1", "src/x.rs");
  held("BOB-1", "docs/");
  pass(2h);
  reap();
  EXPECT_EQ(only("BOB-1").at("kind"), "lease_lost");
}

TEST_F(InboxNotices, nothing_of_what_a_session_does_itself) {
  auto const id = held("BOB-1", "src/x.rs");
  call("release_claim", {{"claim", id}});
  held("BOB-1", "docs/");
  ASSERT_EQ(call("end_session", {{"session", "BOB-1"}}).status, 200U);
  EXPECT_TRUE(inbox("BOB-1").empty());
}

TEST_F(InboxNotices, a_ticket_that_was_served) {
  auto const id = held("BOB-1", "src/x.rs");
  auto const queued = claim("ANN-1", {"src/x.rs"}, {{"queue", true}});
  ASSERT_EQ(queued.status, 202U) << queued.code;
  EXPECT_TRUE(inbox("ANN-1").empty());
  ASSERT_EQ(call("release_claim", {{"claim", id}}).status, 200U);
  auto const notice = only("ANN-1");
  EXPECT_EQ(notice.at("kind"), "ticket_granted");
  EXPECT_EQ(notice.at("ticket_id").as_string(), queued.text("/ticket"));
  EXPECT_EQ(notice.at("claim_ids").at(0), items("list_claims", {{"session", "ANN-1"}}).at(0).at("id"));
  EXPECT_TRUE(is_named(notice));
  EXPECT_EQ(event_of(notice).at("action"), "FILE_CLAIM");
}

TEST_F(InboxNotices, a_ticket_that_can_never_be_served) {
  auto const id = held("BOB-1", "**/x.rs");
  json::array others;
  for (std::size_t i = 1; i < limits::kWideGlobs; ++i) others.emplace_back(fmt::format("**/{}.rs", i));
  ASSERT_EQ(call("create_claims", {{"session", "BOB-1"}, {"targets", others}}).status, 201U);
  auto const queued = claim("ANN-1", {"**/x.rs", "**/y.rs"}, {{"queue", true}});
  ASSERT_EQ(queued.status, 202U) << queued.code;
  ASSERT_EQ(call("release_claim", {{"claim", id}}).status, 200U);
  auto const notice = only("ANN-1");
  EXPECT_EQ(notice.at("kind"), "ticket_withdrawn");
  EXPECT_EQ(notice.at("ticket_id").as_string(), queued.text("/ticket"));
  EXPECT_TRUE(is_named(notice));
}

TEST_F(InboxNotices, a_thousand_claims_that_run_out_at_once_end_in_bounded_transactions) {
  for (int i = 0; i < 1'000; i += 200) {
    json::array targets;
    for (int j = i; j < i + 200; ++j) targets.emplace_back(fmt::format("{}/{}", std::string(2'000, 'd'), j));
    ASSERT_EQ(call("create_claims", {{"session", "BOB-1"}, {"targets", targets}, {"ttl_seconds", 60}}).status, 201U);
  }
  pass(63s);
  // Whoever meets them ends some; then it is told to come again.
  int tries = 1;
  while (claim("ANN-1", {std::string(2'000, 'd') + "/"}).status != 201U && tries < 20) ++tries;
  EXPECT_GT(tries, 1);
  EXPECT_LT(tries, 20);
  EXPECT_EQ(inbox("BOB-1", {{"limit", 500}}).size(), 500U);
  std::size_t count = 0;
  json::object members{{"session", "BOB-1"}, {"limit", 500}};
  for (;;) {
    auto const page = call("list_inbox", members);
    count += page.body.at("items").as_array().size();
    if (page.body.at("next").is_null()) break;
    members["after"] = page.body.at("next");
  }
  EXPECT_EQ(count, 1'000U);
}

TEST_F(InboxNotices, are_counted_apart_from_messages) {
  using enum db::Happening;
  auto const count = [&](db::Happening what) { return api.runtime.activity.totals().of(what); };
  held("BOB-1", "src/x.rs", {{"ttl_seconds", 60}});
  pass(63s);
  reap();
  sent("ANN-1", {{"session", "BOB-1"}});
  ack("BOB-1", id_of(inbox("BOB-1").at(0)));
  ack("BOB-1", id_of(inbox("BOB-1").at(0)));
  EXPECT_EQ(count(notice_given), 1U);
  EXPECT_EQ(count(message_sent), 1U);
  EXPECT_EQ(count(message_acknowledged), 1U);
}

}  // namespace
}  // namespace codi::testing
