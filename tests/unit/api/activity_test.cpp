#include "api/reaper.hpp"
#include "support/workshop.hpp"

#include <algorithm>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;
using enum db::Happening;

// What /metrics tells of the work that is coordinated.
class Activity : public Workshop {
 protected:
  [[nodiscard]] std::uint64_t count(db::Happening what) const { return api.runtime.activity.totals().of(what); }
};

TEST_F(Activity, sessions_claims_and_conflicts_are_counted) {
  start("A");
  start("B");
  claim("A", {"src/", "docs/"});
  EXPECT_EQ(claim("B", {"src/x", "lib/"}).code, "CLAIM-USR-3001");
  EXPECT_EQ(count(session_started), 2U);
  EXPECT_EQ(count(claim_granted), 2U);
  EXPECT_EQ(count(claim_refused), 1U);
  claim("A", {"src/"});
  EXPECT_EQ(count(claim_granted), 2U) << "a renewal is no new claim";
  EXPECT_EQ(count(event_appended), items("list_events", {{"limit", 500}}).size());
}

TEST_F(Activity, what_was_refused_or_repeated_does_not_count) {
  start("A");
  EXPECT_EQ(call("start_session", {{"alias", "A"}}).status, 409U);
  for (int i = 0; i < 2; ++i) call("start_session", {{"alias", "B"}}, {}, {.idempotency_key = "k"});
  EXPECT_EQ(count(session_started), 2U);
  EXPECT_EQ(claim("A", {"../outside"}).status, 422U);
  EXPECT_EQ(count(claim_granted), 0U);
}

TEST_F(Activity, ends_are_counted_by_what_ended_them) {
  for (auto const* const alias : {"A", "B", "C", "D"}) {
    start(alias);
    claim(alias, {std::string(alias) + "/"});
  }
  auto const held = items("list_claims", {{"session", "A"}});
  ASSERT_EQ(held.size(), 1U);
  call("force_release_claim", {{"claim", held.front().at("id")}, {"reason", "mine"}});
  EXPECT_EQ(count(claim_forced), 1U);
  EXPECT_EQ(call("end_session", {{"session", "B"}, {"reason", "expired"}}).status, 200U);
  EXPECT_EQ(count(session_ended), 1U) << "whatever the caller calls it";
  EXPECT_EQ(count(session_expired), 0U);
  EXPECT_EQ(count(claim_ended_with_session), 1U);
  claim("C", {"C/"}, {{"ttl_seconds", 10}});
  pass(13s);
  api::Reaper reaper(api.runtime);
  auto const before = reaper.last_pass();
  EXPECT_EQ(before, api.clock.now());
  reaper.run_once();
  EXPECT_EQ(count(claim_expired), 1U);
  pass(2h);
  EXPECT_EQ(reaper.last_pass(), before);
  while (reaper.run_once() > 0) {
  }
  EXPECT_EQ(reaper.last_pass(), before + 2h);
  EXPECT_EQ(count(session_expired), 3U);
  EXPECT_EQ(count(session_started), count(session_ended) + count(session_expired));
  EXPECT_EQ(count(claim_granted),
            count(claim_forced) + count(claim_ended_with_session) + count(claim_expired) + count(claim_released));
}

TEST_F(Activity, steps_of_handoffs_are_counted) {
  start("A");
  start("B", {{"role", "reviewer"}});
  auto const offer = [&] {
    return call("offer_handoff", {{"session", "A"}, {"to", {{"role", "reviewer"}}}, {"summary", "s"}}).text("/id");
  };
  auto const first = offer();
  ASSERT_EQ(call("accept_handoff", {{"handoff", first}, {"session", "B"}}).status, 200U);
  ASSERT_EQ(call("complete_handoff", {{"handoff", first}, {"session", "B"}}).status, 200U);
  ASSERT_EQ(call("decline_handoff", {{"handoff", offer()}, {"session", "B"}, {"reason", "no"}}).status, 200U);
  ASSERT_EQ(call("withdraw_handoff", {{"handoff", offer()}, {"session", "A"}}).status, 200U);
  EXPECT_EQ(count(handoff_offered), 3U);
  EXPECT_EQ(count(handoff_accepted), 1U);
  EXPECT_EQ(count(handoff_completed), 1U);
  EXPECT_EQ(count(handoff_declined), 1U);
  EXPECT_EQ(count(handoff_withdrawn), 1U);
}

TEST_F(Activity, a_transaction_counts_once_however_often_it_was_run) {
  auto const& operations = api::operations();
  auto const starts = std::ranges::find(operations, "start_session", [](auto const& o) { return o.meta.id; });
  std::size_t most_runs = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto const faulty = api.faulty_engine(
        {.seed = seed, .conflict_permille = 300, .unknown_applied_permille = 300, .unknown_lost_permille = 100});
    auto runtime = api.runtime_on(*faulty, api.facts);
    std::promise<api::Finished> promise;
    api::Request request{.members = {{"project", "default"}, {"role", "tester"}}, .credential = owner};
    api::execute(runtime, *starts, std::move(request), [&](api::Finished f) { promise.set_value(std::move(f)); });
    auto const finished = promise.get_future().get();
    ASSERT_TRUE(finished.answer) << "seed " << seed;
    most_runs = std::max(most_runs, finished.laps.runs());
    EXPECT_EQ(runtime.activity.totals().of(session_started), 1U) << "seed " << seed;
  }
  EXPECT_GT(most_runs, 1U);
}

}  // namespace
}  // namespace codi::testing
