#include "api/workflow_flow.hpp"

#include "base/text.hpp"
#include "db/workflows.hpp"
#include "roles/section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::api {
namespace {

using models::RunState;
using models::WorkflowRun;

std::string plain_name(std::string_view name) {
  auto const bare = roles::workflow_name(name).value_or(std::string(trim(name)));
  return fold_case(bare).value_or(bare);
}

bool is_among(std::vector<std::string> const& texts, std::string const& text) {
  return std::ranges::find(texts, text) != texts.end();
}

void add_steps(models::Handoff& handoff, WorkflowRun const& run) {
  for (auto const& step : run.steps) {
    if (step.done_at || is_among(handoff.remaining, step.text)) continue;
    if (handoff.remaining.size() == limits::kHandoffItems) return;
    auto marked = std::string(cut_utf8(fmt::format("{}: {}", run.name, step.text), limits::kHandoffItemBytes));
    if (!is_among(handoff.remaining, marked)) handoff.remaining.push_back(std::move(marked));
  }
}

}  // namespace

db::EventDraft workflow_event(WorkflowRun const& run, std::string text) {
  auto const of = static_cast<std::int64_t>(run.steps.size());
  auto const done = of - run.remaining;
  return {.action = "PROGRESS",
          .text = std::string(cut_utf8(text, limits::kEventTextBytes)),
          .data = {{"workflow_id", to_string(run.id)},
                   {"workflow", run.name},
                   {"role", run.role},
                   {"state", reflect::enum_name(run.state)},
                   {"of", of},
                   {"done", done},
                   {"progress", done * 100 / of}}};
}

models::Workflow const* find_workflow(std::vector<models::Workflow> const& workflows, std::string_view name) {
  auto const exact = std::ranges::find(workflows, name, &models::Workflow::name);
  if (exact != workflows.end()) return &*exact;
  auto const plain = plain_name(name);
  auto const alike = std::ranges::find_if(workflows, [&](auto const& one) { return plain_name(one.name) == plain; });
  return alike == workflows.end() ? nullptr : &*alike;
}

Task<void> add_what_is_left(db::Tx& tx, models::Handoff& handoff) {
  auto const runs =
      co_await db::running_workflows(tx, handoff.project_id, handoff.from_session_id.value_or(SessionId{}));
  for (auto const& run : runs) {
    handoff.workflows.push_back({run.id, run.name, run.remaining});
    add_steps(handoff, run);
  }
}

Task<Result<std::vector<WorkflowRunId>>> take_over_workflows(db::Tx& tx, models::Handoff handoff, models::Session to) {
  std::vector<WorkflowRunId> moved;
  for (auto const& offered : handoff.workflows) {
    auto run = co_await db::get_workflow(tx, handoff.project_id, offered.id);
    if (!run || run->state != RunState::running || run->session_id != handoff.from_session_id) continue;
    auto const from = std::exchange(run->session_id, to.id);
    run->session_alias = to.alias;
    run->updated_at = tx.now();
    moved.push_back(run->id);
    db::move_workflow(tx, *run, from);
  }
  auto const running = co_await db::count_running_workflows(tx, handoff.project_id, to.id);
  if (!moved.empty() && running > limits::kWorkflowsRunning)
    co_return fail(ErrorCode::conflict,
                   fmt::format("session {} would have {} workflows at work, and {} are allowed: finish or cancel some",
                               to.alias, running, limits::kWorkflowsRunning));
  co_return moved;
}

}  // namespace codi::api
