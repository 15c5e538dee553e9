#include "api/retention.hpp"

#include "db/events.hpp"
#include "db/projects.hpp"
#include "db/retention.hpp"

#include <algorithm>

namespace codi::api {
namespace {

Timestamp next_look(Timestamp now, db::OldEvents const& old, std::chrono::milliseconds kept) {
  if (old.more) return now;
  auto const latest = now + limits::kRetentionLook;
  if (!old.oldest) return latest;
  return std::clamp(*old.oldest + kept, now + limits::kRetentionPause, latest);
}

}  // namespace

Task<void> plan_retention(db::Tx& tx, models::Project const& project) {
  std::optional<Timestamp> at;
  if (project.policies.retention_days) at = tx.now();
  co_await db::plan_retention(tx, project.id, at);
}

Task<void> retain_events(db::Tx& tx, db::Due due) {
  ProjectId const id{due.scope};
  auto const project = co_await db::get_project(tx, id);
  if (!project) co_return;
  auto const planned = co_await db::planned_retention(tx, id);
  if (!planned || *planned > tx.now()) co_return;  // another entry is in charge
  auto const days = project->policies.retention_days;
  if (!days) co_return co_await db::plan_retention(tx, id, std::nullopt);
  std::chrono::milliseconds const kept = std::chrono::days(*days);
  auto const old = co_await db::remove_old_events(tx, id, tx.now() + -kept);
  co_await db::plan_retention(tx, id, next_look(tx.now(), old, kept));
}

}  // namespace codi::api
