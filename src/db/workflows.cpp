#include "db/workflows.hpp"

#include "db/ids_below.hpp"
#include "db/sessions.hpp"

namespace codi::db {
namespace {

using models::RunState;
using models::WorkflowRun;

TenantKey body_key(Tx const& tx, ProjectId project, WorkflowRunId id) {
  return tx.key("project", project, "workflows", id);
}
TenantKey running_prefix(Tx const& tx, ProjectId project, SessionId session) {
  return tx.key("project", project, "running_workflows", session);
}

}  // namespace

Task<std::optional<WorkflowRun>> get_workflow(Tx& tx, ProjectId project, WorkflowRunId id) {
  auto const stored = co_await tx.get_chunks(body_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  co_return reflect::decode_stored<WorkflowRun>(*stored);
}

Task<WorkflowRun> workflow_now(Tx& tx, WorkflowRun run) {
  if (run.state != RunState::running) co_return run;
  auto const session = co_await get_session(tx, run.project_id, run.session_id, Isolation::snapshot);
  if (!session || session->state == models::SessionState::ended) run.state = RunState::left;
  co_return run;
}

void put_workflow(Tx& tx, WorkflowRun const& run) {
  tx.put_chunks(body_key(tx, run.project_id, run.id), reflect::encode_text(run));
  tx.set(tx.key("project", run.project_id, "workflow_ids", run.id), "");
  tx.set(tx.key("project", run.project_id, "session_workflows", run.session_id, run.id), "");
  auto const running = tx.key("project", run.project_id, "running_workflows", run.session_id, run.id);
  if (run.state == RunState::running)
    tx.set(running, "");
  else
    tx.clear(running);
}

void move_workflow(Tx& tx, WorkflowRun const& run, SessionId from) {
  tx.clear(tx.key("project", run.project_id, "session_workflows", from, run.id));
  tx.clear(tx.key("project", run.project_id, "running_workflows", from, run.id));
  put_workflow(tx, run);
}

Task<std::vector<WorkflowRun>> running_workflows(Tx& tx, ProjectId project, SessionId session) {
  auto const ids = co_await ids_below<WorkflowRunId>(tx, running_prefix(tx, project, session));
  std::vector<WorkflowRun> out;
  for (auto const id : ids) {
    auto run = co_await get_workflow(tx, project, id);
    if (run) out.push_back(*std::move(run));
  }
  co_return out;
}

Task<std::size_t> count_running_workflows(Tx& tx, ProjectId project, SessionId session) {
  auto const ids = co_await ids_below<WorkflowRunId>(tx, running_prefix(tx, project, session));
  co_return ids.size();
}

Task<Result<models::Page<WorkflowRun>>> list_workflows(Tx& tx, ProjectId project, WorkflowFilter filter,
                                                       PageRequest page) {
  struct Read {
    Tx& tx;
    ProjectId project;
    std::optional<RunState> state;
    Task<std::optional<WorkflowRun>> operator()(std::string_view suffix, std::string_view) const {
      auto const id = tuple::Unpacker(suffix).uuid().value_or(Uuid{});
      auto run = co_await get_workflow(tx, project, WorkflowRunId{id});
      if (!run) co_return std::nullopt;
      auto now = co_await workflow_now(tx, *std::move(run));
      if (state && now.state != *state) co_return std::nullopt;
      co_return now;
    }
    static std::size_t size_of(WorkflowRun const& run) { return reflect::encode_text(run).size(); }
  };
  Read read{tx, project, filter.state};
  auto prefix = filter.session ? tx.key("project", project, "session_workflows", *filter.session)
                               : tx.key("project", project, "workflow_ids");
  co_return co_await read_page<WorkflowRun>(tx, std::move(prefix), std::move(page), read);
}

}  // namespace codi::db
