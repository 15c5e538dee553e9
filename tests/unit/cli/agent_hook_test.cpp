#include "cli/agent_hook.hpp"

#include "unit/cli/git_tree.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

Outcome<ToolCall> read(std::string const& text) {
  std::istringstream in(text);
  return read_tool_call(in);
}

TEST(AgentHook, the_file_of_an_edit_is_read) {
  auto const edit = read(R"({"session_id":"s","transcript_path":"/t","cwd":"/repo","hook_event_name":"PreToolUse",
    "tool_name":"Edit","tool_input":{"file_path":"/repo/a.rs","old_string":"a","new_string":"b"}})");
  ASSERT_TRUE(edit);
  EXPECT_EQ(edit->folder, "/repo");
  EXPECT_EQ(edit->file, "/repo/a.rs");
  EXPECT_EQ(read(R"({"tool_input":{"notebook_path":"/n.ipynb"}})")->file, "/n.ipynb");
  EXPECT_EQ(read(R"({"cwd":"relative","tool_input":{"file_path":"x"}})")->folder, std::nullopt);
}

TEST(AgentHook, a_tool_that_writes_no_named_file_is_none_of_its_business) {
  for (auto const* const text : {R"({"tool_name":"Bash","tool_input":{"command":"rm x"}})", "{}", R"({"tool_input":3})",
                                 R"({"tool_input":{"file_path":null}})", R"({"tool_input":{"file_path":""}})"}) {
    auto const call = read(text);
    ASSERT_TRUE(call) << text;
    EXPECT_FALSE(call->file) << text;
  }
}

TEST(AgentHook, what_is_no_json_is_located_and_nothing_of_it_is_repeated) {
  auto const call = read("{\"tool_input\":\n {\"content\": \"password\", hunter2}}");
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().exit, Exit::usage) << "which the agent is shown";
  EXPECT_NE(call.error().what.find("the hook's input:2:26: no valid JSON"), std::string::npos) << call.error().what;
  EXPECT_EQ(call.error().what.find("hunter2"), std::string::npos);
  EXPECT_EQ(call.error().what.find("password"), std::string::npos);
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("[]"));
}

class AgentHookPaths : public ::testing::Test {
 protected:
  Names paths(fs::path const& file) { return edited_paths(test.shell, tree.repository(), file); }

  testing::TestShell test;
  testing::GitTree tree{test, "repo"};
};

TEST_F(AgentHookPaths, are_from_the_root_of_the_repository) {
  EXPECT_EQ(paths(tree.root() / "src/api/users.rs"), Names{"src/api/users.rs"});
  EXPECT_EQ(paths(tree.root() / "new/folder/x.rs"), Names{"new/folder/x.rs"}) << "which is not there yet";
  test.shell.directory = tree.root() / "src";
  EXPECT_EQ(paths("api/../x.rs"), Names{"src/x.rs"});
}

TEST_F(AgentHookPaths, what_lies_outside_or_is_gits_own_is_none) {
  EXPECT_EQ(paths(test.folder("elsewhere") / "x.rs"), Names{});
  EXPECT_EQ(paths("/etc/passwd"), Names{});
  EXPECT_EQ(paths(tree.root() / ".git/config"), Names{});
  EXPECT_EQ(paths(tree.root()), Names{});
}

TEST_F(AgentHookPaths, Hazard14_a_file_of_another_working_tree_counts_there) {
  auto const inside = tree.root() / ".claude/worktrees/two";
  tree.run({"worktree", "add", "-q", "-b", "two", inside.string()});
  EXPECT_EQ(paths(inside / "src/api/users.rs"), Names{"src/api/users.rs"});
  auto const beside = test.folder("trees") / "three";
  tree.run({"worktree", "add", "-q", "-b", "three", beside.string()});
  EXPECT_EQ(paths(beside / "src/new.rs"), Names{"src/new.rs"});
}

TEST_F(AgentHookPaths, another_repository_below_is_a_part_of_this_one_and_one_beside_is_not) {
  auto const below = tree.root() / "vendor/lib";
  fs::create_directories(below);
  tree.run_in(below, {"init", "-q"});
  EXPECT_EQ(paths(below / "x.c"), Names{"vendor/lib/x.c"});
  auto const beside = test.folder("beside");
  tree.run_in(beside, {"init", "-q"});
  EXPECT_EQ(paths(beside / "x.c"), Names{});
}

TEST_F(AgentHookPaths, a_link_is_itself_and_what_it_leads_to) {
  fs::create_symlink("api/users.rs", tree.root() / "src/link.rs");
  EXPECT_EQ(paths(tree.root() / "src/link.rs"), (Names{"src/link.rs", "src/api/users.rs"}));
  fs::create_symlink("/etc/passwd", tree.root() / "out.rs");
  EXPECT_EQ(paths(tree.root() / "out.rs"), Names{"out.rs"});
}

TEST_F(AgentHookPaths, a_file_behind_a_linked_folder_is_that_of_the_folder_itself_too) {
  fs::create_directory_symlink("src/api", tree.root() / "api");
  EXPECT_EQ(paths(tree.root() / "api/users.rs"), (Names{"api/users.rs", "src/api/users.rs"}));
  EXPECT_EQ(paths(tree.root() / "api/new.rs"), (Names{"api/new.rs", "src/api/new.rs"})) << "which is not there yet";
  fs::create_directory_symlink(tree.root(), test.folder("elsewhere") / "repo");
  EXPECT_EQ(paths(test.folder("elsewhere") / "repo/src/x.rs"), Names{"src/x.rs"});
}

}  // namespace
}  // namespace codi::cli
