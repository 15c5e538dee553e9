#pragma once
#include "base/result.hpp"
#include "db/tx.hpp"
#include "models/handoff.hpp"
#include "models/message.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <optional>
#include <string>

/// To whom something is addressed.
namespace codi::api {

/// With ids in the place of aliases and addresses, and a role's name as it is written. A validation error at `/to` when
/// not exactly one is given, API-USR-2002 when there is no such session or user.
Task<Result<models::Recipient>> resolve_recipient(db::Tx& tx, models::Project const& project, models::Recipient to);

/// A recipient of a message. A session's life was read without conflict, so that its heartbeats are in no sender's way.
struct MessageTarget {
  models::MessageRecipient to;
  std::optional<models::Session> session = {};  ///< that it is for, where it is for one
};
/// The same where it may be the whole project.
Task<Result<MessageTarget>> resolve_recipient(db::Tx& tx, models::Project const& project, models::MessageRecipient to);

/// `role qa-reviewer`.
std::string describe(models::Recipient const& to);

}  // namespace codi::api
