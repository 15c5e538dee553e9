#include "cli/claude_settings.hpp"
#include "cli/files.hpp"
#include "unit/cli/guarded_tree.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

class GuardInstall : public testing::GuardedTree {
 protected:
  GuardInstall() {
    auto const program = test.folder("bin") / "codi";
    test.write(program, "#!/bin/sh\n");
    ::chmod(program.c_str(), 0755);
    test.shell.program = program;
    test.shell.environment["PATH"] += ":" + program.parent_path().string();
  }
  fs::path hook(std::string const& name) { return tree.root() / ".git/hooks" / name; }
  json::value status() {
    exit_ = codi({"guard", "status", "--json"});
    return out_json();
  }
  // What a check came to, and what it says.
  std::string check(std::string_view name) {
    auto const all = status();
    for (auto const& one : all.at("checks").as_array())
      if (std::string_view(one.at("name").as_string()) == name)
        return std::string(one.at("status").as_string()) + " " + std::string(one.at("detail").as_string());
    return "none";
  }

  int exit_ = -1;
};

TEST_F(GuardInstall, puts_hooks_in_and_takes_them_out) {
  EXPECT_EQ(codi({"guard", "install"}), 0) << err();
  EXPECT_NE(out().find("wrote      " + hook("pre-commit").string()), std::string::npos) << out();
  EXPECT_EQ(codi({"guard", "install", "--json"}), 0);
  EXPECT_EQ(out_json().at("files").at(0).at("change"), "unchanged");
  EXPECT_EQ(codi({"guard", "remove"}), 0);
  EXPECT_FALSE(fs::exists(hook("pre-commit")));
  EXPECT_FALSE(fs::exists(hook("pre-push")));
  EXPECT_EQ(codi({"guard", "remove"}), 0);
  EXPECT_TRUE(said("there was no guard here")) << err();
}

TEST_F(GuardInstall, what_was_there_is_kept_and_told) {
  test.write(hook("pre-commit"), "mine");
  EXPECT_EQ(codi({"guard", "install"}), 0) << err();
  EXPECT_NE(out().find("kept as pre-commit.before-codi and runs first"), std::string::npos) << out();
  EXPECT_EQ(codi({"guard", "remove"}), 0);
  EXPECT_EQ(read_file(hook("pre-commit")), "mine");
}

TEST_F(GuardInstall, claudes_settings_get_the_hook_and_lose_it_again) {
  auto const file = agent_settings_file(tree.root());
  EXPECT_EQ(codi({"guard", "install", "--claude"}), 0) << err();
  EXPECT_NE(read_file(file)->find("codi guard check --agent-hook\""), std::string::npos);
  EXPECT_EQ(codi({"guard", "remove"}), 0);
  EXPECT_FALSE(fs::exists(file.parent_path())) << "nothing is left of what was not there";
  test.write(file, "{\"model\": \"x\"}\n");
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(codi({"guard", "install", "--allow"}), 2) << "it goes with --claude";
  EXPECT_EQ(codi({"guard", "install", "--claude", "--allow"}), 0);
  EXPECT_NE(read_file(file)->find("--agent-hook --allow\""), std::string::npos);
  EXPECT_EQ(codi({"guard", "install", "--claude", "--fail-closed"}), 0);
  EXPECT_NE(read_file(file)->find("--fail-closed"), std::string::npos);
  struct stat facts{};
  EXPECT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
  EXPECT_EQ(codi({"guard", "remove"}), 0);
  EXPECT_EQ(json::parse(read_file(file).value()), (json::value{{"model", "x"}}));
}

TEST_F(GuardInstall, settings_that_are_no_json_are_left_alone_and_so_are_the_hooks) {
  auto const file = agent_settings_file(tree.root());
  test.write(file, "{\n  oops\n");
  EXPECT_EQ(codi({"guard", "install", "--claude"}), 1);
  EXPECT_TRUE(said("settings.json:2:3: no valid JSON")) << err();
  EXPECT_EQ(read_file(file), "{\n  oops\n");
  EXPECT_FALSE(fs::exists(hook("pre-commit")));
  EXPECT_EQ(codi({"guard", "install"}), 0) << "git's hooks need none";
  EXPECT_EQ(codi({"guard", "remove"}), 1);
  EXPECT_FALSE(fs::exists(hook("pre-commit"))) << "they are taken away all the same";
}

TEST_F(GuardInstall, hooks_of_husky_and_of_every_repository_are_not_touched) {
  tree.run({"config", "core.hooksPath", ".husky/_"});
  tree.write(".husky/_/pre-commit", "husky's");
  EXPECT_EQ(codi({"guard", "install"}), 1);
  EXPECT_TRUE(said("Add to .husky/pre-commit: codi guard check --staged")) << err();
  tree.write(".husky/pre-commit", "codi guard check --staged\n");
  tree.write(".husky/pre-push", "codi guard check --push --remote=\"$1\"\n");
  tree.write(".husky/_/pre-push", "husky's");
  for (auto const* const name : {".husky/_/pre-commit", ".husky/_/pre-push"})
    ::chmod((tree.root() / name).c_str(), 0755);
  EXPECT_EQ(codi({"guard", "install"}), 0) << err();
  EXPECT_EQ(read_file(tree.root() / ".husky/_/pre-commit"), "husky's");
  tree.run({"config", "--unset", "core.hooksPath"});
  test.write(test.home() / "gitconfig", "[core]\n\thooksPath = /somewhere/hooks\n");
  test.shell.environment["GIT_CONFIG_GLOBAL"] = (test.home() / "gitconfig").string();
  EXPECT_EQ(codi({"guard", "install"}), 1);
  EXPECT_TRUE(said("core.hooksPath is /somewhere/hooks for every repository")) << err();
}

TEST_F(GuardInstall, hooks_in_the_working_tree_are_told_to_be_there) {
  tree.run({"config", "core.hooksPath", ".githooks"});
  EXPECT_EQ(codi({"guard", "install"}), 0);
  EXPECT_TRUE(fs::exists(tree.root() / ".githooks/pre-push"));
  EXPECT_TRUE(said("core.hooksPath is .githooks, in the working tree")) << err();
}

TEST_F(GuardInstall, init_keeps_the_policy_of_the_repository) {
  tree.write(".codi/config.toml", "guard = \"closed\"\n");
  EXPECT_EQ(codi({"init", "--project", "default"}), 0) << err();
  EXPECT_NE(read_file(tree.root() / ".codi/config.toml")->find("guard = 'closed'"), std::string::npos)
      << *read_file(tree.root() / ".codi/config.toml");
}

TEST_F(GuardInstall, the_status_tells_what_is_in_force) {
  EXPECT_FALSE(status().at("in_force").as_bool());
  EXPECT_EQ(exit_, 1);
  EXPECT_EQ(codi({"guard", "install", "--claude"}), 0);
  start_own();
  auto const all = status();
  EXPECT_TRUE(all.at("in_force").as_bool()) << out();
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(all.at("policy"), "open");
  EXPECT_GE(all.at("unseen").as_array().size(), 4U);
  for (auto const& one : all.at("checks").as_array()) EXPECT_EQ(one.at("status"), "ok") << out();
  EXPECT_EQ(codi({"guard", "status"}), 0);
  EXPECT_NE(out().find("Writes of a shell"), std::string::npos) << out();
}

TEST_F(GuardInstall, the_status_knows_hooks_that_do_not_run) {
  codi({"guard", "install"});
  ::chmod(hook("pre-commit").c_str(), 0644);
  EXPECT_EQ(check("pre-commit").substr(0, 5), "fail ");
  EXPECT_EQ(exit_, 1);
  codi({"guard", "install"});
  test.write(hook("pre-push"), "another program's");
  EXPECT_NE(check("pre-push").find("is not the guard's"), std::string::npos);
  fs::remove(hook("pre-push"));
  codi({"guard", "install"});
  tree.run({"config", "core.hooksPath", ".githooks"});
  EXPECT_NE(check("pre-push").find("but core.hooksPath leads git to"), std::string::npos) << check("pre-push");
  EXPECT_EQ(exit_, 1);
}

TEST_F(GuardInstall, the_status_knows_hooks_that_were_edited) {
  codi({"guard", "install"});
  test.write(hook("pre-commit"), *read_file(hook("pre-commit")) + "make lint\n");
  EXPECT_EQ(check("pre-commit").substr(0, 5), "warn ");
  EXPECT_EQ(exit_, 0) << "it still runs the guard";
  auto text = *read_file(hook("pre-commit"));
  text.resize(text.find("exec "));
  test.write(hook("pre-commit"), text);
  EXPECT_EQ(check("pre-commit").substr(0, 5), "fail ");
  EXPECT_EQ(exit_, 1);
}

TEST_F(GuardInstall, the_status_knows_a_codi_that_is_gone) {
  codi({"guard", "install"});
  auto const other = test.folder("other") / "codi";
  fs::rename(test.shell.program, other);
  EXPECT_EQ(check("pre-commit").substr(0, 5), "fail ");
  EXPECT_EQ(exit_, 1);
  test.shell.environment["PATH"] += ":" + other.parent_path().string();
  EXPECT_EQ(check("pre-commit").substr(0, 5), "warn ");
  EXPECT_EQ(exit_, 0);
}

TEST_F(GuardInstall, the_status_knows_what_the_agents_hook_lacks) {
  codi({"guard", "install", "--claude"});
  auto const file = agent_settings_file(tree.root());
  test.write(file.parent_path() / "settings.local.json", R"({"disableAllHooks":true})");
  EXPECT_NE(check("claude").find("turn all hooks off"), std::string::npos);
  fs::remove(file.parent_path() / "settings.local.json");
  fs::remove(test.shell.program);
  EXPECT_NE(check("claude").find("finds no codi on PATH"), std::string::npos);
  test.write(file, "{");
  EXPECT_NE(check("claude").find("settings.json:1:2"), std::string::npos) << check("claude");
  fs::remove(file);
  EXPECT_NE(check("claude").find("edits are not guarded"), std::string::npos);
}

TEST_F(GuardInstall, without_a_server_only_a_closed_guard_is_in_force) {
  codi({"guard", "install"});
  stop_server();
  EXPECT_EQ(check("server").substr(0, 5), "fail ");
  EXPECT_EQ(exit_, 1);
  codi({"guard", "install", "--fail-closed"});
  EXPECT_NE(check("pre-commit").find("with --fail-closed"), std::string::npos);
  EXPECT_NE(check("policy").find("closed (as the hooks were installed)"), std::string::npos) << check("policy");
  EXPECT_EQ(status().at("policy"), "closed");
  EXPECT_EQ(exit_, 0);
  codi({"guard", "install"});
  test.shell.environment["CODI_GUARD"] = "closed";
  EXPECT_NE(check("policy").find("closed (the environment)"), std::string::npos);
  EXPECT_EQ(exit_, 0);
}

TEST_F(GuardInstall, the_status_knows_how_the_session_is) {
  codi({"guard", "install"});
  EXPECT_EQ(check("session").substr(0, 5), "warn ") << "the server does not know it";
  start_own();
  EXPECT_EQ(check("session"), "ok ann");
  EXPECT_EQ(call("end_session", {{"session", "ann"}}).status, 200U);
  EXPECT_NE(check("session").find("has ended"), std::string::npos);
  test.shell.environment.erase("CODI_SESSION");
  EXPECT_NE(check("session").find("none is known here"), std::string::npos);
}

}  // namespace
}  // namespace codi::cli
