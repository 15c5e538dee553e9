#include "base/limits.hpp"
#include "unit/cli/repository_command_line.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

class OwnersVerbs : public testing::RepositoryCommandLine {};

TEST_F(OwnersVerbs, the_file_is_found_where_github_looks_first) {
  EXPECT_EQ(codi({"owners", "import"}), 1);
  EXPECT_TRUE(said("has no CODEOWNERS")) << err();
  for (auto const* const place : {"docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"}) {
    test.write(repo / place, std::string("* @") + "owner\n");
    test.shell.directory = test.folder("repo/sub");
    EXPECT_EQ(codi({"owners", "import"}), 0) << err();
    EXPECT_EQ(out(), std::string("imported  ") + place + "  with 1 rules\n");
  }
  EXPECT_EQ(codi({"owners", "import", "../docs/CODEOWNERS", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("rules"), 1);
}

TEST_F(OwnersVerbs, lines_that_are_skipped_are_told_with_their_place) {
  test.write(repo / "CODEOWNERS", "* @all\n!x @a\nsrc/ team\n");
  EXPECT_EQ(codi({"owners", "import"}), 0) << err();
  EXPECT_TRUE(said("CODEOWNERS:2: skipped: `!` does not negate")) << err();
  EXPECT_TRUE(said("CODEOWNERS:3: skipped: `team` is no owner")) << err();
}

TEST_F(OwnersVerbs, what_can_be_no_codeowners_is_not_sent) {
  EXPECT_EQ(codi({"owners", "import", "missing"}), 2);
  EXPECT_TRUE(said("there is no file missing"));
  test.write(repo / "CODEOWNERS", "* @a\xFF\n");
  EXPECT_EQ(codi({"owners", "import"}), 1);
  EXPECT_TRUE(said("is not UTF-8"));
  test.write(repo / "CODEOWNERS", std::string(limits::kOwnersBytes + 1, '#'));
  EXPECT_EQ(codi({"owners", "import"}), 1);
  EXPECT_TRUE(said("are taken at most"));
}

TEST_F(OwnersVerbs, owners_are_shown_for_paths_of_the_current_folder) {
  test.write(repo / "CODEOWNERS", "* @all\n/src/ @src @org/team\n/src/gen/\n");
  EXPECT_EQ(codi({"owners", "show", "x"}), 0) << err();
  EXPECT_TRUE(shown("unknown")) << out();
  ASSERT_EQ(codi({"owners", "import"}), 0) << err();
  test.shell.directory = test.folder("repo/src");
  EXPECT_EQ(codi({"owners", "show", "main.rs", "gen/", "../README.md"}), 0) << err();
  EXPECT_TRUE(shown("src/main.rs  @src, @org/team  2")) << out();
  EXPECT_TRUE(shown("src/gen/     nobody           3")) << out();
  EXPECT_TRUE(shown("README.md    @all             1")) << out();
  EXPECT_EQ(codi({"owners", "show", "main.rs", "--json"}), 0);
  EXPECT_EQ(out_json().at("items").at(0).at("line"), 2);
  EXPECT_EQ(codi({"owners", "show"}), 2);
  EXPECT_EQ(codi({"owners", "get"}), 0) << err();
  EXPECT_EQ(codi({"owners", "delete"}), 0) << err();
  EXPECT_EQ(codi({"owners", "get"}), 1);
}

TEST_F(OwnersVerbs, a_refused_claim_and_a_check_say_who_owns_it) {
  test.write(repo / "CODEOWNERS", "* @all\n/src/ @src @org/team\n/free/\n");
  ASSERT_EQ(codi({"owners", "import"}), 0) << err();
  start("DEV-1");
  start("DEV-2");
  ASSERT_EQ(claim("DEV-1", {"src/x", "free/x"}).status, 201U);
  EXPECT_EQ(codi({"claim", "src/x", "--session", "DEV-2"}), 3);
  EXPECT_TRUE(said("owned by @src, @org/team")) << err();
  EXPECT_EQ(codi({"check", "src/x", "--session", "DEV-2"}), 3);
  EXPECT_TRUE(said("owned by @src, @org/team")) << err();
  EXPECT_EQ(codi({"claim", "free/x", "--session", "DEV-2"}), 3);
  EXPECT_FALSE(said("owned by")) << err();
}

}  // namespace
}  // namespace codi::cli
