#include "db/workflows.hpp"

#include "api/areas.hpp"
#include "api/scope.hpp"
#include "api/workflow_flow.hpp"
#include "base/text.hpp"
#include "coordination/log_line.hpp"
#include "db/roles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace codi::api {
namespace {

using auth::Permission;
using models::RunState;
using models::WorkflowRun;

struct StartWorkflowIn {
  std::string project;
  std::string session;
  std::optional<std::string> role;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(StartWorkflowIn, (), (project, session, role, name))

struct ListWorkflowsIn {
  std::string project;
  std::optional<RunState> state;
  std::optional<std::string> session;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListWorkflowsIn, (), (project, state, session, limit, after))

struct WorkflowIn {
  std::string project;
  WorkflowRunId workflow;
};
BOOST_DESCRIBE_STRUCT(WorkflowIn, (), (project, workflow))

struct FinishStepIn {
  std::string project;
  WorkflowRunId workflow;
  std::int64_t n = 0;
  std::optional<std::string> session;
};
BOOST_DESCRIBE_STRUCT(FinishStepIn, (), (project, workflow, n, session))

struct CancelWorkflowIn {
  std::string project;
  WorkflowRunId workflow;
  std::optional<std::string> session;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(CancelWorkflowIn, (), (project, workflow, session, reason))

constexpr reflect::Field workflow_field() { return reflect::field("workflow", "Id of the workflow at work."); }
constexpr reflect::Field worker_field() {
  return reflect::field("session", "Session that works through it, by id or alias; the one that has it when missing.")
      .length(1, limits::kAliasBytes);
}

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<StartWorkflowIn> {
  static constexpr std::string_view name = "StartWorkflow";
  static constexpr std::array fields{
      project_field(),
      field("session", "Session that will work through it, by id or alias.").length(1, limits::kAliasBytes),
      field("role", "Role whose document has the workflow; the session's when missing.")
          .length(1, limits::kRoleNameBytes),
      field("name", "What the document calls it, in any case, with or without `Workflow N:` before it.")
          .length(1, limits::kRoleTextBytes),
  };
};
template <>
struct Fields<ListWorkflowsIn> {
  static constexpr std::string_view name = "ListWorkflows";
  static constexpr std::array fields{
      project_field(),
      field("state", "Only those in this state."),
      field("session", "Only those that this session has, by id or alias.").length(1, limits::kAliasBytes),
      limit_field(),
      after_field(),
  };
};
template <>
struct Fields<WorkflowIn> {
  static constexpr std::string_view name = "WorkflowPath";
  static constexpr std::array fields{project_field(), workflow_field()};
};
template <>
struct Fields<FinishStepIn> {
  static constexpr std::string_view name = "FinishStep";
  static constexpr std::array fields{
      project_field(), workflow_field(),
      field("n", "Which step, from 1.").range(1, static_cast<std::int64_t>(limits::kWorkflowSteps)), worker_field()};
};
template <>
struct Fields<CancelWorkflowIn> {
  static constexpr std::string_view name = "CancelWorkflow";
  static constexpr std::array fields{
      project_field(),
      workflow_field(),
      worker_field(),
      field("reason", "Why, for the others.").length(1, limits::kReasonBytes),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<Result<WorkflowRun>> find_run(db::Tx& tx, models::Project const& project, WorkflowRunId id) {
  auto run = co_await db::get_workflow(tx, project.id, id);
  if (!run) co_return fail(ErrorCode::not_found, "there is no such workflow in this project");
  co_return *std::move(run);
}

std::unexpected<Error> no_such_name(models::AgentRole const& role, std::string const& name) {
  Error error{.code = ErrorCode::not_found,
              .detail = fmt::format("role {} has no workflow that is called {}", role.name, name)};
  std::vector<std::string> names;
  names.reserve(role.workflows.size());
  for (auto const& workflow : role.workflows) names.push_back(workflow.name);
  error.recovery.push_back(names.empty() ? "Its document has none: see `Example Workflows` in docs/roles.md."
                                         : fmt::format("It has: {}.", fmt::join(names, "; ")));
  return std::unexpected(std::move(error));
}

// The workflow as the role's document has it now.
Task<Result<WorkflowRun>> copy_of(db::Tx& tx, models::Project const& project, models::Session const& session,
                                  StartWorkflowIn const& in) {
  auto const name = in.role ? coordination::role_name(*in.role) : session.role.value_or("");
  if (name.empty()) co_return invalid("/role", "is needed: the session works in no role");
  auto const role = co_await db::find_role(tx, project.id, name);
  if (!role) co_return fail(ErrorCode::not_found, fmt::format("role {} has no document in this project", name));
  auto const* const workflow = find_workflow(role->workflows, in.name);
  if (workflow == nullptr) co_return no_such_name(*role, in.name);
  if (workflow->steps.empty()) co_return invalid("/name", "is a workflow without steps");
  WorkflowRun run{.id = WorkflowRunId::make(tx.now(), tx.random()),
                  .project_id = project.id,
                  .session_id = session.id,
                  .session_alias = session.alias,
                  .role = role->name,
                  .name = workflow->name,
                  .remaining = static_cast<std::int64_t>(workflow->steps.size()),
                  .created_at = tx.now(),
                  .updated_at = tx.now()};
  for (auto const& step : workflow->steps)
    run.steps.push_back({.n = static_cast<std::int64_t>(run.steps.size()) + 1, .text = step});
  co_return run;
}

// Whether it can be worked through at all, and by this session.
Task<Result<void>> has_room(db::Tx& tx, WorkflowRun const& run) {
  constexpr std::size_t kDoneBytes = 60;  // by which a step is longer as soon as it is done
  if (reflect::encode_text(run).size() + run.steps.size() * kDoneBytes > limits::kWorkflowBytes)
    co_return invalid("/name", fmt::format("is a workflow of more than the {} bytes that a session works through",
                                           limits::kWorkflowBytes));
  if (co_await db::count_running_workflows(tx, run.project_id, run.session_id) >= limits::kWorkflowsRunning)
    co_return fail(ErrorCode::conflict,
                   fmt::format("session {} has {} workflows at work, which is the most: finish or cancel one",
                               run.session_alias, limits::kWorkflowsRunning));
  co_return Result<void>();
}

struct StartWorkflow {
  static constexpr OperationMeta meta{.id = "start_workflow",
                                      .method = Method::post,
                                      .path = "/projects/{project}/workflows",
                                      .tag = "workflows",
                                      .summary = "Start a workflow of a role's document",
                                      .kind = Kind::write,
                                      .permission = Permission::event_write,
                                      .status = 201,
                                      .grows = true,
                                      .mcp = "session start_workflow",
                                      .cli = "workflow start"};
  using In = StartWorkflowIn;
  using Out = WorkflowRun;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const session = co_await find_session(tx, *project, in.session);
    if (!session) co_return std::unexpected(session.error());
    auto made = co_await copy_of(tx, *project, *session, in);
    if (!made) co_return std::unexpected(std::move(made.error()));
    auto const acting = act_for_live(tx, caller, Permission::event_write, *session);
    if (!acting) co_return std::unexpected(acting.error());
    auto const room = co_await has_room(tx, *made);
    if (!room) co_return std::unexpected(room.error());
    db::put_workflow(tx, *made);
    auto const count = made->steps.size();
    db::append_event(tx, project->id, &acting->session(),
                     workflow_event(*made, fmt::format("started the workflow {}, which has {} step{}", made->name,
                                                       count, count == 1 ? "" : "s")));
    co_return *std::move(made);
  }
};

struct ListWorkflows {
  static constexpr OperationMeta meta{.id = "list_workflows",
                                      .path = "/projects/{project}/workflows",
                                      .tag = "workflows",
                                      .summary = "List workflows that sessions work through, oldest first",
                                      .permission = Permission::project_read,
                                      .mcp = "look workflows",
                                      .session_filters = true,
                                      .cli = "workflow list"};
  using In = ListWorkflowsIn;
  using Out = models::Page<WorkflowRun>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    db::WorkflowFilter filter{.state = in.state};
    if (in.session) {
      auto const session = co_await find_session(tx, *project, *in.session);
      if (!session) co_return std::unexpected(session.error());
      filter.session = session->id;
    }
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::list_workflows(tx, project->id, filter, page_of(in.limit, in.after));
  }
};

struct GetWorkflow {
  static constexpr OperationMeta meta{.id = "get_workflow",
                                      .path = "/projects/{project}/workflows/{workflow}",
                                      .tag = "workflows",
                                      .summary = "Read a workflow that a session works through",
                                      .permission = Permission::project_read,
                                      .mcp = "look workflow",
                                      .cli = "workflow show"};
  using In = WorkflowIn;
  using Out = WorkflowRun;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto found = co_await find_run(tx, *project, in.workflow);
    if (!found) co_return std::unexpected(found.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    co_return co_await db::workflow_now(tx, *std::move(found));
  }
};

// Proof that the caller acts for the session that has the workflow.
Task<Result<auth::Acting>> worker_of(db::Tx& tx, auth::Caller const& caller, models::Project const& project,
                                     WorkflowRun const& run, std::optional<std::string> named) {
  auto const session = co_await find_session(tx, project, named.value_or(to_string(run.session_id)));
  if (!session) co_return std::unexpected(session.error());
  auto acting = act_for_live(tx, caller, Permission::event_write, *session);
  if (!acting) co_return std::unexpected(std::move(acting.error()));
  if (session->id != run.session_id)
    co_return fail(ErrorCode::not_permitted,
                   fmt::format("the workflow is that of session {}, not of {}", run.session_alias, session->alias));
  co_return *std::move(acting);
}

// Writes a step, and the end when it was the last.
void finish_step(db::Tx& tx, auth::Acting const& acting, WorkflowRun& run, models::RunStep& step) {
  step.done_at = tx.now();
  step.done_by = acting.session().id;
  --run.remaining;
  run.updated_at = tx.now();
  auto said = workflow_event(run, fmt::format("{} {}/{}: {}", run.name, step.n, run.steps.size(), step.text));
  said.data["step"] = step.n;
  db::append_event(tx, run.project_id, &acting.session(), std::move(said));
  if (run.remaining == 0) {
    run.state = RunState::done;
    db::append_event(tx, run.project_id, &acting.session(),
                     workflow_event(run, fmt::format("finished the workflow {}", run.name)));
  }
  db::put_workflow(tx, run);
}

struct FinishStep {
  static constexpr OperationMeta meta{.id = "finish_workflow_step",
                                      .method = Method::post,
                                      .path = "/projects/{project}/workflows/{workflow}/steps/{n}/done",
                                      .tag = "workflows",
                                      .summary = "Say that a step of a workflow is done; the order is free",
                                      .kind = Kind::write,
                                      .permission = Permission::event_write,
                                      .mcp = "session finish_step",
                                      .cli = "workflow done"};
  using In = FinishStepIn;
  using Out = WorkflowRun;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto found = co_await find_run(tx, *project, in.workflow);
    if (!found) co_return std::unexpected(std::move(found.error()));
    auto& steps = found->steps;
    if (std::cmp_greater(in.n, steps.size()))
      co_return fail(ErrorCode::not_found, fmt::format("the workflow has no step {}: it has {}", in.n, steps.size()));
    auto const acting = co_await worker_of(tx, caller, *project, *found, in.session);
    if (!acting) co_return std::unexpected(acting.error());
    auto& step = steps[static_cast<std::size_t>(in.n - 1)];
    if (step.done_at) co_return *std::move(found);
    if (found->state == RunState::cancelled)
      co_return fail(ErrorCode::conflict, "the workflow was cancelled; start it again to go on");
    finish_step(tx, *acting, *found, step);
    co_return *std::move(found);
  }
};

struct CancelWorkflow {
  static constexpr OperationMeta meta{.id = "cancel_workflow",
                                      .method = Method::post,
                                      .path = "/projects/{project}/workflows/{workflow}/cancel",
                                      .tag = "workflows",
                                      .summary = "Give a workflow up; it can still be read",
                                      .kind = Kind::write,
                                      .permission = Permission::event_write,
                                      .mcp = "session cancel_workflow",
                                      .cli = "workflow cancel"};
  using In = CancelWorkflowIn;
  using Out = WorkflowRun;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto found = co_await find_run(tx, *project, in.workflow);
    if (!found) co_return std::unexpected(std::move(found.error()));
    auto const acting = co_await worker_of(tx, caller, *project, *found, in.session);
    if (!acting) co_return std::unexpected(acting.error());
    if (found->state == RunState::cancelled) co_return *std::move(found);
    if (found->state == RunState::done) co_return fail(ErrorCode::conflict, "the workflow is done");
    found->state = RunState::cancelled;
    found->reason = in.reason;
    found->updated_at = tx.now();
    db::put_workflow(tx, *found);
    db::append_event(tx, project->id, &acting->session(),
                     workflow_event(*found, fmt::format("gave up the workflow {}{}", found->name,
                                                        in.reason ? ": " + *in.reason : "")));
    co_return *std::move(found);
  }
};

}  // namespace

std::vector<Operation> workflow_operations() {
  return make_operations<StartWorkflow, ListWorkflows, GetWorkflow, FinishStep, CancelWorkflow>();
}

}  // namespace codi::api
