#include "api/reaper.hpp"
#include "support/workshop.hpp"

#include <atomic>
#include <thread>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Claims : public Workshop {
 protected:
  Claims() {
    start("A");
    start("B");
  }
  Reply on(std::string const& operation, std::string const& claim_id, json::object more = {},
           std::optional<std::string> credential = {}) {
    more["claim"] = claim_id;
    return call(operation, std::move(more), std::move(credential));
  }
};

TEST_F(Claims, a_grant_answers_the_claims_and_one_fencing_token_for_the_batch) {
  auto const granted =
      claim("A", {"./src//api/users.rs", "docs/"}, {{"reason", "user endpoints"}, {"ttl_seconds", 60}});
  ASSERT_EQ(granted.status, 201U) << granted.code;
  EXPECT_EQ(granted.text("/claims/0/target"), "src/api/users.rs");
  EXPECT_EQ(granted.text("/claims/0/kind"), "file");
  EXPECT_EQ(granted.text("/claims/0/state"), "live");
  EXPECT_EQ(granted.text("/claims/0/session_alias"), "A");
  EXPECT_EQ(granted.text("/claims/0/mode"), "exclusive");
  EXPECT_EQ(granted.text("/claims/0/reason"), "user endpoints");
  EXPECT_EQ(granted.text("/claims/1/target"), "docs/");
  EXPECT_EQ(granted.text("/claims/1/kind"), "directory");
  EXPECT_EQ(granted.text("/claims/0/fencing_token"), granted.text("/fencing_token"));
  EXPECT_EQ(granted.text("/claims/1/fencing_token"), granted.text("/fencing_token"));
  EXPECT_EQ(granted.text("/fencing_token").size(), 32U);
  EXPECT_EQ(parse_timestamp(granted.text("/claims/0/expires_at")), api.clock.now() + 60s);
  auto const event = last_event();
  EXPECT_EQ(event.at("action"), "FILE_CLAIM");
  EXPECT_EQ(json::serialize(event.at("paths")), R"(["src/api/users.rs","docs/"])");
}

TEST_F(Claims, Hazard2_one_file_under_several_spellings_is_one_file) {
  ASSERT_EQ(claim("A", {"src/x.rs"}).status, 201U);
  for (auto const* spelling : {"./src/x.rs", "/src/x.rs", "src//x.rs", "src/a/../x.rs", "src\\x.rs"})
    EXPECT_EQ(claim("B", {spelling}).code, "CLAIM-USR-3001") << spelling;
  ASSERT_EQ(claim("A", {"caf\u00e9.md"}).status, 201U);
  EXPECT_EQ(claim("B", {"cafe\u0301.md"}).code, "CLAIM-USR-3001") << "NFC and NFD";
  EXPECT_EQ(claim("B", {"SRC/X.rs"}).status, 201U) << "this project tells case apart";
  auto const outside = claim("B", {"../x.rs"});
  EXPECT_EQ(outside.code, "API-USR-2001");
  EXPECT_EQ(outside.error->errors.at(0).pointer, "/targets/0");
}

TEST_F(Claims, Hazard2_case_is_ignored_where_the_project_says_so) {
  ASSERT_EQ(api.call("create_project", {{"slug", "mac"}, {"name", "Mac"}, {"case_sensitive", false}}, owner).status,
            201U);
  auto const in_mac = [&](std::string_view operation, json::object members) {
    members["project"] = "mac";
    return api.call(operation, std::move(members), owner);
  };
  in_mac("start_session", {{"alias", "A"}});
  in_mac("start_session", {{"alias", "B"}});
  auto const first = in_mac("create_claims", {{"session", "A"}, {"targets", json::array{"Src/Main.rs"}}});
  EXPECT_EQ(first.text("/claims/0/target"), "Src/Main.rs") << "shown as it was written";
  EXPECT_EQ(in_mac("create_claims", {{"session", "B"}, {"targets", json::array{"src/MAIN.RS"}}}).code,
            "CLAIM-USR-3001");
  auto const again = in_mac("create_claims", {{"session", "A"}, {"targets", json::array{"src/main.rs"}}});
  EXPECT_EQ(again.text("/claims/0/id"), first.text("/claims/0/id")) << "the same target again is the same claim";
}

TEST_F(Claims, a_directory_covers_all_below_it_both_ways) {
  ASSERT_EQ(claim("A", {"src/api/"}).status, 201U);
  EXPECT_EQ(claim("B", {"src/api/v1/users.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/api"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"./"}).code, "CLAIM-USR-3001") << "the whole repository";
  EXPECT_EQ(claim("B", {"src/apix/users.rs"}).status, 201U);
  EXPECT_EQ(claim("B", {"src/ap"}).status, 201U);
  ASSERT_EQ(claim("A", {"lib"}).status, 201U);
  EXPECT_EQ(claim("B", {"lib/x"}).code, "CLAIM-USR-3001") << "a file also stands against everything below its name";
}

TEST_F(Claims, a_literal_target_may_hold_special_characters) {
  json::object members{{"session", "A"},
                       {"targets", json::array{json::object{{"kind", "file"}, {"path", "app/[id]/page.tsx"}}}}};
  auto const granted = call("create_claims", members);
  ASSERT_EQ(granted.status, 201U) << granted.code;
  members["session"] = "B";
  EXPECT_EQ(call("create_claims", members).code, "CLAIM-USR-3001");
  EXPECT_EQ(on("release_claim", granted.text("/claims/0/id")).status, 200U);
  EXPECT_EQ(call("create_claims", members).status, 201U);
}

TEST_F(Claims, named_resources_overlap_only_when_equal) {
  ASSERT_EQ(claim("A", {"port:5432"}).status, 201U);
  EXPECT_EQ(claim("B", {"port:5433"}).status, 201U);
  EXPECT_EQ(claim("B", {"port:5432"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"./port:5432"}).status, 201U) << "that is a file";
  EXPECT_EQ(claim("B", {"./"}).status, 201U) << "a resource is no path";
}

TEST_F(Claims, limits_of_a_batch_and_of_the_ttl) {
  EXPECT_EQ(claim("A", {}).code, "API-USR-2001");
  EXPECT_EQ(claim("A", {"a"}, {{"ttl_seconds", 0}}).code, "API-USR-2001");
  EXPECT_EQ(claim("A", {"a"}, {{"ttl_seconds", 86'401}}).code, "API-USR-2001");
  EXPECT_EQ(claim("A", {"a"}, {{"ttl_seconds", 1}}).status, 201U);
  json::array many;
  for (int i = 0; i < 1'000; ++i) many.emplace_back("many/" + std::to_string(i));
  auto const granted = call("create_claims", {{"session", "A"}, {"targets", many}});
  EXPECT_EQ(granted.status, 201U) << granted.code;
  EXPECT_EQ(last_event().at("paths").as_array().size(), 1'000U) << "an event of any size is read back whole";
  many.emplace_back("one more");
  EXPECT_EQ(call("create_claims", {{"session", "A"}, {"targets", many}}).code, "API-USR-2001");
}

TEST_F(Claims, Hazard4_a_batch_is_all_or_nothing) {
  ASSERT_EQ(claim("A", {"b"}).status, 201U);
  auto const refused = claim("B", {"a", "b", "c"});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001");
  EXPECT_TRUE(items("list_claims", {{"session", "B"}}).empty());
  EXPECT_EQ(claim("A", {"a", "c"}).status, 201U);
}

TEST_F(Claims, a_conflict_names_holder_since_until_and_why_and_is_in_the_log) {
  ASSERT_EQ(claim("A", {"src/x.rs"}, {{"reason", "refactoring"}, {"ttl_seconds", 120}}).status, 201U);
  pass(5s);
  auto const refused = claim("B", {"src/x.rs"});
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.text("/conflicts/0/session_alias"), "A");
  EXPECT_EQ(refused.text("/conflicts/0/reason"), "refactoring");
  EXPECT_EQ(parse_timestamp(refused.text("/conflicts/0/created_at")), api.clock.now() + -5s);
  EXPECT_EQ(parse_timestamp(refused.text("/conflicts/0/expires_at")), api.clock.now() + 115s);
  EXPECT_EQ(refused.text("/more"), "false");
  EXPECT_NE(refused.error->detail.find("refactoring"), std::string::npos);
  auto const event = last_event();
  EXPECT_EQ(event.at("action"), "CLAIM_CONFLICT") << "the refusal is the one thing that was committed";
  EXPECT_EQ(event.at("session_alias"), "B");
}

TEST_F(Claims, at_most_twenty_conflicts_are_shown) {
  for (int i = 0; i < 25; ++i) ASSERT_EQ(claim("A", {"d/" + std::to_string(i)}).status, 201U);
  auto const refused = claim("B", {"d/"});
  EXPECT_EQ(refused.body.at("conflicts").as_array().size(), 20U);
  EXPECT_EQ(refused.text("/more"), "true");
}

TEST_F(Claims, a_session_never_conflicts_with_itself_and_the_same_target_again_is_renewed) {
  auto const first = claim("A", {"src/x.rs"}, {{"ttl_seconds", 60}});
  pass(30s);
  auto const again = claim("A", {"src/x.rs", "src/"}, {{"ttl_seconds", 90}});
  ASSERT_EQ(again.status, 201U) << again.code;
  EXPECT_EQ(again.text("/claims/0/id"), first.text("/claims/0/id"));
  EXPECT_EQ(again.text("/claims/0/fencing_token"), first.text("/fencing_token")) << "a renewal keeps the token";
  EXPECT_EQ(parse_timestamp(again.text("/claims/0/expires_at")), api.clock.now() + 90s);
  EXPECT_GT(again.text("/fencing_token"), first.text("/fencing_token"));
  auto const twice = claim("A", {"y", "y"});
  EXPECT_EQ(twice.text("/claims/0/id"), twice.text("/claims/1/id"));
  EXPECT_EQ(items("list_claims").size(), 3U);
}

TEST_F(Claims, Hazard1_a_claim_of_another_is_met_behind_any_number_of_the_sessions_own) {
  std::string const long_name(180, 'n');
  for (int batch = 0; batch < 7; ++batch) {
    json::array many;
    for (int i = 0; i < 1'000; ++i) many.emplace_back("big/" + long_name + std::to_string(batch * 1'000 + i));
    ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", many}}).status, 201U);
  }
  ASSERT_EQ(claim("B", {"big/zzz"}).status, 201U);
  EXPECT_EQ(claim("A", {"big/"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(call("check_claims", {{"session", "A"}, {"targets", json::array{"big/"}}}).text("/clear"), "false");
}

TEST_F(Claims, fencing_tokens_only_grow) {
  std::string last;
  for (int i = 0; i < 20; ++i) {
    auto const granted = claim(i % 2 == 0 ? "A" : "B", {"x"});
    ASSERT_EQ(granted.status, 201U);
    EXPECT_GT(granted.text("/fencing_token"), last);
    last = granted.text("/fencing_token");
    ASSERT_EQ(on("release_claim", granted.text("/claims/0/id")).status, 200U);
  }
}

TEST_F(Claims, Hazard8_a_heartbeat_renews_every_claim_of_the_session) {
  ASSERT_EQ(claim("A", {"x"}, {{"ttl_seconds", 10}}).status, 201U);
  pass(9s);
  ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  pass(9s);
  api::Reaper reaper(api.runtime);
  reaper.run_once();
  EXPECT_EQ(items("list_claims").size(), 1U);
  EXPECT_EQ(claim("B", {"x"}).code, "CLAIM-USR-3001");
}

TEST_F(Claims, expiry_comes_on_time_while_nobody_calls_and_is_told) {
  auto const granted = claim("A", {"x"}, {{"ttl_seconds", 10}});
  api::Reaper reaper(api.runtime);
  pass(11'999ms);
  reaper.run_once();
  EXPECT_EQ(items("list_claims").size(), 1U) << "grace: two seconds after the end";
  pass(1ms);
  reaper.run_once();
  EXPECT_TRUE(items("list_claims").empty());
  auto const event = last_event();
  EXPECT_EQ(event.at("action"), "CLAIM_EXPIRED");
  EXPECT_EQ(event.at("session_alias"), "A");
  EXPECT_EQ(json::serialize(event.at("paths")), R"(["x"])");
  EXPECT_EQ(items("list_claims", {{"state", "ended"}}).at(0).at("end_reason"), "expired");
  EXPECT_EQ(on("renew_claim", granted.text("/claims/0/id")).code, "CLAIM-USR-3002")
      << "Hazard 10: the holder is told at its next call";
}

TEST_F(Claims, how_long_after_its_end_a_claim_can_be_renewed_is_a_setting) {
  api.runtime.settings.leases.grace = 30s;
  auto const id = claim("A", {"x"}, {{"ttl_seconds", 10}}).text("/claims/0/id");
  api::Reaper reaper(api.runtime);
  pass(39'999ms);
  reaper.run_once();
  EXPECT_EQ(claim("B", {"x"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(on("renew_claim", id, {{"ttl_seconds", 10}}).status, 200U);
  pass(40s);
  EXPECT_EQ(on("renew_claim", id).code, "CLAIM-USR-3002");
  EXPECT_EQ(claim("B", {"x"}).status, 201U);
}

TEST_F(Claims, Hazard11_an_expired_claim_that_no_reaper_met_is_ended_by_whoever_meets_it) {
  auto const granted = claim("A", {"src/"}, {{"ttl_seconds", 10}});
  pass(12s);
  EXPECT_TRUE(items("list_claims").empty());
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"src/x"}}}).text("/clear"), "true");
  ASSERT_EQ(claim("B", {"src/x"}).status, 201U);
  EXPECT_EQ(last_event("CLAIM_EXPIRED").at("session_alias"), "A");
  EXPECT_EQ(on("renew_claim", granted.text("/claims/0/id")).code, "CLAIM-USR-3002");
}

// More than one transaction can hold: targets of 3,000 bytes.
TEST_F(Claims, Hazard12_a_session_with_any_number_of_claims_ends_at_once) {
  constexpr int kClaims = 1'500;
  std::string const longest(3'000, 'x');
  for (int i = 0; i < kClaims; i += 150) {
    json::array targets;
    for (int j = i; j < i + 150; ++j) targets.push_back(json::string(std::to_string(j) + "/" + longest));
    ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", std::move(targets)}}).status, 201U);
  }
  auto const last = "1499/" + longest;
  auto const id = items("list_claims", {{"path", last}}).at(0).at("id").as_string();
  EXPECT_EQ(call("offer_handoff", {{"session", "A"}, {"to", {{"role", "qa"}}}, {"summary", "all"}}).code,
            "API-USR-2003");
  ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  EXPECT_EQ(last_event("SESSION_END").at("data").at("claims_freed"), kClaims);
  EXPECT_TRUE(items("list_claims").empty());
  EXPECT_EQ(call("get_claim", {{"claim", id}}).text("/end_reason"), "session_ended");
  EXPECT_EQ(call("check_claims", {{"targets", json::array{last}}}).text("/clear"), "true");
  EXPECT_EQ(claim("B", {last}).status, 201U) << "though the reaper has not come";
  EXPECT_EQ(claim("B", {"1498/"}).status, 201U);

  api::Reaper reaper(api.runtime);
  int looks = 0;
  for (std::size_t met = 1; met > 0 && looks < 40; ++looks) {
    pass(1s);
    met = reaper.run_once();
  }
  EXPECT_LT(looks, 40);
  EXPECT_EQ(items("list_claims").size(), 2U) << "those of B";
  EXPECT_EQ(call("get_claim", {{"claim", id}}).text("/state"), "ended");
  EXPECT_EQ(last_event("SESSION_END").at("session_alias"), "A");
  EXPECT_TRUE(items("list_events", {{"action", "CLAIM_EXPIRED"}}).empty()) << "SESSION_END has told of them";
}

TEST_F(Claims, a_session_holds_so_many_claims_and_whatever_ends_one_makes_room) {
  std::string first;
  std::string last;
  for (std::size_t held = 0; held < limits::kClaimsPerSession; held += limits::kTargetsPerBatch) {
    json::array targets;
    for (std::size_t i = 0; i < limits::kTargetsPerBatch; ++i)
      targets.push_back(json::string(fmt::format("src/{}/{}", held, i)));
    auto const granted = call("create_claims", {{"session", "A"}, {"targets", std::move(targets)}});
    ASSERT_EQ(granted.status, 201U) << granted.code;
    last = granted.text("/claims/0/id");
    if (first.empty()) first = last;
  }
  EXPECT_EQ(claim("A", {"one/more"}).status, 409U);
  EXPECT_EQ(claim("B", {"one/more"}).status, 201U);
  EXPECT_EQ(claim("A", {"src/0/0"}).text("/claims/0/id"), first) << "what it holds already needs no room";
  EXPECT_EQ(claim("A", {"src/0/0", "one/more"}).status, 409U);
  ASSERT_EQ(on("release_claim", last).status, 200U);
  EXPECT_EQ(claim("A", {"one/other"}).status, 201U);
  EXPECT_EQ(claim("A", {"one/third"}).status, 409U);
}

TEST_F(Claims, a_whole_batch_of_usual_paths_is_one_transaction_and_one_of_the_longest_is_refused_whole) {
  auto const batch = [](std::size_t length) {
    json::array targets;
    for (std::size_t i = 0; i < limits::kTargetsPerBatch; ++i)
      targets.push_back(json::string(std::to_string(i) + "/" + std::string(length, 'x')));
    return targets;
  };
  EXPECT_EQ(call("create_claims", {{"session", "A"}, {"targets", batch(150)}}).status, 201U);
  auto const refused = call("create_claims", {{"session", "B"}, {"targets", batch(900)}});
  EXPECT_EQ(refused.status, 413U) << refused.code;
  EXPECT_EQ(call("list_claims", {{"session", "B"}}).body.at("items").as_array().size(), 0U);
}

// The longest targets, of characters that JSON writes twice as long.
TEST_F(Claims, Hazard12_a_session_ends_whatever_its_claims_weigh) {
  std::string const longest(4'000, '"');
  for (int i = 0; i < 520; i += 130) {
    json::array targets;
    for (int j = i; j < i + 130; ++j) targets.push_back(json::string(std::to_string(j) + "/" + longest));
    ASSERT_EQ(call("create_claims", {{"session", "A"}, {"targets", std::move(targets)}}).status, 201U);
  }
  ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  EXPECT_TRUE(items("list_claims").empty());
  EXPECT_EQ(claim("B", {"519/" + longest}).status, 201U);
}

TEST_F(Claims, Hazard3_what_ran_out_and_was_granted_to_another_never_comes_back) {
  constexpr int kClaims = 1'200;
  std::string first_token;
  for (int i = 0; i < kClaims; i += 400) {
    json::array targets;
    for (int j = i; j < i + 400; ++j) targets.push_back(json::string("src/" + std::to_string(j)));
    auto const made = call("create_claims", {{"session", "A"}, {"targets", std::move(targets)}, {"ttl_seconds", 10}});
    ASSERT_EQ(made.status, 201U);
    first_token = made.text("/fencing_token");
  }
  pass(12s);
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"src/"}}}).text("/clear"), "true");
  auto granted = claim("B", {"src/"});
  EXPECT_EQ(granted.code, "API-SYS-2501") << "more than one transaction ends";
  EXPECT_EQ(granted.error->retry_after_s, 1U);
  for (int tries = 0; granted.status != 201 && tries < 5; ++tries) granted = claim("B", {"src/"});
  ASSERT_EQ(granted.status, 201U);
  EXPECT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U) << "the holder comes back";
  auto const held = items("list_claims", {{"limit", 500}});
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].at("session_alias"), "B");
  EXPECT_EQ(claim("A", {"src/1199"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(
      call("append_event", {{"session", "A"}, {"action", "INFO"}, {"text", "x"}, {"fencing_token", first_token}}).code,
      "CLAIM-USR-3002");
  EXPECT_EQ(items("list_events", {{"action", "CLAIM_EXPIRED"}, {"limit", 500}}).size(), 500U);
}

TEST_F(Claims, Hazard10_the_old_fencing_token_is_refused_wherever_it_is_shown) {
  auto const granted = claim("A", {"x"}, {{"ttl_seconds", 10}});
  auto const old = granted.text("/fencing_token");
  auto const show = [&](std::string_view operation, json::object members) {
    members["session"] = "A";
    members["fencing_token"] = old;
    return call(operation, std::move(members));
  };
  EXPECT_EQ(show("append_event", {{"action", "FILE_CHANGE"}, {"text", "x"}}).status, 201U);
  EXPECT_EQ(show("check_claims", {{"targets", json::array{"x"}}}).status, 200U);
  pass(12s);
  api::Reaper(api.runtime).run_once();
  start("A2");
  ASSERT_EQ(claim("B", {"x"}).status, 201U);
  EXPECT_EQ(show("append_event", {{"action", "FILE_CHANGE"}, {"text", "x"}}).code, "CLAIM-USR-3002");
  EXPECT_EQ(show("check_claims", {{"targets", json::array{"x"}}}).code, "CLAIM-USR-3002");
  EXPECT_EQ(show("offer_handoff", {{"to", {{"role", "qa"}}}, {"summary", "s"}}).code, "CLAIM-USR-3002");
  EXPECT_EQ(on("release_claim", granted.text("/claims/0/id"), {{"fencing_token", old}}).code, "CLAIM-USR-3002");
}

TEST_F(Claims, nothing_ends_because_the_clock_was_moved) {
  ASSERT_EQ(claim("A", {"src/x.rs"}, {{"ttl_seconds", 60}}).status, 201U);
  api.clock.step(1h);
  EXPECT_EQ(api::Reaper(api.runtime).run_once(), 0U);
  EXPECT_EQ(claim("B", {"src/x.rs"}).code, "CLAIM-USR-3001") << "nor by whoever meets it";
  EXPECT_EQ(call("get_session", {{"session", "A"}}).text("/state"), "stale") << "but alive";
  ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  pass(59s);
  ASSERT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  pass(2s);
  api::Reaper(api.runtime).run_once();
  EXPECT_EQ(claim("B", {"src/x.rs"}).code, "CLAIM-USR-3001") << "who has said that it lives keeps what it holds";
  pass(63s);
  EXPECT_EQ(claim("B", {"src/x.rs"}).status, 201U) << "who has not, loses it in the end";
}

TEST_F(Claims, a_clock_that_was_set_back_keeps_leases_longer_and_ends_none) {
  ASSERT_EQ(claim("A", {"src/x.rs"}, {{"ttl_seconds", 60}}).status, 201U);
  api.clock.step(-1h);
  EXPECT_EQ(claim("B", {"src/x.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(call("heartbeat_session", {{"session", "A"}}).status, 200U);
  EXPECT_EQ(api::Reaper(api.runtime).run_once(), 0U);
}

TEST_F(Claims, a_claim_met_after_its_lease_is_ended_on_renewal_too) {
  auto const granted = claim("A", {"x"}, {{"ttl_seconds", 10}});
  pass(12s);
  EXPECT_EQ(on("renew_claim", granted.text("/claims/0/id")).code, "CLAIM-USR-3002");
  EXPECT_EQ(last_event().at("action"), "CLAIM_EXPIRED");
  EXPECT_EQ(on("get_claim", granted.text("/claims/0/id")).text("/state"), "ended");
}

TEST_F(Claims, Hazard8_what_a_session_held_that_ran_out_is_lost_whether_the_reaper_has_come_or_not) {
  start("SHORT", {{"ttl_seconds", 60}});
  auto const held = claim("SHORT", {"src/main.rs"});
  pass(65s);
  json::object const which{{"claim", held.text("/claims/0/id")}};
  for (auto const* const reaped : {"before", "after"}) {
    for (auto const* const operation : {"renew_claim", "release_claim"}) {
      auto const late = call(operation, which);
      EXPECT_EQ(late.status, 409U) << operation << ' ' << reaped;
      EXPECT_EQ(late.code, "CLAIM-USR-3002") << operation << ' ' << reaped;
    }
    api::Reaper(api.runtime).run_once();
  }
}

TEST_F(Claims, renewing_by_hand_sets_a_new_end_and_keeps_the_token) {
  auto const granted = claim("A", {"x"}, {{"ttl_seconds", 60}});
  pass(50s);
  auto const renewed = on("renew_claim", granted.text("/claims/0/id"),
                          {{"ttl_seconds", 600}, {"fencing_token", granted.text("/fencing_token")}});
  ASSERT_EQ(renewed.status, 200U) << renewed.code;
  EXPECT_EQ(parse_timestamp(renewed.text("/expires_at")), api.clock.now() + 600s);
  EXPECT_EQ(renewed.text("/fencing_token"), granted.text("/fencing_token"));
  pass(1h);
  pass(1h);
  EXPECT_EQ(on("renew_claim", granted.text("/claims/0/id")).status, 409U);
}

TEST_F(Claims, Hazard7_a_release_frees_at_once_and_only_for_its_holder) {
  auto const token_a = call("start_session", {{"alias", "A3"}}).text("/session_token");
  auto const token_b = call("start_session", {{"alias", "B3"}}).text("/session_token");
  auto const granted = claim("A3", {"x"});
  auto const id = granted.text("/claims/0/id");
  EXPECT_EQ(on("release_claim", id, {}, token_b).code, "AUTH-USR-1003");
  EXPECT_EQ(claim("B", {"x"}).code, "CLAIM-USR-3001");
  auto const released = on("release_claim", id, {}, token_a);
  EXPECT_EQ(released.text("/state"), "ended");
  EXPECT_EQ(released.text("/end_reason"), "released");
  EXPECT_EQ(last_event().at("action"), "FILE_RELEASE");
  EXPECT_EQ(on("release_claim", id, {}, token_a).code, "CLAIM-USR-3002")
      << "a repeated release changes nothing and says so";
  EXPECT_EQ(claim("B", {"x"}).status, 201U);
  EXPECT_EQ(on("release_claim", id, {}, token_a).code, "CLAIM-USR-3002") << "and frees nobody else's claim";
  EXPECT_EQ(items("list_claims").size(), 1U);
}

TEST_F(Claims, an_admin_takes_a_claim_away_with_a_reason_that_is_logged_and_audited) {
  auto const granted = claim("A", {"x"});
  auto const id = granted.text("/claims/0/id");
  EXPECT_EQ(on("force_release_claim", id).code, "API-USR-2001") << "a reason is required";
  auto const member_token = call("start_session", {{"alias", "M"}}).text("/session_token");
  EXPECT_EQ(on("force_release_claim", id, {{"reason", "because"}}, member_token).code, "AUTH-USR-1003");
  EXPECT_EQ(on("force_release_claim", id, {{"reason", "agent hangs"}}).text("/end_reason"), "forced");
  EXPECT_EQ(last_event().at("data").at("reason"), "agent hangs");
  EXPECT_EQ(on("force_release_claim", id, {{"reason", "again"}}).code, "API-USR-2003");
  EXPECT_EQ(on("force_release_claim", "01890a5d-ac96-774b-bcce-b302099a8057", {{"reason", "x"}}).code, "API-USR-2002");
}

TEST_F(Claims, check_writes_nothing_and_leaves_out_the_sessions_own) {
  ASSERT_EQ(claim("A", {"src/"}).status, 201U);
  auto const events = items("list_events").size();
  auto const met = call("check_claims", {{"session", "B"}, {"targets", json::array{"src/x", "docs/"}}});
  EXPECT_EQ(met.text("/clear"), "false");
  EXPECT_EQ(met.text("/conflicts/0/target"), "src/");
  EXPECT_EQ(call("check_claims", {{"session", "A"}, {"targets", json::array{"src/x"}}}).text("/clear"), "true");
  EXPECT_EQ(items("list_events").size(), events);
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"x"}}, {"fencing_token", std::string(32, '0')}}).code,
            "API-USR-2001");
}

TEST_F(Claims, Hazard3_of_many_callers_at_once_exactly_one_wins) {
  for (int const callers : {2, 8, 64}) {
    auto const path = "race/" + std::to_string(callers);
    for (int i = 0; i < callers; ++i) start("R" + std::to_string(callers) + "-" + std::to_string(i));
    std::atomic<int> winners = 0;
    std::atomic<int> losers = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < callers; ++i)
      threads.emplace_back([&, i] {
        auto const reply = claim("R" + std::to_string(callers) + "-" + std::to_string(i), {path});
        if (reply.status == 201) ++winners;
        if (reply.code == "CLAIM-USR-3001") ++losers;
      });
    threads.clear();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, callers - 1);
  }
}

TEST_F(Claims, refusals_come_in_order) {
  EXPECT_EQ(
      api.call("create_claims", {{"project", "nothing"}, {"session", "A"}, {"targets", json::array{"../x"}}}, owner)
          .code,
      "API-USR-2001")
      << "422 before 404";
  EXPECT_EQ(api.call("create_claims", {{"project", "nothing"}, {"targets", 1}}, "codi_not_a_token").code,
            "AUTH-USR-1002")
      << "401 before 422";
  EXPECT_EQ(claim("nobody", {"x"}).code, "API-USR-2002");
}

}  // namespace
}  // namespace codi::testing
