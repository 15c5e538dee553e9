#pragma once
#include "db/tx.hpp"
#include "models/project.hpp"

/// Removes events, and claims that have ended, when they are older than their project's policy, step by step.
namespace codi::api {

/// To be called in the transaction that sets the policies of a project.
Task<void> plan_retention(db::Tx& tx, models::Project const& project);

/// One step, for the reaper: removes what is too old, and enters when to look again. Nothing when the project, its
/// policy or the plan that `due` was part of is gone.
Task<void> retain(db::Tx& tx, db::Due due);

}  // namespace codi::api
