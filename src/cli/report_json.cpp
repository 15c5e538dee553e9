#include "cli/json_access.hpp"
#include "cli/report_files.hpp"
#include "models/role_limits.hpp"
#include "reflect/decode.hpp"
#include "roles/measure.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace codi::cli {
namespace {

FileResult<json::value> parse(std::string_view text) {
  auto parsed = reflect::parse_json(text);
  if (!parsed) return file_trouble(parsed.error().detail);
  if (!parsed->is_object()) return file_trouble("is no JSON object");
  return *std::move(parsed);
}

std::optional<double> number_in(json::value const& object, std::string_view name) {
  auto const* const value = member_of(object, name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

// The levels of a tool's rules, for results that don't say theirs.
std::map<std::string, std::string> levels_of(json::value const& driver) {
  std::map<std::string, std::string> out;
  for (auto const& rule : items_of(driver, "rules"))
    if (auto const* const configuration = member_of(rule, "defaultConfiguration"))
      if (auto level = text_of(*configuration, "level"); !level.empty()) out[text_of(rule, "id")] = std::move(level);
  return out;
}

// Section 3.27.10 of SARIF 2.1.0; `none` for what is no finding, or one that was settled.
std::string level_of(json::value const& result, std::map<std::string, std::string> const& of_rules) {
  auto const kind = text_of(result, "kind");
  bool const is_settled = !items_of(result, "suppressions").empty() || text_of(result, "baselineState") == "absent";
  if ((!kind.empty() && kind != "fail") || is_settled) return "none";
  if (auto level = text_of(result, "level"); !level.empty()) return level;
  auto const of_rule = of_rules.find(text_of(result, "ruleId"));
  return of_rule == of_rules.end() ? "warning" : of_rule->second;
}

FileResult<void> count_run(FileMeasures& out, json::value const& run) {
  auto const* const tool = member_of(run, "tool");
  auto const* const driver = tool == nullptr ? nullptr : member_of(*tool, "driver");
  auto const name = driver == nullptr ? std::string() : roles::measure_name(text_of(*driver, "name"));
  if (driver == nullptr || name.empty()) return file_trouble("has a run of a tool without a name");
  auto& warnings = out.counts[name + "_warnings"];
  auto& errors = out.counts[name + "_errors"];
  auto const of_rules = levels_of(*driver);
  for (auto const& result : items_of(run, "results")) {
    auto const level = level_of(result, of_rules);
    if (level == "none") continue;
    out.counts["lint_findings"] += 1;
    if (level == "warning") {
      warnings += 1;
      out.counts["warnings"] += 1;
    } else if (level == "error") {
      errors += 1;
      out.counts["errors"] += 1;
    }
  }
  return {};
}

// A metric's numbers: beside its name in `--summary-export`, below `values` in what handleSummary() gets.
json::value const* metric_of(json::value const& summary, std::string_view name) {
  auto const* const metrics = member_of(summary, "metrics");
  auto const* const metric = metrics == nullptr ? nullptr : member_of(*metrics, name);
  auto const* const values = metric == nullptr ? nullptr : member_of(*metric, "values");
  return values == nullptr ? metric : values;
}

FileResult<void> take(FileMeasures& out, std::string const& measure, std::optional<double> value) {
  if (!value) return {};
  if (!is_measured_number(*value)) return file_trouble(fmt::format("{} is not a number that is measured", measure));
  out.values[measure] = *value;
  return {};
}

}  // namespace

FileResult<FileMeasures> read_sarif(std::string_view text) {
  auto const log = parse(text);
  if (!log) return std::unexpected(log.error());
  auto const* const runs = member_of(*log, "runs");
  if (runs == nullptr || !runs->is_array()) return file_trouble("is no SARIF log: it has no list `runs`");
  if (runs->get_array().size() > limits::kReportFileTools)
    return file_trouble(fmt::format("has more than {} runs", limits::kReportFileTools));
  FileMeasures out{.counts = {{"lint_findings", 0}, {"warnings", 0}, {"errors", 0}}};
  for (auto const& run : runs->get_array())
    if (auto const counted = count_run(out, run); !counted) return std::unexpected(counted.error());
  return out;
}

FileResult<FileMeasures> read_k6(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTimes{
      {{"med", "p50_ms"}, {"p(90)", "p90_ms"}, {"p(95)", "p95_ms"}, {"p(99)", "p99_ms"}, {"p(99.9)", "p99_9_ms"}}};
  auto const summary = parse(text);
  if (!summary) return std::unexpected(summary.error());
  auto const* const duration = metric_of(*summary, "http_req_duration");
  if (duration == nullptr) return file_trouble("is no summary of k6: it has no metric `http_req_duration`");
  FileMeasures out;
  FileResult<void> done;
  for (auto const& [of_k6, measure] : kTimes)
    if (done) done = take(out, std::string(measure), number_in(*duration, of_k6));
  if (auto const* const failed = metric_of(*summary, "http_req_failed"); done && failed != nullptr) {
    auto rate = number_in(*failed, "rate");
    if (!rate) rate = number_in(*failed, "value");
    if (rate) done = take(out, "error_rate", 100 * *rate);
  }
  if (auto const* const requests = metric_of(*summary, "http_reqs"); done && requests != nullptr)
    done = take(out, "requests_per_second", number_in(*requests, "rate"));
  if (!done) return std::unexpected(done.error());
  return out;
}

}  // namespace codi::cli
