#include "base/text.hpp"
#include "support/workshop.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Handoffs : public Workshop {
 protected:
  Handoffs() {
    start("DEV-SESSION-1");
    start("QA-REVIEWER-SESSION-1");
  }
  Reply offer(json::object more = {}) {
    json::object members{
        {"session", "DEV-SESSION-1"}, {"to", {{"role", "QA-REVIEWER"}}}, {"summary", "user API ready"}};
    for (auto const& [key, value] : more) members[key] = value;
    return call("offer_handoff", std::move(members));
  }
  // The first start's owner, who has no password, for inviting others.
  Actor owner_actor() { return {.token = owner}; }
  Reply step(std::string_view verb, std::string const& id, std::string_view session, json::object more = {}) {
    more["handoff"] = id;
    more["session"] = session;
    return call(std::string(verb) + "_handoff", std::move(more));
  }
};

TEST_F(Handoffs, an_offer_carries_all_that_was_said_and_the_claims) {
  ASSERT_EQ(claim("DEV-SESSION-1", {"src/api/users.rs", "docs/"}).status, 201U);
  auto const offered = offer({{"remaining", json::array{"load test"}},
                              {"decisions", json::array{"ids are UUIDs"}},
                              {"evidence", json::array{json::object{{"coverage", 96}}, "run 7"}}});
  ASSERT_EQ(offered.status, 201U) << offered.code << json::serialize(offered.body);
  EXPECT_EQ(offered.text("/state"), "offered");
  EXPECT_EQ(offered.text("/to/role"), "qa-reviewer");
  EXPECT_EQ(offered.text("/summary"), "user API ready");
  EXPECT_EQ(offered.text("/remaining/0"), "load test");
  EXPECT_EQ(offered.text("/decisions/0"), "ids are UUIDs");
  EXPECT_EQ(offered.text("/evidence/0/coverage"), "96");
  EXPECT_EQ(offered.body.at("claims").as_array().size(), 2U);
  auto const read = call("get_handoff", {{"handoff", offered.text("/id")}});
  EXPECT_EQ(json::serialize(read.body), json::serialize(offered.body)) << "what is read is what was answered";
  auto const event = last_event();
  EXPECT_EQ(event.at("action"), "HANDOFF");
  EXPECT_EQ(event.at("data").at("handoff_id").as_string(), offered.text("/id"));
}

TEST_F(Handoffs, accepting_moves_the_claims_in_the_same_step_under_a_new_fencing_token) {
  auto const granted = claim("DEV-SESSION-1", {"src/api/users.rs"});
  auto const id = offer().text("/id");
  auto const accepted = step("accept", id, "QA-REVIEWER-SESSION-1");
  ASSERT_EQ(accepted.status, 200U) << accepted.code << json::serialize(accepted.body);
  EXPECT_EQ(accepted.text("/state"), "accepted");
  EXPECT_EQ(accepted.text("/taken_by_session_alias"), "QA-REVIEWER-SESSION-1");
  EXPECT_EQ(accepted.text("/claims/0/session_alias"), "QA-REVIEWER-SESSION-1");
  EXPECT_GT(accepted.text("/claims/0/fencing_token"), granted.text("/fencing_token"));
  auto const held = items("list_claims", {{"session", "QA-REVIEWER-SESSION-1"}});
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].at("fencing_token").as_string(), accepted.text("/claims/0/fencing_token"));
  EXPECT_EQ(held[0].at("id").as_string(), granted.text("/claims/0/id"));
  EXPECT_TRUE(items("list_claims", {{"session", "DEV-SESSION-1"}}).empty());
  auto const old = granted.text("/fencing_token");
  EXPECT_EQ(call("renew_claim", {{"claim", granted.text("/claims/0/id")}, {"fencing_token", old}}).code,
            "CLAIM-USR-3002");
  EXPECT_EQ(call("append_event",
                 {{"session", "DEV-SESSION-1"}, {"action", "FILE_CHANGE"}, {"text", "x"}, {"fencing_token", old}})
                .code,
            "CLAIM-USR-3002");
  EXPECT_EQ(claim("DEV-SESSION-1", {"src/api/users.rs"}).code, "CLAIM-USR-3001");
}

TEST_F(Handoffs, only_claims_that_are_still_held_move) {
  auto const granted = claim("DEV-SESSION-1", {"a", "b"});
  auto const id = offer().text("/id");
  call("release_claim", {{"claim", granted.text("/claims/0/id")}});
  start("THIRD");
  ASSERT_EQ(claim("THIRD", {"a"}).status, 201U);
  auto const accepted = step("accept", id, "QA-REVIEWER-SESSION-1");
  EXPECT_EQ(accepted.body.at("claims").as_array().size(), 1U);
  EXPECT_EQ(items("list_claims", {{"session", "THIRD"}}).size(), 1U);
}

TEST_F(Handoffs, without_claims_nothing_moves) {
  ASSERT_EQ(claim("DEV-SESSION-1", {"a"}).status, 201U);
  auto const id = offer({{"with_claims", false}}).text("/id");
  EXPECT_EQ(step("accept", id, "QA-REVIEWER-SESSION-1").status, 200U);
  EXPECT_EQ(items("list_claims", {{"session", "DEV-SESSION-1"}}).size(), 1U);
}

TEST_F(Handoffs, a_decline_gives_its_reason_and_leaves_the_claims) {
  ASSERT_EQ(claim("DEV-SESSION-1", {"a"}).status, 201U);
  auto const id = offer().text("/id");
  auto const declined = step("decline", id, "QA-REVIEWER-SESSION-1", {{"reason", "no tests"}});
  EXPECT_EQ(declined.text("/state"), "declined");
  EXPECT_EQ(declined.text("/reason"), "no tests");
  EXPECT_EQ(items("list_claims", {{"session", "DEV-SESSION-1"}}).size(), 1U);
  EXPECT_EQ(step("accept", id, "QA-REVIEWER-SESSION-1").code, "API-USR-2003");
}

TEST_F(Handoffs, who_offered_withdraws_and_who_accepted_completes) {
  auto const first = offer().text("/id");
  EXPECT_EQ(step("withdraw", first, "QA-REVIEWER-SESSION-1").code, "AUTH-USR-1003");
  EXPECT_EQ(step("withdraw", first, "DEV-SESSION-1").text("/state"), "withdrawn");
  auto const second = offer().text("/id");
  EXPECT_EQ(step("complete", second, "QA-REVIEWER-SESSION-1").code, "AUTH-USR-1003") << "nobody has accepted it";
  EXPECT_EQ(step("accept", second, "QA-REVIEWER-SESSION-1").status, 200U);
  EXPECT_EQ(step("withdraw", second, "DEV-SESSION-1").code, "API-USR-2003");
  EXPECT_EQ(step("complete", second, "DEV-SESSION-1").code, "AUTH-USR-1003");
  EXPECT_EQ(step("complete", second, "QA-REVIEWER-SESSION-1").text("/state"), "completed");
}

TEST_F(Handoffs, only_those_who_are_meant_accept) {
  start("CODER-SESSION-1");
  auto const to_role = offer().text("/id");
  EXPECT_EQ(step("accept", to_role, "CODER-SESSION-1").code, "AUTH-USR-1003") << "it works in another role";
  EXPECT_EQ(step("accept", to_role, "DEV-SESSION-1").code, "API-USR-2003") << "its own";
  start("someone");
  EXPECT_EQ(step("accept", to_role, "someone").status, 200U) << "a session without a role is bound by none";
  auto const to_session = offer({{"to", {{"session", "coder-session-1"}}}});
  ASSERT_EQ(to_session.status, 201U) << to_session.code;
  EXPECT_EQ(step("accept", to_session.text("/id"), "someone").code, "AUTH-USR-1003");
  EXPECT_EQ(step("accept", to_session.text("/id"), "CODER-SESSION-1").status, 200U);
}

TEST_F(Handoffs, a_user_is_named_by_id_or_address) {
  auto const me = api.call("me", {}, owner);
  ASSERT_EQ(me.status, 200U) << me.code;
  auto const by_id = offer({{"to", {{"user", me.text("/user/id")}}}});
  ASSERT_EQ(by_id.status, 201U) << by_id.code;
  EXPECT_EQ(step("accept", by_id.text("/id"), "QA-REVIEWER-SESSION-1").status, 200U) << "the user's own session";
  EXPECT_EQ(offer({{"to", {{"user", me.text("/user/email")}}}}).text("/to/user"), me.text("/user/id"));
  auto const other = api.register_tenant("eve@example.org", "Other");
  EXPECT_EQ(offer({{"to", {{"user", "eve@example.org"}}}}).code, "API-USR-2002")
      << "a user of another tenant is nobody here";
  EXPECT_EQ(offer({{"to", {{"user", other.user}}}}).code, "API-USR-2002");
}

TEST_F(Handoffs, a_recipient_is_exactly_one) {
  EXPECT_EQ(offer({{"to", json::object()}}).error->errors.at(0).pointer, "/to");
  EXPECT_EQ(offer({{"to", {{"role", "a"}, {"session", "b"}}}}).error->errors.at(0).pointer, "/to");
  EXPECT_EQ(offer({{"to", {{"role", "?"}}}}).error->errors.at(0).pointer, "/to/role");
  EXPECT_EQ(offer({{"to", {{"session", "nobody"}}}}).code, "API-USR-2002");
  EXPECT_EQ(offer({{"summary", ""}}).error->errors.at(0).pointer, "/summary");
}

TEST_F(Handoffs, large_ones_are_read_back_whole) {
  json::array remaining;
  for (int i = 0; i < 200; ++i) remaining.emplace_back(std::string(2'000, static_cast<char>('a' + i % 26)));
  auto const offered = offer({{"remaining", remaining}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  EXPECT_EQ(json::serialize(call("get_handoff", {{"handoff", offered.text("/id")}}).body.at("remaining")),
            json::serialize(remaining));
  step("withdraw", offered.text("/id"), "DEV-SESSION-1");
  EXPECT_EQ(call("get_handoff", {{"handoff", offered.text("/id")}}).text("/state"), "withdrawn");
}

TEST_F(Handoffs, the_log_tells_of_every_step_and_cuts_no_letter) {
  std::string summary;
  while (summary.size() + 2 <= limits::kSummaryBytes) summary += "\u00fc";
  auto const tells = [&](std::string_view state) {
    auto const event = last_event("HANDOFF");
    EXPECT_EQ(event.at("data").at("state"), json::value(state));
    return event;
  };
  auto const first = offer({{"summary", summary}}).text("/id");
  std::string const text(tells("offered").at("text").as_string());
  EXPECT_LE(text.size(), limits::kEventTextBytes);
  EXPECT_GT(text.size(), limits::kEventTextBytes - 4);
  EXPECT_TRUE(is_valid_utf8(text));
  step("accept", first, "QA-REVIEWER-SESSION-1");
  tells("accepted");
  step("complete", first, "QA-REVIEWER-SESSION-1");
  tells("completed");
  auto const second = offer().text("/id");
  step("decline", second, "QA-REVIEWER-SESSION-1", {{"reason", "no time"}});
  EXPECT_NE(std::string(tells("declined").at("text").as_string()).find("no time"), std::string::npos);
  step("withdraw", offer().text("/id"), "DEV-SESSION-1");
  tells("withdrawn");
}

TEST_F(Handoffs, Hazard9_a_step_is_taken_by_who_may_act_for_the_session) {
  auto const stranger = api.add_user(owner_actor(), "eve@example.org", "member").token;
  auto const id = offer().text("/id");
  auto const as_stranger = [&](std::string const& verb, std::string const& session) {
    return call(verb + "_handoff", {{"handoff", id}, {"session", session}}, stranger).code;
  };
  for (auto const* const verb : {"accept", "decline"})
    EXPECT_EQ(as_stranger(verb, "QA-REVIEWER-SESSION-1"), "AUTH-USR-1003") << verb;
  EXPECT_EQ(as_stranger("withdraw", "DEV-SESSION-1"), "AUTH-USR-1003");
  step("accept", id, "QA-REVIEWER-SESSION-1");
  EXPECT_EQ(as_stranger("complete", "QA-REVIEWER-SESSION-1"), "AUTH-USR-1003");
  EXPECT_EQ(call("get_handoff", {{"handoff", id}}).text("/state"), "accepted");
  EXPECT_EQ(call("end_session", {{"session", "DEV-SESSION-1"}}, stranger).code, "AUTH-USR-1003");
  EXPECT_EQ(call("heartbeat_session", {{"session", "DEV-SESSION-1"}}, stranger).code, "AUTH-USR-1003");
}

TEST_F(Handoffs, lists_filter_by_state_role_and_session) {
  auto const first = offer().text("/id");
  offer({{"to", {{"role", "ops"}}}});
  step("accept", first, "QA-REVIEWER-SESSION-1");
  EXPECT_EQ(items("list_handoffs").size(), 2U);
  EXPECT_EQ(items("list_handoffs", {{"state", "offered"}}).size(), 1U);
  EXPECT_EQ(items("list_handoffs", {{"role", "qa-reviewer"}}).size(), 1U);
  EXPECT_EQ(items("list_handoffs", {{"session", "QA-REVIEWER-SESSION-1"}}).size(), 1U);
  EXPECT_EQ(call("get_handoff", {{"handoff", "01890a5d-ac96-774b-bcce-b302099a8057"}}).code, "API-USR-2002");
}

}  // namespace
}  // namespace codi::testing
