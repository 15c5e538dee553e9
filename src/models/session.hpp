#pragma once
#include "base/limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace codi::models {

/// How alive a session is: computed from its lease whenever it is read.
enum class SessionState : std::uint8_t { active, idle, stale, ended };
BOOST_DESCRIBE_ENUM(SessionState, active, idle, stale, ended)

/// One agent or person at work in a project.
struct Session {
  SessionId id;
  ProjectId project_id;
  std::string alias;
  std::optional<std::string> role;
  SessionState state = SessionState::active;
  std::optional<std::string> tool;
  std::optional<std::string> branch;
  std::optional<std::string> worktree;
  std::optional<std::string> host;
  std::optional<std::int64_t> pid;
  std::int64_t ttl_seconds = limits::kSessionTtlSecondsDefault;
  UserId user_id;
  std::optional<TokenId> token_id;
  Timestamp last_seen_at;
  Timestamp expires_at;
  std::optional<Timestamp> completed_at;
  std::optional<Timestamp> ended_at;
  std::optional<std::string> end_reason;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Session, (),
                      (id, project_id, alias, role, state, tool, branch, worktree, host, pid, ttl_seconds, user_id,
                       token_id, last_seen_at, expires_at, completed_at, ended_at, end_reason, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Session> {
  static constexpr std::string_view name = "Session";
  static constexpr std::array fields{
      field("id", "Id of the session."),
      field("project_id", "Project in which it works."),
      field("alias", "Name as it was given; unique among the project's sessions that have not ended, ignoring case."),
      field("role", "Role that it works in, such as `rust-developer`."),
      field("state", "active; idle after a third of its ttl without a sign of life; stale after two thirds; ended."),
      field("tool", "Program that runs the agent."),
      field("branch", "Git branch."),
      field("worktree", "Folder of the working tree."),
      field("host", "Host name."),
      field("pid", "Process id on that host."),
      field("ttl_seconds", "Seconds without a sign of life after which it ends."),
      field("user_id", "User who started it."),
      field("token_id", "API token that started it; null when a login did."),
      field("last_seen_at", "Last heartbeat, or anything else done for it."),
      field("expires_at", "When it ends unless it is heard of before."),
      field("completed_at", "When its work was marked complete."),
      field("ended_at", "When it ended."),
      field("end_reason", "Why it ended: `ended`, `expired` or what its caller said."),
      field("created_at", "When it started."),
      field("updated_at", "When it was last changed (heartbeats don't count)."),
  };
};
