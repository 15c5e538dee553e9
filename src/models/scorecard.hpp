#pragma once
#include "models/gate.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// A value of one moment, or of one day, and what it comes from.
struct ScorePoint {
  Timestamp at;
  double value = 0;
  std::optional<bool> passed;
  std::vector<Stamp> events;
  bool more = false;
  std::optional<ReportId> report_id;
  std::optional<std::string> branch;
  std::optional<std::string> commit;
};
BOOST_DESCRIBE_STRUCT(ScorePoint, (), (at, value, passed, events, more, report_id, branch, commit))

/// A check of the role as it stands now, and the values that it was held against.
struct ScoredGate : GateResult {
  std::optional<GateOrigin> origin;
  std::vector<ScorePoint> points;
};
BOOST_DESCRIBE_STRUCT(ScoredGate, (GateResult), (origin, points))

/// A measure over time, whether a check asks for it or not.
struct ScoredMetric {
  std::string measure;
  bool computed = false;
  std::optional<double> value;
  std::vector<ScorePoint> points;
};
BOOST_DESCRIBE_STRUCT(ScoredMetric, (), (measure, computed, value, points))

/// How a role does: its gates and metrics over time, with the events behind every figure.
struct Scorecard {
  std::string role;
  Timestamp since;
  Timestamp until;
  std::vector<ScoredGate> gates;
  std::vector<ScoredMetric> metrics;
  std::int64_t reports = 0;
  bool more = false;
};
BOOST_DESCRIBE_STRUCT(Scorecard, (), (role, since, until, gates, metrics, reports, more))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::ScorePoint> {
  static constexpr std::string_view name = "ScorePoint";
  static constexpr std::array fields{
      field("at", "When it was reported; of what codi measures itself, the beginning of the day (UTC) that it is of."),
      field("value", "The value."),
      field("passed", "Whether it passes the check as that is now; null where there is none."),
      field("events", "Cursors of the events that it comes from, newest first."),
      field("more", "True when it comes from more events than are named."),
      field("report_id", "Report that has it; null for what codi measures itself."),
      field("branch", "Branch that was measured."),
      field("commit", "Commit that was measured."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::ScoredGate> {
  static constexpr std::string_view name = "ScoredGate";
  static constexpr auto& result = Fields<codi::models::GateResult>::fields;
  static constexpr std::array fields{
      result[0],
      result[1],
      result[2],
      result[3],
      result[4],
      result[5],
      result[6],
      result[7],
      result[8],
      result[9],
      result[10],
      result[11],
      field("origin", "Whether it is a quality standard or a success metric."),
      field("points", "Its values over time, oldest first."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::ScoredMetric> {
  static constexpr std::string_view name = "ScoredMetric";
  static constexpr std::array fields{
      field("measure", "Name of the measure."),
      field("computed", "True when codi measures it itself, by the day, from what the role's sessions did."),
      field("value", "The newest value; of what codi measures itself, that of the last days together. Null: none yet."),
      field("points", "Its values over time, oldest first."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Scorecard> {
  static constexpr std::string_view name = "Scorecard";
  static constexpr std::array fields{
      field("role", "Name of the role."),
      field("since", "Where it begins."),
      field("until", "When it was made."),
      field("gates", "The checks of the role's document, with the values that they were held against."),
      field("metrics",
            "Every measure of its gates and its sessions that was reported, and what codi measures of it itself."),
      field("reports", "How many reports it was made from."),
      field("more", "True when there were older reports since then, which were not looked at."),
  };
};
