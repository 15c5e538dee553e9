#pragma once
#include "base/limits.hpp"
#include "models/event.hpp"
#include "models/session.hpp"
#include "reflect/encode.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// What a frame of the server is: one JSON object, a WebSocket message or a server-sent event.
enum class FeedFrame : std::uint8_t { event, caught_up, expired, presence, result, error };
BOOST_DESCRIBE_ENUM(FeedFrame, event, caught_up, expired, presence, result, error)

/// An event of the log.
struct FeedEvent {
  FeedFrame type = FeedFrame::event;
  Stamp cursor;
  reflect::JsonOf<Event> event;
};
BOOST_DESCRIBE_STRUCT(FeedEvent, (), (type, cursor, event))

/// History has ended: what comes now happens now.
struct FeedCaughtUp {
  FeedFrame type = FeedFrame::caught_up;
  Stamp cursor;
};
BOOST_DESCRIBE_STRUCT(FeedCaughtUp, (), (type, cursor))

/// The cursor to resume from is older than the log.
struct FeedExpired {
  FeedFrame type = FeedFrame::expired;
  Stamp cursor;
};
BOOST_DESCRIBE_STRUCT(FeedExpired, (), (type, cursor))

/// A session, as far as it matters to who is here.
struct Present {
  SessionId session_id;
  std::string session_alias;
  std::optional<std::string> role;
  SessionState state = SessionState::active;
  Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Present, (), (session_id, session_alias, role, state, expires_at))

/// Who is here.
struct FeedPresence {
  FeedFrame type = FeedFrame::presence;
  Stamp cursor;
  bool whole = false;
  std::vector<Present> sessions;
  bool more = false;
};
BOOST_DESCRIBE_STRUCT(FeedPresence, (), (type, cursor, whole, sessions, more))

/// What a command came to.
struct FeedResult {
  FeedFrame type = FeedFrame::result;
  std::optional<std::string> id;
  std::int64_t status = 0;
  std::optional<reflect::JsonOf<json::object>> result;
};
BOOST_DESCRIBE_STRUCT(FeedResult, (), (type, id, status, result))

/// Why a command was refused, or why the connection ends.
struct FeedError {
  FeedFrame type = FeedFrame::error;
  std::optional<std::string> id;
  reflect::JsonOf<json::object> error;
};
BOOST_DESCRIBE_STRUCT(FeedError, (), (type, id, error))

/// What a client says.
struct FeedMessage {
  std::string type;
  std::optional<std::string> id;
  std::optional<std::string> token;
  std::optional<json::object> input;
  std::optional<std::string> idempotency_key;
};
BOOST_DESCRIBE_STRUCT(FeedMessage, (), (type, id, token, input, idempotency_key))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::FeedEvent> {
  static constexpr std::string_view name = "FeedEvent";
  static constexpr std::array fields{
      field("type", "`event`."),
      field("cursor", "Pass as `after` to resume behind this event."),
      field("event", "The event, as the list of events has it."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::FeedCaughtUp> {
  static constexpr std::string_view name = "FeedCaughtUp";
  static constexpr std::array fields{
      field("type", "`caught_up`."),
      field("cursor", "Where history ends: pass as `after` to resume from here."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::FeedExpired> {
  static constexpr std::string_view name = "FeedExpired";
  static constexpr std::array fields{
      field("type", "`expired`."),
      field("cursor", "The oldest cursor that can be resumed from; events between yours and this one are gone."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::Present> {
  static constexpr std::string_view name = "Present";
  static constexpr std::array fields{
      field("session_id", "Id of the session."),
      field("session_alias", "Its alias."),
      field("role", "Role that it works in."),
      field("state", "active, idle or stale: it is here; ended: it has left."),
      field("expires_at", "When it ends unless it is heard of before."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::FeedPresence> {
  static constexpr std::string_view name = "FeedPresence";
  static constexpr std::array fields{
      field("type", "`presence`."),
      field("cursor", "Event after which it is so."),
      field("whole", "True when `sessions` is everyone who is here; false when it is who came or left."),
      field("sessions", "The sessions, oldest first."),
      field("more", "True when there are more than are shown."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::FeedResult> {
  static constexpr std::string_view name = "FeedResult";
  static constexpr std::array fields{
      field("type", "`result`."),
      field("id", "Id of the message that it answers."),
      field("status", "The operation's HTTP status, such as 201."),
      field("result", "What the operation answers; null where it answers nothing."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::FeedError> {
  static constexpr std::string_view name = "FeedError";
  static constexpr std::array fields{
      field("type", "`error`."),
      field("id", "Id of the message that it answers; null when the whole connection is meant."),
      field("error", "The problem document, as over HTTP."),
  };
};
template <>
struct codi::reflect::Fields<codi::models::FeedMessage> {
  static constexpr std::string_view name = "FeedMessage";
  static constexpr std::array fields{
      field("type", "What is wanted.").length(1, 40),
      field("id", "Comes back with the answer.").length(1, limits::kFeedIdBytes),
      field("token", "Of `auth`: the access token, API token or session token.").length(1, limits::kBearerBytes),
      field("input", "Members of the operation, without `project`."),
      field("idempotency_key", "As the header field Idempotency-Key.").length(1, limits::kIdempotencyKeyBytes),
  };
};
