#pragma once
#include "base/limits.hpp"
#include "models/claim.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

enum class TicketState : std::uint8_t { waiting, offered, granted, withdrawn };
BOOST_DESCRIBE_ENUM(TicketState, waiting, offered, granted, withdrawn)
enum class Priority : std::uint8_t { low, normal, high };
BOOST_DESCRIBE_ENUM(Priority, low, normal, high)

/// What a ticket waits for.
struct TicketTarget {
  std::string target;
  ClaimKind kind = ClaimKind::file;
};
BOOST_DESCRIBE_STRUCT(TicketTarget, (), (target, kind))

/// A place in the line of those who wait for claims, of one session.
struct Ticket {
  TicketId id;
  ProjectId project_id;
  SessionId session_id;
  std::string session_alias;
  std::vector<TicketTarget> targets;
  ClaimMode mode = ClaimMode::exclusive;
  std::int64_t ttl_seconds = limits::kClaimTtlSecondsDefault;
  std::optional<std::string> reason;
  Priority priority = Priority::normal;
  std::optional<std::string> branch;
  std::optional<std::string> worktree;
  std::optional<Timestamp> gives_up_at;
  Timestamp served_as_of;
  TicketState state = TicketState::waiting;
  std::vector<ClaimId> claim_ids;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Ticket, (),
                      (id, project_id, session_id, session_alias, targets, mode, ttl_seconds, reason, priority, branch,
                       worktree, gives_up_at, served_as_of, state, claim_ids, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::TicketTarget> {
  static constexpr std::string_view name = "TicketTarget";
  static constexpr std::array fields{
      field("target", "In its canonical spelling."),
      field("kind", "What the target is."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Ticket> {
  static constexpr std::string_view name = "Ticket";
  static constexpr std::array fields{
      field("id", "Id of the ticket."),
      field("project_id", "Project of the ticket."),
      field("session_id", "Session that waits."),
      field("session_alias", "Alias of that session."),
      field("targets", "What it waits for: all of it, or none."),
      field("mode", "exclusive or shared, as the claims shall be."),
      field("ttl_seconds", "Seconds that a sign of life of its session will keep the claims."),
      field("reason", "Why, as its session said."),
      field("priority", "high is served as if it had come five minutes earlier, low as if five minutes later."),
      field("branch", "Branch of the session when it began to wait."),
      field("worktree", "Working tree of the session when it began to wait."),
      field("gives_up_at", "When the request that waits gives up; null: when its session ends."),
      field("served_as_of", "The line is served in this order."),
      field("state", "waiting; offered to the request that waits; granted; withdrawn: it gave up or was cancelled."),
      field("claim_ids", "The claims, once they are granted."),
      field("created_at", "Since when it waits."),
      field("updated_at", "When it was last changed."),
  };
};
