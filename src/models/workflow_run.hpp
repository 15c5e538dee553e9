#pragma once
#include "base/limits.hpp"
#include "models/role_limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi {

struct WorkflowRunTag {
  static constexpr std::string_view name = "workflow";
};
/// A strong id: no other can be passed for it.
using WorkflowRunId = Id<WorkflowRunTag>;

}  // namespace codi

namespace codi::models {

/// `left`: its session ended before all was done. It is computed whenever a workflow is read: a handoff that offers the
/// workflow still moves it to a session that goes on.
enum class RunState : std::uint8_t { running, done, cancelled, left };
BOOST_DESCRIBE_ENUM(RunState, running, done, cancelled, left)

/// A step of a workflow at work, and who has done it.
struct RunStep {
  std::int64_t n = 0;
  std::string text;
  std::optional<Timestamp> done_at;
  std::optional<SessionId> done_by;
};
BOOST_DESCRIBE_STRUCT(RunStep, (), (n, text, done_at, done_by))

/// A workflow of a role that a session works through: a copy of the role's steps as they were when it was started.
struct WorkflowRun {
  WorkflowRunId id;
  ProjectId project_id;
  SessionId session_id;
  std::string session_alias;
  std::string role;
  std::string name;
  RunState state = RunState::running;
  std::vector<RunStep> steps;
  std::int64_t remaining = 0;
  std::optional<std::string> reason;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(WorkflowRun, (),
                      (id, project_id, session_id, session_alias, role, name, state, steps, remaining, reason,
                       created_at, updated_at))

/// A workflow that moves with a handoff, as it was when that was offered.
struct HandedWorkflow {
  WorkflowRunId id;
  std::string name;
  std::int64_t remaining = 0;
};
BOOST_DESCRIBE_STRUCT(HandedWorkflow, (), (id, name, remaining))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::RunStep> {
  static constexpr std::string_view name = "WorkflowStep";
  static constexpr std::array fields{
      field("n", "Its place, from 1."),
      field("text", "What is to be done."),
      field("done_at", "When it was done; null until then."),
      field("done_by", "Session that did it."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::WorkflowRun> {
  static constexpr std::string_view name = "WorkflowRun";
  static constexpr std::array fields{
      field("id", "Id of the workflow at work."),
      field("project_id", "Project of the session."),
      field("session_id", "Session that works through it now."),
      field("session_alias", "Alias of that session."),
      field("role", "Role whose document has it."),
      field("name", "What the document calls it."),
      field("state", "running, done, cancelled, or left: its session ended before all was done."),
      field("steps", "Its steps as the document had them when it was started."),
      field("remaining", "How many steps are not done."),
      field("reason", "Why it was cancelled."),
      field("created_at", "When it was started."),
      field("updated_at", "When a step was last done, or it changed hands or ended."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::HandedWorkflow> {
  static constexpr std::string_view name = "HandedWorkflow";
  static constexpr std::array fields{
      field("id", "Id of the workflow."),
      field("name", "What its role's document calls it."),
      field("remaining", "How many steps were not done when it was offered."),
  };
};
