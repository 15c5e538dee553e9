#pragma once
#include "models/agent_role.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How measured values are held against what documents say.
namespace codi::roles {

/// What a project calls measures beside the table of docs/roles.md: the name that it gives, by the one that is written,
/// both as measure_name() spells them.
using MeasureTable = std::map<std::string, std::string>;

/// The name of a measure, as measure_name() spells it, in a project with this table.
std::string measure_in(MeasureTable const& table, std::string name);

/// In which unit the values of a measure are reported, by the end of its name: `ms` of `p95_ms`; nothing where that
/// says none.
std::optional<std::string_view> unit_of_measure(std::string_view measure);

/// A threshold as it is written, in the unit in which values of the measure are reported: 1000 of `1 s` for `p95_ms`.
/// As it stands where the measure has no unit, or one of another kind.
double threshold_for(std::string_view measure, double threshold, std::string_view unit);

/// Whether `value op threshold` is true.
bool compares(models::Comparison op, double value, double threshold);

/// Whether a reported value passes the gate; whether it makes the condition true.
bool passes(models::Gate const& gate, double value);
bool holds(models::Condition const& condition, double value);

/// What codi measures itself, from what sessions of a role did in the last days (docs/roles.md).
inline constexpr std::string_view kFirstTimeApproval = "first_time_approval";
inline constexpr std::string_view kTimeToAccept = "time_to_accept_ms";
inline constexpr std::string_view kClaimsLost = "claims_lost";
inline constexpr std::string_view kBoundaryViolations = "boundary_violations";
bool is_own_measure(std::string_view measure);

/// The middle one, or the mean of the two in the middle; nothing of none.
std::optional<double> median(std::vector<double> values);

/// `>= 95 %`, `< 100 ms`, `== 0`.
std::string wanted(models::Comparison op, double threshold, std::string_view unit);

}  // namespace codi::roles
