#include "roles/judge.hpp"

#include "base/json_text.hpp"

#include <algorithm>

namespace codi::roles {
namespace {

enum class Dimension : std::uint8_t { time, bytes };

struct UnitSize {
  std::string_view unit;    // as gates have it
  std::string_view ending;  // of a measure's name
  Dimension dimension;
  double size;
};
constexpr std::array kUnitSizes{
    UnitSize{"us", "_us", Dimension::time, 0.001},
    UnitSize{"ms", "_ms", Dimension::time, 1},
    UnitSize{"s", "_s", Dimension::time, 1'000},
    UnitSize{"min", "_min", Dimension::time, 60'000},
    UnitSize{"h", "_h", Dimension::time, 3'600'000},
    UnitSize{"d", "_d", Dimension::time, 86'400'000},
    UnitSize{"bytes", "_bytes", Dimension::bytes, 1},
    UnitSize{"kB", "_kb", Dimension::bytes, 1'000},
    UnitSize{"MB", "_mb", Dimension::bytes, 1'000'000},
    UnitSize{"GB", "_gb", Dimension::bytes, 1'000'000'000},
    UnitSize{"KiB", "_kib", Dimension::bytes, 1'024},
    UnitSize{"MiB", "_mib", Dimension::bytes, 1'048'576},
    UnitSize{"GiB", "_gib", Dimension::bytes, 1'073'741'824},
};

UnitSize const* unit_at_end(std::string_view measure) {
  auto const* const found =
      std::ranges::find_if(kUnitSizes, [&](UnitSize const& one) { return measure.ends_with(one.ending); });
  return found == kUnitSizes.end() ? nullptr : found;
}

}  // namespace

std::string measure_in(MeasureTable const& table, std::string name) {
  auto const found = table.find(name);
  if (found != table.end()) return found->second;
  return name;
}

std::optional<std::string_view> unit_of_measure(std::string_view measure) {
  auto const* const unit = unit_at_end(measure);
  if (unit == nullptr) return std::nullopt;
  return unit->unit;
}

double threshold_for(std::string_view measure, double threshold, std::string_view unit) {
  auto const* const reported = unit_at_end(measure);
  auto const* const written = std::ranges::find(kUnitSizes, unit, &UnitSize::unit);
  bool const alike = reported != nullptr && written != kUnitSizes.end() && reported->dimension == written->dimension;
  if (!alike || reported == written) return threshold;
  return threshold * written->size / reported->size;
}

bool compares(models::Comparison op, double value, double threshold) {
  switch (op.kind()) {
    case models::Comparison::Kind::less: return value < threshold;
    case models::Comparison::Kind::at_most: return value <= threshold;
    case models::Comparison::Kind::greater: return value > threshold;
    case models::Comparison::Kind::at_least: return value >= threshold;
    case models::Comparison::Kind::equal: return value == threshold;
  }
  return false;
}

bool passes(models::Gate const& gate, double value) {
  return compares(gate.op, value, threshold_for(gate.measure, gate.threshold, gate.unit));
}

bool holds(models::Condition const& condition, double value) {
  return compares(condition.op, value, threshold_for(condition.measure, condition.threshold, condition.unit));
}

bool is_own_measure(std::string_view measure) {
  return measure == kFirstTimeApproval || measure == kTimeToAccept || measure == kClaimsLost ||
         measure == kBoundaryViolations;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  auto const middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

std::string wanted(models::Comparison op, double threshold, std::string_view unit) {
  std::string out(op.text());
  out += ' ';
  append_json(out, threshold);
  if (!unit.empty()) out += ' ' + std::string(unit);
  return out;
}

}  // namespace codi::roles
