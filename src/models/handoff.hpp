#pragma once
#include "base/limits.hpp"
#include "models/claim.hpp"
#include "models/gate.hpp"
#include "models/workflow_run.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

enum class HandoffState : std::uint8_t { offered, accepted, declined, withdrawn, completed };
BOOST_DESCRIBE_ENUM(HandoffState, offered, accepted, declined, withdrawn, completed)

/// To whom work is offered; exactly one is given.
struct Recipient {
  std::optional<std::string> role;
  std::optional<std::string> session;
  std::optional<std::string> user;
};
BOOST_DESCRIBE_STRUCT(Recipient, (), (role, session, user))

/// The trigger of a role that made a handoff.
struct HandoffTrigger {
  std::string role;
  TriggerKind kind = TriggerKind::delegate;
  std::string when;
};
BOOST_DESCRIBE_STRUCT(HandoffTrigger, (), (role, kind, when))

/// An offer of work from a session to a role, a session or a user.
struct Handoff {
  HandoffId id;
  ProjectId project_id;
  std::optional<SessionId> from_session_id;
  std::optional<std::string> from_session_alias;
  std::optional<std::string> from_role;
  std::optional<SessionId> taken_by_session_id;
  std::optional<std::string> taken_by_session_alias;
  Recipient to;
  HandoffState state = HandoffState::offered;
  std::string summary;
  std::vector<std::string> remaining;
  std::vector<std::string> decisions;
  std::vector<json::value> evidence;
  bool with_claims = false;
  std::vector<Claim> claims;
  std::vector<HandedWorkflow> workflows;
  std::optional<HandoffTrigger> trigger;
  std::optional<std::vector<GateResult>> failed_gates;
  std::optional<std::string> reason;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Handoff, (),
                      (id, project_id, from_session_id, from_session_alias, from_role, taken_by_session_id,
                       taken_by_session_alias, to, state, summary, remaining, decisions, evidence, with_claims, claims,
                       workflows, trigger, failed_gates, reason, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Recipient> {
  static constexpr std::string_view name = "Recipient";
  static constexpr std::array fields{
      field("role", "Whoever works in this role.").length(1, limits::kAliasBytes),
      field("session", "One session, by id or alias.").length(1, limits::kAliasBytes),
      field("user", "One user, by id or e-mail address.").length(1, limits::kEmailBytes),
  };
};
template <>
struct codi::reflect::Fields<codi::models::HandoffTrigger> {
  static constexpr std::string_view name = "HandoffTrigger";
  static constexpr std::array fields{
      field("role", "Role whose trigger it is."),
      field("kind", "delegate hands a part of the work over, escalate asks for a decision."),
      field("when", "When, as its document has it."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Handoff> {
  static constexpr std::string_view name = "Handoff";
  static constexpr std::array fields{
      field("id", "Id of the handoff."),
      field("project_id", "Project of the handoff."),
      field("from_session_id", "Session that offers the work; null: a report without a session made it."),
      field("from_session_alias", "Alias of that session."),
      field("from_role", "Role of that session; of a handoff without one, the role whose trigger made it."),
      field("taken_by_session_id", "Session that accepted or declined."),
      field("taken_by_session_alias", "Alias of that session."),
      field("to", "To whom the work is offered."),
      field("state", "offered, accepted, declined, withdrawn or completed."),
      field("summary", "What was done and what it is about.").length(1, limits::kSummaryBytes),
      field("remaining", "What is left to do.").items(0, limits::kHandoffItems).length(1, limits::kHandoffItemBytes),
      field("decisions", "What was decided, and why.")
          .items(0, limits::kHandoffItems)
          .length(1, limits::kHandoffItemBytes),
      field("evidence", "Test runs, commits, measurements: any JSON.").items(0, limits::kHandoffItems),
      field("with_claims", "True when the session's claims move to whoever accepts."),
      field("claims", "The claims that move, or have moved."),
      field("workflows", "Workflows that the offering session was in the middle of; they move to whoever accepts."),
      field("trigger", "The trigger that made it; null: a session offers it by itself."),
      field("failed_gates", "Checks of the offering role, or of who completed it, that failed at the time."),
      field("reason", "What who declined, withdrew or completed it said."),
      field("created_at", "When it was offered."),
      field("updated_at", "When its state last changed."),
  };
};
