#include "unit/cli/repository_command_line.hpp"

#include <gtest/gtest.h>

namespace codi::cli {
namespace {

class ScorecardVerb : public testing::RepositoryCommandLine {
 protected:
  ScorecardVerb() {
    test.write(repo / "backend.md",
               "# Backend\n## Quality Standards\n- Test Coverage: 90%\n- Performance: < 50ms p95 API response time\n");
    EXPECT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
    EXPECT_EQ(codi({"session", "start", "--role", "backend", "--alias", "B"}), 0) << err();
  }
};

TEST_F(ScorecardVerb, gates_and_measures_are_shown_over_time) {
  EXPECT_EQ(codi({"roles", "report", "backend"}), 0) << err();
  EXPECT_TRUE(shown("Test Coverage") && shown("not measured")) << out();
  EXPECT_TRUE(said("nothing was measured yet")) << err();
  for (auto const* const coverage : {"coverage=93", "coverage=86", "coverage=89.5"})
    ASSERT_EQ(codi({"report", coverage}), 0) << err();
  EXPECT_EQ(codi({"roles", "report", "Backend"}), 0) << err();
  EXPECT_TRUE(shown("backend  since ")) << out();
  EXPECT_TRUE(shown("Test Coverage  89.5   >= 90%   FAILED        █▁▅        3")) << out();
  EXPECT_TRUE(shown("coverage  89.5   reports  █▁▅        3")) << out();
  EXPECT_EQ(codi({"roles", "report", "backend", "--limit", "1", "--events"}), 0) << err();
  auto const cursor = std::string(last_event("TEST").at("cursor").as_string());
  EXPECT_TRUE(shown("\ncoverage\n  ") && shown("Z  89.5") && shown("\n    " + cursor + "\n")) << out();
  EXPECT_EQ(codi({"roles", "report", "backend", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("gates").at(0).at("points").as_array().size(), 3U);
}

TEST_F(ScorecardVerb, since_is_a_time_or_how_long_ago) {
  ASSERT_EQ(codi({"report", "coverage=93"}), 0) << err();
  pass_time(std::chrono::hours(2));
  EXPECT_EQ(codi({"roles", "report", "backend", "--since", "1h", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("reports"), 0);
  EXPECT_EQ(codi({"roles", "report", "backend", "--since", "2020-01-01T00:00:00Z", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("reports"), 1);
  EXPECT_EQ(codi({"roles", "report", "backend", "--since", "once"}), 2);
  EXPECT_TRUE(said("--since once is neither a time nor a duration")) << err();
  EXPECT_EQ(codi({"roles", "report", "nobody"}), 1);
  EXPECT_EQ(codi({"roles", "report", "backend", "--limit", "101"}), 1);
}

}  // namespace
}  // namespace codi::cli
