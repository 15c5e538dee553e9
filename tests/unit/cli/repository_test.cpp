#include "cli/repository.hpp"

#include "cli/subprocess.hpp"
#include "unit/cli/test_shell.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

class RepositoryTest : public ::testing::Test {
 protected:
  testing::TestShell test;
  fs::path repo = test.folder("repo");

  std::string git(fs::path const& folder, std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"});
    auto const done = run_program(words, folder, test.shell.environment);
    EXPECT_TRUE(done && done->status == 0) << (done ? done->err : "no git");
    return done ? done->out : "";
  }
  void init() {
    git(repo, {"init", "-q"});
    test.write(repo / "src/api/users.rs", "x");
    test.write(repo / "app/[id]/page.tsx", "x");
    git(repo, {"add", "."});
    git(repo, {"commit", "-qm", "first"});
  }
  std::optional<Repository> found(fs::path const& folder) {
    test.shell.directory = folder;
    auto const out = find_repository(test.shell);
    EXPECT_TRUE(out) << (out ? "" : out.error().what);
    return out ? *out : std::nullopt;
  }
  std::string target(std::string_view typed) {
    auto const repository = find_repository(test.shell);
    auto const out = target_of(test.shell, *repository, typed);
    return out ? *out : "! " + out.error().what;
  }
};

TEST_F(RepositoryTest, outside_there_is_none_and_paths_stay_as_typed) {
  EXPECT_FALSE(found(test.folder("elsewhere")));
  EXPECT_EQ(target("src/x.rs"), "src/x.rs");
  EXPECT_EQ(target("../x"), "../x");
}

TEST_F(RepositoryTest, tells_root_and_branch_from_any_folder_below) {
  init();
  auto const repository = found(repo / "src/api");
  ASSERT_TRUE(repository);
  EXPECT_EQ(repository->root, repo);
  EXPECT_EQ(repository->main_root, repo);
  EXPECT_EQ(repository->branch, "main");
}

TEST_F(RepositoryTest, an_unborn_branch_has_a_name_and_a_detached_head_none) {
  git(repo, {"init", "-q", "-b", "fresh"});
  EXPECT_EQ(found(repo)->branch, "fresh");
  init();
  git(repo, {"checkout", "-q", "--detach"});
  EXPECT_EQ(found(repo)->branch, std::nullopt);
}

TEST_F(RepositoryTest, Hazard14_a_second_working_tree_knows_the_main_one) {
  init();
  auto const tree = test.folder("trees") / "two";
  git(repo, {"worktree", "add", "-q", "-b", "two", tree.string()});
  auto const repository = found(tree / "src");
  ASSERT_TRUE(repository);
  EXPECT_EQ(repository->root, tree);
  EXPECT_EQ(repository->main_root, repo);
  EXPECT_EQ(repository->branch, "two");
}

TEST_F(RepositoryTest, takes_origin_else_another_remote) {
  init();
  EXPECT_EQ(*remote_url(test.shell, *found(repo)), std::nullopt);
  git(repo, {"remote", "add", "fork", "https://example.org/fork/api.git"});
  EXPECT_EQ(*remote_url(test.shell, *found(repo)), "https://example.org/fork/api.git");
  git(repo, {"remote", "add", "origin", "git@example.org:acme/api.git"});
  EXPECT_EQ(*remote_url(test.shell, *found(repo)), "git@example.org:acme/api.git");
}

TEST_F(RepositoryTest, without_git_a_repository_is_a_complaint) {
  init();
  test.shell.directory = repo;
  test.shell.environment["PATH"] = test.folder("empty").string();
  auto const path = std::string(std::getenv("PATH"));
  setenv("PATH", test.folder("empty").c_str(), 1);  // the spawning process's own PATH is searched
  auto const out = find_repository(test.shell);
  test.shell.directory = test.folder("elsewhere");
  auto const outside = find_repository(test.shell);
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().what.find("git"), std::string::npos);
  ASSERT_TRUE(outside);
  EXPECT_FALSE(*outside);
}

TEST_F(RepositoryTest, what_git_can_not_read_is_a_complaint) {
  test.write(repo / ".git", "gitdir: /nowhere/at/all\n");
  test.shell.directory = repo;
  auto const out = find_repository(test.shell);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().exit, Exit::failed);
}

TEST_F(RepositoryTest, targets_are_relative_to_the_current_folder) {
  init();
  test.shell.directory = repo / "src";
  EXPECT_EQ(target("api/users.rs"), "src/api/users.rs");
  EXPECT_EQ(target("./api/users.rs"), "src/api/users.rs");
  EXPECT_EQ(target("../app/x.ts"), "app/x.ts");
  EXPECT_EQ(target("new/file.rs"), "src/new/file.rs");
  EXPECT_EQ(target("new/"), "src/new/");
  EXPECT_EQ(target("api"), "src/api/") << "a folder of the disk";
  EXPECT_EQ(target("."), "src/");
  EXPECT_EQ(target(".."), "./");
  EXPECT_EQ(target("*.rs"), "src/*.rs");
  EXPECT_EQ(target((repo / "src/api/users.rs").string()), "src/api/users.rs");
  EXPECT_EQ(target("/etc/passwd"), "/etc/passwd");
  EXPECT_EQ(target("port:5432"), "port:5432");
  EXPECT_EQ(target("./port:5432"), "src/port:5432");
  EXPECT_TRUE(target("../../x").starts_with("! ../../x lies outside"));
  EXPECT_TRUE(target("").starts_with("! "));
  test.shell.directory = repo;
  EXPECT_EQ(target("./port:5432"), "./port:5432") << "a file, not a resource";
}

TEST_F(RepositoryTest, names_with_pattern_characters_stay_names) {
  init();
  test.shell.directory = repo;
  EXPECT_EQ(target("app/[id]/page.tsx"), R"(app/\[id\]/page.tsx)") << "it is on the disk";
  EXPECT_EQ(target("app/[ab]/page.tsx"), "app/[ab]/page.tsx") << "it is not: a pattern";
  test.shell.directory = repo / "app/[id]";
  EXPECT_EQ(target("page.tsx"), R"(app/\[id\]/page.tsx)");
  EXPECT_EQ(target("new.tsx"), R"(app/\[id\]/new.tsx)");
  EXPECT_EQ(target("*.tsx"), R"(app/\[id\]/*.tsx)");
}

TEST_F(RepositoryTest, a_path_through_a_link_is_found_where_it_leads) {
  init();
  auto const link = test.folder("links") / "repo";
  fs::create_directory_symlink(repo, link);
  test.shell.directory = repo;
  EXPECT_EQ(target((link / "src/api/users.rs").string()), "src/api/users.rs");
}

}  // namespace
}  // namespace codi::cli
