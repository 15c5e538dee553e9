#include "cli/guard_files.hpp"

#include "unit/cli/git_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace codi::cli {
namespace {

using Names = std::vector<std::string>;

constexpr auto kNone = "0000000000000000000000000000000000000000";

class GuardFiles : public ::testing::Test {
 protected:
  Changes staged() {
    auto out = staged_changes(test.shell, tree.repository());
    EXPECT_TRUE(out) << (out ? "" : out.error().what);
    if (!out) return {};
    std::ranges::sort(out->paths);
    return *out;
  }
  Names pushed(std::vector<PushedRef> const& refs, std::optional<std::string> const& remote = "origin") {
    auto out = pushed_changes(test.shell, refs, remote);
    EXPECT_TRUE(out) << (out ? "" : out.error().what);
    if (!out) return {};
    std::ranges::sort(out->paths);
    return out->paths;
  }
  std::string id(std::string const& name = "HEAD") { return tree.run({"rev-parse", name}); }
  void add_remote() {
    tree.run({"init", "-q", "--bare", (test.folder("remotes") / "origin.git").string()});
    tree.run({"remote", "add", "origin", (test.folder("remotes") / "origin.git").string()});
    tree.run({"push", "-q", "origin", "HEAD:refs/heads/main"});
  }

  testing::TestShell test;
  testing::GitTree tree{test, "repo"};
};

TEST_F(GuardFiles, what_is_staged_is_named_whatever_happened_to_it) {
  EXPECT_EQ(staged().paths, Names{});
  tree.write("gone.rs", "g");
  tree.commit("second");
  tree.write("new.rs", "n");
  tree.write("src/api/users.rs", "changed");
  std::filesystem::remove(tree.root() / "gone.rs");
  tree.stage();
  tree.write("not_staged.rs", "x");
  EXPECT_EQ(staged().paths, (Names{"gone.rs", "new.rs", "src/api/users.rs"}));
  EXPECT_TRUE(staged().renames.empty());
}

TEST_F(GuardFiles, before_the_first_commit_everything_is_new) {
  auto const root = test.folder("fresh");
  tree.run_in(root, {"init", "-q"});
  test.write(root / "a.rs", "a");
  tree.run_in(root, {"add", "-A"});
  test.shell.directory = root;
  EXPECT_EQ(staged().paths, Names{"a.rs"});
}

TEST_F(GuardFiles, Hazard13_a_rename_is_both_its_names) {
  tree.run({"mv", "src/api/users.rs", "src/api/people.rs"});
  auto const changes = staged();
  EXPECT_EQ(changes.paths, (Names{"src/api/people.rs", "src/api/users.rs"}));
  ASSERT_EQ(changes.renames.size(), 1U);
  EXPECT_EQ(changes.renames[0].from, "src/api/users.rs");
  EXPECT_EQ(changes.renames[0].to, "src/api/people.rs");
}

TEST_F(GuardFiles, names_come_as_they_are_from_any_folder_and_whatever_git_is_told_to_show) {
  Names const names{"a b.rs", "app/[id]/*.tsx", "line\nbreak", "src/caf\xE9.rs", "src/\xC3\xBC.rs", "tab\there"};
  for (auto const& name : names) tree.write(name, "x");
  tree.stage();
  tree.run({"config", "diff.relative", "true"});
  tree.run({"config", "diff.noprefix", "true"});
  tree.run({"config", "diff.external", "false"});
  test.shell.directory = tree.root() / "src";
  auto found = staged().paths;
  auto wanted = names;
  std::ranges::sort(wanted);
  EXPECT_EQ(found, wanted);
}

TEST_F(GuardFiles, the_index_that_git_gives_its_hook_is_read) {
  auto const other = (test.folder("index") / "index").string();
  test.shell.environment["GIT_INDEX_FILE"] = other;
  tree.run({"read-tree", "HEAD"});
  tree.write("only_here.rs", "x");
  tree.run({"add", "only_here.rs"});
  EXPECT_EQ(staged().paths, Names{"only_here.rs"});
  test.shell.environment.erase("GIT_INDEX_FILE");
  EXPECT_EQ(staged().paths, Names{});
}

TEST_F(GuardFiles, a_merge_names_what_was_settled_in_it_and_not_what_others_committed) {
  tree.write("both.rs", "base\n");
  tree.commit("base");
  tree.run({"checkout", "-q", "-b", "theirs"});
  tree.write("both.rs", "theirs\n");
  tree.write("theirs.rs", "x");
  tree.commit("theirs");
  tree.run({"checkout", "-q", "-"});
  tree.write("both.rs", "ours\n");
  tree.commit("ours");
  auto words = Names{"git", "-c", "user.name=A", "-c", "user.email=a@b", "merge", "-q", "theirs"};
  EXPECT_NE(run_program(words, tree.root(), test.shell.environment)->status, 0) << "there is a conflict";
  tree.write("both.rs", "settled\n");
  tree.stage();
  EXPECT_EQ(staged().paths, Names{"both.rs"});
}

TEST_F(GuardFiles, what_git_can_not_read_is_a_complaint) {
  tree.write(".git/index", "rubbish");
  auto const out = staged_changes(test.shell, tree.repository());
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().what.find("git can't tell"), std::string::npos) << out.error().what;
}

TEST_F(GuardFiles, a_push_names_what_the_remote_lacks) {
  add_remote();
  auto const before = id();
  tree.write("one.rs", "1");
  tree.commit("one");
  tree.write("two.rs", "2");
  std::filesystem::remove(tree.root() / "one.rs");
  tree.commit("two");
  EXPECT_EQ(pushed({{id(), "refs/heads/main", before}}), (Names{"one.rs", "two.rs"}));
  EXPECT_EQ(pushed({{id(), "refs/heads/new", kNone}}), (Names{"one.rs", "two.rs"})) << "a new branch of known commits";
  EXPECT_EQ(pushed({{before, "refs/heads/old", kNone}}), Names{});
}

TEST_F(GuardFiles, deleting_and_pushing_nothing_changes_no_file) {
  add_remote();
  EXPECT_EQ(pushed({}), Names{});
  EXPECT_EQ(pushed({{kNone, "refs/heads/main", id()}}), Names{});
  EXPECT_EQ(pushed({{id(), "refs/notes/commits", kNone}}), Names{}) << "notes are no files of the working tree";
}

TEST_F(GuardFiles, a_forced_push_over_commits_that_are_not_here) {
  add_remote();
  tree.write("mine.rs", "1");
  tree.commit("mine");
  auto const elsewhere = std::string(40, '7');
  EXPECT_EQ(pushed({{id(), "refs/heads/main", elsewhere}}), Names{"mine.rs"});
}

TEST_F(GuardFiles, several_refs_and_tags_are_one_push) {
  add_remote();
  tree.write("one.rs", "1");
  tree.commit("one");
  tree.run({"tag", "-a", "v1", "-m", "v1"});
  tree.run({"checkout", "-q", "-b", "side"});
  tree.write("two.rs", "2");
  tree.commit("two");
  EXPECT_EQ(pushed({{id("v1"), "refs/tags/v1", kNone}}), Names{"one.rs"});
  EXPECT_EQ(pushed({{id("v1"), "refs/tags/v1", kNone}, {id(), "refs/heads/side", kNone}}), (Names{"one.rs", "two.rs"}));
}

TEST_F(GuardFiles, a_merge_of_what_the_remote_has_brings_only_what_was_settled_in_it) {
  tree.write("both.rs", "base\n");
  tree.commit("base");
  add_remote();
  tree.run({"checkout", "-q", "-b", "theirs"});
  tree.write("theirs.rs", "x");
  tree.commit("theirs");
  tree.run({"push", "-q", "origin", "theirs"});
  tree.run({"checkout", "-q", "-"});
  tree.write("ours.rs", "x");
  tree.commit("ours");
  tree.run({"merge", "-q", "--no-ff", "-m", "merge", "theirs"});
  EXPECT_EQ(pushed({{id(), "refs/heads/main", id("origin/main")}}), Names{"ours.rs"});
}

TEST_F(GuardFiles, the_very_first_push_names_every_file) {
  EXPECT_EQ(pushed({{id(), "refs/heads/main", kNone}}, std::nullopt), Names{"src/api/users.rs"});
  tree.run({"config", "log.showRoot", "false"});
  EXPECT_EQ(pushed({{id(), "refs/heads/main", kNone}}), Names{"src/api/users.rs"});
}

TEST_F(GuardFiles, signatures_that_git_is_told_to_show_are_no_files) {
  add_remote();
  auto const before = id();
  tree.write("mine.rs", "1");
  tree.stage();
  test.write(tree.root() / ".git/signed", "tree " + tree.run({"write-tree"}) + "\nparent " + before +
                                              "\nauthor A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n"
                                              "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP "
                                              "SIGNATURE-----\n\nsigned\n");
  auto const commit = tree.run({"hash-object", "-t", "commit", "-w", ".git/signed"});
  test.write(tree.root() / ".git/gpg", "#!/bin/sh\necho 'gpg: Good signature' >&2\n");
  std::filesystem::permissions(tree.root() / ".git/gpg", std::filesystem::perms::owner_all);
  tree.run({"config", "gpg.program", (tree.root() / ".git/gpg").string()});
  tree.run({"config", "log.showSignature", "true"});
  ASSERT_NE(tree.run({"log", "-1", "--format=", commit}).find("Good signature"), std::string::npos);
  EXPECT_EQ(pushed({{commit, "refs/heads/main", before}}), Names{"mine.rs"});
}

TEST_F(GuardFiles, submodules_that_git_is_told_to_ignore_are_seen) {
  add_remote();
  auto const before = id();
  auto const below = tree.root() / "vendor/lib";
  test.write(below / "x.c", "1");
  tree.run_in(below, {"init", "-q"});
  tree.run_in(below, {"add", "-A"});
  tree.run_in(below, {"commit", "-qm", "x"});
  test.write(tree.root() / ".gitmodules", "[submodule \"lib\"]\npath = vendor/lib\nurl = ./lib\nignore = all\n");
  tree.run({"config", "diff.ignoreSubmodules", "all"});
  tree.run({"add", "-f", "vendor/lib", ".gitmodules"});
  EXPECT_EQ(staged().paths, (Names{".gitmodules", "vendor/lib"}));
  tree.run({"commit", "-qm", "lib"});
  EXPECT_EQ(pushed({{id(), "refs/heads/main", before}}), (Names{".gitmodules", "vendor/lib"}));
}

TEST_F(GuardFiles, the_lines_of_a_pre_push_hook_are_read) {
  auto const one = std::string(40, 'a');
  std::istringstream in("refs/heads/x " + one + " refs/heads/y " + kNone + "\n(delete) " + kNone + " refs/heads/z " +
                        one + "\n");
  auto const refs = read_pushed_refs(in);
  ASSERT_TRUE(refs);
  ASSERT_EQ(refs->size(), 2U);
  EXPECT_EQ((*refs)[0].local_id, one);
  EXPECT_EQ((*refs)[0].remote_ref, "refs/heads/y");
  EXPECT_EQ((*refs)[1].remote_id, one);
  for (auto const* const line : {"rubbish\n", "a b c d\n", "refs/heads/x --all refs/heads/y --all\n"}) {
    std::istringstream wrong(line);
    auto const refused = read_pushed_refs(wrong);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().exit, Exit::usage);
  }
}

}  // namespace
}  // namespace codi::cli
