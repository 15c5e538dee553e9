#include "models/role_limits.hpp"
#include "unit/cli/repository_command_line.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::cli {
namespace {

constexpr auto kBackend = R"(# Backend

## Quality Standards
- Test Coverage: 95%
- Performance: < 100ms p95

## Delegation Triggers
- Delegates to dba when: A schema must be designed
- Delegates to tester when: Coverage drops below 95%
)";

class ReportVerbs : public testing::RepositoryCommandLine {
 protected:
  void SetUp() override {
    RepositoryCommandLine::SetUp();
    test.write(repo / "backend.md", kBackend);
    ASSERT_EQ(codi({"roles", "import", "backend.md"}), 0) << err();
  }
  void start(std::string const& alias = "B") {
    ASSERT_EQ(codi({"session", "start", "--role", "backend", "--alias", alias}), 0) << err();
  }
};

TEST_F(ReportVerbs, measures_are_typed) {
  start();
  EXPECT_TRUE(said("watch for: A schema must be designed; then `codi roles pull backend 1` offers it to dba")) << err();
  EXPECT_EQ(codi({"report", "coverage=96.5", "p95_ms=87"}), 0) << err();
  EXPECT_TRUE(shown("reported  coverage=96.5  p95_ms=87")) << out();
  EXPECT_TRUE(shown("passed") && !shown("FAILED")) << out();
  EXPECT_EQ(codi({"report", "Test coverage = 90", "--json", "--commit", "abc"}), 0) << err();
  EXPECT_EQ(out_json().at("gates").at(0).at("passed"), false);
  EXPECT_EQ(out_json().at("commit"), "abc");
  EXPECT_EQ(out_json().at("session_alias"), "B");
  EXPECT_EQ(out_json().at("delegations").at(0).at("to_role"), "tester");
  EXPECT_EQ(codi({"report", "coverage=80", "--check"}), 3);
  EXPECT_TRUE(said("a gate failed")) << err();
  EXPECT_TRUE(shown("FAILED")) << out();
  EXPECT_EQ(codi({"report", "p95_ms=1", "--check"}), 0) << err();
}

TEST_F(ReportVerbs, what_is_typed_wrong_sends_nothing) {
  for (auto const* const typed : {"coverage=", "coverage=x", "=1", "coverage=nan", "coverage=1e999"})
    EXPECT_EQ(codi({"report", typed}), 2) << typed;
  EXPECT_EQ(codi({"report"}), 2);
  EXPECT_TRUE(said("there is nothing to report")) << err();
  EXPECT_EQ(codi({"report", "coverage=1", "Test coverage=2"}), 2);
  EXPECT_TRUE(said("coverage is typed twice")) << err();
  EXPECT_EQ(codi({"report", "coverage"}), 2);
  EXPECT_TRUE(said("there is no file coverage")) << err();
  EXPECT_EQ(codi({"report", "claims_lost=1"}), 1);
  EXPECT_TRUE(said("is measured by codi itself")) << err();
}

TEST_F(ReportVerbs, files_of_tools_are_read) {
  test.write(repo / "lcov.info", "SF:a\nLF:4\nLH:3\nend_of_record\n");
  test.write(repo / "more.info", "SF:b\nLF:4\nLH:4\nend_of_record\n");
  test.write(repo / "junit.xml", "<testsuite><testcase/><testcase><failure/></testcase></testsuite>");
  EXPECT_EQ(codi({"report", "lcov.info", "--lcov", "more.info", "junit.xml", "p95_ms=3", "--json"}), 0) << err();
  auto const measures = out_json().at("measures");
  EXPECT_EQ(measures.at("coverage").to_number<double>(), 87.5);
  EXPECT_EQ(measures.at("tests").to_number<double>(), 2);
  EXPECT_EQ(measures.at("test_failures").to_number<double>(), 1);
  EXPECT_EQ(measures.at("p95_ms").to_number<double>(), 3);
  EXPECT_TRUE(out_json().at("session_id").is_null()) << "no session is started for a report";
  EXPECT_EQ(out_json().at("gates").as_array().size(), 2U);
  EXPECT_EQ(codi({"report", "lcov.info", "coverage=1"}), 2);
  EXPECT_TRUE(said("coverage stands in a file and is typed too")) << err();
}

TEST_F(ReportVerbs, a_file_that_can_not_be_read_is_told_with_its_line) {
  test.write(repo / "bad.info", "SF:a\nLF:x\n");
  EXPECT_EQ(codi({"report", "bad.info"}), 1);
  EXPECT_TRUE(said("bad.info:2: has no number")) << err();
  test.write(repo / "what.txt", "hello\n");
  EXPECT_EQ(codi({"report", "what.txt"}), 1);
  EXPECT_TRUE(said("what what.txt is can't be told from its beginning")) << err();
  EXPECT_EQ(codi({"report", "--wrk", "what.txt"}), 1);
  EXPECT_TRUE(said("what.txt: is no output of wrk")) << err();
  EXPECT_EQ(codi({"report", "--sarif", "nothing.sarif"}), 2);
  EXPECT_EQ(codi({"report", "."}), 2);
  test.write(repo / "run.txt", "Running 1s\n  50% 1ms\nRequests/sec: 10\n");
  EXPECT_EQ(codi({"report", "run.txt", "run.txt"}), 2);
  EXPECT_TRUE(said("run.txt says p50_ms, which another file says too")) << err();
  std::filesystem::resize_file(repo / "run.txt", limits::kReportFileBytes + 1);
  EXPECT_EQ(codi({"report", "run.txt"}), 1);
  EXPECT_TRUE(said("are read at most")) << err();
}

TEST_F(ReportVerbs, without_a_session_git_says_what_was_measured) {
  EXPECT_EQ(codi({"report", "coverage=97", "--json"}), 0) << err();
  EXPECT_TRUE(out_json().at("session_id").is_null());
  EXPECT_TRUE(out_json().at("branch").is_string()) << out();
  start();
  EXPECT_EQ(codi({"report", "coverage=97", "--no-session", "--branch", "main", "--json"}), 0) << err();
  EXPECT_TRUE(out_json().at("session_id").is_null());
  EXPECT_EQ(out_json().at("branch"), "main");
}

TEST_F(ReportVerbs, gates_are_shown_with_their_latest_values) {
  EXPECT_EQ(codi({"gates"}), 0) << err();
  EXPECT_TRUE(shown("backend") && shown("not measured") && shown(">= 95") && shown("< 100 ms")) << out();
  EXPECT_EQ(codi({"gates", "--check"}), 0) << "what was not measured has not failed";
  start();
  ASSERT_EQ(codi({"report", "coverage=90"}), 0) << err();
  EXPECT_EQ(codi({"gates", "--check"}), 3);
  EXPECT_TRUE(shown("FAILED")) << out();
  EXPECT_EQ(codi({"gates", "--json", "--role", "backend"}), 0);
  EXPECT_EQ(out_json().at("items").as_array().size(), 2U);
  EXPECT_EQ(out_json().at("items").at(0).at("value").to_number<double>(), 90);
  EXPECT_EQ(codi({"gates", "--role", "nobody"}), 0);
  EXPECT_TRUE(said("no role has a gate")) << err();
  EXPECT_EQ(codi({"gates", "--session", "B", "--json"}), 0) << err();
}

TEST_F(ReportVerbs, triggers_are_pulled_by_their_number) {
  start();
  EXPECT_EQ(codi({"roles", "show", "backend"}), 0);
  EXPECT_TRUE(shown("1. delegates to dba when: A schema") && shown("2. delegates to tester when: ")) << out();
  EXPECT_EQ(codi({"roles", "pull", "backend", "1", "--reason", "a new table"}), 0) << err();
  EXPECT_TRUE(shown("delegated to dba: A schema must be designed")) << out();
  EXPECT_EQ(codi({"roles", "pull", "backend", "9"}), 1);
  EXPECT_EQ(codi({"roles", "pull", "backend", "first"}), 2);
  EXPECT_EQ(codi({"roles", "pull", "backend", "1", "--json"}), 0) << err();
  EXPECT_EQ(out_json().at("to_role"), "dba");
}

TEST_F(ReportVerbs, what_is_let_through_is_warned_of) {
  start();
  ASSERT_EQ(codi({"report", "coverage=90"}), 0) << err();
  EXPECT_EQ(codi({"handoff", "reviewer"}), 0) << err();
  EXPECT_TRUE(said("codi: warning: coverage is 90, and must be >= 95 %")) << err();
  EXPECT_EQ(codi_log({"B: COMPLETE the orders route", "WORK_COMPLETE"}), 0) << err();
  EXPECT_TRUE(said("codi-log: warning: coverage is 90, and must be >= 95 %")) << err();
  EXPECT_EQ(codi_log({"B: COMPLETE the orders route", "WORK_COMPLETE", "--quiet"}), 0) << err();
  EXPECT_FALSE(said("warning")) << err();
}

TEST_F(ReportVerbs, a_refusal_names_the_gates) {
  start();
  ASSERT_EQ(codi({"project", "update", "default", "--policies", R"({"gates": "refuse"})"}), 0) << err();
  ASSERT_EQ(codi({"report", "coverage=90"}), 0) << err();
  EXPECT_EQ(codi({"handoff", "reviewer"}), 3);
  EXPECT_TRUE(said("coverage is 90, and must be >= 95 % (ROLE-USR-4002)")) << err();
  EXPECT_TRUE(said("hint: Bring coverage to >= 95 %")) << err();
  EXPECT_EQ(codi({"handoff", "tester"}), 0) << err();
  EXPECT_EQ(codi({"report", "coverage=96", "--no-session", "--branch", "other"}), 0) << err();
  EXPECT_EQ(codi({"report", "coverage=80", "--no-session", "--branch", "other"}), 0) << err();
  EXPECT_EQ(codi({"handoff", "list"}), 0);
  EXPECT_TRUE(shown("codi")) << "what nobody's session offered: " << out();
}

}  // namespace
}  // namespace codi::cli
