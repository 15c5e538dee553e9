#include "api/reaper.hpp"
#include "db/keys.hpp"
#include "db/retry.hpp"
#include "support/workshop.hpp"

#include <algorithm>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Sessions : public Workshop {};

TEST_F(Sessions, starting_one_answers_it_with_its_token_and_writes_the_event) {
  auto const started = call("start_session", {{"alias", "RUST-DEVELOPER-SESSION-7"},
                                              {"tool", "claude"},
                                              {"branch", "main"},
                                              {"worktree", "/src/app"},
                                              {"host", "ws1"},
                                              {"pid", 4711},
                                              {"ttl_seconds", 600}});
  ASSERT_EQ(started.status, 201U);
  EXPECT_EQ(started.text("/alias"), "RUST-DEVELOPER-SESSION-7");
  EXPECT_EQ(started.text("/role"), "rust-developer") << "the role is read from the alias";
  EXPECT_EQ(started.text("/state"), "active");
  EXPECT_EQ(started.text("/tool"), "claude");
  EXPECT_EQ(started.text("/pid"), "4711");
  EXPECT_TRUE(started.text("/session_token").starts_with("codi_s"));
  EXPECT_EQ(parse_timestamp(started.text("/expires_at")), api.clock.now() + 600s);
  auto const event = last_event();
  EXPECT_EQ(event.at("action"), "SESSION_START");
  EXPECT_EQ(event.at("session_alias"), "RUST-DEVELOPER-SESSION-7");
  EXPECT_EQ(event.at("session_id").as_string(), started.text("/id"));
}

TEST_F(Sessions, every_shape_of_alias_is_kept_as_given) {
  for (auto const* alias : {"RUST-DEVELOPER-SESSION-7", "ORCHESTRATOR-SESSION-2025-10-06-01", "SESSION7-ORCHESTRATOR",
                            "claude-29583", "a", "9.x_Y-z"}) {
    auto const started = call("start_session", {{"alias", alias}});
    EXPECT_EQ(started.text("/alias"), alias) << started.code;
  }
}

TEST_F(Sessions, an_alias_that_is_none_is_refused_with_its_pointer) {
  for (auto const* alias : {"-x", ".x", "a b", "ä", "a/b"}) {
    auto const started = call("start_session", {{"alias", alias}});
    EXPECT_EQ(started.code, "API-USR-2001") << alias;
    ASSERT_EQ(started.error->errors.size(), 1U);
    EXPECT_EQ(started.error->errors[0].pointer, "/alias");
  }
  EXPECT_EQ(call("start_session", {{"alias", std::string(129, 'a')}}).code, "API-USR-2001");
}

TEST_F(Sessions, Hazard26_an_alias_of_a_live_session_is_never_given_again_whatever_its_case) {
  start("Worker-1");
  EXPECT_EQ(call("start_session", {{"alias", "WORKER-1"}}).code, "API-USR-2003");
  EXPECT_EQ(call("get_session", {{"session", "wOrKeR-1"}}).text("/alias"), "Worker-1");
}

TEST_F(Sessions, a_literal_N_gets_the_next_number_and_skips_one_in_use) {
  start("QA-SESSION-2");
  EXPECT_EQ(call("start_session", {{"alias", "QA-SESSION-N"}}).text("/alias"), "QA-SESSION-1");
  EXPECT_EQ(call("start_session", {{"alias", "qa-session-N"}}).text("/alias"), "qa-session-3");
  EXPECT_EQ(call("start_session", {{"role", "qa"}}).text("/alias"), "QA-SESSION-4");
  EXPECT_EQ(call("start_session").text("/alias"), "AGENT-SESSION-1");
}

TEST_F(Sessions, state_follows_from_silence_and_any_act_is_a_sign_of_life) {
  start("A", {{"ttl_seconds", 30}});
  auto const state = [&] { return call("get_session", {{"session", "A"}}).text("/state"); };
  EXPECT_EQ(state(), "active");
  pass(11s);
  EXPECT_EQ(state(), "idle");
  pass(10s);
  EXPECT_EQ(state(), "stale");
  EXPECT_EQ(call("append_event", {{"session", "A"}, {"action", "INFO"}, {"text", "still here"}}).status, 201U);
  EXPECT_EQ(state(), "active");
  pass(33s);
  EXPECT_EQ(state(), "ended");
  EXPECT_EQ(call("heartbeat_session", {{"session", "A"}}).code, "API-USR-2003") << "what has ended is not revived";
}

TEST_F(Sessions, thresholds_are_settings) {
  api.runtime.settings.leases.thresholds = {.idle_permille = 100, .stale_permille = 200};
  start("A", {{"ttl_seconds", 100}});
  pass(11s);
  EXPECT_EQ(call("get_session", {{"session", "A"}}).text("/state"), "idle");
  pass(10s);
  EXPECT_EQ(call("get_session", {{"session", "A"}}).text("/state"), "stale");
}

TEST_F(Sessions, Hazard12_one_that_dies_frees_its_claims_and_says_so_while_nobody_calls) {
  start("A", {{"ttl_seconds", 30}});
  ASSERT_EQ(claim("A", {"src/a.rs", "docs/"}).status, 201U);
  pass(33s);
  api::Reaper reaper(api.runtime);
  EXPECT_GE(reaper.run_once(), 1U);
  auto const event = last_event();
  EXPECT_EQ(event.at("action"), "SESSION_END");
  EXPECT_EQ(event.at("data").at("reason"), "expired");
  EXPECT_EQ(json::serialize(event.at("paths")), R"(["docs/","src/a.rs"])");
  EXPECT_TRUE(items("list_claims").empty());
  start("B");
  EXPECT_EQ(claim("B", {"src/a.rs"}).status, 201U);
}

TEST_F(Sessions, those_whose_records_are_damaged_hold_up_no_other) {
  constexpr int kSessions = 40;
  constexpr int kDamaged = 5;
  auto const tenant = *TenantId::parse(api.call("me", {}, owner).text("/tenant/id"));
  for (int i = 0; i < kSessions; ++i) {
    auto const made = call("start_session", {{"alias", "S" + std::to_string(i)}, {"ttl_seconds", 30}});
    if (i >= kDamaged) continue;
    auto const key = db::make_key({}, tenant, "project", *ProjectId::parse(made.text("/project_id")), "sessions",
                                  *SessionId::parse(made.text("/id")));
    db::run_write_blocking(*api.engine, [&key](db::Transaction& transaction) -> Task<db::Verdict> {
      transaction.set(key, "{");
      co_return db::Verdict::commit;
    });
  }
  pass(33s);
  api::Reaper reaper(api.runtime);
  EXPECT_GE(reaper.run_once(), std::size_t{kSessions});
  EXPECT_EQ(items("list_events", {{"action", "SESSION_END"}, {"limit", 100}}).size(),
            std::size_t{kSessions - kDamaged});
  pass(1s);
  EXPECT_EQ(reaper.run_once(), 0U) << "what failed makes way";
  pass(60s);
  EXPECT_EQ(reaper.run_once(), std::size_t{kDamaged}) << "and is tried again later";
}

TEST_F(Sessions, one_that_is_heard_of_is_looked_at_again_later) {
  start("A", {{"ttl_seconds", 30}});
  pass(20s);
  call("heartbeat_session", {{"session", "A"}});
  pass(13s);
  api::Reaper reaper(api.runtime);
  reaper.run_once();
  EXPECT_EQ(call("get_session", {{"session", "A"}}).text("/state"), "idle");
  pass(20s);
  reaper.run_once();
  EXPECT_EQ(call("get_session", {{"session", "A"}}).text("/end_reason"), "expired");
}

TEST_F(Sessions, ending_one_frees_its_alias_its_claims_and_its_token) {
  auto const token = start("A");
  ASSERT_EQ(claim("A", {"src/a.rs"}).status, 201U);
  auto const ended = call("end_session", {{"session", "A"}, {"reason", "done for today"}}, token);
  EXPECT_EQ(ended.text("/state"), "ended");
  EXPECT_EQ(ended.text("/end_reason"), "done for today");
  EXPECT_EQ(call("get_session", {{"session", "A"}}, token).code, "AUTH-USR-1002");
  EXPECT_TRUE(items("list_claims").empty());
  EXPECT_EQ(call("end_session", {{"session", "A"}}).code, "API-USR-2003");
  start("a");
  EXPECT_EQ(call("get_session", {{"session", "A"}}).text("/alias"), "a")
      << "the alias means the newest session that bore it";
}

TEST_F(Sessions, an_alias_whose_lease_ran_out_unnoticed_can_be_borne_again_and_its_claims_are_free) {
  start("A", {{"ttl_seconds", 10}});
  ASSERT_EQ(claim("A", {"src/a.rs"}, {{"ttl_seconds", 86'400}}).status, 201U);
  pass(13s);
  start("A");
  EXPECT_EQ(items("list_sessions", {{"state", "ended"}}).size(), 1U);
  EXPECT_TRUE(items("list_claims").empty());
}

TEST_F(Sessions, Hazard9_only_its_own_token_who_started_it_or_an_admin_acts_for_it) {
  auto const alice = api.register_tenant("alice@example.org");
  auto const bob = api.add_user(alice, "bob@example.org", "member");
  auto const carol = api.add_user(alice, "carol@example.org", "member");
  api.call("create_project", {{"slug", "p"}, {"name", "P"}}, alice.token);
  auto const in = [](json::object members) {
    members["project"] = "p";
    return members;
  };
  auto const bobs = api.call("start_session", in({{"alias", "B"}}), bob.token);
  ASSERT_EQ(bobs.status, 201U) << bobs.code;
  auto const carols = api.call("start_session", in({{"alias", "C"}}), carol.token);
  auto const say = [&](std::string const& session, std::string const& credential) {
    return api.call("append_event", in({{"session", session}, {"action", "INFO"}, {"text", "x"}}), credential);
  };
  EXPECT_EQ(say("B", bob.token).status, 201U);
  EXPECT_EQ(say("B", bobs.text("/session_token")).status, 201U);
  EXPECT_EQ(say("B", carol.token).code, "AUTH-USR-1003");
  EXPECT_EQ(say("B", carols.text("/session_token")).code, "AUTH-USR-1003");
  EXPECT_EQ(say("B", alice.token).status, 201U) << "an owner is an admin too";
  auto const audit = api.call("list_audit", {{"limit", 500}}, alice.token);
  ASSERT_EQ(audit.status, 200U) << audit.code;
  EXPECT_NE(json::serialize(audit.body).find("session.acted_for"), std::string::npos);
}

TEST_F(Sessions, a_session_token_reads_its_project_and_does_nothing_else) {
  auto const token = start("A");
  EXPECT_EQ(call("get_project", {}, token).status, 200U);
  EXPECT_EQ(call("list_sessions", {}, token).status, 200U);
  EXPECT_EQ(call("list_events", {}, token).status, 200U);
  EXPECT_EQ(call("start_session", {{"alias", "B"}}, token).code, "AUTH-USR-1003");
  EXPECT_EQ(call("update_project", {{"name", "X"}}, token).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("create_project", {{"slug", "q"}, {"name", "Q"}}, token).code, "AUTH-USR-1003");
  EXPECT_EQ(api.call("list_users", {}, token).code, "AUTH-USR-1003");
  api.call("create_project", {{"slug", "other"}, {"name", "Other"}}, owner);
  EXPECT_EQ(api.call("get_project", {{"project", "other"}}, token).code, "API-USR-2002");
}

TEST_F(Sessions, lists_are_filtered_and_paged_without_losing_any) {
  for (int i = 1; i <= 7; ++i) start("S-" + std::to_string(i), {{"role", i % 2 == 0 ? "even" : "odd"}});
  EXPECT_EQ(items("list_sessions", {{"role", "odd"}}).size(), 4U);
  std::vector<std::string> seen;
  json::value after;
  do {
    json::object ask{{"limit", 2}, {"role", "odd"}};
    if (after.is_string()) ask["after"] = after;
    auto const page = call("list_sessions", ask);
    ASSERT_EQ(page.status, 200U);
    for (auto const& item : page.body.at("items").as_array()) seen.emplace_back(item.at("alias").as_string());
    after = page.body.at("next");
  } while (after.is_string());
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<std::string>{"S-1", "S-3", "S-5", "S-7"}));
  EXPECT_EQ(call("list_sessions", {{"after", "not a cursor!"}}).code, "API-USR-2001");
}

TEST_F(Sessions, what_is_named_and_not_there_is_404) {
  EXPECT_EQ(call("get_session", {{"session", "nobody"}}).code, "API-USR-2002");
  EXPECT_EQ(call("get_session", {{"session", "01890a5d-ac96-774b-bcce-b302099a8057"}}).code, "API-USR-2002");
  EXPECT_EQ(api.call("list_sessions", {{"project", "nothing"}}, owner).code, "API-USR-2002");
}

}  // namespace
}  // namespace codi::testing
