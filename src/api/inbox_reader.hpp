#pragma once
#include "auth/caller.hpp"
#include "base/result.hpp"
#include "db/inbox.hpp"
#include "models/project.hpp"

#include <optional>
#include <string>

/// Who reads or writes messages: a session, or a user without one.
namespace codi::api {

/// The session that is named, else that of the caller's session token, else the caller's user. API-USR-2002 when there
/// is no such session.
Task<Result<db::InboxReader>> find_reader(db::Tx& tx, auth::Caller const& caller, models::Project const& project,
                                          std::optional<std::string> session);

/// AUTH-USR-1003 unless the caller may read what is for the reader: the session itself, who started it, the user. An
/// admin acts for a session, which is audited, but does not read its inbox.
Result<void> may_read(auth::Caller const& caller, db::InboxReader const& reader);

/// AUTH-USR-1003 unless the caller may write in the reader's name; API-USR-2003 when the session has ended. A sign of
/// life of a session.
Result<void> may_write(db::Tx& tx, auth::Caller const& caller, db::InboxReader const& reader);

/// The same for who takes note of what is for the reader: no admin, who would be answered what is not an admin's to
/// read.
Result<void> may_acknowledge(db::Tx& tx, auth::Caller const& caller, db::InboxReader const& reader);

/// A message that the reader got or sent; API-USR-2002 when there is none, or it is none of the reader's business.
Task<Result<models::Message>> find_message(db::Tx& tx, models::Project const& project, db::InboxReader reader,
                                           MessageId id);

}  // namespace codi::api
