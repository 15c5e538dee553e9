#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/workflow_run.hpp"

#include <cstddef>
#include <optional>
#include <vector>

/// Workflows that sessions work through; below P = (t,"project",project): (P,"workflows",id,chunk) -> WorkflowRun in
/// chunks; (P,"workflow_ids",id) -> nothing; (P,"session_workflows",session,id) -> nothing, of the session that has it;
/// (P,"running_workflows",session,id) -> nothing, while it has neither been done nor cancelled.
namespace codi::db {

/// As it is stored: `running` whether its session lives or not.
Task<std::optional<models::WorkflowRun>> get_workflow(Tx& tx, ProjectId project, WorkflowRunId id);

/// With the state that it has now, by its session's life.
Task<models::WorkflowRun> workflow_now(Tx& tx, models::WorkflowRun run);

/// Writes it, and what lists find it by.
void put_workflow(Tx& tx, models::WorkflowRun const& run);
/// Writes it as another session's; `run` has the new one already.
void move_workflow(Tx& tx, models::WorkflowRun const& run, SessionId from);

/// Those that a session has not come to the end of, oldest first, and how many they are.
Task<std::vector<models::WorkflowRun>> running_workflows(Tx& tx, ProjectId project, SessionId session);
Task<std::size_t> count_running_workflows(Tx& tx, ProjectId project, SessionId session);

/// Which workflows a list shows; both conditions hold together.
struct WorkflowFilter {
  std::optional<models::RunState> state = {};
  std::optional<SessionId> session = {};
};
/// Oldest first.
Task<Result<models::Page<models::WorkflowRun>>> list_workflows(Tx& tx, ProjectId project, WorkflowFilter filter,
                                                               PageRequest page);

}  // namespace codi::db
