#include "cli/guard_hooks.hpp"

#include "cli/files.hpp"
#include "unit/cli/git_tree.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

// Stands for codi: notes how it was called and what it was given, and ends as told.
constexpr auto kRecorder = "#!/bin/sh\nread -r line 2>/dev/null\necho \"$@|$line\" >> \"$RECORD\"\nexit ${END:-0}\n";

class GuardHooks : public ::testing::Test {
 protected:
  GuardHooks() {
    program("programs/codi");
    test.shell.environment["RECORD"] = (test.folder("out") / "record").string();
  }
  fs::path program(std::string const& name, std::string const& text = kRecorder) {
    auto const file = test.folder("work") / name;
    test.write(file, text);
    ::chmod(file.c_str(), 0755);
    return file;
  }
  void existing(std::string const& hook, std::string const& text, mode_t mode = 0755) {
    test.write(place().folder / hook, text);
    ::chmod((place().folder / hook).c_str(), mode);
  }
  HooksPlace place() {
    auto const out = find_hooks_place(test.shell, tree.repository());
    EXPECT_TRUE(out);
    return *out;
  }
  HookChange install(std::string_view hook) {
    auto const out = install_hook(place(), hook, settings);
    EXPECT_TRUE(out) << (out ? "" : out.error().what);
    return out.value_or(HookChange::none);
  }
  HookChange remove(std::string_view hook) {
    auto const out = remove_hook(place(), hook);
    EXPECT_TRUE(out) << (out ? "" : out.error().what);
    return out.value_or(HookChange::none);
  }
  HookLook look(std::string_view hook) { return look_at_hook(place(), hook); }
  // Runs a hook as git does, with lines on its input.
  ProgramOutput run(std::string const& hook, std::string const& arguments = {}, std::string const& input = {}) {
    fs::remove(test.folder("out") / "record");
    auto const command = "printf '" + input + "' | " + (place().folder / hook).string() + " " + arguments;
    return run_program({"sh", "-c", command}, tree.root(), test.shell.environment).value();
  }
  std::string record() { return read_file(test.folder("out") / "record").value_or(""); }
  std::string text(std::string const& hook) { return read_file(place().folder / hook).value_or(""); }
  static mode_t mode(fs::path const& file) {
    struct stat facts{};
    EXPECT_EQ(::stat(file.c_str(), &facts), 0);
    return facts.st_mode & 07777U;
  }

  testing::TestShell test;
  testing::GitTree tree{test, "repo"};
  HookSettings settings{
      .program = test.folder("work") / "programs/codi", .policy = {}, .without_program = GuardPolicy::open};
};

TEST_F(GuardHooks, are_written_once_and_taken_away_again) {
  for (auto const hook : kGuardHooks) {
    EXPECT_EQ(look(hook).state, HookState::missing);
    EXPECT_EQ(install(hook), HookChange::written);
    EXPECT_EQ(look(hook).state, HookState::installed);
    EXPECT_EQ(look(hook).program, settings.program);
    EXPECT_FALSE(look(hook).program_gone);
    EXPECT_EQ(mode(place().folder / hook), 0755U);
    EXPECT_EQ(install(hook), HookChange::none);
    EXPECT_EQ(remove(hook), HookChange::removed);
    EXPECT_EQ(remove(hook), HookChange::none);
    EXPECT_FALSE(fs::exists(place().folder / hook));
  }
}

TEST_F(GuardHooks, run_codi_and_end_as_it_does) {
  install("pre-commit");
  EXPECT_EQ(run("pre-commit").status, 0);
  EXPECT_EQ(record(), "guard check --staged|\n");
  test.shell.environment["END"] = "3";
  EXPECT_EQ(run("pre-commit").status, 3);
  install("pre-push");
  EXPECT_EQ(run("pre-push", "origin https://example.org/x", "refs/heads/a 1 refs/heads/b 2\\n").status, 3);
  EXPECT_EQ(record(), "guard check --push --remote=origin|refs/heads/a 1 refs/heads/b 2\n");
}

TEST_F(GuardHooks, the_address_of_a_remote_without_a_name_is_not_handed_on) {
  install("pre-push");
  run("pre-push", "https://ann:secret@example.org/x https://ann:secret@example.org/x", "a\\n");
  EXPECT_EQ(record(), "guard check --push|a\n");
}

TEST_F(GuardHooks, the_policy_of_the_installation_goes_with_them) {
  settings.policy = GuardPolicy::closed;
  settings.without_program = GuardPolicy::closed;
  for (auto const hook : kGuardHooks) {
    install(hook);
    EXPECT_EQ(look(hook).policy, GuardPolicy::closed);
    run(std::string(hook), "origin url");
    EXPECT_NE(record().find(" --fail-closed"), std::string::npos) << record();
  }
  settings.policy.reset();
  EXPECT_EQ(install("pre-commit"), HookChange::written) << "another installation";
  EXPECT_EQ(look("pre-commit").policy, std::nullopt);
}

TEST_F(GuardHooks, a_codi_that_is_gone_is_replaced_by_the_one_on_PATH) {
  install("pre-commit");
  fs::remove(settings.program);
  EXPECT_TRUE(look("pre-commit").program_gone);
  auto const other = program("other/codi", "#!/bin/sh\necho \"other $@\" > \"$RECORD\"\n").parent_path();
  test.shell.environment["PATH"] += ":" + other.string();
  EXPECT_EQ(run("pre-commit").status, 0);
  EXPECT_EQ(record(), "other guard check --staged\n");
}

TEST_F(GuardHooks, without_any_codi_they_warn_and_follow_the_policy) {
  fs::remove(settings.program);
  install("pre-commit");
  install("pre-push");
  EXPECT_EQ(run("pre-commit").status, 0);
  EXPECT_NE(run("pre-push", "origin url").err.find("there is no codi"), std::string::npos);
  settings.without_program = GuardPolicy::closed;
  install("pre-commit");
  auto const refused = run("pre-commit");
  EXPECT_EQ(refused.status, 4);
  EXPECT_NE(refused.err.find("there is no codi"), std::string::npos);
}

TEST_F(GuardHooks, what_was_there_runs_first_with_all_that_git_gives_it) {
  existing("pre-push",
           "#!/bin/sh\ncat >> \"$RECORD\"\necho \"mine $@ $(basename \"$(dirname \"$0\")\")\" >> \"$RECORD\"\n");
  EXPECT_EQ(install("pre-push"), HookChange::kept_and_written);
  EXPECT_EQ(run("pre-push", "origin 'a url'", "one\\ntwo\\n").status, 0);
  EXPECT_EQ(record(), "one\ntwo\nmine origin a url hooks\nguard check --push --remote=origin|one\n");
}

TEST_F(GuardHooks, when_what_was_there_fails_the_guard_is_not_asked) {
  for (std::string const hook : {"pre-commit", "pre-push"}) {
    existing(hook, "#!/bin/sh\nexit 7\n");
    install(hook);
    EXPECT_EQ(run(hook, "origin url", "one\\n").status, 7);
    EXPECT_EQ(record(), "");
  }
}

TEST_F(GuardHooks, what_was_there_comes_back_byte_for_byte_with_its_mode) {
  std::string const program("#!/bin/cat\n\0\xFF no text", 22);
  existing("pre-commit", program, 0710);
  install("pre-commit");
  EXPECT_EQ(install("pre-commit"), HookChange::none);
  EXPECT_EQ(remove("pre-commit"), HookChange::restored);
  EXPECT_EQ(text("pre-commit"), program);
  EXPECT_EQ(mode(place().folder / "pre-commit"), 0710U);
  EXPECT_FALSE(fs::exists(place().folder / "pre-commit.before-codi"));
}

TEST_F(GuardHooks, a_hook_that_git_passed_over_still_does_not_run) {
  existing("pre-commit", "#!/bin/sh\nexit 7\n", 0644);
  install("pre-commit");
  EXPECT_EQ(run("pre-commit").status, 0);
  remove("pre-commit");
  EXPECT_EQ(mode(place().folder / "pre-commit"), 0644U);
}

TEST_F(GuardHooks, a_link_stays_a_link) {
  auto const shared = program("shared.sh", "#!/bin/sh\necho linked > \"$RECORD\"\n");
  fs::create_symlink(fs::path("../../../work/shared.sh"), place().folder / "pre-commit");
  install("pre-commit");
  run("pre-commit");
  EXPECT_EQ(record(), "linked\nguard check --staged|\n");
  remove("pre-commit");
  EXPECT_TRUE(fs::is_symlink(place().folder / "pre-commit"));
  EXPECT_TRUE(fs::exists(shared));
}

TEST_F(GuardHooks, edited_ones_are_left_alone) {
  install("pre-commit");
  auto const edited = text("pre-commit") + "make lint\n";
  existing("pre-commit", edited);
  EXPECT_EQ(look("pre-commit").state, HookState::changed);
  EXPECT_TRUE(look("pre-commit").runs_guard);
  settings.policy = GuardPolicy::open;
  EXPECT_FALSE(install_hook(place(), "pre-commit", settings));
  EXPECT_FALSE(remove_hook(place(), "pre-commit"));
  EXPECT_EQ(text("pre-commit"), edited);
}

TEST_F(GuardHooks, one_that_another_program_wrote_over_loses_nothing) {
  existing("pre-commit", "first");
  install("pre-commit");
  existing("pre-commit", "second");
  EXPECT_EQ(look("pre-commit").state, HookState::missing);
  EXPECT_TRUE(look("pre-commit").foreign);
  EXPECT_FALSE(install_hook(place(), "pre-commit", settings));
  EXPECT_FALSE(remove_hook(place(), "pre-commit"));
  EXPECT_EQ(text("pre-commit"), "second");
  EXPECT_EQ(text("pre-commit.before-codi"), "first");
  fs::remove(place().folder / "pre-commit");
  EXPECT_EQ(remove("pre-commit"), HookChange::restored);
  EXPECT_EQ(text("pre-commit"), "first");
}

TEST_F(GuardHooks, an_installation_that_was_cut_off_is_taken_up_again) {
  existing("pre-commit", "mine");
  fs::create_hard_link(place().folder / "pre-commit", place().folder / "pre-commit.before-codi");
  EXPECT_EQ(remove("pre-commit"), HookChange::restored);
  EXPECT_EQ(text("pre-commit"), "mine");
  EXPECT_FALSE(fs::exists(place().folder / "pre-commit.before-codi"));
  fs::create_hard_link(place().folder / "pre-commit", place().folder / "pre-commit.before-codi");
  EXPECT_EQ(install("pre-commit"), HookChange::kept_and_written);
  EXPECT_EQ(remove("pre-commit"), HookChange::restored);
  EXPECT_EQ(text("pre-commit"), "mine");
}

TEST_F(GuardHooks, one_that_git_passes_over_is_known) {
  install("pre-commit");
  ::chmod((place().folder / "pre-commit").c_str(), 0644);
  EXPECT_EQ(look("pre-commit").state, HookState::not_executable);
  EXPECT_EQ(install("pre-commit"), HookChange::written) << "repaired";
  EXPECT_EQ(look("pre-commit").state, HookState::installed);
}

TEST_F(GuardHooks, somebody_elses_that_runs_the_guard_is_known) {
  existing("pre-commit", "#!/bin/sh\ncodi guard check --staged && make lint\n");
  EXPECT_EQ(look("pre-commit").state, HookState::calls_guard);
}

TEST_F(GuardHooks, Hazard14_working_trees_share_them) {
  auto const second = test.folder("trees") / "two";
  tree.run({"worktree", "add", "-q", "-b", "two", second.string()});
  test.shell.directory = second;
  install("pre-commit");
  EXPECT_EQ(place().folder, tree.root() / ".git/hooks");
  tree.enter();
  EXPECT_EQ(look("pre-commit").state, HookState::installed);
}

TEST_F(GuardHooks, the_place_is_where_git_looks) {
  EXPECT_EQ(place().configured, "");
  EXPECT_EQ(place().folder, tree.root() / ".git/hooks");
  tree.run({"config", "core.hooksPath", ".githooks"});
  test.shell.directory = tree.root() / "src";
  EXPECT_EQ(place().folder, tree.root() / ".githooks");
  EXPECT_TRUE(place().in_tree);
  EXPECT_FALSE(place().husky);
  EXPECT_FALSE(place().every_repository);
  EXPECT_EQ(install("pre-commit"), HookChange::written) << "the folder is made";
  tree.run({"config", "core.hooksPath", ".husky/_"});
  EXPECT_TRUE(place().husky);
  tree.run({"config", "core.hooksPath", (tree.root() / ".git/hooks").string()});
  EXPECT_FALSE(place().in_tree);
  tree.run({"config", "core.hooksPath", test.folder("elsewhere").string()});
  EXPECT_FALSE(place().in_tree);
}

TEST_F(GuardHooks, husky_runs_the_file_one_folder_up) {
  tree.run({"config", "core.hooksPath", ".husky/_"});
  existing("pre-commit", "#!/bin/sh\n. \"$(dirname \"$0\")/h\"\n");
  EXPECT_EQ(look("pre-commit").state, HookState::missing);
  tree.write(".husky/pre-commit", "codi guard check --staged\n");
  EXPECT_EQ(look("pre-commit").state, HookState::calls_guard);
}

TEST_F(GuardHooks, a_place_for_every_repository_is_told) {
  test.write(test.home() / "gitconfig", "[core]\n\thooksPath = /somewhere/hooks\n");
  test.shell.environment["GIT_CONFIG_GLOBAL"] = (test.home() / "gitconfig").string();
  EXPECT_TRUE(place().every_repository);
  EXPECT_EQ(place().configured, "/somewhere/hooks");
}

TEST_F(GuardHooks, a_program_with_quotes_in_its_path) {
  settings.program = program("it's $HOME/co di");
  install("pre-commit");
  EXPECT_EQ(look("pre-commit").program, settings.program);
  run("pre-commit");
  EXPECT_EQ(record(), "guard check --staged|\n");
}

}  // namespace
}  // namespace codi::cli
