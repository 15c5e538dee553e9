#pragma once
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/events.hpp"
#include "db/tx.hpp"
#include "models/agent_role.hpp"
#include "models/handoff.hpp"
#include "models/project.hpp"
#include "models/session.hpp"
#include "models/workflow_run.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What happens to workflows at work, each step with its event in the same transaction.
namespace codi::api {

/// The event of a workflow as it now is: how far it has come, and what is said of it.
db::EventDraft workflow_event(models::WorkflowRun const& run, std::string text);

/// The workflow of a role that is meant by a name: as it is written, else without regard to case and to a `Workflow N:`
/// before it. Null when there is none.
models::Workflow const* find_workflow(std::vector<models::Workflow> const& workflows, std::string_view name);

/// Lets an offer name the workflows that its session is in the middle of, and their undone steps among what remains, as
/// many as limits allow.
Task<void> add_what_is_left(db::Tx& tx, models::Handoff& handoff);

/// Moves those workflows of a handoff that the offering session still has to the session that accepts. API-USR-2003
/// when that one would have more than limits::kWorkflowsRunning. Answers which have moved.
Task<Result<std::vector<WorkflowRunId>>> take_over_workflows(db::Tx& tx, models::Handoff handoff, models::Session to);

}  // namespace codi::api
