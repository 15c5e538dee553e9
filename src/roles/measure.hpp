#pragma once
#include "models/agent_role.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// What a line of quality standards or success metrics came to.
struct ReadGates {
  std::vector<models::Gate> gates;
  bool complete = true;  ///< false when a part of the line is no check: the line is for people too
};

/// Reads `Test Coverage: 95% minimum (unit + integration)`, `< 100ms p95 API response time`, `Zero Clippy warnings`:
/// a name, a comparison, one number, a unit and a statistic, in any order, by the grammar of docs/roles.md. Parts with
/// commas between them are read by themselves. A line of more than limits::kCheckBytes or kCheckParts is no check.
ReadGates read_gates(std::string_view line, models::GateOrigin origin);

/// Reads `Coverage drops below 95%`; nothing when a person or an agent must judge.
std::optional<models::Condition> read_condition(std::string_view when);

/// The name of a measure in reports for what a document calls it: `Test Coverage` is `coverage`; what no table knows is
/// spelt with underscores.
std::string measure_name(std::string_view words);

/// What the measured value of a success metric is called, whether it can be read as a check or not.
std::string metric_measure(std::string_view metric);

}  // namespace codi::roles
