#include "cli/report_files.hpp"

#include "models/role_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::cli {
namespace {

using enum ReportFormat;
using Measures = std::map<std::string, double>;

Measures read(ReportFormat format, std::string_view text) {
  auto const measures = read_report(format, text);
  EXPECT_TRUE(measures) << measures.error().message;
  return measures ? measures->all() : Measures();
}

// What is wrong, with its line: `3: has no number`.
std::string wrong(ReportFormat format, std::string_view text) {
  auto const measures = read_report(format, text);
  if (measures) return "nothing is wrong";
  auto const& [line, message] = measures.error();
  return line ? fmt::format("{}: {}", *line, message) : message;
}

constexpr auto kLcov = R"(TN:
SF:/src/a.cpp
FN:1,main
FNDA:3,main
FNF:1
FNH:1
BRDA:2,0,0,-
BRDA:2,0,1,4
BRF:2
BRH:1
DA:1,3
DA:2,0
LF:2
LH:1
end_of_record
SF:/src/b.cpp
DA:1,1
DA:2,1
end_of_record
)";

TEST(ReportFiles, lcov) {
  EXPECT_EQ(read(lcov, kLcov), (Measures{{"branch_coverage", 50}, {"coverage", 75}, {"function_coverage", 100}}));
  EXPECT_EQ(read(lcov, "SF:a\r\nDA:1,1\r\nend_of_record\r\n"), (Measures{{"coverage", 100}}));
  EXPECT_EQ(read(lcov, "\xEF\xBB\xBF# made by hand\nSF:a\nVER:1\nFNL:0,1,2\nDA:1,1,sum\nend_of_record"),
            (Measures{{"coverage", 100}}));
}

TEST(ReportFiles, lcov_that_is_damaged_says_where) {
  EXPECT_EQ(wrong(lcov, ""), "names no source file (SF:)");
  EXPECT_EQ(wrong(lcov, "SF:a\nDA:1,1\n"), "2: ends within a record: `end_of_record` is missing");
  EXPECT_EQ(wrong(lcov, "SF:a\nSF:b\n"), "2: begins a record within another");
  EXPECT_EQ(wrong(lcov, "end_of_record\n"), "1: ends a record that has not begun");
  EXPECT_EQ(wrong(lcov, "LF:1\n"), "1: LF stands outside a record, which begins with SF");
  EXPECT_EQ(wrong(lcov, "SF:a\nLF:one\n"), "2: has no number");
  EXPECT_EQ(wrong(lcov, "SF:a\nLF:nan\n"), "2: has no number");
  EXPECT_EQ(wrong(lcov, "SF:a\nLF:1e99\n"), "2: has no number");
  EXPECT_EQ(wrong(lcov, "SF:a\nLF:-1\n"), "2: has no number");
  EXPECT_EQ(wrong(lcov, "SF:a\nDA:1\n"), "2: has too few parts");
  EXPECT_EQ(wrong(lcov, "SF:a\nDA:1,x\n"), "2: does not say how often it ran");
  EXPECT_EQ(wrong(lcov, "SF:a\nLF:1\nLH:2\nend_of_record\n"), "4: coverage: more is hit than is there");
  EXPECT_EQ(wrong(lcov, "SF:a\nhello\n"), "2: is no line of an lcov tracefile");
  EXPECT_EQ(wrong(lcov, "SF:a\nend_of_record\n"), "holds nothing that is measured");
}

TEST(ReportFiles, cobertura) {
  EXPECT_EQ(read(cobertura, R"(<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://x/coverage-04.dtd">
<coverage line-rate="0.9" branch-rate="0.5" lines-covered="92" lines-valid="100" branches-covered="1"
  branches-valid="4"><packages/></coverage>)"),
            (Measures{{"branch_coverage", 25}, {"coverage", 92}}));
  EXPECT_EQ(read(cobertura, R"(<coverage line-rate="0.875"/>)"), (Measures{{"coverage", 87.5}}));
  EXPECT_EQ(read(cobertura, R"(<coverage line-rate="1" branch-rate="0" branches-covered="0" branches-valid="0"/>)"),
            (Measures{{"coverage", 100}}))
      << "there are no branches";
}

TEST(ReportFiles, xml_that_is_damaged_says_where) {
  EXPECT_TRUE(wrong(cobertura, "<coverage>\n<a>\n</coverage>").starts_with("3: is not well-formed XML: "))
      << wrong(cobertura, "<coverage>\n<a>\n</coverage>");
  EXPECT_TRUE(wrong(junit, "").starts_with("1: is not well-formed XML: "));
  EXPECT_EQ(wrong(cobertura, "<html/>"), "is no Cobertura report: its root is <html>, not <coverage>");
  EXPECT_EQ(wrong(junit, "<html/>"), "is no JUnit report: its root is <html>, not <testsuites>");
  EXPECT_EQ(wrong(cobertura, "<coverage/>"), "holds nothing that is measured");
  for (auto const* const number : {"NaN", "inf", "1e400", "-0.5", "0x1", "", "1 "})
    EXPECT_EQ(wrong(cobertura, fmt::format("<coverage line-rate=\"{}\"/>", number)),
              "line-rate of <coverage> is not a number");
  EXPECT_EQ(wrong(cobertura, R"(<coverage line-rate="1.5"/>)"), "line-rate is more than 1");
  EXPECT_EQ(wrong(cobertura, R"(<coverage lines-covered="2" lines-valid="1"/>)"),
            "lines-covered is more than lines-valid");
}

TEST(ReportFiles, hostile_xml_costs_nothing_and_reads_no_file) {
  std::string deep = "<testsuites>";
  for (int i = 0; i < 100'000; ++i) deep += "<testsuite>";
  for (int i = 0; i < 100'000; ++i) deep += "</testsuite>";
  EXPECT_EQ(wrong(junit, deep + "</testsuites>"), "has elements that are nested more than 64 deep");
  constexpr auto kEntities = R"(<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "/etc/passwd">]>
<testsuite><testcase name="&b;&c;"/></testsuite>)";
  EXPECT_EQ(read(junit, kEntities).at("tests"), 1);
}

TEST(ReportFiles, junit) {
  EXPECT_EQ(read(junit, R"(<testsuites><testsuite tests="9"><testcase/><testcase><failure message="x"/></testcase>
<testcase><error/><system-out/></testcase></testsuite><testsuite><testsuite><testcase><skipped/></testcase></testsuite>
</testsuite></testsuites>)"),
            (Measures{{"test_failures", 2}, {"tests", 4}, {"tests_skipped", 1}}));
  EXPECT_EQ(read(junit, "<testsuite/>").at("tests"), 0);
}

TEST(ReportFiles, sarif) {
  auto const measured = read(sarif, R"_({"version": "2.1.0", "runs": [
    {"tool": {"driver": {"name": "clippy", "rules": [{"id": "r", "defaultConfiguration": {"level": "error"}}]}},
     "results": [{"level": "warning"}, {"ruleId": "x"}, {"ruleId": "r"}, {"level": "note"}, {"level": "none"},
                 {"kind": "pass"}, {"suppressions": [{}]}, {"baselineState": "absent"}]},
    {"tool": {"driver": {"name": "ES Lint"}}}]})_");
  EXPECT_EQ(measured, (Measures{{"clippy_errors", 1},
                                {"clippy_warnings", 2},
                                {"errors", 1},
                                {"es_lint_errors", 0},
                                {"es_lint_warnings", 0},
                                {"lint_findings", 4},
                                {"warnings", 2}}));
}

TEST(ReportFiles, json_that_is_damaged_is_told) {
  EXPECT_NE(wrong(sarif, "{").find("JSON"), std::string::npos) << wrong(sarif, "{");
  EXPECT_EQ(wrong(sarif, "[]"), "is no JSON object");
  EXPECT_EQ(wrong(sarif, "{}"), "is no SARIF log: it has no list `runs`");
  EXPECT_EQ(wrong(sarif, R"_({"runs": 1})_"), "is no SARIF log: it has no list `runs`");
  EXPECT_EQ(wrong(sarif, R"_({"runs": [{}]})_"), "has a run of a tool without a name");
  EXPECT_EQ(wrong(sarif, R"_({"runs": [{"tool": {"driver": {"name": "!"}}}]})_"), "has a run of a tool without a name");
  std::string many = R"({"runs": [{})";
  for (std::size_t i = 0; i < limits::kReportFileTools; ++i) many += ", {}";
  EXPECT_EQ(wrong(sarif, many + "]}"), "has more than 20 runs");
  EXPECT_NE(wrong(k6, std::string(1'000, '[')), "nothing is wrong");
  EXPECT_EQ(wrong(k6, "{}"), "is no summary of k6: it has no metric `http_req_duration`");
  EXPECT_EQ(wrong(k6, R"_({"metrics": {"http_req_duration": {"p(95)": -1}}})_"),
            "p95_ms is not a number that is measured");
  EXPECT_EQ(wrong(k6, R"_({"metrics": {"http_req_duration": {"p(95)": "fast"}}})_"), "holds nothing that is measured");
}

TEST(ReportFiles, k6) {
  Measures const expected{{"error_rate", 2.5}, {"p50_ms", 12},  {"p90_ms", 40},
                          {"p95_ms", 87.5},    {"p99_ms", 120}, {"requests_per_second", 250}};
  EXPECT_EQ(
      read(k6, R"_({"metrics": {"http_req_duration": {"avg": 1, "med": 12, "p(90)": 40, "p(95)": 87.5, "p(99)": 120},
    "http_req_failed": {"passes": 1, "value": 0.025}, "http_reqs": {"count": 10, "rate": 250}}, "root_group": {}})_"),
      expected);
  EXPECT_EQ(read(k6, R"_({"metrics": {"http_req_duration": {"type": "trend", "values": {"med": 12, "p(90)": 40,
    "p(95)": 87.5, "p(99)": 120}}, "http_req_failed": {"values": {"rate": 0.025}},
    "http_reqs": {"values": {"rate": 250}}}})_"),
            expected);
}

constexpr auto kWrk = R"(Running 30s test @ http://127.0.0.1:8080/
  12 threads and 400 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   635.91us    0.89ms  12.92ms   93.69%
    Req/Sec    56.20k     8.07k   62.00k    86.54%
  Latency Distribution
     50%  250.00us
     75%    1.50ms
     90%    2.00s
     99.900%    1.00m
    100.000%    2.00m
  2000 requests in 30.00s, 17.76GB read
  Socket errors: connect 0, read 4, write 0, timeout 1
  Non-2xx or 3xx responses: 15
Requests/sec: 748868.53
Transfer/sec:    606.33MB
)";

TEST(ReportFiles, wrk) {
  EXPECT_EQ(read(wrk, kWrk), (Measures{{"error_rate", 1},
                                       {"p50_ms", 0.25},
                                       {"p75_ms", 1.5},
                                       {"p90_ms", 2'000},
                                       {"p99_9_ms", 60'000},
                                       {"requests_per_second", 748868.53}}));
  EXPECT_EQ(wrong(wrk, "Running 1s\n"), "is no output of wrk: no line `Requests/sec`");
  EXPECT_EQ(wrong(wrk, "Requests/sec: fast\n"), "1: has no value of requests_per_second");
  EXPECT_EQ(wrong(wrk, "50% soon\n"), "1: has no value of p50_ms");
  EXPECT_EQ(wrong(wrk, "Requests/sec: 1\nRequests/sec: 2\n"), "2: says requests_per_second again: one run a file");
  EXPECT_EQ(wrong(wrk, "x requests in 1s\n"), "1: does not say how many requests");
  EXPECT_EQ(wrong(wrk, "Non-2xx or 3xx responses: many\n"), "1: does not say how many failed");
  EXPECT_EQ(wrong(wrk, "Socket errors: connect no\n"), "1: does not say how many failed");
}

TEST(ReportFiles, a_format_is_known_by_its_beginning) {
  EXPECT_EQ(format_of(kLcov), lcov);
  EXPECT_EQ(format_of("\xEF\xBB\xBFSF:a"), lcov);
  EXPECT_EQ(format_of("<?xml version='1.0'?>\n<!-- <html> --><coverage line-rate='1'/>"), std::nullopt)
      << "a tag in a comment: say the format";
  EXPECT_EQ(format_of("<?xml version='1.0'?>\n<!DOCTYPE coverage SYSTEM 'x'>\n<coverage/>"), cobertura);
  EXPECT_EQ(format_of("<testsuites/>"), junit);
  EXPECT_EQ(format_of("<testsuite name='a'>"), junit);
  EXPECT_EQ(format_of(R"( {"version": "2.1.0", "runs": []})"), sarif);
  EXPECT_EQ(format_of(R"({"metrics": {}})"), k6);
  EXPECT_EQ(format_of(kWrk), wrk);
  for (auto const* const other : {"", "hello", "<html/>", "<", "{}", "[]"}) EXPECT_EQ(format_of(other), std::nullopt);
}

TEST(ReportFiles, several_files_add_up) {
  FileMeasures all;
  EXPECT_EQ(all.add(*read_report(lcov, "SF:a\nLF:10\nLH:10\nend_of_record\n")), std::nullopt);
  EXPECT_EQ(all.add(*read_report(lcov, "SF:b\nLF:30\nLH:10\nend_of_record\n")), std::nullopt);
  EXPECT_EQ(all.add(*read_report(junit, "<testsuite><testcase/></testsuite>")), std::nullopt);
  EXPECT_EQ(all.add(*read_report(junit, "<testsuite><testcase/></testsuite>")), std::nullopt);
  EXPECT_EQ(all.all(), (Measures{{"coverage", 50}, {"test_failures", 0}, {"tests", 2}, {"tests_skipped", 0}}));
  EXPECT_EQ(all.add(*read_report(wrk, kWrk)), std::nullopt);
  EXPECT_EQ(all.add(*read_report(wrk, kWrk)), "p50_ms") << "there is no sum of percentiles";
}

TEST(ReportFiles, numbers_are_finite_and_not_negative) {
  EXPECT_EQ(measured_number("1.5"), 1.5);
  EXPECT_EQ(measured_number("0"), 0);
  for (auto const* const text : {"", "nan", "inf", "-1", "1e15", "1e400", "1x", " 1", "+1"})
    EXPECT_EQ(measured_number(text), std::nullopt) << text;
}

}  // namespace
}  // namespace codi::cli
