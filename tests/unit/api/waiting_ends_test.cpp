#include "support/shifted_clock.hpp"
#include "support/waiting.hpp"

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class WaitingEnds : public Waiting {
 protected:
  /// `work` until `done`, as when a server looks again and again.
  template <class Done>
  bool becomes(Done done) {
    for (int i = 0; i < 100; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }
  std::string only_ticket(std::string_view member) {
    auto const waiting = items("list_tickets");
    return waiting.size() == 1 ? json::serialize(waiting.front().at(member)) : "(not one)";
  }
  /// Until the reaper has nothing more to do.
  void reap_all() {
    for (std::size_t met = 1, i = 0; met > 0 && i < 100; ++i) {
      pass(10ms);
      met = api::Reaper(api.runtime).run_once();
    }
  }
  static json::array many(std::string const& directory, std::size_t count, std::string const& name = "") {
    json::array out;
    for (std::size_t i = 0; i < count; ++i) out.emplace_back(fmt::format("{}/{}{}", directory, name, i));
    return out;
  }
};

TEST_F(WaitingEnds, a_request_that_loses_its_ticket_waits_for_what_is_left_of_its_time) {
  claimed("A", "src/x.rs");
  auto const ends = api.clock.now() + 60s;
  auto request = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(request.is_held());
  auto const lost = only_ticket("id");
  pass(33s);
  reap();
  EXPECT_TRUE(becomes([&] { return only_ticket("id") != lost && only_ticket("id") != "(not one)"; }));
  EXPECT_EQ(only_ticket("gives_up_at"), '"' + to_string(ends) + '"');
  pass(33s);
  reap();
  EXPECT_EQ(request.reply().code, "CLAIM-USR-3001");
  EXPECT_TRUE(items("list_tickets").empty());
}

TEST_F(WaitingEnds, a_request_waits_as_long_as_it_said_however_the_clock_is_moved) {
  claimed("A", "src/x.rs");
  for (auto const by : {std::chrono::milliseconds(30min), std::chrono::milliseconds(-2h)}) {
    auto request = waits("B", "src/x.rs", 1);
    EXPECT_TRUE(request.is_held());
    api.clock.step(by);
    // It looks again after a second of the machine, in which the clocks of the test stand still.
    EXPECT_EQ(request.answer.wait_for(1'500ms), std::future_status::timeout) << by.count();
    pass(1s);
    EXPECT_EQ(request.reply().code, "CLAIM-USR-3001") << by.count();
    EXPECT_TRUE(items("list_tickets").empty()) << by.count();
  }
}

TEST_F(WaitingEnds, what_is_offered_is_not_lost_because_the_clock_was_moved) {
  Deaf deaf(*api.engine);
  auto server = api.runtime_on(deaf, api.facts);
  auto const held = claimed("A", "src/x.rs");
  auto offered = waits("B", "src/x.rs", 60, &server);
  EXPECT_TRUE(offered.is_held());
  ASSERT_EQ(on("release_claim", held).status, 200U);
  ASSERT_EQ(only_ticket("state"), R"("offered")");
  api.clock.step(1h);
  EXPECT_EQ(claim("D", {"src/x.rs"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(only_ticket("state"), R"("offered")");
  reap();
  pass(61s);
  reap();
  EXPECT_TRUE(items("list_tickets").empty()) << "its time is over by the new clock, which is trusted now";
  offered.give_up();
  offered.reply();
  EXPECT_EQ(claim("D", {"src/x.rs"}).status, 201U);
}

TEST_F(WaitingEnds, Hazard6_a_request_whose_session_has_run_out_holds_up_nobody) {
  ShiftedClock const ahead(api.clock, 1'500ms);
  auto server = api.runtime_on(*api.engine, api.facts, ahead);
  auto const held = claimed("A", "src/x.rs");
  start("short", {{"ttl_seconds", 30}});
  auto request = waits("short", "src/x.rs", 60, &server);
  EXPECT_TRUE(request.is_held());
  auto const next = queued("C", {"src/x.rs"});
  pass(32'500ms);
  ASSERT_EQ(on("release_claim", held).status, 200U) << "here it is offered, there it comes too late";
  auto const reply = request.reply();
  EXPECT_EQ(reply.code, "API-USR-2003");
  EXPECT_EQ(reply.text("/detail"), "session short has ended (expired)");
  EXPECT_EQ(state_of(next), "granted");
  EXPECT_TRUE(items("list_tickets").empty());
}

TEST_F(WaitingEnds, Hazard6_a_request_that_waits_ends_though_its_tenant_may_store_no_more) {
  auto const held = claimed("A", "src/x.rs");
  auto leaves = waits("B", "src/x.rs", 60);
  EXPECT_TRUE(leaves.is_held());
  auto stays = waits("C", "src/x.rs", 60);
  EXPECT_TRUE(stays.is_held());
  api.runtime.settings.quotas.storage_bytes = 0;
  EXPECT_EQ(waits("D", "src/x.rs", 60).reply().status, 409U);
  leaves.give_up();
  EXPECT_EQ(leaves.reply().status, 503U);
  EXPECT_EQ(only_ticket("session_alias"), R"("C")");
  ASSERT_EQ(on("release_claim", held).status, 200U);
  EXPECT_EQ(stays.reply().status, 201U);
}

// Each of those who are served ends what has run out in its way: together more than a transaction may write.
TEST_F(WaitingEnds, Hazard6_many_who_are_served_at_once_end_no_more_than_one_transaction_can) {
  auto const gate = claimed("A", "gate");
  std::vector<std::string> waiting;
  for (std::size_t i = 0; i < limits::kTicketsServedAtOnce; ++i) {
    auto const directory = fmt::format("d{}", i);
    ASSERT_EQ(
        call("create_claims",
             {{"session", "B"}, {"targets", many(directory, limits::kClaimsEndedAtOnce - 10)}, {"ttl_seconds", 10}})
            .status,
        201U);
    start("W" + directory);
    waiting.push_back(queued("W" + directory, {"gate", directory + "/"}, {{"mode", "shared"}}));
  }
  pass(13s);
  EXPECT_EQ(on("release_claim", gate).status, 200U);
  EXPECT_EQ(holder_of("gate"), "Wd0");
  reap_all();
  for (auto const& id : waiting) EXPECT_EQ(state_of(id), "granted");
}

TEST_F(WaitingEnds, Hazard6_many_long_batches_are_granted_by_one_transaction_after_another) {
  auto const gate = claimed("A", "gate");
  std::vector<std::string> waiting;
  for (std::size_t i = 0; i < limits::kTicketsServedAtOnce; ++i) {
    auto const alias = fmt::format("W{}", i);
    start(alias);
    auto targets = many(alias, 60, std::string(4'000, 'x'));
    targets.emplace_back("gate");
    auto const reply = call("create_claims",
                            {{"session", alias}, {"targets", std::move(targets)}, {"mode", "shared"}, {"queue", true}});
    ASSERT_EQ(reply.status, 202U) << reply.code;
    waiting.push_back(reply.text("/ticket"));
  }
  EXPECT_EQ(on("release_claim", gate).status, 200U);
  EXPECT_EQ(state_of(waiting.front()), "granted");
  reap_all();
  for (auto const& id : waiting) EXPECT_EQ(state_of(id), "granted");
}

TEST_F(WaitingEnds, Hazard12_a_session_ends_however_much_it_waits_for) {
  claimed("A", "gate");
  for (std::size_t i = 0; i < limits::kTicketsServedAtOnce; ++i) {
    auto targets = many(fmt::format("d{}", i), 25, std::string(4'000, 'x'));
    targets.emplace_back("gate");
    ASSERT_EQ(call("create_claims", {{"session", "B"}, {"targets", std::move(targets)}, {"queue", true}}).status, 202U);
  }
  auto const next = queued("C", {"d0/", "d15/"});
  EXPECT_EQ(call("end_session", {{"session", "B"}}).status, 200U);
  reap_all();
  EXPECT_EQ(state_of(next), "granted");
  EXPECT_TRUE(items("list_tickets").empty());
}

// The server that held them is gone: whoever comes next meets all that they waited for.
TEST_F(WaitingEnds, Hazard6_many_who_are_gone_are_taken_out_of_the_line_by_one_transaction_after_another) {
  claimed("A", "gate");
  for (std::size_t i = 0; i < 2 * limits::kTicketsServedAtOnce; ++i) {
    auto const alias = fmt::format("W{}", i);
    start(alias, {{"ttl_seconds", 60}});
    auto targets = many(alias, 60, std::string(4'000, 'x'));
    targets.emplace_back("gate");
    ASSERT_EQ(call("create_claims", {{"session", alias}, {"targets", std::move(targets)}, {"queue", true}}).status,
              202U);
  }
  pass(63s);
  auto const refused = claim("D", {"gate"});
  EXPECT_EQ(refused.code, "CLAIM-USR-3001") << refused.text("/detail");
  reap_all();
  EXPECT_TRUE(items("list_tickets").empty());
}

TEST_F(WaitingEnds, a_conflict_names_what_is_waited_for_of_what_was_wanted) {
  claimed("A", "src/x.rs");
  queued("B", {"docs/", "lib/*.c", "src/"});
  auto const refused = claim("C", {"etc/a", "src/new.rs"});
  EXPECT_EQ(refused.text("/detail"), "src/ is waited for by B");
  EXPECT_EQ(last_event("CLAIM_CONFLICT").at("text"), "src/ is waited for by B");
  EXPECT_EQ(refused.text("/waiting/0/targets"), R"(["src/","docs/","lib/*.c"])");
  EXPECT_EQ(claim("C", {"lib/a.c"}).text("/detail"), "lib/*.c is waited for by B");
}

// A may pass B, since A holds c. When A gives c back it waits behind B, who waits for C, who waits for A.
class ClosedByARelease : public WaitingEnds {
 protected:
  ClosedByARelease() {
    c = claimed("A", "c");
    claimed("A", "a");
    claimed("C", "d");
    z = claimed("D", "s/z");
    of_b = queued("B", {"c", "s/y", "d"}, {{"mode", "shared"}});
    of_c = queued("C", {"a"});
  }
  void others_go_on() {
    EXPECT_EQ(state_of(of_b), "waiting");
    EXPECT_EQ(state_of(of_c), "waiting");
    ASSERT_EQ(call("end_session", {{"session", "A"}}).status, 200U);
    EXPECT_EQ(state_of(of_c), "granted");
    ASSERT_EQ(call("end_session", {{"session", "C"}}).status, 200U);
    EXPECT_EQ(state_of(of_b), "granted");
  }
  static constexpr auto kCycle = "A waits for s/y, waited for by B; B waits for d, held by C; C waits for a, held by A";
  std::string c;
  std::string z;
  std::string of_b;
  std::string of_c;
};

TEST_F(ClosedByARelease, a_cycle_takes_the_ticket_that_closes_it_out_of_the_line_and_says_why) {
  auto const of_a = queued("A", {"s/"});
  ASSERT_EQ(on("release_claim", c).status, 200U);
  reap();
  EXPECT_EQ(state_of(of_a), "withdrawn");
  auto const notices = items("list_inbox", {{"session", "A"}});
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices.front().at("kind"), "ticket_withdrawn");
  auto const event = last_event("INFO");
  EXPECT_EQ(event.at("text").as_string(), fmt::format("waits no more for s/: this would wait for ever: {}", kCycle));
  others_go_on();
}

TEST_F(ClosedByARelease, a_cycle_ends_the_request_that_closes_it) {
  auto request = waits("A", "s/", 60);
  EXPECT_TRUE(request.is_held());
  ASSERT_EQ(on("release_claim", c).status, 200U);
  reap();
  auto const reply = request.reply();
  EXPECT_EQ(reply.code, "CLAIM-USR-3003");
  EXPECT_EQ(reply.text("/detail"), fmt::format("this would wait for ever: {}", kCycle));
  others_go_on();
}

// Whatever takes the claim from A does the same.
class ClosedByALoss : public ClosedByARelease, public ::testing::WithParamInterface<std::string_view> {
 protected:
  void lose() {
    if (GetParam() == "force") return done(on("force_release_claim", c, {{"reason", "gone"}}));
    if (GetParam() == "lowering") return done(on("set_claim_mode", c, {{"mode", "shared"}}));
    start("E");
    if (GetParam() == "transfer") return done(on("transfer_claim", c, {{"to_session", "E"}}));
    done(on("renew_claim", c, {{"ttl_seconds", 10}}));
    pass(13s);
    if (GetParam() == "met") EXPECT_EQ(claim("E", {"c"}).status, 409U);  // it ends what has run out
  }

 private:
  static void done(Reply const& reply) { EXPECT_EQ(reply.status, 200U) << reply.code; }
};

TEST_P(ClosedByALoss, takes_the_ticket_out_of_the_line) {
  auto const of_a = queued("A", {"s/"});
  lose();
  reap_all();
  EXPECT_EQ(state_of(of_a), "withdrawn");
}

INSTANTIATE_TEST_SUITE_P(Claims, ClosedByALoss, ::testing::Values("force", "lowering", "transfer", "expiry", "met"),
                         [](auto const& each) { return std::string(each.param); });

TEST_F(ClosedByARelease, a_move_that_would_close_it_is_refused) {
  queued("A", {"s/"});
  EXPECT_EQ(call("move_claims", {{"session", "A"}, {"from", "c"}, {"to", "c2"}}).code, "CLAIM-USR-3003");
  EXPECT_EQ(holder_of("c"), "A");
}

TEST_F(WaitingEnds, a_policy_that_closes_a_cycle_takes_a_ticket_out_of_the_line) {
  start("main", {{"branch", "main"}});
  start("topic", {{"branch", "topic"}});
  claimed("main", "src/x.rs");
  claimed("topic", "port:1");
  claimed("A", "port:2");
  auto const first = queued("main", {"port:1"});
  auto const second = queued("topic", {"port:2", "src/x.rs"});
  ASSERT_EQ(call("update_project", {{"policies", {{"cross_branch", "block"}}}}).status, 200U);
  reap();
  reap();
  EXPECT_EQ(items("list_tickets").size(), 1U);
  EXPECT_NE(state_of(first), state_of(second));
}

}  // namespace
}  // namespace codi::testing
