#include "roles/judge.hpp"

#include "roles/measure.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace codi::roles {
namespace {

using Kind = models::Comparison::Kind;

// The gate of a line of a document, which must hold one.
models::Gate gate(std::string_view line) {
  auto const read = read_gates(line, models::GateOrigin::quality_standard);
  EXPECT_EQ(read.gates.size(), 1U) << line;
  return read.gates.empty() ? models::Gate{} : read.gates.front();
}

TEST(Judge, compares_as_it_is_written) {
  for (auto const& [op, below, same, above] :
       {std::tuple(Kind::less, true, false, false), std::tuple(Kind::at_most, true, true, false),
        std::tuple(Kind::greater, false, false, true), std::tuple(Kind::at_least, false, true, true),
        std::tuple(Kind::equal, false, true, false)}) {
    EXPECT_EQ(compares(op, 94.9, 95), below);
    EXPECT_EQ(compares(op, 95, 95), same);
    EXPECT_EQ(compares(op, 95.1, 95), above);
  }
}

TEST(Judge, lines_of_documents_pass_and_fail) {
  EXPECT_TRUE(passes(gate("Test Coverage: 95% minimum (unit + integration)"), 95));
  EXPECT_FALSE(passes(gate("Test coverage: > 95%"), 95));
  EXPECT_TRUE(passes(gate("Performance: < 100ms p95 API response time"), 87));
  EXPECT_FALSE(passes(gate("API response time: < 100ms p95"), 100));
  EXPECT_TRUE(passes(gate("Zero Clippy warnings"), 0));
  EXPECT_FALSE(passes(gate("Zero Clippy warnings"), 1));
}

TEST(Judge, thresholds_are_read_in_the_unit_of_the_measure) {
  auto const second = gate("Performance: < 1 s p95");
  EXPECT_EQ(second.measure, "p95_ms");
  EXPECT_EQ(second.threshold, 1);
  EXPECT_TRUE(passes(second, 999));
  EXPECT_FALSE(passes(second, 1000));
  EXPECT_EQ(threshold_for("p95_ms", 2, "min"), 120'000);
  EXPECT_EQ(threshold_for("p95_ms", 500, "us"), 0.5);
  EXPECT_EQ(threshold_for("startup_s", 500, "ms"), 0.5);
  EXPECT_EQ(threshold_for("bundle_kb", 2, "MB"), 2'000);
  EXPECT_EQ(threshold_for("heap_mib", 1, "GiB"), 1'024);
  EXPECT_EQ(threshold_for("build_time", 5, "min"), 5) << "reported in the gate's own unit";
  EXPECT_EQ(threshold_for("p95_ms", 5, "%"), 5) << "of another kind";
  EXPECT_EQ(threshold_for("coverage", 95, "%"), 95);
  EXPECT_EQ(unit_of_measure("p95_ms"), "ms");
  EXPECT_EQ(unit_of_measure("heap_mib"), "MiB");
  EXPECT_EQ(unit_of_measure("coverage"), std::nullopt);
}

TEST(Judge, conditions_hold) {
  auto const condition = read_condition("Coverage drops below 95%");
  ASSERT_TRUE(condition);
  EXPECT_TRUE(holds(*condition, 94.99));
  EXPECT_FALSE(holds(*condition, 95));
}

TEST(Judge, a_project_names_measures) {
  MeasureTable const table{{"line_rate", "coverage"}};
  EXPECT_EQ(measure_in(table, "line_rate"), "coverage");
  EXPECT_EQ(measure_in(table, "coverage"), "coverage");
}

TEST(Judge, own_measures_are_what_documents_call_them) {
  for (auto const* const line :
       {"First-time PR approval: > 85%", "Time to accept: < 1 h", "Lost claims: 0", "Zero boundary violations"})
    EXPECT_TRUE(is_own_measure(gate(line).measure)) << line << ": " << gate(line).measure;
  EXPECT_FALSE(is_own_measure("coverage"));
  EXPECT_FALSE(passes(gate("Time to accept: < 1 h"), 3'600'000));
  EXPECT_TRUE(passes(gate("Time to accept: < 1 h"), 3'599'999));
}

TEST(Judge, medians) {
  EXPECT_EQ(median({}), std::nullopt);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({1, 9, 3, 5}), 4);
}

TEST(Judge, what_is_wanted_is_said) {
  EXPECT_EQ(wanted(Kind::at_least, 95, "%"), ">= 95 %");
  EXPECT_EQ(wanted(Kind::less, 99.5, "ms"), "< 99.5 ms");
  EXPECT_EQ(wanted(Kind::equal, 0, ""), "== 0");
}

}  // namespace
}  // namespace codi::roles
