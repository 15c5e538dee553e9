#include "models/role_limits.hpp"
#include "support/workshop.hpp"

#include <fmt/format.h>

namespace codi::testing {
namespace {

constexpr auto kDocument = R"(# Backend

## Example Workflows

### Workflow 1: New API Endpoint
1. Write the request as a test
2. Declare the operation
3. Make the test pass

### Workflow 2: Raise a library
1. Read what is new
2. Raise it

### Workflow 3: new api endpoint
1. Another of nearly the same name

### Workflow 4: Nothing to do
)";

class WorkflowsAtWork : public Workshop {
 protected:
  WorkflowsAtWork() {
    EXPECT_EQ(call("put_role", {{"name", "backend"}, {"text", kDocument}}).status, 200U);
    dev = start("DEV", {{"role", "backend"}});
    qa = start("QA", {{"role", "qa"}});
  }
  Reply begin(std::string_view name, json::object more = {}) {
    if (!more.contains("session")) more["session"] = "DEV";
    more["name"] = name;
    return call("start_workflow", std::move(more));
  }
  Reply done(std::string const& id, std::int64_t n, json::object more = {},
             std::optional<std::string> const& credential = {}) {
    more["workflow"] = id;
    more["n"] = n;
    return call("finish_workflow_step", std::move(more), credential);
  }
  Reply get(std::string const& id) { return call("get_workflow", {{"workflow", id}}); }
  Reply offer(json::object more = {}) {
    json::object members{{"session", "DEV"}, {"to", {{"role", "qa"}}}, {"summary", "the rest"}};
    for (auto const& [key, value] : more) members[key] = value;
    return call("offer_handoff", std::move(members));
  }
  Reply take(std::string_view verb, Reply const& offered, std::string_view session) {
    return call(verb, {{"handoff", offered.text("/id")}, {"session", session}});
  }
  std::vector<json::object> progress() { return items("list_events", {{"action", "PROGRESS"}, {"limit", 500}}); }

  std::string dev, qa;
};

TEST_F(WorkflowsAtWork, one_is_a_copy_of_the_roles_steps) {
  auto const run = begin("New API Endpoint");
  ASSERT_EQ(run.status, 201U) << run.code << run.text("/detail");
  EXPECT_EQ(run.text("/role"), "backend");
  EXPECT_EQ(run.text("/name"), "New API Endpoint");
  EXPECT_EQ(run.text("/state"), "running");
  EXPECT_EQ(run.text("/session_alias"), "DEV");
  EXPECT_EQ(run.text("/remaining"), "3");
  EXPECT_EQ(run.text("/steps/1"), R"({"n":2,"text":"Declare the operation","done_at":null,"done_by":null})");
  ASSERT_EQ(call("put_role", {{"name", "backend"}, {"purpose", "another"}}).status, 200U);
  EXPECT_EQ(get(run.text("/id")).body, run.body) << "a document that changes later changes nothing";
  auto const event = last_event("PROGRESS");
  EXPECT_EQ(event.at("text"), "started the workflow New API Endpoint, which has 3 steps");
  EXPECT_EQ(event.at("session_alias"), "DEV");
  EXPECT_EQ(event.at("data").at("workflow_id").as_string(), run.text("/id"));
  EXPECT_EQ(event.at("data").at("progress"), 0);
}

TEST_F(WorkflowsAtWork, a_name_is_matched_exactly_and_then_without_case_and_number) {
  EXPECT_EQ(begin("new api endpoint").text("/steps/0/text"), "Another of nearly the same name");
  EXPECT_EQ(begin("NEW API ENDPOINT").text("/name"), "New API Endpoint");
  EXPECT_EQ(begin("Workflow 2: Raise a Library").text("/name"), "Raise a library");
  EXPECT_EQ(begin("  raise a library ").text("/name"), "Raise a library");
  auto const unknown = begin("Raise");
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_EQ(unknown.error->recovery.at(0),
            "It has: New API Endpoint; Raise a library; new api endpoint; Nothing to do.");
  EXPECT_EQ(begin("Nothing to do").status, 422U);
  EXPECT_EQ(begin("").status, 422U);
}

TEST_F(WorkflowsAtWork, the_role_is_the_sessions_unless_another_is_named) {
  EXPECT_EQ(begin("Raise a library", {{"session", "QA"}}).status, 404U) << "qa has no document";
  EXPECT_EQ(begin("Raise a library", {{"session", "QA"}, {"role", "Backend"}}).text("/role"), "backend");
  start("nobody");
  auto const without = begin("Raise a library", {{"session", "nobody"}});
  EXPECT_EQ(without.status, 422U);
  EXPECT_EQ(without.error->errors.at(0).pointer, "/role");
  ASSERT_EQ(call("put_role", {{"name", "empty"}, {"purpose", "x"}}).status, 200U);
  EXPECT_TRUE(begin("x", {{"role", "empty"}}).error->recovery.at(0).starts_with("Its document has none"));
  EXPECT_EQ(begin("Raise a library", {{"session", "GHOST"}}).status, 404U);
}

TEST_F(WorkflowsAtWork, steps_are_done_in_any_order_and_each_is_an_event) {
  auto const id = begin("New API Endpoint").text("/id");
  auto const second = done(id, 2);
  ASSERT_EQ(second.status, 200U) << second.code << second.text("/detail");
  EXPECT_EQ(second.text("/remaining"), "2");
  EXPECT_EQ(second.text("/steps/1/done_by"), second.text("/session_id"));
  EXPECT_EQ(second.text("/steps/0/done_at"), "null");
  pass(std::chrono::seconds(1));
  EXPECT_EQ(done(id, 2).body, second.body) << "done twice is the same answer";
  EXPECT_EQ(done(id, 1).text("/state"), "running");
  EXPECT_EQ(done(id, 3, {{"session", "DEV"}}).text("/state"), "done");
  EXPECT_EQ(get(id).text("/state"), "done");
  EXPECT_EQ(done(id, 3).status, 200U);
  auto const events = progress();
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[1].at("text"), "New API Endpoint 2/3: Declare the operation");
  EXPECT_EQ(events[1].at("data").at("step"), 2);
  EXPECT_EQ(events[1].at("data").at("of"), 3);
  EXPECT_EQ(events[1].at("data").at("progress"), 33);
  EXPECT_EQ(events[3].at("data").at("progress"), 100);
  EXPECT_EQ(events[4].at("text"), "finished the workflow New API Endpoint");
  EXPECT_EQ(events[4].at("data").at("state"), "done");
}

TEST_F(WorkflowsAtWork, a_step_that_is_none_is_refused) {
  auto const id = begin("Raise a library").text("/id");
  EXPECT_EQ(done(id, 3).status, 404U);
  EXPECT_EQ(done(id, 0).status, 422U);
  EXPECT_EQ(done(id, 1'001).status, 422U);
  EXPECT_EQ(done("00000000-0000-7abc-8abc-0123456789ab", 1).status, 404U);
}

TEST_F(WorkflowsAtWork, only_who_acts_for_its_session_works_through_it) {
  auto const id = begin("Raise a library").text("/id");
  EXPECT_EQ(done(id, 1, {{"session", "QA"}}, qa).code, "AUTH-USR-1003");
  EXPECT_EQ(done(id, 1, {}, qa).code, "AUTH-USR-1003");
  EXPECT_EQ(call("cancel_workflow", {{"workflow", id}}, qa).code, "AUTH-USR-1003");
  EXPECT_EQ(call("start_workflow", {{"session", "DEV"}, {"name", "Raise a library"}}, qa).code, "AUTH-USR-1003");
  EXPECT_EQ(done(id, 1, {}, dev).status, 200U);
  EXPECT_EQ(call("get_workflow", {{"workflow", id}}, qa).status, 200U) << "anyone in the project reads it";
  EXPECT_EQ(progress().size(), 2U);
}

TEST_F(WorkflowsAtWork, one_is_cancelled_once_and_then_stays_as_it_is) {
  auto const id = begin("Raise a library").text("/id");
  ASSERT_EQ(done(id, 1).status, 200U);
  auto const cancelled = call("cancel_workflow", {{"workflow", id}, {"session", "DEV"}, {"reason", "not now"}});
  EXPECT_EQ(cancelled.text("/state"), "cancelled");
  EXPECT_EQ(cancelled.text("/reason"), "not now");
  EXPECT_EQ(last_event("PROGRESS").at("text"), "gave up the workflow Raise a library: not now");
  EXPECT_EQ(call("cancel_workflow", {{"workflow", id}}).body, cancelled.body);
  EXPECT_EQ(done(id, 1).body, cancelled.body) << "that step was done";
  EXPECT_EQ(done(id, 2).code, "API-USR-2003");
  EXPECT_EQ(progress().size(), 3U);
  auto const other = begin("Raise a library").text("/id");
  done(other, 1);
  done(other, 2);
  EXPECT_EQ(call("cancel_workflow", {{"workflow", other}}).code, "API-USR-2003");
}

TEST_F(WorkflowsAtWork, lists_are_by_session_and_state) {
  auto const first = begin("Raise a library").text("/id");
  auto const second = begin("New API Endpoint").text("/id");
  begin("Raise a library", {{"session", "QA"}, {"role", "backend"}});
  EXPECT_EQ(items("list_workflows").size(), 3U);
  EXPECT_EQ(items("list_workflows", {{"session", "dev"}}).size(), 2U);
  call("cancel_workflow", {{"workflow", first}});
  auto const running = items("list_workflows", {{"session", "DEV"}, {"state", "running"}});
  ASSERT_EQ(running.size(), 1U);
  EXPECT_EQ(running[0].at("id").as_string(), second);
  auto const page = call("list_workflows", {{"limit", 2}});
  EXPECT_EQ(page.body.at("items").as_array().size(), 2U);
  auto const rest = call("list_workflows", {{"limit", 2}, {"after", page.text("/next")}});
  EXPECT_EQ(rest.body.at("items").as_array().size(), 1U);
  EXPECT_EQ(rest.text("/next"), "null");
  EXPECT_EQ(call("list_workflows", {{"session", "GHOST"}}).status, 404U);
}

TEST_F(WorkflowsAtWork, a_session_that_ends_leaves_what_it_had) {
  auto const id = begin("Raise a library").text("/id");
  ASSERT_EQ(call("end_session", {{"session", "DEV"}}).status, 200U);
  EXPECT_EQ(get(id).text("/state"), "left");
  EXPECT_EQ(items("list_workflows", {{"state", "left"}}).size(), 1U);
  EXPECT_TRUE(items("list_workflows", {{"state", "running"}}).empty());
  EXPECT_EQ(done(id, 1).code, "API-USR-2003");
  auto const silent = begin("Raise a library", {{"session", "QA"}, {"role", "backend"}}).text("/id");
  pass(std::chrono::hours(2));
  EXPECT_EQ(get(silent).text("/state"), "left") << "its lease ran out, and nobody has noticed yet";
}

TEST_F(WorkflowsAtWork, a_session_has_so_many_at_work_and_none_is_too_long) {
  std::string last;
  for (std::size_t i = 0; i < limits::kWorkflowsRunning; ++i) last = begin("Raise a library").text("/id");
  EXPECT_EQ(begin("Raise a library").code, "API-USR-2003");
  call("cancel_workflow", {{"workflow", last}});
  EXPECT_EQ(begin("Raise a library").status, 201U);
  json::array steps;
  for (std::size_t i = 0; i < limits::kWorkflowBytes / 10'000; ++i) steps.emplace_back(std::string(10'000, 'x'));
  json::object workflow{{"name", "Long"}, {"steps", std::move(steps)}};
  ASSERT_EQ(call("put_role", {{"name", "long"}, {"workflows", json::array{std::move(workflow)}}}).status, 200U);
  auto const refused = begin("Long", {{"session", "QA"}, {"role", "long"}});
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(refused.error->errors.at(0).pointer, "/name");
}

TEST_F(WorkflowsAtWork, what_is_left_travels_in_the_handoff) {
  auto const first = begin("New API Endpoint").text("/id");
  auto const second = begin("Raise a library").text("/id");
  done(first, 2);
  auto const offered = offer({{"remaining", json::array{"load test", "Raise it"}}});
  ASSERT_EQ(offered.status, 201U) << offered.code << offered.text("/detail");
  EXPECT_EQ(offered.text("/remaining"),
            R"(["load test","Raise it","New API Endpoint: Write the request as a test",)"
            R"("New API Endpoint: Make the test pass","Raise a library: Read what is new"])");
  EXPECT_EQ(offered.text("/workflows/0"), R"({"id":")" + first + R"(","name":"New API Endpoint","remaining":2})");
  EXPECT_EQ(offered.text("/workflows/1/id"), second);
  EXPECT_EQ(last_event("HANDOFF").at("data").at("workflow_ids"),
            (json::array{json::value(first), json::value(second)}));
  call("cancel_workflow", {{"workflow", second}});
  ASSERT_EQ(take("accept_handoff", offered, "QA").status, 200U);
  EXPECT_EQ(last_event("HANDOFF").at("data").at("workflow_ids"), json::array{json::value(first)});
  auto const moved = get(first);
  EXPECT_EQ(moved.text("/session_alias"), "QA");
  EXPECT_EQ(moved.text("/state"), "running");
  EXPECT_EQ(get(second).text("/session_alias"), "DEV") << "it was no longer at work";
  EXPECT_EQ(done(first, 1, {{"session", "DEV"}}, dev).code, "AUTH-USR-1003");
  EXPECT_EQ(done(first, 1, {{"session", "QA"}}, qa).text("/steps/0/done_by"), moved.text("/session_id"));
  EXPECT_EQ(done(first, 3, {}, qa).text("/state"), "done");
  EXPECT_TRUE(items("list_workflows", {{"session", "DEV"}, {"state", "running"}}).empty());
  EXPECT_EQ(items("list_workflows", {{"session", "QA"}}).size(), 1U);
}

TEST_F(WorkflowsAtWork, an_offer_that_nobody_takes_or_without_workflows_leaves_them) {
  auto const id = begin("Raise a library").text("/id");
  ASSERT_EQ(take("decline_handoff", offer(), "QA").status, 200U);
  ASSERT_EQ(take("withdraw_handoff", offer(), "DEV").status, 200U);
  auto const without = offer({{"with_workflows", false}});
  EXPECT_EQ(without.text("/remaining"), "[]");
  EXPECT_EQ(without.text("/workflows"), "[]");
  ASSERT_EQ(take("accept_handoff", without, "QA").status, 200U);
  EXPECT_EQ(get(id).text("/session_alias"), "DEV");
}

TEST_F(WorkflowsAtWork, the_first_who_accepts_has_them) {
  auto const id = begin("Raise a library").text("/id");
  start("QA2", {{"role", "qa"}});
  auto const first = offer();
  auto const second = offer();
  ASSERT_EQ(call("end_session", {{"session", "DEV"}}).status, 200U);
  ASSERT_EQ(take("accept_handoff", first, "QA").status, 200U);
  EXPECT_EQ(get(id).text("/state"), "running") << "it was left by a session that has ended, and goes on";
  ASSERT_EQ(take("accept_handoff", second, "QA2").status, 200U);
  EXPECT_EQ(get(id).text("/session_alias"), "QA");
}

TEST_F(WorkflowsAtWork, who_has_too_many_accepts_no_more) {
  begin("Raise a library");
  auto const offered = offer();
  for (std::size_t i = 0; i < limits::kWorkflowsRunning; ++i)
    ASSERT_EQ(begin("Raise a library", {{"session", "QA"}, {"role", "backend"}}).status, 201U);
  EXPECT_EQ(take("accept_handoff", offered, "QA").code, "API-USR-2003");
  auto const one = items("list_workflows", {{"session", "QA"}, {"limit", 1}}).at(0);
  call("cancel_workflow", {{"workflow", one.at("id")}});
  EXPECT_EQ(take("accept_handoff", offered, "QA").status, 200U);
}

TEST_F(WorkflowsAtWork, remaining_has_its_limits) {
  json::array steps;
  for (int i = 0; i < 150; ++i) steps.push_back(json::value(fmt::format("step {}", i)));
  steps[0] = std::string(3'000, 'x');
  json::array workflows{json::object{{"name", "A"}, {"steps", steps}}, json::object{{"name", "B"}, {"steps", steps}}};
  ASSERT_EQ(call("put_role", {{"name", "backend"}, {"workflows", std::move(workflows)}}).status, 200U);
  begin("A");
  begin("B");
  auto const offered = offer();
  ASSERT_EQ(offered.status, 201U) << offered.text("/detail");
  EXPECT_EQ(offered.body.at("remaining").as_array().size(), limits::kHandoffItems);
  EXPECT_EQ(offered.text("/remaining/0").size(), limits::kHandoffItemBytes);
  EXPECT_EQ(offered.text("/workflows/1/remaining"), "150") << "the list is cut, the count is not";
  EXPECT_EQ(call("get_handoff", {{"handoff", offered.text("/id")}}).body, offered.body);
}

TEST_F(WorkflowsAtWork, a_line_of_codi_log_hands_them_over_too) {
  begin("Raise a library");
  auto const written = call("write_line", {{"line", "DEV: HANDOFF to QA"}});
  ASSERT_EQ(written.status, 201U) << written.code << written.text("/detail");
  EXPECT_EQ(written.text("/handoff/workflows/0/name"), "Raise a library");
  EXPECT_EQ(written.text("/handoff/remaining/1"), "Raise a library: Raise it");
}

TEST_F(WorkflowsAtWork, they_go_with_their_project) {
  auto const id = begin("Raise a library").text("/id");
  ASSERT_EQ(api.call("delete_project", {{"project", "default"}}, owner).status, 204U);
  EXPECT_EQ(get(id).status, 404U);
}

}  // namespace
}  // namespace codi::testing
