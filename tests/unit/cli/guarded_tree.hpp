#pragma once
#include "unit/cli/backend.hpp"
#include "unit/cli/git_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace codi::testing {

/// A repository in which this machine works as the session ann, of a project in which bob holds things.
class GuardedTree : public CommandLine {
 protected:
  GuardedTree() { test.shell.environment["CODI_SESSION"] = "ann"; }
  void others_hold(std::initializer_list<std::string_view> targets, json::object more = {}) {
    if (!bob_there_) start("bob");
    bob_there_ = true;
    EXPECT_EQ(claim("bob", targets, std::move(more)).status, 201U);
  }
  void own_hold(std::initializer_list<std::string_view> targets) { EXPECT_EQ(claim("ann", targets).status, 201U); }
  void start_own() { start("ann"); }
  bool said(std::string const& text) const { return err().find(text) != std::string::npos; }
  // What is asked of an edit of a file.
  int edit(std::filesystem::path const& file, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"guard", "check", "--agent-hook"});
    json::object const input{{"file_path", file.string()}, {"content", "the secret of the file"}};
    return codi(more, json::serialize(json::object{{"cwd", tree.root().string()},
                                                   {"hook_event_name", "PreToolUse"},
                                                   {"tool_name", "Write"},
                                                   {"tool_input", input}}));
  }
  std::string decision() const {
    if (out().empty()) return "none";
    auto const answer = out_json();
    auto const* const own = answer.as_object().if_contains("hookSpecificOutput");
    if (own == nullptr) return answer.as_object().contains("systemMessage") ? "warning" : "?";
    EXPECT_EQ(own->at("hookEventName"), "PreToolUse");
    return std::string(own->at("permissionDecision").as_string());
  }

  GitTree tree{test, "repo"};

 private:
  bool bob_there_ = false;
};

}  // namespace codi::testing
