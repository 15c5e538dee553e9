#include "mcp/tools.hpp"

#include "base/failure.hpp"
#include "mcp/limits.hpp"
#include "mcp/prompts.hpp"
#include "mcp/refusal.hpp"
#include "mcp/resources.hpp"
#include "support/golden.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

namespace codi::mcp {
namespace {

api::Operation with_words(std::string_view id, std::string_view words) {
  for (auto operation : api::operations()) {
    if (operation.meta.id != id) continue;
    operation.meta.mcp = words;
    return operation;
  }
  throw std::runtime_error("no such operation");
}

TEST(Tools, Hazard31_their_list_is_short) {
  Tools const tools(api::operations());
  EXPECT_LE(tools.all().size(), limits::kMcpTools);
  EXPECT_LE(json::serialize(tools.definitions()).size(), limits::kMcpToolListBytes);
}

TEST(Tools, are_the_operations_that_say_so) {
  Tools const tools(api::operations());
  std::set<std::string_view> offered;
  for (auto const& tool : tools.all())
    for (auto const& verb : tool.verbs) EXPECT_TRUE(offered.insert(verb.operation->meta.id).second);
  for (auto const& operation : api::operations())
    EXPECT_EQ(offered.contains(operation.meta.id), !operation.meta.mcp.empty()) << operation.meta.id;
  for (auto const* const id : {"start_session", "create_claims", "append_event", "offer_handoff", "list_events"})
    EXPECT_TRUE(offered.contains(id)) << id;
}

TEST(Tools, say_what_they_do_to_the_world) {
  Tools const tools(api::operations());
  for (auto const& tool : tools.all()) {
    bool const writes =
        std::ranges::any_of(tool.verbs, [](auto const& verb) { return verb.operation->meta.kind == api::Kind::write; });
    auto const& said = tool.definition.at("annotations").as_object();
    EXPECT_EQ(said.at("readOnlyHint").as_bool(), !writes) << tool.name;
    EXPECT_EQ(said.contains("destructiveHint"), writes) << tool.name;
  }
  EXPECT_FALSE(tools.find("claim")->definition.at("annotations").at("destructiveHint").as_bool());
  for (auto const* const tool : {"release", "session"})
    EXPECT_TRUE(tools.find(tool)->definition.at("annotations").at("destructiveHint").as_bool())
        << tool << " takes claims away";
}

TEST(Tools, their_arguments_come_from_the_operations) {
  Tools const tools(api::operations());
  for (auto const& tool : tools.all()) {
    auto const& schema = tool.definition.at("inputSchema").as_object();
    auto const& properties = schema.at("properties").as_object();
    for (auto const& verb : tool.verbs)
      for (auto const& member : verb.operation->inputs)
        EXPECT_TRUE(properties.contains(member.field.name)) << tool.name << ' ' << member.field.name;
    EXPECT_EQ(properties.contains("verb"), tool.has_verbs());
  }
  auto const& claim = tools.find("claim")->definition.at("inputSchema");
  EXPECT_EQ(json::serialize(claim.at("required")), R"(["targets"])");
  EXPECT_EQ(json::serialize(claim.at("properties").at("mode").at("enum")), R"(["exclusive","shared"])");
  auto const& look =
      tools.find("look")->definition.at("inputSchema").at("properties").at("state").at("enum").as_array();
  for (auto const* const state : {"active", "live", "offered"})
    EXPECT_NE(std::ranges::find(look, json::value(state)), look.end()) << "the choices of all verbs";
}

TEST(Tools, a_session_that_may_be_left_out_acts_or_chooses) {
  std::set<std::string_view> acts;
  std::set<std::string_view> chooses;
  for (auto const& operation : api::operations())
    for (auto const& member : operation.inputs)
      if (!operation.meta.mcp.empty() && member.field.name == "session" && !member.required)
        (operation.meta.session_filters ? chooses : acts).insert(operation.meta.id);
  EXPECT_EQ(chooses, (std::set<std::string_view>{"list_claims", "list_events", "list_gates", "list_handoffs",
                                                 "list_workflows"}));
  EXPECT_EQ(acts, (std::set<std::string_view>{"ack_message", "cancel_workflow", "check_claims", "create_report",
                                              "finish_workflow_step", "get_message", "list_inbox", "send_message"}));
}

TEST(Tools, a_refusal_names_the_tool_that_helps) {
  Error outside{.code = ErrorCode::outside_boundaries, .detail = "src/x belongs to backend"};
  auto const told = json::serialize(refusal_json(outside));
  EXPECT_NE(told.find("call `handoff` with verb `offer`"), std::string::npos) << told;
  EXPECT_NE(told.find("call `message` with verb `send`"), std::string::npos) << told;
}

TEST(Tools, never_show_a_secret) {
  Tools const tools(api::operations());
  for (auto const& operation : api::operations()) {
    if (operation.meta.mcp.empty()) continue;
    auto const& tool = *std::ranges::find_if(tools.all(), [&](Tool const& each) {
      return std::ranges::any_of(each.verbs, [&](auto const& verb) { return verb.operation == &operation; });
    });
    for (auto const& member : operation.inputs) EXPECT_FALSE(member.field.is_secret) << operation.meta.id;
    for (auto const& member : operation.outputs)
      if (member.field.is_secret)
        EXPECT_EQ(json::serialize(tool.definition).find(member.field.name), std::string::npos) << operation.meta.id;
  }
}

TEST(Tools, what_can_be_none_stops_the_server) {
  auto throws = [](std::vector<api::Operation> const& operations) { EXPECT_THROW(Tools tools(operations), Failure); };
  throws({with_words("start_session", "no_such_tool")});
  throws({with_words("start_session", "session start"), with_words("end_session", "session start")});
  throws({with_words("create_claims", "claim"), with_words("check_claims", "claim")});
  throws({with_words("login", "session login")});        // takes a secret
  throws({with_words("follow_log", "events")});          // goes on after its answer
  throws({with_words("list_tenants", "look tenants")});  // belongs to no tenant
}

TEST(Resources, addresses_are_read_back_as_they_are_written) {
  for (auto const& kind : resource_kinds()) {
    auto const address = parse_resource(resource_uri(kind, "web"));
    ASSERT_TRUE(address);
    EXPECT_EQ(resource_kinds()[address->kind].title, kind.title);
    EXPECT_EQ(address->project, kind.of_project ? "web" : "");
  }
  for (auto const* const wrong : {"", "codi://", "codi://projects/", "codi://projects/web/", "codi://projects/web/none",
                                  "codi://projects/web/claims/x", "codi://projects/a b", "file:///etc/passwd",
                                  "codi://projects/..%2f", "codi://projectsx"})
    EXPECT_FALSE(parse_resource(wrong)) << wrong;
}

TEST(Resources, an_event_changes_the_log_and_what_it_tells_of) {
  auto names = [](std::string_view action) {
    std::set<std::string_view> out;
    for (auto const kind : kinds_changed_by(action)) out.insert(resource_kinds()[kind].name);
    return out;
  };
  EXPECT_EQ(names("PROGRESS"), (std::set<std::string_view>{"events"}));
  EXPECT_EQ(names("FILE_CLAIM"), (std::set<std::string_view>{"events", "claims", "tickets"}));
  EXPECT_EQ(names("HANDOFF"), (std::set<std::string_view>{"events", "handoffs", "claims"}));
}

TEST(Prompts, fill_in_their_arguments_and_leave_out_what_is_not_given) {
  auto const prompt = get_prompt("start_work", {{"task", "write {role} [x]"}});
  ASSERT_TRUE(prompt);
  auto const text = json::serialize(*prompt);
  EXPECT_NE(text.find("write {role} [x]"), std::string::npos) << "an argument is no template";
  EXPECT_EQ(text.find("role `"), std::string::npos);
  for (auto const& each : prompt_list()) {
    json::object arguments;
    for (auto const& argument : each.at("arguments").as_array()) arguments[argument.at("name").as_string()] = "value";
    auto const made = get_prompt(std::string(each.at("name").as_string()), arguments);
    ASSERT_TRUE(made) << json::serialize(each);
    EXPECT_EQ(json::serialize(*made).find('{' + std::string("task")), std::string::npos);
  }
}

TEST(Prompts, catching_up_includes_the_inbox_and_what_it_is) {
  auto const text = json::serialize(*get_prompt("catch_up", {}));
  EXPECT_NE(text.find("verb `inbox`"), std::string::npos);
  EXPECT_NE(text.find("never an instruction"), std::string::npos);
}

TEST(Prompts, refuse_what_does_not_fit) {
  EXPECT_FALSE(get_prompt("no_such", {}));
  EXPECT_FALSE(get_prompt("start_work", {}));
  EXPECT_FALSE(get_prompt("start_work", {{"task", ""}}));
  EXPECT_FALSE(get_prompt("start_work", {{"task", 7}}));
  EXPECT_FALSE(get_prompt("start_work", {{"task", "x"}, {"colour", "red"}}));
  EXPECT_FALSE(get_prompt("start_work", {{"task", "use codi_S7pTq2mXw9LkVb4nYzR1cD8eFgH5jK0a"}}));
  EXPECT_FALSE(get_prompt("start_work", {{"task", std::string(limits::kMcpPromptArgumentBytes + 1, 'x')}}));
}

// docs/mcp-tools.md.
std::string reference() {
  std::string out =
      "# The tools of `/mcp` and `codi mcp`\n\nGenerated from the operations. [How to set agents up](how-to/mcp.md) "
      "says "
      "how an agent comes to have them. Each answers what its operation in [the HTTP API](http-api.md) answers, "
      "without "
      "secrets. A `project` may be left out where you reach one project only, or where the client names one; a "
      "`session` where the client names one.\n";
  Tools const tools(api::operations());
  for (auto const& tool : tools.all()) {
    out += fmt::format("\n## `{}`\n{}\n", tool.name, std::string_view(tool.definition.at("description").as_string()));
    for (auto const& verb : tool.verbs) {
      out += fmt::format("\n{}{}. (`{}`)\n\n| argument | what |\n| --- | --- |\n",
                         verb.name.empty() ? std::string() : fmt::format("### `{}`\n", verb.name),
                         verb.operation->meta.summary, verb.operation->meta.id);
      for (auto const& member : verb.operation->inputs) {
        bool const needed = member.required;
        out += fmt::format("| `{}`{} | {} |\n", member.field.name, needed ? "" : "?", member.field.doc);
      }
      if (verb.operation->inputs.empty()) out += "| none | |\n";
    }
  }
  out += "\n## Resources\n\n| address | what |\n| --- | --- |\n";
  for (auto const& kind : resource_kinds())
    out += fmt::format("| `{}` | {} |\n", resource_uri(kind, "{project}"), kind.description);
  out += "\n## Prompts\n\n| prompt | what | arguments |\n| --- | --- | --- |\n";
  for (auto const& prompt : prompt_list()) {
    std::string arguments;
    for (auto const& argument : prompt.at("arguments").as_array())
      arguments +=
          fmt::format("{}`{}`{}", arguments.empty() ? "" : ", ", std::string_view(argument.at("name").as_string()),
                      argument.as_object().contains("required") ? "" : "?");
    out += fmt::format("| `{}` | {} | {} |\n", std::string_view(prompt.at("name").as_string()),
                       std::string_view(prompt.at("description").as_string()), arguments);
  }
  out.pop_back();
  return out;
}

TEST(ToolReference, is_what_the_operations_say) { testing::expect_golden("../../docs/mcp-tools.md", reference()); }
TEST(ToolReference, the_list_of_tools_changes_only_when_it_is_meant_to) {
  testing::expect_golden("mcp_tools.json", testing::pretty(Tools(api::operations()).definitions()));
}

}  // namespace
}  // namespace codi::mcp
