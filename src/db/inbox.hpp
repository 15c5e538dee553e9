#pragma once
#include "db/messages.hpp"
#include "models/session.hpp"

#include <optional>
#include <string>

/// Inboxes: nothing is stored for each reader. What a reader sees is put together from the boxes that it belongs to.
namespace codi::db {

/// Whose inbox it is: a session's, or that of a user who reads without one.
struct InboxReader {
  std::optional<models::Session> session = {};
  UserId user{};  ///< of the session, where there is one
};

/// Whether what was sent then is for the reader: sent to the session, to its role, to its user, or, since it started,
/// to the project.
bool is_for(InboxReader const& reader, models::MessageRecipient const& to, Timestamp sent_at);
/// Whether the reader sent it.
bool is_from(InboxReader const& reader, models::Message const& message);
/// Who acknowledges it: of what is sent to a user that user, whatever session reads it.
Uuid acks_as(InboxReader const& reader, models::Message const& message);

/// Which items a list shows; all conditions hold together.
struct InboxFilter {
  bool unacked = false;
  std::optional<MessageId> thread = {};  ///< all that the reader got or sent in it
  models::Priority at_least = models::Priority::low;
};
/// Oldest first. `after` is the cursor of an item, or of an event. Left out are: the reader's own messages, but in a
/// thread; what was sent to its role before it started and somebody has acknowledged; offers that were taken or
/// withdrawn, and requests that were answered. A page ends after limits::kInboxRowsPerPage that were looked at, with
/// fewer items than asked for, or none, and a `next`.
Task<Result<models::Page<models::Message>>> list_inbox(Tx& tx, ProjectId project, InboxReader reader,
                                                       InboxFilter filter, PageRequest page);

}  // namespace codi::db
