#include "support/waiting.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(Waiting, shared_claims_stand_beside_each_other_and_keep_exclusive_ones_out) {
  auto const a = claimed("A", "src/", {{"mode", "shared"}});
  claimed("B", "src/x.rs", {{"mode", "shared"}});
  EXPECT_EQ(claim("C", {"src/x.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("C", {"src/y.rs"}).text("/conflicts/0/mode"), "shared");
  claimed("C", "docs/");
  EXPECT_EQ(claim("A", {"docs/a.md"}, {{"mode", "shared"}}).code, "CLAIM-USR-3001");
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"src/"}}, {"mode", "shared"}}).text("/clear"), "true");
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"src/"}}}).text("/clear"), "false");
}

TEST_F(Waiting, a_mode_is_changed_in_place) {
  auto const mine = claim("A", {"src/x.rs"}, {{"mode", "shared"}});
  auto const id = mine.text("/claims/0/id");
  auto const other = claimed("B", "src/x.rs", {{"mode", "shared"}});
  auto const refused = on("set_claim_mode", id, {{"mode", "exclusive"}});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001");
  EXPECT_EQ(refused.text("/conflicts/0/session_alias"), "B");
  ASSERT_EQ(on("release_claim", other).status, 200U);
  auto const raised = on("set_claim_mode", id, {{"mode", "exclusive"}});
  ASSERT_EQ(raised.status, 200U) << raised.code;
  EXPECT_EQ(raised.text("/id"), id);
  EXPECT_EQ(raised.text("/mode"), "exclusive");
  EXPECT_GT(raised.text("/fencing_token"), mine.text("/fencing_token"));
  EXPECT_EQ(claim("B", {"src/x.rs"}, {{"mode", "shared"}}).code, "CLAIM-USR-3001");
  auto const lowered = on("set_claim_mode", id, {{"mode", "shared"}});
  EXPECT_EQ(lowered.text("/fencing_token"), raised.text("/fencing_token"));
  claimed("B", "src/x.rs", {{"mode", "shared"}});
}

TEST_F(Waiting, the_same_target_again_raises_the_mode_and_never_lowers_it) {
  auto const shared = claim("A", {"src/x.rs"}, {{"mode", "shared"}});
  auto const raised = claim("A", {"src/x.rs"});
  EXPECT_EQ(raised.text("/claims/0/id"), shared.text("/claims/0/id"));
  EXPECT_EQ(raised.text("/claims/0/mode"), "exclusive");
  EXPECT_GT(raised.text("/fencing_token"), shared.text("/fencing_token"));
  EXPECT_EQ(claim("A", {"src/x.rs"}, {{"mode", "shared"}}).text("/claims/0/mode"), "exclusive");
  EXPECT_EQ(claim("B", {"src/x.rs"}, {{"mode", "shared"}}).code, "CLAIM-USR-3001");
}

TEST_F(Waiting, what_overlaps_across_branches_is_for_the_project_to_say) {
  start("main", {{"branch", "main"}, {"worktree", "/w/main"}});
  start("topic", {{"branch", "topic"}, {"worktree", "/w/topic"}});
  start("again", {{"branch", "main"}, {"worktree", "/w/again"}});
  start("here", {{"worktree", "/w/here"}});
  start("there", {{"worktree", "/w/there"}});
  ASSERT_EQ(claim("main", {"src/x.rs", "port:80"}).status, 201U);
  auto const warned = claim("topic", {"src/x.rs"});
  ASSERT_EQ(warned.status, 201U) << warned.code;
  EXPECT_EQ(warned.text("/cross_branch"), "warn");
  EXPECT_EQ(warned.text("/warnings/0/session_alias"), "main");
  EXPECT_EQ(claim("topic", {"port:80"}).code, "CLAIM-USR-3001") << "a port has no branch";
  EXPECT_EQ(claim("again", {"src/x.rs"}).code, "CLAIM-USR-3001") << "two working trees of one branch";
  claimed("here", "src/y.rs");
  EXPECT_EQ(claim("there", {"src/y.rs"}).text("/cross_branch"), "warn");
  auto const set = [&](char const* policy) {
    EXPECT_EQ(call("update_project", {{"policies", {{"cross_branch", policy}}}}).status, 200U);
  };
  set("allow");
  auto const allowed = claim("topic", {"src/"});
  EXPECT_EQ(allowed.status, 201U);
  EXPECT_EQ(allowed.text("/cross_branch"), "null");
  EXPECT_EQ(allowed.text("/warnings"), "[]");
  set("block");
  EXPECT_EQ(claim("topic", {"src/x.rs", "src/z.rs"}).code, "CLAIM-USR-3001");
}

TEST_F(Waiting, who_came_first_is_served_first_and_sees_its_place) {
  auto const held = claimed("A", "src/x.rs");
  auto const b = queued("B", {"src/x.rs"});
  auto const second = claim("C", {"src/x.rs"}, {{"queue", true}});
  EXPECT_EQ(second.text("/place"), "2");
  EXPECT_EQ(second.text("/claims"), "[]");
  auto const view = ticket(second.text("/ticket"));
  EXPECT_EQ(view.text("/place"), "2");
  EXPECT_EQ(view.text("/state"), "waiting");
  EXPECT_EQ(view.text("/conflicts/0/session_alias"), "A");
  EXPECT_EQ(items("list_tickets").size(), 2U);
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(state_of(b), "granted");
  EXPECT_EQ(holder_of("src/x.rs"), "B");
  auto const event = last_event("FILE_CLAIM");
  EXPECT_EQ(event.at("session_alias"), "B");
  EXPECT_EQ(event.at("data").at("ticket"), json::value(b));
  EXPECT_EQ(ticket(second.text("/ticket")).text("/place"), "1");
  ASSERT_EQ(on("release_claim", ticket(b).text("/claim_ids/0")).status, 200U);
  EXPECT_EQ(state_of(second.text("/ticket")), "granted");
  EXPECT_TRUE(items("list_tickets").empty());
}

TEST_F(Waiting, what_is_free_is_granted_at_once) {
  EXPECT_EQ(claim("A", {"src/x.rs"}, {{"queue", true}}).status, 201U);
  EXPECT_EQ(claim("B", {"docs/"}, {{"wait_seconds", 60}}).status, 201U);
  EXPECT_EQ(claim("B", {"docs/"}, {{"wait_seconds", 60}, {"queue", true}}).code, "API-USR-2001");
}

TEST_F(Waiting, nobody_overtakes_who_waits) {
  auto const held = claimed("A", "src/x.rs");
  auto const big = queued("B", {"src/"});
  auto const refused = claim("C", {"src/new.rs"});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001") << "though nobody holds it";
  EXPECT_EQ(refused.text("/waiting/0/session_alias"), "B");
  EXPECT_EQ(refused.text("/conflicts"), "[]");
  EXPECT_EQ(call("check_claims", {{"targets", json::array{"src/new.rs"}}}).text("/clear"), "false");
  EXPECT_EQ(claim("A", {"src/other.rs"}).status, 201U) << "who holds what the other waits for must be able to finish";
  EXPECT_EQ(claim("C", {"docs/"}).status, 201U);
  auto const small = queued("C", {"src/new.rs"});
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(state_of(big), "waiting");
  ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  EXPECT_EQ(state_of(big), "granted");
  EXPECT_EQ(state_of(small), "waiting");
}

TEST_F(Waiting, a_priority_goes_first_but_not_for_ever) {
  auto const held = claimed("A", "src/x.rs");
  auto const old = queued("B", {"src/x.rs"});
  pass(4min);
  auto const high = queued("C", {"src/x.rs"}, {{"priority", "high"}});
  EXPECT_EQ(ticket(high).text("/place"), "1");
  pass(2min);
  EXPECT_EQ(ticket(queued("D", {"src/x.rs"}, {{"priority", "high"}})).text("/place"), "3")
      << "who has waited for longer than the head start is not overtaken";
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(state_of(high), "granted");
  EXPECT_EQ(state_of(old), "waiting");
}

TEST_F(Waiting, Hazard4_a_batch_waits_for_all_and_gets_all) {
  auto const x = claimed("A", "src/x.rs");
  auto const y = claimed("B", "src/y.rs");
  auto const both = queued("C", {"src/x.rs", "src/y.rs"});
  ASSERT_EQ(on("release_claim", x).status, 200U);
  EXPECT_EQ(state_of(both), "waiting");
  EXPECT_EQ(holder_of("src/x.rs"), "nobody");
  ASSERT_EQ(on("release_claim", y).status, 200U);
  EXPECT_EQ(state_of(both), "granted");
  EXPECT_EQ(ticket(both).body.at("claim_ids").as_array().size(), 2U);
}

TEST_F(Waiting, Hazard7_a_release_that_changes_nothing_lets_nobody_through) {
  auto const held = claimed("A", "src/x.rs");
  auto const next = queued("B", {"src/x.rs"});
  auto const last = queued("C", {"src/x.rs"});
  EXPECT_EQ(call("release_claim", {{"claim", held}}, start("E")).code, "AUTH-USR-1003") << "not the holder";
  EXPECT_EQ(state_of(next), "waiting");
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(on("release_claim", held).code, "CLAIM-USR-3002") << "again";
  EXPECT_EQ(state_of(next), "granted");
  EXPECT_EQ(state_of(last), "waiting");
}

// Whatever two targets of one ticket are called, each of them is waited for (hazard 6).
TEST_F(Waiting, Hazard6_targets_that_begin_alike_are_each_waited_for) {
  for (auto const& [kept, freed] : {std::pair{"a", "a/"}, std::pair{"s/*.h", "s/*.c"}, std::pair{"s/*.c", "s/*.h"}}) {
    auto const held = claimed("A", freed);
    auto const both = queued("B", {freed, kept});
    EXPECT_EQ(claim("C", {kept}).code, "CLAIM-USR-3001") << kept;
    EXPECT_EQ(claim("C", {freed}).text("/waiting/0/ticket"), both) << freed;
    ASSERT_EQ(on("release_claim", held).status, 200U);
    EXPECT_EQ(state_of(both), "granted") << freed;
    for (auto const& id : ticket(both).body.at("claim_ids").as_array())
      EXPECT_EQ(on("release_claim", std::string(id.as_string())).status, 200U);
  }
}

TEST_F(Waiting, who_may_pass_for_a_files_branch_waits_for_a_port) {
  start("main", {{"branch", "main"}});
  start("topic", {{"branch", "topic"}});
  claimed("A", "port:80");
  auto const first = queued("main", {"src/x.rs", "port:80"});
  auto const second = claim("topic", {"src/x.rs", "port:80"}, {{"queue", true}});
  ASSERT_EQ(second.status, 202U) << second.code;
  EXPECT_EQ(second.text("/place"), "2");
}

TEST_F(Waiting, those_who_share_are_served_together) {
  auto const held = claimed("A", "src/x.rs");
  auto const b = queued("B", {"src/x.rs"}, {{"mode", "shared"}});
  auto const c = queued("C", {"src/"}, {{"mode", "shared"}});
  auto const d = queued("D", {"src/x.rs"});
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(state_of(b), "granted");
  EXPECT_EQ(state_of(c), "granted");
  EXPECT_EQ(state_of(d), "waiting");
}

// Whatever ends a claim, who waits for it is served (hazard 6).
TEST_F(Waiting, Hazard6_every_end_of_a_claim_serves_the_line) {
  auto const round = [&](std::string const& what, std::string const& mode, auto end) {
    start("H-" + what);
    start("W-" + what);
    auto const id = claimed("H-" + what, what + "/x", {{"mode", mode}});
    auto const waiting = queued("W-" + what, {what + "/x"}, {{"mode", mode == "shared" ? "exclusive" : "shared"}});
    EXPECT_EQ(state_of(waiting), "waiting") << what;
    end(id, "H-" + what, "W-" + what);
    EXPECT_EQ(state_of(waiting), "granted") << what;
  };
  using Text = std::string const&;
  round("release", "exclusive", [&](Text id, Text, Text) { on("release_claim", id); });
  round("shared-release", "shared", [&](Text id, Text, Text) { on("release_claim", id); });
  round("force", "exclusive", [&](Text id, Text, Text) { on("force_release_claim", id, {{"reason", "gone"}}); });
  round("session-end", "exclusive", [&](Text, Text holder, Text) { call("end_session", {{"session", holder}}); });
  round("lowering", "exclusive", [&](Text id, Text, Text) { on("set_claim_mode", id, {{"mode", "shared"}}); });
  round("transfer", "exclusive", [&](Text id, Text, Text waiter) {
    // What it gets it need not wait for any more; it holds it twice as little as before.
    start("T");
    on("transfer_claim", id, {{"to_session", "T"}});
    call("end_session", {{"session", "T"}});
    EXPECT_NE(waiter, "");
  });
  round("moving", "exclusive", [&](Text, Text holder, Text) {
    EXPECT_EQ(call("move_claims", {{"session", holder}, {"from", "moving/x"}, {"to", "moving/y"}}).status, 200U);
  });
  round("asking", "exclusive", [&](Text id, Text, Text waiter) {
    EXPECT_EQ(on("request_release", id, {{"session", waiter}}).status, 200U);
    EXPECT_EQ(on("answer_release", id, {{"grant", true}}).status, 200U);
  });
  round("line", "exclusive", [&](Text, Text holder, Text) {
    EXPECT_EQ(call("write_line", {{"line", holder + ": FILE_RELEASE line/x"}}).status, 201U);
  });
  round("expiry", "exclusive", [&](Text, Text, Text waiter) {
    pass(30min);
    call("heartbeat_session", {{"session", waiter}});
    pass(30min + 3s);
    reap();
  });
}

TEST_F(Waiting, who_is_met_after_its_end_serves_those_before_it_first) {
  claimed("A", "src/x.rs", {{"ttl_seconds", 10}});
  auto const waiting = queued("B", {"src/x.rs"});
  pass(13s);
  EXPECT_EQ(claim("C", {"src/x.rs"}).code, "CLAIM-USR-3001") << "no reaper has met it";
  EXPECT_EQ(state_of(waiting), "granted");
  EXPECT_EQ(holder_of("src/x.rs"), "B");
}

TEST_F(Waiting, who_cancels_leaves_nothing_and_lets_the_next_go) {
  auto const held = claimed("A", "src/x.rs");
  auto const big = queued("B", {"src/"});
  auto const small = queued("C", {"src/new.rs"});
  EXPECT_EQ(call("cancel_ticket", {{"ticket", big}}).text("/state"), "withdrawn");
  EXPECT_EQ(state_of(small), "granted");
  EXPECT_EQ(state_of(big), "withdrawn");
  EXPECT_EQ(call("cancel_ticket", {{"ticket", big}}).status, 200U);
  EXPECT_EQ(call("cancel_ticket", {{"ticket", small}}).code, "API-USR-2003");
  EXPECT_EQ(last_event("INFO").at("data").at("ticket"), json::value(big));
  pass(2h);
  reap();
  EXPECT_EQ(ticket(big).status, 404U) << "forgotten";
  EXPECT_EQ(claim("D", {"docs/x"}).status, 409U) << "its session ended";
  EXPECT_EQ(on("release_claim", held).code, "CLAIM-USR-3002");
}

TEST_F(Waiting, a_session_that_ends_waits_no_more) {
  claimed("A", "src/x.rs");
  auto const big = queued("B", {"src/"});
  auto const small = queued("C", {"src/new.rs"});
  ASSERT_EQ(call("end_session", {{"session", "B"}}).status, 200U);
  EXPECT_EQ(state_of(big), "withdrawn");
  EXPECT_EQ(state_of(small), "granted");
}

TEST_F(Waiting, Hazard9_only_who_acts_for_the_session_cancels) {
  claimed("A", "src/x.rs");
  auto const mine = queued("B", {"src/x.rs"});
  auto const other = start("E");
  EXPECT_EQ(call("cancel_ticket", {{"ticket", mine}}, other).code, "AUTH-USR-1003");
  EXPECT_EQ(state_of(mine), "waiting");
}

TEST_F(Waiting, a_deadlock_is_refused_at_once_and_names_its_cycle) {
  claimed("A", "a");
  claimed("B", "b");
  claimed("C", "c");
  queued("A", {"b"});
  queued("B", {"c"});
  auto const refused = claim("C", {"a"}, {{"queue", true}});
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.code, "CLAIM-USR-3003");
  EXPECT_EQ(refused.text("/cycle"),
            R"(["C waits for a, held by A","A waits for b, held by B","B waits for c, held by C"])");
  EXPECT_EQ(items("list_tickets").size(), 2U);
  EXPECT_EQ(last_event("CLAIM_CONFLICT").at("data").at("deadlock").as_array().size(), 3U);
  EXPECT_EQ(claim("C", {"a"}, {{"wait_seconds", 60}}).code, "CLAIM-USR-3003");
}

TEST_F(Waiting, two_who_share_can_not_both_wait_to_be_alone) {
  claimed("A", "x", {{"mode", "shared"}});
  claimed("B", "x", {{"mode", "shared"}});
  queued("A", {"x"});
  EXPECT_EQ(claim("B", {"x"}, {{"queue", true}}).code, "CLAIM-USR-3003");
}

TEST_F(Waiting, a_transfer_that_would_close_a_cycle_is_refused) {
  auto const z = claimed("C", "z");
  claimed("B", "y");
  queued("A", {"y"});
  queued("B", {"z"});
  auto const refused = on("transfer_claim", z, {{"to_session", "A"}});
  EXPECT_EQ(refused.code, "CLAIM-USR-3003");
  EXPECT_EQ(holder_of("z"), "C");
}

TEST_F(Waiting, only_so_many_wait) {
  claimed("A", "src/");
  for (std::size_t i = 0; i < limits::kTickets; ++i)
    ASSERT_EQ(claim("B", {"src/" + std::to_string(i)}, {{"queue", true}}).status, 202U) << i;
  EXPECT_EQ(claim("C", {"src/x"}, {{"queue", true}}).code, "API-USR-2003");
  ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
  for (int i = 0; i < 80 && !items("list_tickets").empty(); ++i) {
    pass(10ms);
    reap();
  }
  EXPECT_TRUE(items("list_tickets").empty()) << "what one transaction does not serve, others do";
  EXPECT_EQ(items("list_claims", {{"session", "B"}, {"limit", 500}}).size(), 500U);
}

TEST_F(Waiting, a_request_waits_until_it_is_granted) {
  auto const held = claimed("A", "src/x.rs");
  auto request = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(request.is_held());
  EXPECT_EQ(items("list_tickets").size(), 1U);
  ASSERT_EQ(on("release_claim", held).status, 200U);
  auto const reply = request.reply();
  EXPECT_EQ(reply.status, 201U) << reply.code;
  EXPECT_EQ(reply.text("/claims/0/session_alias"), "B");
  EXPECT_EQ(holder_of("src/x.rs"), "B");
  EXPECT_TRUE(items("list_tickets").empty());
  EXPECT_EQ(api.runtime.waiting.waiting(), 0U);
}

TEST_F(Waiting, the_time_in_line_is_a_part_of_its_own) {
  auto const held = claimed("A", "src/x.rs");
  auto request = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(request.is_held());
  auto const waited_since = api::Laps::Clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  auto const waited = api::Laps::Clock::now() - waited_since;
  ASSERT_EQ(on("release_claim", held).status, 200U);
  ASSERT_EQ(request.answer.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_GE(request.answer.get().laps.of(api::Part::held), waited);
}

TEST_F(Waiting, a_request_whose_time_is_up_leaves_nothing) {
  auto const held = claimed("A", "src/x.rs");
  auto request = waits("B", "src/x.rs", 1);
  EXPECT_TRUE(request.is_held());
  pass(2s);
  auto const reply = request.reply();
  EXPECT_EQ(reply.code, "CLAIM-USR-3001");
  EXPECT_EQ(reply.text("/conflicts/0/session_alias"), "A");
  EXPECT_TRUE(items("list_tickets").empty());
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(holder_of("src/x.rs"), "nobody");
}

TEST_F(Waiting, Hazard5_who_has_gone_is_never_granted_anything) {
  auto const held = claimed("A", "src/x.rs");
  auto request = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(request.is_held());
  request.give_up();
  EXPECT_EQ(request.reply().status, 503U);
  EXPECT_TRUE(items("list_tickets").empty());
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(holder_of("src/x.rs"), "nobody");
  EXPECT_EQ(claim("C", {"src/x.rs"}).status, 201U);
}

TEST_F(Waiting, the_project_of_a_waiting_request_may_go) {
  claimed("A", "src/x.rs");
  auto request = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(request.is_held());
  ASSERT_EQ(call("delete_project").status, 204U);
  EXPECT_EQ(request.reply().status, 404U);
}

TEST_F(Waiting, an_offer_that_is_not_taken_goes_to_the_next) {
  Deaf deaf(*api.engine);
  auto server = api.runtime_on(deaf, api.facts);
  auto const held = claimed("A", "src/x.rs");
  auto lost = waits("B", "src/x.rs", 60, &server);
  EXPECT_TRUE(lost.is_held());
  auto const next = queued("C", {"src/x.rs"});
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(items("list_tickets").front().at("state"), "offered");
  EXPECT_EQ(claim("D", {"src/x.rs"}, {{"priority", "high"}}).code, "CLAIM-USR-3001") << "it is offered to another";
  EXPECT_EQ(state_of(next), "waiting");
  pass(5s);
  reap();
  EXPECT_EQ(state_of(next), "granted");
  lost.give_up();
  EXPECT_EQ(lost.reply().status, 503U);
  EXPECT_EQ(holder_of("src/x.rs"), "C");
}

TEST_F(Waiting, a_ticket_whose_server_is_gone_waits_no_more) {
  Deaf deaf(*api.engine);
  auto server = api.runtime_on(deaf, api.facts);
  claimed("A", "src/x.rs");
  auto lost = waits("B", "src/", 60, &server);
  EXPECT_TRUE(lost.is_held());
  auto const next = queued("C", {"src/new.rs"});
  pass(33s);
  reap();
  EXPECT_EQ(state_of(next), "granted");
  EXPECT_EQ(items("list_tickets").size(), 0U);
  lost.give_up();
  lost.reply();
}

TEST_F(Waiting, a_transfer_takes_the_claim_and_its_token_from_who_held_it) {
  auto const held = claim("A", {"src/x.rs"});
  auto const id = held.text("/claims/0/id");
  auto const moved = on("transfer_claim", id, {{"to_session", "B"}});
  ASSERT_EQ(moved.status, 200U) << moved.code;
  EXPECT_EQ(moved.text("/session_alias"), "B");
  EXPECT_GT(moved.text("/fencing_token"), held.text("/fencing_token"));
  EXPECT_EQ(on("renew_claim", id, {{"fencing_token", held.text("/fencing_token")}}).code, "CLAIM-USR-3002");
  EXPECT_EQ(last_event("FILE_CLAIM").at("data").at("from_session_alias"), "A");
  ASSERT_EQ(call("end_session", {{"session", "D"}}).status, 200U);
  EXPECT_EQ(on("transfer_claim", id, {{"to_session", "D"}}).code, "API-USR-2003");
  EXPECT_EQ(on("transfer_claim", id, {{"to_session", "nobody"}}).status, 404U);
}

TEST_F(Waiting, a_claim_goes_to_another_branch_only_where_nobody_holds_the_same) {
  start("main", {{"branch", "main"}});
  start("other", {{"branch", "main"}});
  start("topic", {{"branch", "topic"}});
  claimed("main", "src/x.rs");
  auto const id = claimed("topic", "src/x.rs");
  auto const refused = on("transfer_claim", id, {{"to_session", "other"}});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001");
  EXPECT_EQ(refused.text("/conflicts/0/session_alias"), "main");
  auto const offered =
      call("offer_handoff", {{"session", "topic"}, {"to", {{"session", "other"}}}, {"summary", "go on"}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  EXPECT_EQ(call("accept_handoff", {{"handoff", offered.text("/id")}, {"session", "other"}}).code, "CLAIM-USR-3001");
  ASSERT_EQ(call("end_session", {{"session", "main"}}).status, 200U);
  EXPECT_EQ(on("transfer_claim", id, {{"to_session", "other"}}).status, 200U);
}

TEST_F(Waiting, what_is_given_away_must_not_meet_what_is_kept) {
  auto const both = claim("A", {"src/x.rs", "src/"});
  auto const id = both.text("/claims/0/id");
  auto const refused = on("transfer_claim", id, {{"to_session", "B"}});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001");
  EXPECT_EQ(refused.text("/conflicts/0/target"), "src/");
  EXPECT_EQ(call("get_claim", {{"claim", id}}).text("/session_alias"), "A");
  ASSERT_EQ(on("release_claim", both.text("/claims/1/id")).status, 200U);
  EXPECT_EQ(on("transfer_claim", id, {{"to_session", "B"}}).status, 200U);
}

TEST_F(Waiting, a_handoff_is_not_taken_over_while_its_giver_holds_what_meets_it) {
  claimed("A", "src/x.rs");
  auto const offered =
      call("offer_handoff", {{"session", "A"}, {"to", {{"session", "B"}}}, {"summary", "s"}, {"with_claims", true}});
  ASSERT_EQ(offered.status, 201U) << offered.code << json::serialize(offered.body);
  auto const rest = claimed("A", "src/");
  json::object const taking{{"handoff", offered.text("/id")}, {"session", "B"}};
  EXPECT_EQ(call("accept_handoff", taking).code, "CLAIM-USR-3001");
  EXPECT_EQ(holder_of("src/x.rs"), "A");
  ASSERT_EQ(on("release_claim", rest).status, 200U);
  EXPECT_EQ(call("accept_handoff", taking).status, 200U);
  EXPECT_EQ(holder_of("src/x.rs"), "B");
}

TEST_F(Waiting, a_holder_is_asked_and_answers) {
  auto const id = claimed("A", "src/x.rs");
  auto const asked = on("request_release", id, {{"session", "B"}, {"reason", "a fix"}});
  ASSERT_EQ(asked.status, 200U) << asked.code;
  EXPECT_EQ(asked.text("/release_requests/0/session_alias"), "B");
  EXPECT_EQ(call("get_claim", {{"claim", id}}).text("/release_requests/0/reason"), "a fix");
  EXPECT_EQ(last_event("RELEASE_REQUEST").at("data").at("holder_session_alias"), "A");
  EXPECT_EQ(on("request_release", id, {{"session", "A"}}).code, "API-USR-2003");
  auto const kept = on("answer_release", id, {{"grant", false}, {"reason", "soon"}});
  EXPECT_EQ(kept.text("/release_requests"), "[]");
  EXPECT_EQ(last_event("RELEASE_REFUSED").at("text"), "keeps src/x.rs: soon");
  EXPECT_EQ(on("answer_release", id, {{"grant", true}}).code, "API-USR-2003") << "nobody asks";
  on("request_release", id, {{"session", "B"}});
  EXPECT_EQ(on("answer_release", id, {{"grant", true}}).text("/state"), "ended");
  EXPECT_EQ(on("request_release", id, {{"session", "B"}}).code, "API-USR-2003");
}

TEST_F(Waiting, Hazard13_claims_move_with_what_was_renamed) {
  auto const held = claim("A", {"src/old/x.rs", "src/old/", "src/old/*.md", "src/other.rs", "port:1"});
  ASSERT_EQ(held.status, 201U) << held.code;
  auto const moved = call("move_claims", {{"session", "A"}, {"from", "src/old"}, {"to", "lib/new/"}});
  ASSERT_EQ(moved.status, 200U) << moved.code << json::serialize(moved.body);
  std::vector<std::string> targets;
  for (auto const& one : moved.body.at("claims").as_array()) targets.emplace_back(one.at("target").as_string());
  EXPECT_EQ(targets, (std::vector<std::string>{"lib/new/*.md", "lib/new/x.rs", "lib/new/"}));
  EXPECT_GT(moved.text("/fencing_token"), held.text("/fencing_token"));
  EXPECT_EQ(last_event("FILE_CLAIM").at("text"), "src/old is lib/new now");
  EXPECT_EQ(claim("B", {"src/old/x.rs"}).status, 201U);
  EXPECT_EQ(claim("B", {"lib/new/y.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(claim("B", {"src/other.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(call("move_claims", {{"session", "A"}, {"from", "nothing"}, {"to", "x"}}).status, 404U);
  EXPECT_EQ(call("move_claims", {{"session", "A"}, {"from", "*.c"}, {"to", "x"}}).code, "API-USR-2001");
}

TEST_F(Waiting, a_move_onto_what_another_holds_is_refused_whole) {
  ASSERT_EQ(claim("A", {"src/a", "src/b"}).status, 201U);
  claimed("B", "lib/b");
  auto const refused = call("move_claims", {{"session", "A"}, {"from", "src/"}, {"to", "lib/"}});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001");
  EXPECT_EQ(holder_of("src/a"), "A");
  EXPECT_EQ(holder_of("lib/a"), "nobody");
}

TEST_F(Waiting, nothing_is_taken_because_the_clock_was_moved_meanwhile) {
  claimed("A", "src/x.rs", {{"ttl_seconds", 60}});
  auto request = waits("B", "src/x.rs", 1);
  EXPECT_TRUE(request.is_held());
  api.clock.step(30min);
  pass(1s);
  EXPECT_EQ(request.reply().code, "CLAIM-USR-3001");
  EXPECT_EQ(holder_of("src/x.rs"), "A");
}

TEST_F(Waiting, Hazard6_who_ends_more_than_it_can_at_once_serves_the_line_too) {
  json::array many;
  for (std::size_t i = 0; i < limits::kClaimsEndedAtOnce; ++i) many.emplace_back("src/a" + std::to_string(i));
  many.emplace_back("src/z");
  auto const round = [&](std::string const& by, auto meet) {
    start("H-" + by);
    ASSERT_EQ(call("create_claims", {{"session", "H-" + by}, {"targets", many}, {"ttl_seconds", 10}}).status, 201U);
    auto const waiting = queued("B", {"src/a*"});
    pass(13s);
    EXPECT_EQ(meet().code, "API-SYS-2501") << by;
    reap();  // what has no room in one transaction beside so many ends
    EXPECT_EQ(state_of(waiting), "granted") << by;
    for (auto const& held : items("list_claims", {{"session", "B"}}))
      on("release_claim", std::string(held.at("id").as_string()));
    reap();
  };
  round("claim", [&] { return claim("C", {"src/"}); });
  round("line", [&] { return call("write_line", {{"line", "C: FILE_CLAIM src/"}}); });
  claimed("D", "old/");
  round("move", [&] { return call("move_claims", {{"session", "D"}, {"from", "old"}, {"to", "src"}}); });
}

TEST_F(Waiting, Hazard6_who_finds_no_room_serves_what_it_has_ended) {
  claimed("A", "src/", {{"ttl_seconds", 10}});
  ASSERT_EQ(claim("D", {"docs/1", "docs/2"}).status, 201U);
  auto request = waits("B", "src/a", 1);
  EXPECT_TRUE(request.is_held());
  auto const next = queued("C", {"src/b"});
  api.runtime.settings.quotas = {.sessions = {}, .claims = 1, .events_per_minute = {}, .storage_bytes = {}};
  pass(13s);
  EXPECT_EQ(request.reply().code, "API-USR-2012");
  EXPECT_EQ(state_of(next), "granted");
}

TEST_F(Waiting, a_grant_past_who_waits_longer_that_would_close_a_cycle_is_refused) {
  claimed("B", "b");
  claimed("C", "c");
  auto const low = queued("B", {"c", "d"}, {{"priority", "low"}});
  queued("A", {"b"});
  auto const refused = claim("A", {"d"});
  EXPECT_EQ(refused.code, "CLAIM-USR-3003");
  EXPECT_EQ(refused.text("/cycle"), R"(["A waits for b, held by B","B waits for d, held by A"])");
  EXPECT_EQ(holder_of("d"), "nobody");
  EXPECT_EQ(claim("A", {"e"}).status, 201U);
  EXPECT_EQ(call("move_claims", {{"session", "A"}, {"from", "e"}, {"to", "d"}}).code, "CLAIM-USR-3003");
  EXPECT_EQ(holder_of("e"), "A");
  ASSERT_EQ(call("cancel_ticket", {{"ticket", low}}).status, 200U);
  EXPECT_EQ(claim("A", {"d"}).status, 201U);
}

TEST_F(Waiting, what_ran_out_in_the_way_of_a_handoff_goes_to_nobody_else_first) {
  start("main", {{"branch", "main"}});
  start("taker", {{"branch", "main"}});
  start("next", {{"branch", "main"}});
  start("topic", {{"branch", "topic"}});
  claimed("topic", "src/x.rs");
  claimed("main", "src/x.rs", {{"ttl_seconds", 10}});
  auto const waiting = queued("next", {"src/x.rs"});
  auto const offered =
      call("offer_handoff", {{"session", "topic"}, {"to", {{"session", "taker"}}}, {"summary", "go on"}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  pass(13s);
  EXPECT_EQ(call("accept_handoff", {{"handoff", offered.text("/id")}, {"session", "taker"}}).status, 200U);
  EXPECT_EQ(items("list_claims", {{"path", "src/x.rs"}}).size(), 1U);
  EXPECT_EQ(holder_of("src/x.rs"), "taker");
  EXPECT_EQ(state_of(waiting), "waiting");
}

TEST_F(Waiting, nobody_holds_a_target_twice_by_a_handoff) {
  claimed("A", "src/x.rs", {{"mode", "shared"}});
  auto const own = claimed("B", "src/x.rs", {{"mode", "shared"}});
  auto const offered = call("offer_handoff", {{"session", "A"}, {"to", {{"session", "B"}}}, {"summary", "s"}});
  ASSERT_EQ(offered.status, 201U) << offered.code;
  json::object const taking{{"handoff", offered.text("/id")}, {"session", "B"}};
  EXPECT_EQ(call("accept_handoff", taking).code, "API-USR-2003");
  ASSERT_EQ(on("release_claim", own).status, 200U);
  EXPECT_EQ(call("accept_handoff", taking).status, 200U);
}

TEST_F(Waiting, a_move_onto_what_one_shares_is_exclusive_if_what_moved_was) {
  auto const alone = claim("A", {"src/a"});
  auto const shared = claim("A", {"src/b"}, {{"mode", "shared"}});
  auto const moved = call("move_claims", {{"session", "A"}, {"from", "src/a"}, {"to", "src/b"}});
  ASSERT_EQ(moved.status, 200U) << moved.code;
  EXPECT_EQ(moved.text("/claims/0/id"), shared.text("/claims/0/id"));
  EXPECT_EQ(moved.text("/claims/0/mode"), "exclusive");
  EXPECT_GT(moved.text("/fencing_token"), shared.text("/fencing_token"));
  EXPECT_EQ(call("get_claim", {{"claim", alone.text("/claims/0/id")}}).text("/state"), "ended");
  EXPECT_EQ(claim("B", {"src/b"}, {{"mode", "shared"}}).code, "CLAIM-USR-3001");
}

TEST_F(Waiting, Hazard13_a_move_below_itself_loses_no_claim) {
  ASSERT_EQ(claim("A", {"src/"}).status, 201U);
  ASSERT_EQ(claim("A", {"src/core/"}).status, 201U);
  auto const moved = call("move_claims", {{"session", "A"}, {"from", "src"}, {"to", "src/core"}});
  ASSERT_EQ(moved.status, 200U) << moved.code;
  std::vector<std::string> targets;
  for (auto const& one : items("list_claims", {{"session", "A"}})) targets.emplace_back(one.at("target").as_string());
  EXPECT_EQ(targets, (std::vector<std::string>{"src/core/core/", "src/core/"}));
  EXPECT_EQ(claim("B", {"src/core/x"}).code, "CLAIM-USR-3001");
}

TEST_F(Waiting, Hazard6_what_a_project_tolerates_from_now_on_is_waited_for_no_more) {
  ASSERT_EQ(call("update_project", {{"policies", {{"cross_branch", "block"}}}}).status, 200U);
  start("main", {{"branch", "main"}});
  start("topic", {{"branch", "topic"}});
  claimed("main", "src/x.rs");
  auto const waiting = queued("topic", {"src/x.rs"});
  ASSERT_EQ(call("update_project", {{"policies", {{"gates", "off"}}}}).status, 200U);
  reap();
  EXPECT_EQ(state_of(waiting), "waiting");
  ASSERT_EQ(call("update_project", {{"policies", {{"cross_branch", "allow"}}}}).status, 200U);
  reap();
  EXPECT_EQ(state_of(waiting), "granted");
}

TEST_F(Waiting, a_held_request_whose_ticket_is_cancelled_ends) {
  auto const held = claimed("A", "src/x.rs");
  auto request = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(request.is_held());
  auto const id = std::string(items("list_tickets").front().at("id").as_string());
  ASSERT_EQ(call("cancel_ticket", {{"ticket", id}}).text("/state"), "withdrawn");
  EXPECT_EQ(request.reply().code, "API-USR-2003");
  EXPECT_TRUE(items("list_tickets").empty());
  EXPECT_EQ(state_of(id), "withdrawn");
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(holder_of("src/x.rs"), "nobody");
}

TEST_F(Waiting, who_has_no_room_for_it_does_not_queue) {
  claimed("A", "src/x.rs");
  api.runtime.settings.quotas = {.sessions = {}, .claims = 1, .events_per_minute = {}, .storage_bytes = {}};
  EXPECT_EQ(claim("B", {"src/x.rs"}, {{"queue", true}}).code, "API-USR-2012");
  EXPECT_TRUE(items("list_tickets").empty());
  EXPECT_EQ(claim("B", {"src/x.rs"}).code, "CLAIM-USR-3001");
}

TEST_F(Waiting, what_could_not_be_granted_in_one_transaction_is_not_waited_for) {
  auto const ask = [&](std::size_t length, json::object how) {
    json::array targets;
    for (std::size_t i = 0; i < limits::kTargetsPerBatch; ++i)
      targets.push_back(json::string("src/" + std::to_string(i) + "/" + std::string(length, '"')));
    how["session"] = "B";
    how["targets"] = std::move(targets);
    return call("create_claims", std::move(how));
  };
  auto const held = claimed("A", "src/");
  EXPECT_EQ(ask(400, {{"wait_seconds", 5}}).status, 413U);
  EXPECT_EQ(ask(400, {{"queue", true}}).status, 413U);
  EXPECT_TRUE(items("list_tickets").empty());
  std::string ticket;
  for (std::size_t length = 120; ticket.empty() || length < 400; length += 10) {
    auto const queued = ask(length, {{"queue", true}});
    if (queued.status != 202U) break;
    if (!ticket.empty()) {
      ASSERT_EQ(call("cancel_ticket", {{"ticket", ticket}}).status, 200U);
    }
    ticket = queued.text("/ticket");
  }
  ASSERT_FALSE(ticket.empty()) << "a batch of usual paths is waited for";
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(state_of(ticket), "granted") << "the longest that was taken";
}

TEST_F(Waiting, a_deadlock_is_found_over_any_number_who_hold_or_wait) {
  claimed("A", "a");
  claimed("B", "b");
  claimed("C", "c");
  queued("B", {"a", "x"});
  auto const behind = queued("C", {"x"});
  auto const refused = claim("A", {"c"}, {{"queue", true}});
  EXPECT_EQ(refused.code, "CLAIM-USR-3003");
  EXPECT_EQ(refused.text("/cycle"),
            R"(["A waits for c, held by C","C waits for x, waited for by B","B waits for a, held by A"])");
  ASSERT_EQ(call("cancel_ticket", {{"ticket", behind}}).status, 200U);
  queued("C", {"b"});
  EXPECT_EQ(claim("A", {"c"}, {{"queue", true}}).text("/cycle"),
            R"(["A waits for c, held by C","C waits for b, held by B","B waits for a, held by A"])");
  queued("D", {"c"});
}

TEST_F(Waiting, a_long_line_is_not_followed_for_each_who_comes) {
  claimed("A", "src/x.rs");
  std::vector<std::uint64_t> reads;
  for (int i = 0; i < 80; ++i) {
    auto const alias = "W" + std::to_string(i);
    start(alias);
    claimed(alias, "own/" + alias);
    auto const before = api.engine->reads();
    queued(alias, {"src/x.rs"});
    reads.push_back(api.engine->reads() - before);
  }
  EXPECT_LT(reads.at(79), 6 * reads.at(19)) << "four times as many wait";
}

}  // namespace
}  // namespace codi::testing
