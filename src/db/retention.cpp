#include "db/retention.hpp"

#include <charconv>

namespace codi::db {
namespace {

TenantKey plan_key(Tx const& tx, ProjectId project) { return tx.key("project", project, "retention"); }

Due entry(ProjectId project, Timestamp at) {
  return {.at = at, .kind = DueKind::retention, .scope = project.uuid, .id = project.uuid};
}

}  // namespace

Task<std::optional<Timestamp>> planned_retention(Tx& tx, ProjectId project) {
  auto const stored = co_await tx.get(plan_key(tx, project));
  if (!stored) co_return std::nullopt;
  Timestamp at{};
  auto const* const end = stored->data() + stored->size();
  if (std::from_chars(stored->data(), end, at.ms).ptr != end)
    throw StorageFailure(StorageCode::corrupt, "the time of a log's next look is not one");
  co_return at;
}

Task<void> plan_retention(Tx& tx, ProjectId project, std::optional<Timestamp> at) {
  auto const planned = co_await planned_retention(tx, project);
  if (planned) tx.not_due(entry(project, *planned));
  if (!at) {
    tx.clear(plan_key(tx, project));
    co_return;
  }
  tx.set(plan_key(tx, project), std::to_string(at->ms));
  tx.due(entry(project, *at));
}

}  // namespace codi::db
