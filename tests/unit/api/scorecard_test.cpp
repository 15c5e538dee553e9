#include "models/role_limits.hpp"
#include "support/workshop.hpp"

#include <fmt/format.h>

namespace codi::testing {
namespace {

using namespace std::chrono_literals;

class Scorecards : public Workshop {
 protected:
  Scorecards() {
    put("backend",
        "# Backend\n## Boundaries\n- src/\n## Quality Standards\n- Test Coverage: 90%\n## Success Metrics\n"
        "- First-time PR approval: > 80%\n");
    put("tester", "# Tester\n## Boundaries\n- tests/\n## Quality Standards\n- Suite: within 15 minutes\n");
    start("B", {{"role", "backend"}});
    start("T", {{"role", "tester"}});
  }
  void put(std::string_view name, std::string_view text) {
    EXPECT_EQ(call("put_role", {{"name", name}, {"text", text}}).status, 200U);
  }
  Reply report(std::string_view session, json::object measures, json::object more = {}) {
    more["session"] = session;
    more["measures"] = std::move(measures);
    auto made = call("create_report", std::move(more));
    EXPECT_EQ(made.status, 201U) << made.text("/detail");
    return made;
  }
  Reply card(std::string_view role, json::object more = {}) {
    more["name"] = role;
    auto out = call("get_scorecard", std::move(more));
    EXPECT_EQ(out.status, 200U) << out.code << out.text("/detail");
    return out;
  }
  Reply offer(std::string_view from, std::string_view role) {
    return call("offer_handoff",
                {{"session", from}, {"to", json::object{{"role", role}}}, {"summary", "x"}, {"with_claims", false}});
  }
  Reply take(std::string_view verb, Reply const& offered, std::string_view session) {
    return call(verb, {{"handoff", offered.text("/id")}, {"session", session}});
  }
  // A measure among the metrics of a card.
  static json::object metric(Reply const& card, std::string_view measure) {
    for (auto const& one : card.body.at("metrics").as_array())
      if (one.at("measure").as_string() == measure) return one.as_object();
    ADD_FAILURE() << "no " << measure << " in " << card.text("/metrics");
    return {};
  }
};

TEST_F(Scorecards, a_role_without_figures_has_its_gates) {
  auto const empty = card("Backend");
  EXPECT_EQ(empty.text("/role"), "backend");
  EXPECT_EQ(empty.text("/gates/0/measure"), "coverage");
  EXPECT_EQ(empty.text("/gates/0/origin"), "quality_standard");
  EXPECT_EQ(empty.text("/gates/0/value"), "null");
  EXPECT_EQ(empty.text("/gates/0/points"), "[]");
  EXPECT_EQ(empty.text("/gates/1/origin"), "success_metric");
  EXPECT_EQ(empty.text("/metrics"), "[]");
  EXPECT_EQ(empty.text("/reports"), "0");
  EXPECT_EQ(empty.text("/more"), "false");
  EXPECT_EQ(call("get_scorecard", {{"name", "nobody"}}).status, 404U);
  EXPECT_EQ(call("get_scorecard", {{"name", "backend"}, {"limit", limits::kScorecardPoints + 1}}).status, 422U);
}

TEST_F(Scorecards, values_stand_in_their_order_with_the_event_of_each_report) {
  auto const first = report("B", {{"coverage", 93}, {"p95_ms", 31}}, {{"commit", "c1"}, {"branch", "main"}});
  pass(1h);
  auto const second = report("B", {{"coverage", 86}});
  report("T", {{"coverage", 11}, {"tests", 12}});
  report("T", {{"tests", 13}});
  auto const shown = card("backend");
  EXPECT_EQ(shown.text("/gates/0/value"), "11") << shown.text("/gates/0");
  EXPECT_EQ(shown.text("/gates/0/passed"), "false");
  ASSERT_EQ(shown.body.at("gates").at(0).at("points").as_array().size(), 3U)
      << "a gate is judged by the newest value, whoever reported it";
  EXPECT_EQ(shown.text("/gates/0/points/0/value"), "93");
  EXPECT_EQ(shown.text("/gates/0/points/0/passed"), "true");
  EXPECT_EQ(shown.text("/gates/0/points/0/events"), "[\"" + first.text("/cursor") + "\"]");
  EXPECT_EQ(shown.text("/gates/0/points/0/report_id"), first.text("/id"));
  EXPECT_EQ(shown.text("/gates/0/points/0/commit"), "c1");
  EXPECT_EQ(shown.text("/gates/0/points/0/branch"), "main");
  EXPECT_EQ(shown.text("/gates/0/points/1/passed"), "false");
  EXPECT_EQ(shown.text("/gates/0/points/1/events/0"), second.text("/cursor"));
  EXPECT_EQ(shown.text("/gates/0/points/2/value"), "11");
  EXPECT_EQ(metric(shown, "p95_ms").at("value"), 31);
  EXPECT_EQ(shown.body.at("metrics").as_array().size(), 2U) << "the tester's tests are not the backend's";
  EXPECT_EQ(metric(shown, "coverage").at("computed"), false);
  EXPECT_EQ(shown.text("/reports"), "3");
  for (auto const& event : items("list_events", {{"action", "TEST"}}))
    if (event.at("cursor").as_string() == second.text("/cursor"))
      EXPECT_EQ(event.at("data").at("report_id").as_string(), second.text("/id"));
}

TEST_F(Scorecards, since_and_limit_choose) {
  for (int i = 0; i < 5; ++i) {
    report("B", {{"coverage", 90 + i}});
    pass(10min);
  }
  auto const newest = card("backend", {{"limit", 2}});
  EXPECT_EQ(newest.body.at("gates").at(0).at("points").as_array().size(), 2U);
  EXPECT_EQ(newest.text("/gates/0/points/0/value"), "93");
  auto const late = card("backend", {{"since", to_string(api.clock.now() + -15min)}});
  EXPECT_EQ(late.text("/reports"), "1");
  EXPECT_EQ(late.text("/gates/0/points/0/value"), "94");
  EXPECT_EQ(late.text("/since"), to_string(api.clock.now() + -15min));
}

TEST_F(Scorecards, what_codi_measures_itself_is_told_by_the_day_with_its_events) {
  auto const approved = offer("B", "tester");
  pass(4s);
  ASSERT_EQ(take("accept_handoff", approved, "T").status, 200U);
  auto const accepted = last_event("HANDOFF");
  ASSERT_EQ(take("decline_handoff", offer("B", "tester"), "T").status, 200U);
  auto const declined = last_event("HANDOFF");
  auto const shown = card("backend");
  auto const approval = metric(shown, "first_time_approval");
  EXPECT_EQ(approval.at("computed"), true);
  EXPECT_EQ(approval.at("value"), 50);
  ASSERT_EQ(approval.at("points").as_array().size(), 1U);
  auto const& point = approval.at("points").at(0);
  EXPECT_EQ(point.at("value"), 50);
  EXPECT_EQ(point.at("events"), (json::array{declined.at("cursor"), accepted.at("cursor")}));
  EXPECT_TRUE(point.at("at").as_string().ends_with("T00:00:00.000Z"));
  EXPECT_EQ(shown.text("/gates/1/value"), "50");
  EXPECT_EQ(shown.text("/gates/1/points/0/passed"), "false");
  auto const waited = metric(card("tester"), "time_to_accept_ms");
  EXPECT_EQ(waited.at("value"), 4'000);
  EXPECT_EQ(waited.at("points").at(0).at("value"), 4'000);
  EXPECT_EQ(waited.at("points").at(0).at("events"), json::array{accepted.at("cursor")});
}

TEST_F(Scorecards, lost_claims_and_violations_have_their_events) {
  EXPECT_EQ(claim("B", {"tests/x"}).status, 403U);
  auto const violation = last_event("VIOLATION");
  auto const held = claim("B", {"src/a"});
  ASSERT_EQ(call("force_release_claim", {{"claim", held.text("/claims/0/id")}, {"reason", "stuck"}}).status, 200U);
  auto const forced = last_event();
  ASSERT_EQ(claim("B", {"src/b"}, {{"ttl_seconds", 10}}).status, 201U);
  auto const shown = card("backend");
  EXPECT_EQ(metric(shown, "boundary_violations").at("points").at(0).at("events"), json::array{violation.at("cursor")});
  EXPECT_EQ(metric(shown, "claims_lost").at("points").at(0).at("value"), 1);
  EXPECT_EQ(metric(shown, "claims_lost").at("points").at(0).at("events"), json::array{forced.at("cursor")});
  pass(24h);
  start("B2", {{"role", "backend"}});
  ASSERT_EQ(claim("B2", {"src/b"}).status, 201U) << "the claim of a session that is gone";
  auto const later = metric(card("backend"), "claims_lost");
  EXPECT_EQ(later.at("value"), 2);
  ASSERT_EQ(later.at("points").as_array().size(), 2U) << "one a day";
  EXPECT_EQ(later.at("points").at(1).at("events").as_array().size(), 1U);
  pass(24h * 31);
  EXPECT_EQ(card("backend").text("/metrics"), "[]") << "what is older than 30 days counts no more";
}

TEST_F(Scorecards, events_of_a_day_are_named_up_to_a_limit) {
  for (std::size_t i = 0; i <= limits::kScorecardEvents; ++i) EXPECT_EQ(claim("B", {"tests/x"}).status, 403U);
  auto const point = metric(card("backend"), "boundary_violations").at("points").at(0);
  EXPECT_EQ(point.at("events").as_array().size(), limits::kScorecardEvents);
  EXPECT_EQ(point.at("more"), true);
}

TEST_F(Scorecards, many_reports_are_not_all_looked_at) {
  for (std::size_t i = 0; i <= limits::kScorecardReports; ++i) report("B", {{"lines", i}});
  auto const shown = card("backend");
  EXPECT_EQ(shown.text("/reports"), std::to_string(limits::kScorecardReports));
  EXPECT_EQ(shown.text("/more"), "true");
}

}  // namespace
}  // namespace codi::testing
