#include "db/reports.hpp"

#include "auth/directory.hpp"
#include "db/fault/fault_engine.hpp"
#include "db/retry.hpp"
#include "models/role_limits.hpp"
#include "support/workshop.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::testing {
namespace {

constexpr auto kBackend = R"(# Backend

## Quality Standards
- Test Coverage: 95% minimum
- Performance: < 100ms p95
- Zero Clippy warnings

## Task Patterns
### Delegation Triggers
- Delegates to database-specialist when: A schema must be designed
- Delegates to tester when: Coverage drops below 95%
- Escalates to lead when: Response time exceeds 1 s p95
)";

class Reports : public Workshop {
 protected:
  void SetUp() override {
    put("backend", kBackend);
    start("B", {{"role", "backend"}});
    start("T", {{"role", "tester"}});
  }
  Reply put(std::string_view name, std::string_view text) {
    auto made = call("put_role", {{"name", name}, {"text", text}});
    EXPECT_EQ(made.status, 200U) << made.code << made.text("/detail");
    return made;
  }
  Reply report(json::object measures, json::object more = {}) {
    more["measures"] = std::move(measures);
    return call("create_report", std::move(more));
  }
  Reply of_b(json::object measures, json::object more = {}) {
    more["session"] = "B";
    auto made = report(std::move(measures), std::move(more));
    EXPECT_EQ(made.status, 201U) << made.code << made.text("/detail");
    return made;
  }
  void set_policy(std::string_view gates) {
    EXPECT_EQ(call("update_project", {{"policies", json::object{{"gates", gates}}}}).status, 200U);
  }
  std::vector<json::object> told(std::string_view action) { return items("list_events", {{"action", action}}); }
  std::vector<json::object> handoffs(json::object filter = {}) { return items("list_handoffs", std::move(filter)); }
  Reply say(std::string_view line, std::string_view action) {
    return call("write_line", {{"line", line}, {"action", action}});
  }
  Reply complete() { return call("append_event", {{"session", "B"}, {"action", "WORK_COMPLETE"}, {"text", "done"}}); }
  Reply offer(std::string_view to, std::string_view session = "B") {
    return call("offer_handoff", {{"session", session}, {"to", json::object{{"role", to}}}, {"summary", "all of it"}});
  }
  Reply step(std::string_view verb, std::string const& handoff, std::string_view session) {
    return call(fmt::format("{}_handoff", verb), {{"handoff", handoff}, {"session", session}});
  }
  // As codi writes it: 92.5, not 9.25E1.
  static std::string shown(json::value const& value) { return reflect::encode_text(value); }
  // The latest value of a gate as the list has it, and whether it passes.
  std::string gate(std::string_view measure, json::object filter = {}) {
    for (auto const& item : items("list_gates", std::move(filter)))
      if (item.at("measure").as_string() == measure) return shown(item.at("value")) + " " + shown(item.at("passed"));
    return "none";
  }
};

TEST_F(Reports, values_are_held_against_the_gates_of_the_sessions_role) {
  auto const made = of_b({{"Test Coverage", 96}, {"p95_ms", 87}, {"lines", 1200}}, {{"commit", "abc"}});
  EXPECT_EQ(made.text("/measures"), R"({"coverage":96,"lines":1200,"p95_ms":87})");
  EXPECT_EQ(made.text("/commit"), "abc");
  EXPECT_EQ(made.text("/role"), "backend");
  EXPECT_EQ(made.text("/delegations"), "[]");
  ASSERT_EQ(made.body.at("gates").as_array().size(), 2U) << made.text("/gates");
  EXPECT_EQ(made.text("/gates/0/measure"), "coverage");
  EXPECT_EQ(made.text("/gates/0/threshold"), "95");
  EXPECT_EQ(made.text("/gates/0/unit"), "%");
  EXPECT_EQ(made.text("/gates/0/value"), "96");
  EXPECT_EQ(made.text("/gates/0/passed"), "true");
  EXPECT_EQ(made.text("/gates/1/statistic"), "p95");
  EXPECT_EQ(made.text("/gates/1/passed"), "true");
  auto const event = last_event();
  EXPECT_EQ(event.at("action").as_string(), "TEST");
  EXPECT_EQ(event.at("cursor").as_string(), made.text("/cursor"));
  EXPECT_EQ(event.at("data").at("report_id").as_string(), made.text("/id"));
  EXPECT_EQ(json::serialize(event.at("data").at("measures")), made.text("/measures"));
  EXPECT_EQ(event.at("text").as_string(), "reported coverage 96, lines 1200, p95_ms 87");
}

TEST_F(Reports, a_threshold_is_read_in_the_unit_of_its_measure) {
  auto const made = of_b({{"p95_ms", 999}});
  EXPECT_EQ(made.text("/gates/0/passed"), "false") << "100 ms";
  EXPECT_EQ(made.text("/delegations"), "[]") << "not 1 s yet";
  auto const slow = of_b({{"p95_ms", 1001}});
  EXPECT_EQ(slow.text("/delegations/0/trigger/kind"), "escalate");
  EXPECT_EQ(slow.text("/delegations/0/to_role"), "lead");
}

TEST_F(Reports, a_fall_delegates_once_and_again_only_after_a_rise) {
  EXPECT_EQ(of_b({{"coverage", 96}}).text("/delegations"), "[]");
  auto const fell = of_b({{"coverage", 90}}, {{"commit", "c1"}});
  ASSERT_EQ(fell.body.at("delegations").as_array().size(), 1U);
  EXPECT_EQ(fell.text("/delegations/0/to_role"), "tester");
  EXPECT_EQ(fell.text("/delegations/0/trigger/kind"), "delegate");
  EXPECT_EQ(fell.text("/delegations/0/trigger/when"), "Coverage drops below 95%");
  EXPECT_EQ(of_b({{"coverage", 80}}).text("/delegations"), "[]") << "it had fallen already";
  ASSERT_EQ(handoffs().size(), 1U);
  auto const made = call("get_handoff", {{"handoff", fell.text("/delegations/0/handoff_id")}});
  EXPECT_EQ(made.text("/to/role"), "tester");
  EXPECT_EQ(made.text("/state"), "offered");
  EXPECT_EQ(made.text("/from_session_alias"), "B");
  EXPECT_EQ(made.text("/claims"), "[]");
  EXPECT_EQ(made.text("/trigger/role"), "backend");
  EXPECT_EQ(made.text("/evidence/0/measure"), "coverage");
  EXPECT_EQ(made.text("/evidence/0/value"), "90");
  EXPECT_EQ(made.text("/evidence/0/threshold"), "95");
  EXPECT_EQ(made.text("/evidence/0/report_id"), fell.text("/id"));
  EXPECT_EQ(made.text("/evidence/0/commit"), "c1");
  EXPECT_EQ(made.text("/summary"), "Coverage drops below 95%: coverage is 90");
  EXPECT_EQ(told("DELEGATION").size(), 1U);
  EXPECT_EQ(told("GATE_FAILED").size(), 1U) << "once a fall";
  EXPECT_EQ(told("GATE_FAILED")[0].at("text").as_string(), "backend: coverage is 90, and must be >= 95 %");
  auto const inbox = items("list_inbox", {{"session", "T"}});
  ASSERT_EQ(inbox.size(), 1U);
  EXPECT_EQ(inbox[0].at("kind").as_string(), "delegation");
  EXPECT_EQ(inbox[0].at("handoff_id").as_string(), fell.text("/delegations/0/handoff_id"));
  of_b({{"coverage", 95}});
  auto const again = of_b({{"coverage", 94.9}});
  EXPECT_EQ(again.body.at("delegations").as_array().size(), 1U);
  EXPECT_EQ(told("GATE_FAILED").size(), 2U);
  EXPECT_EQ(handoffs().size(), 2U);
}

TEST_F(Reports, branches_fall_by_themselves) {
  start("B2", {{"role", "backend"}, {"branch", "topic"}});
  EXPECT_EQ(of_b({{"coverage", 90}}).body.at("delegations").as_array().size(), 1U);
  auto const topic = report({{"coverage", 80}}, {{"session", "B2"}});
  EXPECT_EQ(topic.text("/branch"), "topic");
  EXPECT_EQ(topic.body.at("delegations").as_array().size(), 1U);
  EXPECT_EQ(report({{"coverage", 80}}, {{"session", "B2"}, {"branch", "main"}}).text("/branch"), "main");
  EXPECT_EQ(of_b({{"coverage", 97}}).text("/delegations"), "[]");
  EXPECT_EQ(report({{"coverage", 79}}, {{"session", "B2"}}).text("/delegations"), "[]") << "topic is still below";
  EXPECT_EQ(gate("coverage", {{"branch", "topic"}}), "79 false");
  EXPECT_EQ(gate("coverage", {{"branch", "other"}}), "97 true") << "what names no branch stands for those without";
  EXPECT_EQ(gate("coverage"), "79 false") << "the newest of all";
  EXPECT_EQ(gate("coverage", {{"session", "B"}}), "97 true");
  EXPECT_EQ(gate("coverage", {{"session", "B2"}}), "79 false");
}

TEST_F(Reports, without_a_session_every_role_is_judged_and_codi_delegates) {
  put("web", "# Web\n## Quality Standards\n- Test Coverage: 80%\n- Bundle size: < 1 MB\n");
  auto const made = report({{"coverage", 85}, {"bundle_size", 0.5}});
  ASSERT_EQ(made.status, 201U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/session_id"), "null");
  EXPECT_EQ(made.text("/role"), "null");
  ASSERT_EQ(made.body.at("gates").as_array().size(), 3U);
  EXPECT_EQ(made.text("/gates/0/role"), "backend");
  EXPECT_EQ(made.text("/gates/0/passed"), "false");
  EXPECT_EQ(made.text("/gates/1/role"), "web");
  EXPECT_EQ(made.text("/gates/1/passed"), "true");
  auto const id = made.text("/delegations/0/handoff_id");
  auto const offered = call("get_handoff", {{"handoff", id}});
  EXPECT_EQ(offered.text("/from_session_id"), "null");
  EXPECT_EQ(offered.text("/from_role"), "backend");
  auto const accepted = step("accept", id, "T");
  EXPECT_EQ(accepted.status, 200U) << accepted.code << accepted.text("/detail");
  EXPECT_EQ(last_event().at("text").as_string(), "accepted the handoff from codi");
  EXPECT_EQ(step("complete", id, "T").status, 200U);
  // A session whose role says nothing is judged like none.
  EXPECT_EQ(report({{"coverage", 70}}, {{"session", "T"}}).body.at("gates").as_array().size(), 2U);
}

TEST_F(Reports, a_delegation_of_nobody_is_withdrawn_by_its_role_or_an_admin) {
  report({{"coverage", 85}});
  auto const first = std::string(handoffs()[0].at("id").as_string());
  EXPECT_EQ(step("withdraw", first, "B").status, 200U) << "works in the role whose trigger it was";
  report({{"coverage", 99}});
  report({{"coverage", 85}});
  auto const second = std::string(handoffs({{"state", "offered"}}).at(0).at("id").as_string());
  auto const by_token = start("N");
  auto const refused = call("withdraw_handoff", {{"handoff", second}, {"session", "N"}}, by_token);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(step("withdraw", second, "N").status, 200U) << "an owner manages roles";
}

TEST_F(Reports, measures_are_spelt_once_and_checked) {
  EXPECT_EQ(report({}).status, 422U);
  auto const twice = report({{"coverage", 1}, {"Test coverage", 2}});
  EXPECT_EQ(twice.status, 422U);
  EXPECT_EQ(report({{"!!", 1}}).error->errors.at(0).pointer, "/measures/!!");
  EXPECT_EQ(report({{"claims_lost", 1}}).text("/errors/0/detail"), "(no /errors/0/detail)");
  EXPECT_EQ(report({{"claims_lost", 1}}).error->errors.at(0).detail, "is measured by codi itself");
  EXPECT_EQ(report({{"coverage", "95"}}).status, 422U);
  EXPECT_EQ(report({{std::string(limits::kNameBytes + 1, 'a'), 1}}).status, 422U);
  EXPECT_EQ(report({{"coverage", std::numeric_limits<double>::infinity()}}).status, 422U);
  json::object many;
  for (std::size_t i = 0; i <= limits::kReportMeasures; ++i) many[fmt::format("m{}", i)] = i;
  EXPECT_EQ(report(many).status, 422U);
  many.erase("m0");
  EXPECT_EQ(report(many).status, 201U);
  EXPECT_EQ(report({{"coverage", 1}}, {{"session", "nobody"}}).status, 404U);
}

TEST_F(Reports, a_project_names_measures_its_own_way) {
  auto const named =
      call("update_project", {{"measures", json::object{{"Line Rate", "coverage"}, {"p95 db", "db_ms"}}}});
  ASSERT_EQ(named.status, 200U) << named.code << named.text("/detail");
  EXPECT_EQ(named.text("/measures"), R"({"line_rate":"coverage","p95_db":"db_ms"})");
  EXPECT_EQ(of_b({{"line_rate", 97}}).text("/measures"), R"({"coverage":97})");
  EXPECT_EQ(put("other", "# Other\n## Quality Standards\n- Line rate: 90%\n").text("/gates/0/measure"), "coverage");
  EXPECT_EQ(report({{"Line rate", 80}, {"coverage", 81}}).status, 422U) << "they are one";
  auto const less = call("update_project", {{"measures", json::object{{"p95 db", nullptr}}}});
  EXPECT_EQ(less.text("/measures"), R"({"line_rate":"coverage"})");
  auto const chain = call("update_project", {{"measures", json::object{{"coverage", "x"}}}});
  EXPECT_EQ(chain.status, 422U) << "line_rate leads to coverage, which would lead on";
  EXPECT_EQ(call("update_project", {{"measures", json::object{{"claims lost", "x"}}}}).status, 422U);
  EXPECT_EQ(call("update_project", {{"measures", json::object{{"x", "!"}}}}).status, 422U);
  EXPECT_EQ(call("update_project", {{"measures", json::object{{"?", "x"}}}}).status, 422U);
}

TEST_F(Reports, documents_that_were_there_first_follow_a_new_name) {
  ASSERT_EQ(call("update_project", {{"measures", json::object{{"clippy_warnings", "lints"}}}}).status, 200U);
  auto const made = of_b({{"lints", 3}});
  EXPECT_EQ(made.text("/gates/0/measure"), "lints");
  EXPECT_EQ(made.text("/gates/0/passed"), "false");
  EXPECT_EQ(of_b({{"clippy_warnings", 0}}).text("/gates/0/passed"), "true");
}

TEST_F(Reports, gates_are_listed_page_by_page) {
  put("api", "# Api\n## Quality Standards\n- Test Coverage: 80%\n");
  of_b({{"coverage", 90}});
  std::vector<std::string> seen;
  std::optional<std::string> after;
  do {
    json::object query{{"limit", 1}};
    if (after) query["after"] = *after;
    auto const page = call("list_gates", query);
    ASSERT_EQ(page.status, 200U) << page.code;
    for (auto const& item : page.body.at("items").as_array())
      seen.push_back(std::string(item.at("role").as_string()) + " " + std::string(item.at("measure").as_string()));
    auto const next = page.text("/next");
    after = next == "null" ? std::nullopt : std::optional(next);
  } while (after);
  EXPECT_EQ(seen, (std::vector<std::string>{"api coverage", "backend coverage", "backend p95_ms",
                                            "backend clippy_warnings"}));
  EXPECT_EQ(gate("p95_ms"), "null null") << "what nobody measured has not failed";
  EXPECT_EQ(items("list_gates", {{"role", "Backend"}}).size(), 3U);
  EXPECT_TRUE(items("list_gates", {{"role", "nobody"}}).empty());
  EXPECT_EQ(call("list_gates", {{"after", "xx"}}).status, 422U);
  EXPECT_EQ(call("list_gates", {{"session", "nobody"}}).status, 404U);
}

TEST_F(Reports, completing_with_a_failed_gate_is_flagged_refused_or_neither) {
  EXPECT_EQ(complete().status, 201U) << "nothing was measured";
  of_b({{"coverage", 90}});
  auto const flagged = complete();
  EXPECT_EQ(flagged.status, 201U);
  EXPECT_EQ(flagged.text("/data/failed_gates/0/measure"), "coverage");
  EXPECT_EQ(flagged.text("/data/failed_gates/0/value"), "90");
  set_policy("refuse");
  auto const refused = complete();
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.code, "ROLE-USR-4002");
  EXPECT_EQ(refused.text("/gates/0/measure"), "coverage");
  EXPECT_EQ(refused.text("/gates/0/report_id").size(), 36U);
  EXPECT_EQ(refused.text("/detail"), "WORK_COMPLETE: coverage is 90, and must be >= 95 %");
  EXPECT_EQ(refused.error->recovery.at(0), "Bring coverage to >= 95 % and report it: `codi report coverage=NUMBER`.");
  EXPECT_EQ(refused.error->recovery.at(1), "Or hand it to tester: `codi handoff tester`.");
  auto const event = last_event();
  EXPECT_EQ(event.at("action").as_string(), "GATE_FAILED");
  EXPECT_EQ(event.at("data").at("refused").as_string(), "WORK_COMPLETE");
  of_b({{"coverage", 95}});
  EXPECT_EQ(complete().status, 201U);
  of_b({{"coverage", 90}});
  set_policy("off");
  auto const off = complete();
  EXPECT_EQ(off.status, 201U);
  EXPECT_EQ(off.text("/data"), "{}");
  // A session whose role says nothing is held to nothing.
  set_policy("refuse");
  EXPECT_EQ(call("append_event", {{"session", "T"}, {"action", "WORK_COMPLETE"}, {"text", ""}}).status, 201U);
}

TEST_F(Reports, handing_over_with_a_failed_gate_goes_only_to_whom_the_trigger_says) {
  of_b({{"coverage", 90}});
  auto const flagged = offer("reviewer");
  EXPECT_EQ(flagged.status, 201U);
  EXPECT_EQ(flagged.text("/failed_gates/0/measure"), "coverage");
  EXPECT_EQ(last_event().at("data").at("failed_gates").as_array().size(), 1U);
  set_policy("refuse");
  auto const before = handoffs().size();
  auto const refused = offer("reviewer");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.code, "ROLE-USR-4002");
  EXPECT_EQ(handoffs().size(), before);
  EXPECT_EQ(offer("lead").status, 409U) << "its condition is not true";
  EXPECT_EQ(offer("tester").status, 201U);
  EXPECT_EQ(
      call("offer_handoff", {{"session", "B"}, {"to", json::object{{"session", "nobody"}}}, {"summary", "x"}}).status,
      404U)
      << "what is named is looked for first";
  EXPECT_EQ(offer("reviewer", "T").status, 201U) << "another role's gates";
  of_b({{"p95_ms", 1500}});
  EXPECT_EQ(handoffs({{"role", "lead"}}).size(), 1U) << "what a trigger makes is never refused";
  EXPECT_EQ(offer("lead").status, 201U);
}

TEST_F(Reports, completing_a_handoff_is_held_to_the_gates_of_who_completes_it) {
  set_policy("refuse");
  auto const id = offer("backend", "T").text("/id");
  ASSERT_EQ(step("accept", id, "B").status, 200U);
  of_b({{"clippy_warnings", 2}});
  auto const refused = step("complete", id, "B");
  EXPECT_EQ(refused.code, "ROLE-USR-4002");
  EXPECT_EQ(call("get_handoff", {{"handoff", id}}).text("/state"), "accepted");
  set_policy("flag");
  auto const done = step("complete", id, "B");
  EXPECT_EQ(done.text("/state"), "completed");
  EXPECT_EQ(done.text("/failed_gates/0/measure"), "clippy_warnings");
}

TEST_F(Reports, a_log_line_that_says_the_coverage_is_a_report) {
  auto const said = say("B: Tests passing, coverage at 92.5%", "TEST");
  ASSERT_EQ(said.status, 201U) << said.code << said.text("/detail");
  EXPECT_EQ(shown(said.body.at("event").at("data").at("coverage")), "92.5");
  EXPECT_EQ(shown(said.body.at("event").at("data").at("measures")), R"({"coverage":92.5})");
  EXPECT_EQ(said.text("/event/data/report_id").size(), 36U);
  EXPECT_EQ(gate("coverage"), "92.5 false");
  EXPECT_EQ(handoffs().size(), 1U);
  EXPECT_EQ(told("DELEGATION").size(), 1U);
  say("B: Tests passing, coverage at 91%", "TEST");
  EXPECT_EQ(handoffs().size(), 1U);
  say("B: FILE_CLAIM src/a.rs coverage 99%", "FILE_CLAIM");
  EXPECT_EQ(gate("coverage"), "91 false") << "a line about claims is none";
}

TEST_F(Reports, a_line_is_judged_by_what_it_says_itself) {
  set_policy("refuse");
  say("B: coverage at 90%", "TEST");
  EXPECT_EQ(say("B: COMPLETE done", "WORK_COMPLETE").code, "ROLE-USR-4002");
  EXPECT_EQ(say("B: HANDOFF to reviewer", "HANDOFF").code, "ROLE-USR-4002");
  EXPECT_EQ(say("B: COMPLETE done, coverage at 96%", "WORK_COMPLETE").status, 201U);
  EXPECT_EQ(gate("coverage"), "96 true");
  auto const refused = say("B: COMPLETE done, coverage at 80%", "WORK_COMPLETE");
  EXPECT_EQ(refused.code, "ROLE-USR-4002");
  EXPECT_EQ(gate("coverage"), "80 false") << "what was measured is known all the same";
  auto const events = told("GATE_FAILED");
  auto const refusal = std::ranges::find_if(events, [](json::object const& event) {
    return event.at("data").as_object().contains("refused") && event.at("data").as_object().contains("measures");
  });
  ASSERT_NE(refusal, events.end());
  EXPECT_EQ(refusal->at("data").at("measures").at("coverage").to_number<double>(), 80);
  EXPECT_EQ(say("B: HANDOFF to tester", "HANDOFF").status, 201U);
  EXPECT_EQ(say("B: HANDOFF to reviewer, coverage at 97%", "HANDOFF").status, 201U);
  EXPECT_EQ(gate("coverage"), "97 true");
}

TEST_F(Reports, a_session_is_told_what_only_it_can_judge_and_pulls_it) {
  auto const started = call("start_session", {{"alias", "B3"}, {"role", "backend"}});
  ASSERT_EQ(started.body.at("checks").as_array().size(), 1U) << started.text("/checks");
  EXPECT_EQ(started.text("/checks/0/n"), "1");
  EXPECT_EQ(started.text("/checks/0/to"), "database-specialist");
  EXPECT_EQ(started.text("/checks/0/when"), "A schema must be designed");
  EXPECT_EQ(call("start_session", {{"alias", "N"}}).text("/checks"), "[]");
  json::object const pull{{"name", "backend"}, {"n", 1}, {"session", "B3"}, {"reason", "a new table"}};
  auto const pulled = call("pull_trigger", pull);
  ASSERT_EQ(pulled.status, 201U) << pulled.code << pulled.text("/detail");
  EXPECT_EQ(pulled.text("/to_role"), "database-specialist");
  EXPECT_EQ(pulled.text("/value"), "null");
  auto const made = call("get_handoff", {{"handoff", pulled.text("/handoff_id")}});
  EXPECT_EQ(made.text("/from_session_alias"), "B3");
  EXPECT_EQ(made.text("/summary"), "A schema must be designed: a new table");
  EXPECT_EQ(last_event().at("action").as_string(), "DELEGATION");
  auto other = pull;
  other["session"] = "T";
  EXPECT_EQ(call("pull_trigger", other, start("T2", {{"role", "tester"}})).status, 403U);
  EXPECT_EQ(call("pull_trigger", other).status, 201U) << "an owner manages roles";
  auto missing = pull;
  missing["n"] = 4;
  EXPECT_EQ(call("pull_trigger", missing).status, 404U);
  missing["name"] = "nobody";
  EXPECT_EQ(call("pull_trigger", missing).status, 404U);
}

TEST_F(Reports, a_pulled_trigger_is_refused_by_no_gate) {
  set_policy("refuse");
  of_b({{"coverage", 10}});
  EXPECT_EQ(call("pull_trigger", {{"name", "backend"}, {"n", 1}, {"session", "B"}}).status, 201U);
}

TEST_F(Reports, a_session_token_reports_for_its_own_session) {
  auto const token = start("B4", {{"role", "backend"}});
  auto const made = call("create_report", {{"measures", json::object{{"coverage", 50}}}}, token);
  ASSERT_EQ(made.status, 201U) << made.code << made.text("/detail");
  EXPECT_EQ(made.text("/session_alias"), "B4");
  EXPECT_EQ(call("create_report", {{"session", "B"}, {"measures", json::object{{"coverage", 50}}}}, token).status,
            403U);
  auto const viewer =
      call("create_token", {{"name", "v"}, {"permissions", json::array{"project_read"}}, {"expires_in", 60}});
  EXPECT_EQ(call("create_report", {{"measures", json::object{{"coverage", 50}}}}, viewer.text("/token")).status, 403U);
}

TEST_F(Reports, reports_are_kept_newest_first_under_their_events_cursors) {
  std::vector<std::string> cursors;
  for (auto const value : {90, 91, 92}) {
    cursors.push_back(of_b({{"coverage", value}}).text("/cursor"));
    pass(std::chrono::minutes(1));
  }
  auto const tenant = *TenantId::parse(api.call("get_tenant", {}, owner).text("/id"));
  auto const project = *ProjectId::parse(call("get_project").text("/id"));
  auto const since = Timestamp{api.clock.now().ms - 150'000};
  std::vector<db::KeptReport> all;
  std::vector<db::KeptReport> last;
  std::vector<db::KeptReport> young;
  db::RequestFacts const facts;
  db::run_read_blocking(*api.engine, [&](db::Transaction& transaction) -> Task<db::Verdict> {
    SeededRandom unused(1);
    auth::OpenTx open(transaction, facts, unused);
    auto tx = auth::Directory::bind(open, tenant);
    all = co_await db::newest_reports(tx, project, Timestamp{}, 10);
    last = co_await db::newest_reports(tx, project, Timestamp{}, 1);
    young = co_await db::newest_reports(tx, project, since, 10);
    co_return db::Verdict::abort;
  });
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(to_string(all[0].cursor), cursors[2]);
  EXPECT_EQ(to_string(all[2].cursor), cursors[0]);
  EXPECT_EQ(all[2].report.measures.at("coverage"), 90);
  EXPECT_EQ(all[2].report.session_alias, "B");
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].cursor, all[0].cursor);
  EXPECT_EQ(young.size(), 2U);
}

// What codi measures itself.
class OwnMeasures : public Reports {
 protected:
  void SetUp() override {
    put("backend",
        "# Backend\n## Success Metrics\n- First-time PR approval: > 85%\n- Time to accept: < 1 h\n"
        "- Lost claims: 0\n- Zero boundary violations\n## Boundaries\n- src/\n");
    put("web", "# Web\n## Boundaries\n- web/\n");
    start("B", {{"role", "backend"}});
    start("R", {{"role", "reviewer"}});
  }
};

TEST_F(OwnMeasures, approval_counts_the_first_word_on_each_piece_of_work) {
  EXPECT_EQ(gate("first_time_approval"), "null null");
  auto const first = offer("reviewer").text("/id");
  EXPECT_EQ(step("accept", first, "R").status, 200U);
  EXPECT_EQ(gate("first_time_approval"), "100 true");
  EXPECT_EQ(step("decline", offer("reviewer").text("/id"), "R").status, 200U);
  EXPECT_EQ(gate("first_time_approval"), "50 false");
  EXPECT_EQ(step("decline", offer("reviewer").text("/id"), "R").status, 200U);
  EXPECT_EQ(step("accept", offer("reviewer").text("/id"), "R").status, 200U);
  EXPECT_EQ(gate("first_time_approval"), "50 false") << "the same work, which was declined before";
  EXPECT_EQ(step("accept", offer("reviewer").text("/id"), "R").status, 200U);
  EXPECT_TRUE(gate("first_time_approval").starts_with("66.6")) << gate("first_time_approval");
  EXPECT_EQ(step("withdraw", offer("reviewer").text("/id"), "B").status, 200U);
  EXPECT_TRUE(gate("first_time_approval").starts_with("66.6")) << "nobody said anything";
}

TEST_F(OwnMeasures, what_only_handing_over_mends_does_not_keep_from_handing_over) {
  set_policy("refuse");
  EXPECT_EQ(step("decline", offer("reviewer").text("/id"), "R").status, 200U);
  auto const flagged = offer("reviewer");
  EXPECT_EQ(flagged.status, 201U);
  EXPECT_EQ(flagged.text("/failed_gates/0/measure"), "first_time_approval");
}

TEST_F(OwnMeasures, the_time_to_accept_is_that_of_who_accepts) {
  EXPECT_EQ(gate("time_to_accept_ms"), "null null");
  for (auto const wait : {1, 2, 50}) {
    auto const id = offer("backend", "R").text("/id");
    pass(std::chrono::minutes(wait));
    ASSERT_EQ(step("accept", id, "B").status, 200U);
  }
  EXPECT_EQ(gate("time_to_accept_ms"), "120000 true");
}

TEST_F(OwnMeasures, a_report_is_the_occasion_to_look_at_them) {
  put("backend",
      "# Backend\n## Success Metrics\n- First-time PR approval: > 85%\n## Delegation Triggers\n"
      "- Escalates to lead when: First-time PR approval drops below 85%\n");
  ASSERT_EQ(step("decline", offer("reviewer").text("/id"), "R").status, 200U);
  auto const fell = of_b({{"coverage", 50}});
  EXPECT_EQ(fell.text("/gates"), "[]") << "the report has no value for it";
  EXPECT_EQ(fell.text("/delegations/0/to_role"), "lead");
  EXPECT_EQ(fell.text("/delegations/0/value"), "0");
  EXPECT_EQ(told("GATE_FAILED").size(), 1U);
  EXPECT_EQ(of_b({{"coverage", 50}}, {{"branch", "other"}}).text("/delegations"), "[]") << "it has no branch";
}

TEST_F(OwnMeasures, lost_claims_and_violations_are_counted_for_thirty_days) {
  EXPECT_EQ(gate("claims_lost"), "0 true");
  auto const id = claim("B", {"src/a"}).text("/claims/0/id");
  ASSERT_EQ(call("force_release_claim", {{"claim", id}, {"reason", "urgent"}}).status, 200U);
  EXPECT_EQ(claim("B", {"web/x"}).code, "ROLE-USR-4001");
  EXPECT_EQ(gate("claims_lost"), "1 false");
  EXPECT_EQ(gate("boundary_violations"), "1 false");
  pass(std::chrono::hours(29 * 24));
  EXPECT_EQ(gate("claims_lost"), "1 false");
  pass(std::chrono::hours(48));
  EXPECT_EQ(gate("claims_lost"), "0 true");
  EXPECT_EQ(gate("boundary_violations"), "0 true");
}

TEST_F(Reports, the_last_of_a_roles_falls_go_with_it) {
  of_b({{"coverage", 90}});
  ASSERT_EQ(call("delete_role", {{"name", "backend"}}).status, 204U);
  EXPECT_EQ(of_b({{"coverage", 80}}).text("/gates"), "[]");
  put("backend", kBackend);
  EXPECT_EQ(of_b({{"coverage", 80}}).body.at("delegations").as_array().size(), 1U);
}

TEST_F(Reports, a_report_repeated_with_its_key_is_one) {
  CallOptions const key{.idempotency_key = "k1"};
  json::object const body{{"session", "B"}, {"measures", json::object{{"coverage", 90}}}};
  auto const first = call("create_report", body, {}, key);
  auto const again = call("create_report", body, {}, key);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(handoffs().size(), 1U);
}

TEST_F(Reports, a_fall_delegates_once_however_often_transactions_are_tried) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto const engine = api.faulty_engine(
        {.seed = seed, .conflict_permille = 300, .unknown_applied_permille = 200, .unknown_lost_permille = 200});
    auto server = api.runtime_on(*engine, api.facts);
    json::object body{{"project", "default"}, {"session", "B"}, {"measures", json::object{{"coverage", 90}}}};
    auto const before = handoffs().size();
    EXPECT_EQ(ApiHarness::call_on(server, "create_report", body, owner).status, 201U) << "seed " << seed;
    EXPECT_EQ(ApiHarness::call_on(server, "create_report", body, owner).status, 201U) << "seed " << seed;
    EXPECT_EQ(handoffs({{"limit", 500}}).size(), before + 1) << "seed " << seed;
    of_b({{"coverage", 96}});
  }
}

}  // namespace
}  // namespace codi::testing
