#include "roles/lint.hpp"

#include "roles/document.hpp"
#include "roles/graph.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace codi::roles {
namespace {

LintRole role(std::string name, std::string_view document) {
  auto read = read_document(document);
  EXPECT_TRUE(read.errors.empty());
  return {.name = name, .content = read.content, .lines = read.lines, .file = name + ".md"};
}

std::vector<std::string> told(std::vector<LintRole> const& roles) {
  coordination::Effort effort;
  std::vector<std::string> out;
  for (auto const& finding : lint(roles, true, effort).findings)
    out.push_back(fmt::format("{} {}:{} {}{}{}", finding.rule, finding.file.value_or("-"), finding.line.value_or(0),
                              fmt::join(finding.roles, ","), finding.paths.empty() ? "" : " ",
                              fmt::join(finding.paths, ",")));
  return out;
}

using Told = std::vector<std::string>;

TEST(RoleLint, a_set_that_fits_together) {
  EXPECT_EQ(
      told({role("a", "# A\n## Boundaries\n- src/\n## Depends On\n- b: x\n## Triggers\n- Delegates to b when: y\n"),
            role("b", "# B\n## Boundaries\n- src/b/\n## Provides To\n- a: x\n")}),
      Told{});
}

TEST(RoleLint, roles_without_a_document) {
  EXPECT_EQ(told({role("a", "# A\n## Depends On\n- b: x\n- b: y\n## Provides To\n- c: z\n")}),
            (Told{"missing-role a.md:3 a,b", "missing-role a.md:6 a,c"}));
}

TEST(RoleLint, contracts_of_one_side) {
  EXPECT_EQ(told({role("a", "# A\n## Depends On\n- b: x\n"), role("b", "# B\n## Provides To\n- c: x\n"),
                  role("c", "# C\n## Purpose\nx\n")}),
            (Told{"one-sided a.md:3 a,b", "one-sided b.md:3 b,c"}));
}

TEST(RoleLint, circles) {
  EXPECT_EQ(told({role("a", "# A\n## Depends On\n- b\n## Provides To\n- c\n"),
                  role("b", "# B\n## Depends On\n- c\n## Provides To\n- a\n"),
                  role("c", "# C\n## Depends On\n- a\n## Provides To\n- b\n")}),
            (Told{"cycle a.md:3 a,b,c"}));
  EXPECT_EQ(told({role("a", "# A\n## Depends On\n- a\n")}), (Told{"cycle a.md:3 a"}));
}

TEST(RoleLint, overlaps_that_nothing_decides) {
  EXPECT_EQ(told({role("a", "# A\n## Boundaries\n- src/api/\n- src/test_*.py\n- docs/\n"),
                  role("b", "# B\n## Boundaries\n- src/api/\n- src/*_test.py\n- docs/adr/\n")}),
            (Told{"overlap a.md:3 a,b src/api/,src/api/", "overlap a.md:4 a,b src/test_*.py,src/*_test.py"}));
}

TEST(RoleLint, triggers_that_lead_nowhere) {
  EXPECT_EQ(told({role("a",
                       "# A\n## Triggers\n- Delegates to a when: x\n- Delegates to b when: Coverage drops below 0%\n"
                       "- Escalates to ghost when: z\n- Delegates to b when: Coverage drops below 10%\n"),
                  role("b", "# B\n## Purpose\nx\n")}),
            (Told{"unreachable-trigger a.md:3 a", "unreachable-trigger a.md:4 a,b", "missing-role a.md:5 a,ghost",
                  "unreachable-trigger a.md:5 a,ghost"}));
}

TEST(RoleLint, metrics_that_are_counted_twice) {
  EXPECT_EQ(
      told({role("a", "# A\n## Metrics\n- Test coverage: > 90%\n- Code coverage: > 80%\n"),
            role("b", "# B\n## Metrics\n- Coverage: > 70%\n## Quality Gates\n- Coverage: 80%\n- Coverage: 90%\n")}),
      (Told{"duplicate-metric a.md:4 a", "duplicate-metric b.md:3 b,a", "duplicate-metric b.md:6 b"}));
}

TEST(RoleLint, says_when_comparing_would_take_too_much) {
  coordination::Effort little(10);
  auto const report =
      lint({role("a", "# A\n## Boundaries\n- src/**/*a*.py\n"), role("b", "# B\n## Boundaries\n- src/**/*b*.py\n")},
           true, little);
  EXPECT_FALSE(report.complete);
}

TEST(RoleLint, ends_with_as_many_findings_as_it_may_tell) {
  std::string links = "# A\n## Depends On\n";
  for (int i = 0; i < 900; ++i) links += fmt::format("- ghost-{}\n", i);
  coordination::Effort effort;
  auto const report = lint({role("a", links), role("b", links)}, true, effort);
  EXPECT_EQ(report.findings.size(), limits::kLintFindings);
  EXPECT_FALSE(report.complete);
}

TEST(RoleLint, metrics_cost_what_they_are_long) {
  coordination::Effort little(20);
  auto const report = lint({role("a", "# A\n## Metrics\n- Coverage: > 90%\n- Coverage: > 80%\n")}, true, little);
  EXPECT_FALSE(report.complete);
}

TEST(RoleLint, sarif_has_rules_and_places) {
  coordination::Effort effort;
  auto const report = lint({role("a", "# A\n## Depends On\n- b: x\n")}, true, effort);
  auto const sarif = boost::json::parse(to_sarif(report.findings, "1.2.3"));
  auto const& run = sarif.at("runs").at(0);
  EXPECT_EQ(sarif.at("version"), "2.1.0");
  EXPECT_EQ(run.at("tool").at("driver").at("rules").as_array().size(), lint_rules().size());
  auto const& place = run.at("results").at(0).at("locations").at(0).at("physicalLocation");
  EXPECT_EQ(place.at("artifactLocation").at("uri"), "a.md");
  EXPECT_EQ(place.at("region").at("startLine"), 3);
}

TEST(RoleGraph, edges_lead_to_who_provides) {
  auto const dot =
      to_dot({role("a", "# A\n## Depends On\n- b: \"x\"\n- ghost\n## Triggers\n- Escalates to b when: y\n"),
              role("b", "# B\n## Provides To\n- a: x\n")});
  EXPECT_NE(dot.find("\"a\" -> \"b\" [label=\"\\\"x\\\"\"];"), std::string::npos) << dot;
  EXPECT_NE(dot.find("\"a\" -> \"ghost\" [label=\"\", style=dashed];"), std::string::npos) << dot;
  EXPECT_NE(dot.find("\"ghost\" [style=\"rounded,dashed\"];"), std::string::npos) << dot;
  EXPECT_NE(dot.find("\"a\" -> \"b\" [style=dotted, label=\"escalates\"];"), std::string::npos) << dot;
}

}  // namespace
}  // namespace codi::roles
