#include "roles/measure.hpp"

#include "models/role_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::roles {
namespace {

std::string told(std::string_view line) {
  auto const read = read_gates(line, models::GateOrigin::quality_standard);
  std::string out;
  for (auto const& gate : read.gates)
    out += fmt::format("{}{} {} {:g}{}{} [{}]", out.empty() ? "" : "; ", gate.measure, gate.op.text(), gate.threshold,
                       gate.unit, gate.statistic ? " " + *gate.statistic : "", gate.name);
  return out + (read.complete ? "" : " …");
}

struct Row {
  std::string_view line;
  std::string_view read;
};

TEST(Measure, standards_and_metrics_become_checks) {
  for (auto const& [line, read] : {
           Row{"Test Coverage: 95% minimum (unit + integration)", "coverage >= 95% [Test Coverage]"},
           Row{"Performance: < 100ms p95 API response time", "p95_ms < 100ms p95 [Performance]"},
           Row{"< 100ms p95 API response time", "p95_ms < 100ms p95 [API response time]"},
           Row{"API response time: < 100 ms at the 95th percentile", "p95_ms < 100ms p95 [API response time]"},
           Row{"Zero Clippy warnings", "clippy_warnings == 0 [Clippy warnings]"},
           Row{"100% public API documentation", "documentation >= 100% [public API documentation]"},
           Row{"First-time PR approval: > 85%", "first_time_approval > 85% [First-time PR approval]"},
           Row{"Latency: p99.9 ≤ 2.5 s", "p99_9_ms <= 2.5s p99.9 [Latency]"},
           Row{"Throughput: at least 1,000 req/s", "throughput >= 1000req/s [Throughput]"},
           Row{"Memory: no more than 512MB", "memory <= 512MB [Memory]"},
           Row{"Reviewers: 2 or more", "reviewers >= 2 [Reviewers]"},
           Row{"Coverage of branches: 80%+", "coverage_of_branches >= 80% [Coverage of branches]"},
           Row{"Flaky tests: exactly 0", "flaky_tests == 0 [Flaky tests]"},
           Row{"Median build time: under 5 minutes", "build_time < 5min median [Median build time]"},
       })
    EXPECT_EQ(told(line), read) << line;
}

TEST(Measure, what_is_no_check_stays_for_people) {
  for (std::string_view const line : {
           "Security: No unwrap() in production, proper error handling",
           "Works with Node 20",
           "Between 5% and 10% of the budget",
           "Response time: 100 ms",
           "ADR-026 is followed",
           "",
           "95%",
           ": 95%",
           "Answer in less than",
       })
    EXPECT_TRUE(told(line).ends_with("…")) << line << " → " << told(line);
}

TEST(Measure, a_negation_means_what_it_says_or_is_for_people) {
  for (auto const& [line, read] : {
           Row{"Latency must not exceed 200 ms", "latency <= 200ms [Latency]"},
           Row{"p95 latency: never above 200 ms", "p95_ms <= 200ms p95 [p95 latency]"},
           Row{"Coverage never drops below 90%", "coverage >= 90% [Coverage]"},
           Row{"Warnings: not > 5", "warnings <= 5 [Warnings]"},
           Row{"Memory doesn't exceed 512MB", "memory <= 512MB [Memory]"},
           Row{"Memory doesn\u2019t exceed 512MB", "memory <= 512MB [Memory]"},
           Row{"Memory: not to exceed 512MB", "memory <= 512MB [Memory]"},
           Row{"Build time cannot be over 5 minutes", "build_time <= 5min [Build time]"},
           Row{"Findings: not more than 3", "findings <= 3 [Findings]"},
       })
    EXPECT_EQ(told(line), read) << line;
  for (std::string_view const line : {
           "Zero tests without assertions",
           "Latency is not 200 ms or less than that",
           "Never merge with 90% coverage",
           "Errors: not exactly 0",
           "Never down: 99%",
           "Coverage of 95% is not needed",
           "Neither 5% nor 10% of failures",
           "Don't accept under 90% coverage",
           "Latency: < 200 ms not",
       })
    EXPECT_EQ(told(line), " …") << line;
  EXPECT_EQ(read_condition("Coverage does not reach 95%"), std::nullopt);
  EXPECT_EQ(read_condition("Coverage is not at least 95%")->op, models::Comparison::Kind::less);
}

// Each part that is a check keeps the line: many parts of a long line would take its length by its square.
TEST(Measure, a_line_that_is_long_or_has_many_parts_stays_for_people) {
  auto const line_of = [](std::size_t parts) {
    std::string out = "a: 1%";
    for (std::size_t i = 1; i < parts; ++i) out += ",1%";
    return out;
  };
  auto const most = read_gates(line_of(limits::kCheckParts), models::GateOrigin::quality_standard);
  EXPECT_EQ(most.gates.size(), limits::kCheckParts);
  EXPECT_TRUE(most.complete);
  EXPECT_EQ(told(line_of(limits::kCheckParts + 1)), " …");
  EXPECT_EQ(told(line_of(12'000)), " …");
  auto const padded = [](std::size_t bytes) { return "Coverage: 95% (" + std::string(bytes - 16, 'x') + ")"; };
  EXPECT_FALSE(told(padded(limits::kCheckBytes)).ends_with("…"));
  EXPECT_EQ(told(padded(limits::kCheckBytes + 1)), " …");
  EXPECT_EQ(read_condition(padded(limits::kCheckBytes + 1)), std::nullopt);
}

TEST(Measure, parts_of_a_line_are_read_by_themselves) {
  EXPECT_EQ(told("Code Quality: Zero Clippy warnings, rustfmt compliant"), "clippy_warnings == 0 [Code Quality] …");
  EXPECT_EQ(told("Quality: zero warnings; coverage of 90%"), "warnings == 0 [Quality]; coverage >= 90% [Quality]");
}

TEST(Measure, conditions_of_triggers) {
  auto const drops = read_condition("Coverage drops below 95%");
  ASSERT_TRUE(drops);
  EXPECT_EQ(drops->measure, "coverage");
  EXPECT_EQ(drops->op.text(), "<");
  EXPECT_EQ(drops->threshold, 95);
  auto const rises = read_condition("p95 latency rises above 200ms");
  ASSERT_TRUE(rises);
  EXPECT_EQ(rises->measure, "p95_ms");
  EXPECT_EQ(rises->op.text(), ">");
  EXPECT_FALSE(read_condition("A complex schema is needed"));
}

TEST(Measure, a_metric_has_a_measure_whether_it_is_a_check_or_not) {
  EXPECT_EQ(metric_measure("Test coverage: > 95%"), "coverage");
  EXPECT_EQ(metric_measure("Happy users: many"), "happy_users");
  EXPECT_EQ(metric_measure(""), "");
}

}  // namespace
}  // namespace codi::roles
