#include "roles/ownership.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace codi::roles {
namespace {

coordination::Target target(std::string_view text, bool case_sensitive = true) {
  return coordination::parse_target(text, case_sensitive).value_or(coordination::Target{});
}

class OwnershipOfTeam : public ::testing::Test {
 protected:
  std::string judge(std::string_view role, std::string_view text) {
    coordination::Effort effort;
    auto const verdict = team_.judge(role, target(text), lent_, effort);
    return verdict.inside ? "inside" : fmt::format("of {}", fmt::join(verdict.owners, ","));
  }

  std::vector<Lent> lent_;
  Ownership team_{{{"backend", {"src/", "src/api/", "port:5432"}},
                   {"web", {"src/web/", "package.json"}},
                   {"tester", {"tests/", "**/*_test.cpp"}},
                   {"lead", {}}},
                  true};
};

TEST_F(OwnershipOfTeam, a_role_may_touch_what_it_owns) {
  EXPECT_EQ(judge("backend", "src/main.cpp"), "inside");
  EXPECT_EQ(judge("backend", "src/api/x.cpp"), "inside");
  EXPECT_EQ(judge("backend", "src/api/*.hpp"), "inside");
  EXPECT_EQ(judge("web", "src/web/"), "inside");
  EXPECT_EQ(judge("backend", "docs/x.md"), "of ");
  EXPECT_EQ(judge("web", "src/main.cpp"), "of backend");
}

TEST_F(OwnershipOfTeam, the_narrower_boundary_beats_the_wider) {
  EXPECT_EQ(judge("backend", "src/web/index.html"), "of web");
  EXPECT_EQ(judge("backend", "src/"), "of web") << "a part of it belongs to another";
  EXPECT_EQ(judge("backend", "src/**/*.rs"), "of web");
}

TEST_F(OwnershipOfTeam, where_neither_is_narrower_both_own) {
  EXPECT_EQ(judge("backend", "src/api/x_test.cpp"), "inside");
  EXPECT_EQ(judge("tester", "src/api/x_test.cpp"), "inside");
  EXPECT_EQ(judge("tester", "src/api/x.cpp"), "of backend");
}

TEST_F(OwnershipOfTeam, who_has_no_boundaries_is_bound_by_none) {
  EXPECT_EQ(judge("lead", "src/web/index.html"), "inside");
  EXPECT_EQ(judge("unknown", "src/web/index.html"), "inside");
}

TEST_F(OwnershipOfTeam, resources_are_bound_where_a_role_names_them) {
  EXPECT_EQ(judge("web", "port:8080"), "inside");
  EXPECT_EQ(judge("web", "port:5432"), "of backend");
  EXPECT_EQ(judge("backend", "port:5432"), "inside");
}

TEST_F(OwnershipOfTeam, what_is_lent_counts_as_own_against_the_lender) {
  lent_.push_back({"web", "backend", target("src/web/")});
  EXPECT_EQ(judge("backend", "src/web/index.html"), "inside");
  EXPECT_EQ(judge("web", "src/web/index.html"), "inside");
  EXPECT_EQ(judge("tester", "src/web/index.html"), "of web");
  lent_.push_back({"web", "tester", target("port:5432")});
  EXPECT_EQ(judge("tester", "port:5432"), "inside");
}

TEST_F(OwnershipOfTeam, owners_of_a_path) {
  coordination::Effort effort;
  EXPECT_EQ(team_.owners_of(target("src/web/x"), effort), (std::vector<std::string>{"web"}));
  EXPECT_EQ(team_.owners_of(target("src/x_test.cpp"), effort), (std::vector<std::string>{"backend", "tester"}));
  EXPECT_EQ(team_.owners_of(target("docs/"), effort), (std::vector<std::string>{"tester"})) << "a part of it";
  EXPECT_TRUE(team_.owners_of(target("LICENSE"), effort).empty());
}

TEST_F(OwnershipOfTeam, too_hard_a_pattern_is_outside) {
  coordination::Effort little(20);
  EXPECT_FALSE(team_.judge("backend", target("src/**/*a*b*c*.x"), {}, little).inside);
}

TEST(Ownership, case_counts_as_the_project_says) {
  Ownership const team({{"a", {"SRC/"}}, {"b", {"docs/"}}}, false);
  coordination::Effort effort;
  EXPECT_TRUE(team.judge("a", target("src/X", false), {}, effort).inside);
  EXPECT_FALSE(team.judge("b", target("src/X", false), {}, effort).inside);
}

}  // namespace
}  // namespace codi::roles
