#include "api/retention.hpp"

#include "db/claims.hpp"
#include "db/events.hpp"
#include "db/projects.hpp"
#include "db/retention.hpp"

#include <algorithm>
#include <initializer_list>

namespace codi::api {
namespace {

Timestamp next_look(Timestamp now, std::initializer_list<db::OldRows> steps, std::chrono::milliseconds kept) {
  auto next = now + limits::kRetentionLook;
  for (auto const& old : steps) {
    if (old.more) return now;
    if (old.oldest) next = std::min(next, std::max(*old.oldest + kept, now + limits::kRetentionPause));
  }
  return next;
}

}  // namespace

Task<void> plan_retention(db::Tx& tx, models::Project const& project) {
  std::optional<Timestamp> at;
  if (project.policies.retention_days) at = tx.now();
  co_await db::plan_retention(tx, project.id, at);
}

Task<void> retain(db::Tx& tx, db::Due due) {
  ProjectId const id{due.scope};
  auto const project = co_await db::get_project(tx, id);
  if (!project) co_return;
  auto const planned = co_await db::planned_retention(tx, id);
  if (!planned || *planned > tx.now()) co_return;  // another entry is in charge
  auto const days = project->policies.retention_days;
  if (!days) co_return co_await db::plan_retention(tx, id, std::nullopt);
  std::chrono::milliseconds const kept = std::chrono::days(*days);
  auto const events = co_await db::remove_old_events(tx, id, tx.now() + -kept);
  auto const claims = co_await db::remove_old_claims(tx, *project, tx.now() + -kept);
  co_await db::plan_retention(tx, id, next_look(tx.now(), {events, claims}, kept));
}

}  // namespace codi::api
