#pragma once
#include "base/result.hpp"
#include "base/task.hpp"
#include "coordination/target.hpp"
#include "db/tx.hpp"
#include "models/agent_role.hpp"
#include "models/project.hpp"
#include "models/session.hpp"
#include "roles/ownership.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace codi::api {

/// A target that the role of a session does not own.
struct OutsideTarget {
  std::string target;
  std::string role;
  std::vector<std::string> owners;
  bool too_hard = false;
};
BOOST_DESCRIBE_STRUCT(OutsideTarget, (), (target, role, owners, too_hard))

/// Who owns what in a project, by the documents as they are now; null when no role has boundaries. Kept by each thread.
Task<std::shared_ptr<roles::Ownership const>> ownership_of(db::Tx& tx, models::Project const& project);

/// Whether the role owns the target and so may lend it, or goes on lending it.
roles::Verdict lends(roles::Ownership const& ownership, std::string_view role, coordination::Target const& target);

/// The targets that lie outside the boundaries of the session's role, as documents and loans have them now; none for a
/// session without a role, a role without boundaries, or where the project's policy is off. What a live claim of the
/// session covers was judged when it was granted, or given to it with a handoff, and is not judged again. Reads nothing
/// for a session without a role.
Task<std::vector<OutsideTarget>> outside_boundaries(db::Tx& tx, models::Project const& project, models::Session session,
                                                    std::vector<coordination::Target> targets);

/// Writes the VIOLATION event of a session that reaches beyond its role, and answers the refusal (ROLE-USR-4001), which
/// names who owns what; nothing where the project only warns. `outside` must not be empty.
Task<Result<void>> tell_violation(db::Tx& tx, models::Project const& project, models::Session session,
                                  std::vector<OutsideTarget> outside);

/// Ends a loan, with an event; `session` is whose doing it is, if anyone's.
void end_loan(db::Tx& tx, models::RoleLoan const& loan, models::Session const* session);

/// Ends what a role that goes has lent.
Task<void> end_loans_of(db::Tx& tx, models::AgentRole role);

}  // namespace codi::api

template <>
struct codi::reflect::Fields<codi::api::OutsideTarget> {
  static constexpr std::string_view name = "OutsideTarget";
  static constexpr std::array fields{
      field("target", "What lies outside the role's boundaries, in its canonical spelling."),
      field("role", "The session's role."),
      field("owners", "Roles that own it, or parts of it; empty: none does, or it was too hard to judge."),
      field("too_hard", "True when a pattern was too hard to judge, and so is held to be outside."),
  };
};
