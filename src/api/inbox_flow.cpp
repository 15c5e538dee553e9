#include "api/inbox_flow.hpp"

#include <boost/json/parse.hpp>

#include <chrono>
#include <utility>

namespace codi::api {

using models::Message;
using models::MessageKind;
using models::MessageRecipient;

Message make_notice(db::Tx& tx, models::Project const& project, MessageKind kind, MessageRecipient to,
                    models::Session const* from) {
  Message out{.id = MessageId::make(tx.now(), tx.random()),
              .project_id = project.id,
              .kind = kind,
              .to = std::move(to),
              .expires_at = tx.now() + std::chrono::seconds(limits::kMessageTtlSecondsDefault),
              .created_at = tx.now(),
              .updated_at = tx.now()};
  out.thread = out.id;
  if (from == nullptr) return out;
  out.from_session_id = from->id;
  out.from_session_alias = from->alias;
  return out;
}

MessageRecipient to_session(SessionId session) { return {.session = to_string(session)}; }

void name_claims(Message& notice, std::vector<models::Claim> const& claims) {
  std::size_t bytes = 0;
  for (auto const& claim : claims) {
    if (notice.claim_ids.size() == limits::kNoticeClaims) return;
    notice.claim_ids.push_back(claim.id);
    if (bytes += claim.target.size(); bytes <= limits::kNoticePathsBytes || notice.paths.empty())
      notice.paths.push_back(claim.target);
  }
}

void name_in(db::EventDraft& draft, std::vector<Message> const& messages) {
  json::array out;
  for (auto const& message : messages)
    out.push_back({{"message_id", to_string(message.id)},
                   {"kind", reflect::enum_name(message.kind)},
                   {"priority", reflect::enum_name(message.priority)},
                   {"to", json::parse(reflect::encode_text(message.to))}});
  if (!out.empty()) draft.data["inbox"] = std::move(out);
}

void deliver(db::Tx& tx, Message message, Stamp const& cursor) {
  using enum db::Happening;
  message.cursor = cursor;
  db::put_message(tx, message);
  tx.count(message.kind == MessageKind::message ? message_sent : notice_given);
}

models::Event append_event_with(db::Tx& tx, models::Project const& project, models::Session const* session,
                                db::EventDraft draft, Message message) {
  name_in(draft, {message});
  auto event = db::append_event(tx, project.id, session, std::move(draft));
  deliver(tx, std::move(message), event.cursor);
  return event;
}

models::Event append_loss(db::Tx& tx, models::Project const& project, models::Session const* holder,
                          models::Claim const& claim, db::EventDraft draft, std::optional<std::string> said) {
  bool const is_there = holder != nullptr && holder->state != models::SessionState::ended;
  if (!is_there) return db::append_event(tx, project.id, holder, std::move(draft));
  auto notice = make_notice(tx, project, MessageKind::lease_lost, to_session(holder->id));
  notice.text = std::move(said);
  name_claims(notice, {claim});
  return append_event_with(tx, project, holder, std::move(draft), std::move(notice));
}

}  // namespace codi::api
