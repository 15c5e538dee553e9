#include "db/messages.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace codi::db {
namespace {

using models::Message;
using models::MessageAck;
using models::MessageRecipient;

TenantKey message_key(Tx const& tx, ProjectId project, MessageId id) {
  return tx.key("project", project, "messages", id);
}
TenantKey acks_key(Tx const& tx, ProjectId project, MessageId id) {
  return tx.key("project", project, "message_acks", id);
}

// What the recipient is, and which one.
struct Box {
  std::string_view kind;
  std::string who;
};

Box box_of(MessageRecipient const& to) {
  if (to.role) return {"role", *to.role};
  if (to.session) return {"session", *to.session};
  if (to.user) return {"user", *to.user};
  return {"project", ""};
}

TenantKey count_key(Tx const& tx, ProjectId project, MessageRecipient const& to) {
  auto const box = box_of(to);
  return tx.key("project", project, "inbox_counts", box.kind, box.who);
}

TenantKey sender_count_key(Tx const& tx, ProjectId project, MessageRecipient const& to, Uuid sender) {
  auto const box = box_of(to);
  return tx.key("project", project, "inbox_sender_counts", box.kind, box.who, sender);
}

bool counts(Message const& message) { return message.kind == models::MessageKind::message; }

std::vector<TenantKey> counters_of(Tx const& tx, Message const& message) {
  auto const sender =
      message.from_session_id ? message.from_session_id->uuid : message.from_user_id.value_or(UserId{}).uuid;
  return {count_key(tx, message.project_id, message.to), sender_count_key(tx, message.project_id, message.to, sender)};
}

std::int64_t number_in(std::optional<std::string> const& counter) { return counter ? number_added(*counter) : 0; }

// One less; a counter that comes to nothing is removed. Only then who sends at the same moment is in the way.
Task<void> count_down(Tx& tx, TenantKey counter) {
  auto const about = number_in(co_await tx.get(counter, Isolation::snapshot));
  if (about > 1 || number_in(co_await tx.get(counter)) > 1)
    tx.add(counter, -1);
  else
    tx.clear(counter);
}

// Nobody converses about what nobody said.
bool is_in_thread(Message const& message) { return message.from_session_id || message.from_user_id; }

Due due_of(Message const& message) {
  return {.at = message.expires_at, .kind = DueKind::message, .scope = message.project_id.uuid, .id = message.id.uuid};
}

Task<std::optional<Message>> find_stored(Tx& tx, ProjectId project, MessageId id) {
  auto const stored = co_await tx.get_stamped(message_key(tx, project, id));
  if (!stored) co_return std::nullopt;
  auto message = reflect::decode_stored<Message>(stored->text);
  message.cursor = stored->stamp;
  co_return message;
}

}  // namespace

TenantKey box_key(Tx const& tx, ProjectId project, MessageRecipient const& to) {
  auto const box = box_of(to);
  return tx.key("project", project, "inbox", box.kind, box.who);
}

TenantKey thread_key(Tx const& tx, ProjectId project, MessageId thread) {
  return tx.key("project", project, "threads", thread);
}

Task<std::optional<Message>> get_message(Tx& tx, ProjectId project, MessageId id) {
  auto message = co_await find_stored(tx, project, id);
  if (!message || tx.now() >= message->expires_at) co_return std::nullopt;
  co_return message;
}

void put_message(Tx& tx, Message const& message) {
  auto const project = message.project_id;
  auto const id = to_string(message.id);
  tx.set_stamped(message_key(tx, project, message.id), message.cursor, reflect::encode_text(message));
  tx.set_under_stamp(box_key(tx, project, message.to), message.cursor, id);
  if (is_in_thread(message)) tx.set_under_stamp(thread_key(tx, project, message.thread), message.cursor, id);
  if (counts(message))
    for (auto const& counter : counters_of(tx, message)) tx.add(counter, 1);
  tx.due(due_of(message));
}

void rewrite_message(Tx& tx, Message const& message) {
  tx.set(message_key(tx, message.project_id, message.id), stamp_bytes(message.cursor) + reflect::encode_text(message));
}

Task<void> expire_message(Tx& tx, ProjectId project, MessageId id) {
  auto const message = co_await find_stored(tx, project, id);
  if (!message) co_return;
  if (tx.now() < message->expires_at) co_return tx.due(due_of(*message));
  auto const at = make_key({}, message->cursor);
  tx.clear(message_key(tx, project, id));
  tx.clear(Tx::key_at(box_key(tx, project, message->to), at));
  if (is_in_thread(*message)) tx.clear(Tx::key_at(thread_key(tx, project, message->thread), at));
  if (counts(*message))
    for (auto& counter : counters_of(tx, *message)) co_await count_down(tx, std::move(counter));
  tx.clear_below(acks_key(tx, project, id));
}

Task<Kept> messages_kept_for(Tx& tx, ProjectId project, MessageRecipient to, Uuid sender) {
  auto const all = number_in(co_await tx.get(count_key(tx, project, to), Isolation::snapshot));
  auto const own = number_in(co_await tx.get(sender_count_key(tx, project, to, sender), Isolation::snapshot));
  co_return Kept{.by_all = static_cast<std::size_t>(std::max<std::int64_t>(all, 0)),
                 .by_sender = static_cast<std::size_t>(std::max<std::int64_t>(own, 0))};
}

Task<std::optional<MessageAck>> get_ack(Tx& tx, ProjectId project, MessageId message, Uuid reader) {
  return tx.find<MessageAck>(tx.key("project", project, "message_acks", message, reader));
}

void put_ack(Tx& tx, ProjectId project, MessageId message, Uuid reader, MessageAck const& ack) {
  tx.put(tx.key("project", project, "message_acks", message, reader), ack);
}

Task<bool> is_acked_by_anybody(Tx& tx, ProjectId project, MessageId message) {
  return tx.any_below(acks_key(tx, project, message));
}

Task<Result<models::Page<MessageAck>>> list_acks(Tx& tx, ProjectId project, MessageId message, PageRequest page) {
  struct Read {
    Task<std::optional<MessageAck>> operator()(std::string_view, std::string_view value) const {
      co_return reflect::decode_stored<MessageAck>(value);
    }
  };
  Read read;
  co_return co_await read_page<MessageAck>(tx, acks_key(tx, project, message), std::move(page), read);
}

}  // namespace codi::db
