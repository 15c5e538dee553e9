#include "cli/claude_settings.hpp"

#include "cli/json_access.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace codi::cli {
namespace {

constexpr auto kFile = "settings.json";

std::string added(std::string const& text, std::string const& command = agent_hook_command({}, false)) {
  auto const out = with_agent_hook(text, kFile, command);
  EXPECT_TRUE(out) << (out ? "" : out.error().what);
  return out.value_or("");
}

std::string removed(std::string const& text) {
  auto const out = without_agent_hook(text, kFile);
  EXPECT_TRUE(out) << (out ? "" : out.error().what);
  return out.value_or("");
}

std::string wrong(std::string const& text) {
  auto const out = with_agent_hook(text, kFile, "x");
  EXPECT_FALSE(out) << text;
  return out ? "" : out.error().what;
}

TEST(ClaudeSettings, a_new_file_holds_the_hook_as_the_reference_describes_it) {
  auto const group = json::parse(added("")).at("hooks").at("PreToolUse").at(0);
  EXPECT_EQ(group.at("matcher"), "Edit|Write|MultiEdit|NotebookEdit");
  EXPECT_EQ(group.at("hooks").at(0).at("type"), "command");
  EXPECT_EQ(group.at("hooks").at(0).at("command"), "codi guard check --agent-hook");
  EXPECT_TRUE(group.at("hooks").at(0).at("timeout").is_int64());
}

TEST(ClaudeSettings, what_others_have_written_stays_as_it_is_and_comes_back_byte_for_byte) {
  for (std::string const text :
       {"{\n    \"zebra\": 1.50,\n    \"apple\": [1,2 , 3]\n}\n",
        "{\n\t\"hooks\": {\n\t\t\"Stop\": [ { \"hooks\": [] } ]\n\t},\n\t\"env\": {\"A\": \"\\u00e9\\\"}\"}\n}",
        "{\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\n        \"matcher\": \"Bash\",\n        \"hooks\": "
        "[{\"type\": "
        "\"command\", \"command\": \"./lint\"}]\n      }\n    ]\n  },\n  \"model\": \"x\"\n}\n"}) {
    auto const with = added(text);
    EXPECT_TRUE(find_agent_hook(with, kFile).value());
    EXPECT_EQ(added(with), with) << "twice is once";
    EXPECT_EQ(removed(with), text);
    auto const before = json::parse(text);
    for (auto const& member : before.as_object())
      EXPECT_TRUE(json::parse(with).as_object().contains(member.key())) << with;
    EXPECT_EQ(with.substr(0, 20), text.substr(0, 20)) << "the order of the keys is kept";
  }
}

TEST(ClaudeSettings, settings_on_one_line_stay_valid) {
  for (std::string const text : {"{}", "{ }", R"({"a":1})", R"({"hooks":{}})", R"({"hooks":{"PreToolUse":[]}})"}) {
    auto const with = added(text);
    EXPECT_TRUE(find_agent_hook(with, kFile).value()) << with;
    auto const without = removed(with);
    EXPECT_FALSE(find_agent_hook(without, kFile).value()) << without;
    EXPECT_EQ(json::parse(without).as_object().contains("a"), json::parse(text).as_object().contains("a"));
  }
}

TEST(ClaudeSettings, another_policy_replaces_the_command_in_its_place) {
  auto const open = added("{\n  \"a\": 1\n}\n");
  auto const closed = added(open, agent_hook_command(GuardPolicy::closed, false));
  EXPECT_EQ(removed(closed), "{\n  \"a\": 1\n}\n");
  EXPECT_EQ(json::parse(closed).at("hooks").at("PreToolUse").as_array().size(), 1U);
  auto const command = find_agent_hook(closed, kFile).value().value();
  EXPECT_NE(command.find("--agent-hook --fail-closed"), std::string::npos) << command;
  EXPECT_NE(command.find("exit 2"), std::string::npos) << "a codi that is gone must not let it through";
  EXPECT_EQ(agent_hook_command(GuardPolicy::open, true), "codi guard check --agent-hook --allow --fail-open");
}

TEST(ClaudeSettings, only_its_own_hook_is_taken_out_of_a_group) {
  std::string const text = R"({"hooks":{"PreToolUse":[{"matcher":"Edit","hooks":[
    {"type":"command","command":"./mine"},
    {"type":"command","command":"codi guard check --agent-hook --allow"}]}]}})";
  auto const without = json::parse(removed(text));
  auto const& hooks = without.at("hooks").at("PreToolUse").at(0).at("hooks").as_array();
  ASSERT_EQ(hooks.size(), 1U);
  EXPECT_EQ(hooks[0].at("command"), "./mine");
}

TEST(ClaudeSettings, what_is_no_json_is_located_and_not_repeated) {
  EXPECT_EQ(wrong("{\n  \"a\": secret\n}").substr(0, 34), "settings.json:2:8: no valid JSON: ");
  EXPECT_EQ(wrong("{\n  \"a\": secret\n}").find("secret"), std::string::npos);
  EXPECT_NE(wrong("{} {}").find("settings.json:1:4"), std::string::npos) << wrong("{} {}");
  EXPECT_NE(wrong("{\"a\": [").find("settings.json:1:8"), std::string::npos) << wrong("{\"a\": [");
  EXPECT_FALSE(without_agent_hook("{", kFile));
  EXPECT_FALSE(find_agent_hook("{", kFile));
}

TEST(ClaudeSettings, what_is_no_settings_is_refused) {
  EXPECT_NE(wrong("[]").find("no object"), std::string::npos);
  EXPECT_NE(wrong(R"({"hooks":[]})").find("`hooks`"), std::string::npos);
  EXPECT_NE(wrong(R"({"hooks":{"PreToolUse":{}}})").find("`hooks.PreToolUse`"), std::string::npos);
  std::string const newer = R"({"hooks":{"PreToolUse":[1,{"hooks":2},{"hooks":[3,{"command":4}]}]}})";
  EXPECT_EQ(removed(newer), newer) << "what a newer version writes there is left alone";
}

TEST(ClaudeSettings, hooks_that_are_turned_off_are_known) {
  EXPECT_TRUE(turns_hooks_off(R"({"disableAllHooks":true})"));
  EXPECT_FALSE(turns_hooks_off(R"({"disableAllHooks":false})"));
  EXPECT_FALSE(turns_hooks_off(""));
  EXPECT_FALSE(turns_hooks_off("["));
}

}  // namespace
}  // namespace codi::cli
