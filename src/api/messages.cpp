#include "db/messages.hpp"

#include "api/areas.hpp"
#include "api/inbox_flow.hpp"
#include "api/inbox_reader.hpp"
#include "api/recipient.hpp"
#include "api/scope.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace codi::api {
namespace {

using auth::Permission;
using models::Message;
using models::MessageAck;
using models::MessageRecipient;

struct SendMessageIn {
  std::string project;
  std::optional<std::string> session;
  std::optional<MessageRecipient> to;
  std::string text;
  std::optional<MessageId> in_reply_to;
  std::optional<models::Priority> priority;
  std::optional<std::int64_t> ttl_seconds;
};
BOOST_DESCRIBE_STRUCT(SendMessageIn, (), (project, session, to, text, in_reply_to, priority, ttl_seconds))

struct MessageIn {
  std::string project;
  MessageId message;
  std::optional<std::string> session;
};
BOOST_DESCRIBE_STRUCT(MessageIn, (), (project, message, session))

struct ListAcksIn {
  std::string project;
  MessageId message;
  std::optional<std::string> session;
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListAcksIn, (), (project, message, session, limit, after))

constexpr reflect::Field message_field() { return reflect::field("message", "Id of the message."); }
constexpr reflect::Field reader_field() {
  return reflect::field("session",
                        "Session that got or sent it, by id or alias; when missing that of the session token, else you "
                        "as a user.")
      .length(1, limits::kAliasBytes);
}

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<SendMessageIn> {
  static constexpr std::string_view name = "SendMessage";
  static constexpr std::array fields{
      project_field(),
      field("session",
            "Session that sends it, by id or alias; when missing that of the session token, else you as a user.")
          .length(1, limits::kAliasBytes),
      field("to",
            "To whom: a role, a session, a user or the project; who sent the message that it answers, when "
            "missing."),
      field("text", "What to tell, in any language.").length(1, limits::kMessageTextBytes),
      field("in_reply_to", "Id of the message that it answers, whose conversation it goes on with."),
      field("priority", "low, normal or high; normal when missing. Recipients see it and can ask by it."),
      field("ttl_seconds", "Seconds until it leaves the inbox, acknowledged or not; seven days when missing.")
          .range(limits::kMessageTtlSecondsMin, limits::kMessageTtlSecondsMax),
  };
};
template <>
struct Fields<MessageIn> {
  static constexpr std::string_view name = "MessagePath";
  static constexpr std::array fields{project_field(), message_field(), reader_field()};
};
template <>
struct Fields<ListAcksIn> {
  static constexpr std::string_view name = "ListAcks";
  static constexpr std::array fields{project_field(), message_field(), reader_field(), limit_field(), after_field()};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct SendMessage {
  static constexpr OperationMeta meta{.id = "send_message",
                                      .method = Method::post,
                                      .path = "/projects/{project}/messages",
                                      .tag = "inbox",
                                      .summary = "Send a message to a session, a role, a user or the project",
                                      .kind = Kind::write,
                                      .permission = Permission::message_write,
                                      .status = 201,
                                      .grows = true,
                                      .mcp = "message send",
                                      .cli = "inbox send"};
  using In = SendMessageIn;
  using Out = Message;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const sender = co_await find_reader(tx, caller, *project, in.session);
    if (!sender) co_return std::unexpected(sender.error());
    std::optional<Message> answered;
    if (in.in_reply_to) {
      auto found = co_await find_message(tx, *project, *sender, *in.in_reply_to);
      if (!found) co_return std::unexpected(std::move(found.error()));
      answered = *std::move(found);
    }
    auto wanted = in.to ? Result<MessageRecipient>(*in.to) : other_side(*sender, answered);
    if (!wanted) co_return std::unexpected(std::move(wanted.error()));
    auto target = co_await resolve_recipient(tx, *project, *std::move(wanted));
    if (!target) co_return std::unexpected(std::move(target.error()));
    if (auto const may = may_write(tx, caller, *sender); !may) co_return std::unexpected(may.error());
    auto name = co_await takes_more(tx, *project, *sender, *target);
    if (!name) co_return std::unexpected(std::move(name.error()));

    auto const& session = sender->session;
    models::Session const* const from = session ? &*session : nullptr;
    auto message = make_notice(tx, *project, models::MessageKind::message, std::move(target->to), from);
    if (!session) message.from_user_id = sender->user;
    message.text = in.text;
    message.priority = in.priority.value_or(models::Priority::normal);
    message.expires_at = tx.now() + std::chrono::seconds(in.ttl_seconds.value_or(limits::kMessageTtlSecondsDefault));
    message.in_reply_to = in.in_reply_to;
    if (answered) message.thread = answered->thread;
    auto const event = append_event_with(tx, *project, from, event_of(message, *name), message);
    message.cursor = event.cursor;
    co_return message;
  }

 private:
  // Ids, and no word of the text: everyone in the project reads the log.
  static db::EventDraft event_of(Message const& message, std::string const& recipient) {
    db::EventDraft out{.action = "MESSAGE",
                       .text = "sent a message to " + recipient,
                       .data = {{"message_id", to_string(message.id)},
                                {"thread", to_string(message.thread)},
                                {"to", json::parse(reflect::encode_text(message.to))}}};
    if (message.in_reply_to) out.data["in_reply_to"] = to_string(*message.in_reply_to);
    if (message.from_user_id) out.data["from_user_id"] = to_string(*message.from_user_id);
    return out;
  }

  // Who sent what is answered; of one's own message the same recipient again.
  static Result<MessageRecipient> other_side(db::InboxReader const& sender, std::optional<Message> const& answered) {
    if (!answered) return invalid("/to", "is required where nothing is answered");
    if (db::is_from(sender, *answered)) return answered->to;
    if (answered->from_session_id) return to_session(*answered->from_session_id);
    if (answered->from_user_id) return MessageRecipient{.user = to_string(*answered->from_user_id)};
    return invalid("/to", "is required: nobody sent what is answered");
  }

  static std::string name_of(MessageTarget const& target) {
    if (target.session) return "session " + target.session->alias;
    if (target.to.project) return "the project";
    return describe({.role = target.to.role, .user = target.to.user});
  }

  // The name of a recipient, if it takes one more of this sender.
  static Task<Result<std::string>> takes_more(db::Tx& tx, models::Project const& project, db::InboxReader sender,
                                              MessageTarget target) {
    if (auto const& session = target.session; session && session->state == models::SessionState::ended)
      co_return fail(ErrorCode::conflict, session->alias + " has ended: nobody reads its inbox");
    auto const from = sender.session ? sender.session->id.uuid : sender.user.uuid;
    auto const kept = co_await db::messages_kept_for(tx, project.id, target.to, from);
    if (kept.by_sender >= limits::kInboxMessagesOfSender)
      co_return fail(ErrorCode::conflict,
                     fmt::format("{} messages of yours to this recipient are kept already: wait until some of them are "
                                 "over",
                                 limits::kInboxMessagesOfSender));
    if (kept.by_all >= limits::kInboxMessages)
      co_return fail(ErrorCode::conflict,
                     fmt::format("{} messages to this recipient are kept already: wait until some of them are over",
                                 limits::kInboxMessages));
    co_return name_of(target);
  }
};

struct GetMessage {
  static constexpr OperationMeta meta{.id = "get_message",
                                      .path = "/projects/{project}/messages/{message}",
                                      .tag = "inbox",
                                      .summary = "Read a message that you got or sent",
                                      .permission = Permission::project_read,
                                      .mcp = "look message",
                                      .cli = "inbox show"};
  using In = MessageIn;
  using Out = Message;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const reader = co_await find_reader(tx, caller, *project, in.session);
    if (!reader) co_return std::unexpected(reader.error());
    auto message = co_await find_message(tx, *project, *reader, in.message);
    if (!message) co_return std::unexpected(message.error());
    if (auto const may = may_read(caller, *reader); !may) co_return std::unexpected(may.error());
    co_return *std::move(message);
  }
};

struct AckMessage {
  static constexpr OperationMeta meta{
      .id = "ack_message",
      .method = Method::post,
      .path = "/projects/{project}/messages/{message}/ack",
      .tag = "inbox",
      .summary = "Acknowledge a message",
      .kind = Kind::write,
      .permission = Permission::message_write,
      .mcp = "message ack",
      .cli = "inbox ack",
      .description =
          "For yourself: of what is sent to a role or to the project every session takes note on its own. "
          "Of what is sent to a user any session of that user takes note for all. Writes no event."};
  using In = MessageIn;
  using Out = Message;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const reader = co_await find_reader(tx, caller, *project, in.session);
    if (!reader) co_return std::unexpected(reader.error());
    auto message = co_await find_message(tx, *project, *reader, in.message);
    if (!message) co_return std::unexpected(message.error());
    if (auto const may = may_acknowledge(tx, caller, *reader); !may) co_return std::unexpected(may.error());
    if (!db::is_for(*reader, message->to, message->created_at))
      co_return fail(ErrorCode::conflict, "who sent a message does not acknowledge it; its recipient does");
    if (message->acked_at) co_return *std::move(message);
    message->acked_at = tx.now();
    MessageAck ack{.user_id = reader->user, .at = tx.now()};
    if (auto const& session = reader->session) {
      ack.session_id = session->id;
      ack.session_alias = session->alias;
    }
    db::put_ack(tx, project->id, message->id, db::acks_as(*reader, *message), ack);
    tx.count(db::Happening::message_acknowledged);
    co_return *std::move(message);
  }
};

struct ListAcks {
  static constexpr OperationMeta meta{.id = "list_acks",
                                      .path = "/projects/{project}/messages/{message}/acks",
                                      .tag = "inbox",
                                      .summary = "List who has acknowledged a message that you got or sent",
                                      .permission = Permission::project_read,
                                      .cli = "inbox acks"};
  using In = ListAcksIn;
  using Out = models::Page<MessageAck>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const reader = co_await find_reader(tx, caller, *project, in.session);
    if (!reader) co_return std::unexpected(reader.error());
    auto const message = co_await find_message(tx, *project, *reader, in.message);
    if (!message) co_return std::unexpected(message.error());
    if (auto const may = may_read(caller, *reader); !may) co_return std::unexpected(may.error());
    co_return co_await db::list_acks(tx, project->id, message->id, page_of(in.limit, in.after));
  }
};

}  // namespace

std::vector<Operation> message_operations() { return make_operations<SendMessage, GetMessage, AckMessage, ListAcks>(); }

}  // namespace codi::api
