#include "db/reports.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace codi::db {
namespace {

using models::Report;

enum class Scope : std::int64_t { any = 0, no_branch = 1, branch = 2 };

TenantKey reports_prefix(Tx const& tx, ProjectId project) { return tx.key("project", project, "reports"); }

TenantKey latest_key(Tx const& tx, ProjectId project, std::string const& measure, Scope scope,
                     std::string const& branch) {
  return tx.key("project", project, "latest", measure, static_cast<std::int64_t>(scope), branch);
}

TenantKey fallen_key(Tx const& tx, ProjectId project, Fall const& fall) {
  auto const scope = fall.branch ? Scope::branch : Scope::no_branch;
  return tx.key("project", project, "fallen", fall.role, fall.what, static_cast<std::int64_t>(scope),
                fall.branch.value_or(""));
}

}  // namespace

void put_report(Tx& tx, Report const& report, Stamp const& cursor) {
  tx.set_under_stamp(reports_prefix(tx, report.project_id), cursor, reflect::encode_text(report));
  auto const scope = report.branch ? Scope::branch : Scope::no_branch;
  for (auto const& [measure, value] : report.measures) {
    LatestValue const latest{.value = value, .branch = report.branch, .report_id = report.id, .at = report.created_at};
    tx.put(latest_key(tx, report.project_id, measure, Scope::any, ""), latest);
    tx.put(latest_key(tx, report.project_id, measure, scope, report.branch.value_or("")), latest);
  }
}

Task<std::optional<LatestValue>> latest_value(Tx& tx, ProjectId project, std::string measure, MeasureScope scope) {
  auto key = latest_key(tx, project, measure, Scope::no_branch, "");
  if (scope.any_branch) key = latest_key(tx, project, measure, Scope::any, "");
  if (scope.branch) {
    auto const own =
        co_await tx.get(latest_key(tx, project, measure, Scope::branch, *scope.branch), Isolation::snapshot);
    if (own) co_return reflect::decode_stored<LatestValue>(*own);
  }
  auto const stored = co_await tx.get(std::move(key), Isolation::snapshot);
  if (!stored) co_return std::nullopt;
  co_return reflect::decode_stored<LatestValue>(*stored);
}

Task<std::vector<KeptReport>> newest_reports(Tx& tx, ProjectId project, Timestamp since, std::size_t limit) {
  auto const prefix = reports_prefix(tx, project);
  std::vector<KeptReport> out;
  std::optional<TenantKey> from;
  for (;;) {
    RangeOptions const options{.limit = limit - out.size(), .reverse = true};
    auto const rows = co_await tx.get_below(prefix, options, from);
    for (auto const& row : rows.rows) {
      auto report = reflect::decode_stored<Report>(row.value);
      if (report.created_at < since) co_return out;
      auto const suffix = Tx::suffix(prefix, row.key);
      out.push_back({stamp_of_suffix(suffix), std::move(report)});
      from = Tx::key_at(prefix, suffix);
    }
    if (!rows.more || out.size() >= limit) co_return out;
  }
}

void remove_old_reports(Tx& tx, ProjectId project, std::optional<Stamp> horizon, Stamp const& newest) {
  auto const prefix = reports_prefix(tx, project);
  constexpr char kAboveAll = '\x7F';
  auto const past = [&](Stamp const& stamp) { return Tx::key_at(prefix, make_key({}, stamp) + kAboveAll); };
  tx.clear_between(horizon ? past(*horizon) : prefix, past(newest));
}

Task<bool> note_fall(Tx& tx, Report const& report, Fall fall, bool is_so) {
  auto const key = fallen_key(tx, report.project_id, fall);
  auto const known = co_await tx.get(key);
  if (known.has_value() == is_so) co_return false;
  if (is_so)
    tx.set(key, to_string(report.id));
  else
    tx.clear(key);
  co_return is_so;
}

void forget_falls(Tx& tx, ProjectId project, std::string const& role) {
  tx.clear_below(tx.key("project", project, "fallen", role));
}

}  // namespace codi::db
