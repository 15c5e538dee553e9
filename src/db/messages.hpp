#pragma once
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/message.hpp"

#include <cstddef>
#include <optional>

/// Messages of a project, each stored once whoever it is for; below P = (t,"project",project): (P,"messages",id) ->
/// cursor, Message; (P,"inbox",kind,who,cursor), (P,"threads",thread,cursor) -> id; (P,"message_acks",id,reader) ->
/// MessageAck; (P,"inbox_counts",kind,who) -> number of messages; (P,"inbox_sender_counts",kind,who,sender) -> of one
/// sender.
namespace codi::db {

/// Nothing when there is none, or its time is over.
Task<std::optional<models::Message>> get_message(Tx& tx, ProjectId project, MessageId id);

/// Puts a new message into its recipient's box; it is removed when its time is over.
void put_message(Tx& tx, models::Message const& message);

/// Writes other words into a message that stands.
void rewrite_message(Tx& tx, models::Message const& message);

/// Removes a message whose time is over, with all that is kept about it. For the reaper.
Task<void> expire_message(Tx& tx, ProjectId project, MessageId id);

/// How many messages are kept for a recipient.
struct Kept {
  std::size_t by_all = 0;  ///< sessions and users
  std::size_t by_sender = 0;
};
/// `sender` is the id of a session, or of a user without one. Read without conflict: who sends at the same moment may
/// together pass a limit.
Task<Kept> messages_kept_for(Tx& tx, ProjectId project, models::MessageRecipient to, Uuid sender);

/// Keys under which boxes and threads list ids of messages by cursor.
TenantKey box_key(Tx const& tx, ProjectId project, models::MessageRecipient const& to);
TenantKey thread_key(Tx const& tx, ProjectId project, MessageId thread);

/// `reader` is the session that acknowledges, or the user.
Task<std::optional<models::MessageAck>> get_ack(Tx& tx, ProjectId project, MessageId message, Uuid reader);
void put_ack(Tx& tx, ProjectId project, MessageId message, Uuid reader, models::MessageAck const& ack);
Task<bool> is_acked_by_anybody(Tx& tx, ProjectId project, MessageId message);
/// In the order of the readers' ids.
Task<Result<models::Page<models::MessageAck>>> list_acks(Tx& tx, ProjectId project, MessageId message,
                                                         PageRequest page);

}  // namespace codi::db
