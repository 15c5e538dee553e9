#include "api/inbox_reader.hpp"

#include "api/scope.hpp"
#include "db/sessions.hpp"

#include <utility>

namespace codi::api {

using auth::Permission;
using db::InboxReader;

Task<Result<InboxReader>> find_reader(db::Tx& tx, auth::Caller const& caller, models::Project const& project,
                                      std::optional<std::string> session) {
  if (!session && caller.session) session = to_string(*caller.session);
  if (!session) co_return InboxReader{.user = caller.user};
  auto found = co_await find_session(tx, project, *std::move(session));
  if (!found) co_return std::unexpected(std::move(found.error()));
  InboxReader reader{.user = found->user_id};
  reader.session = *std::move(found);
  co_return reader;
}

namespace {

std::unexpected<Error> no_admin_reads() {
  return fail(ErrorCode::not_permitted, "an inbox is read by its session and by who started that, and by no admin");
}

}  // namespace

Result<void> may_read(auth::Caller const& caller, InboxReader const& reader) {
  if (!reader.session) {
    if (auto const permitted = auth::permit(caller, Permission::project_read); !permitted)
      return std::unexpected(permitted.error());
    return {};
  }
  auto const acting = auth::act_for(caller, Permission::project_read, *reader.session);
  if (!acting) return std::unexpected(acting.error());
  if (acting->as_admin()) return no_admin_reads();
  return {};
}

Result<void> may_write(db::Tx& tx, auth::Caller const& caller, InboxReader const& reader) {
  if (reader.session) {
    auto const acting = act_for_live(tx, caller, Permission::message_write, *reader.session);
    if (!acting) return std::unexpected(acting.error());
    return {};
  }
  auto const permitted = auth::permit(caller, Permission::message_write);
  if (!permitted) return std::unexpected(permitted.error());
  return {};
}

Result<void> may_acknowledge(db::Tx& tx, auth::Caller const& caller, InboxReader const& reader) {
  // Asked before the caller acts, which would be a sign of life and an entry in the audit log.
  if (reader.session) {
    auto const acting = auth::act_for(caller, Permission::message_write, *reader.session);
    if (acting && acting->as_admin()) return no_admin_reads();
  }
  return may_write(tx, caller, reader);
}

Task<Result<models::Message>> find_message(db::Tx& tx, models::Project const& project, InboxReader reader,
                                           MessageId id) {
  auto message = co_await db::get_message(tx, project.id, id);
  if (!message || (!db::is_for(reader, message->to, message->created_at) && !db::is_from(reader, *message)))
    co_return fail(ErrorCode::not_found, "there is no such message to or from you in this project");
  auto const ack = co_await db::get_ack(tx, project.id, id, db::acks_as(reader, *message));
  if (ack) message->acked_at = ack->at;
  co_return *std::move(message);
}

}  // namespace codi::api
