#pragma once
#include "base/limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// One entry of a project's work log, as it is stored. The cursor is not stored with it: it is the key.
struct Event {
  Stamp cursor;  ///< first, so that a stored event (which has none) is completed by text alone
  EventId id;
  std::optional<SessionId> session_id;
  std::optional<std::string> session_alias;
  std::string action;
  std::string text;
  std::vector<std::string> paths;
  json::object data;
  Timestamp at;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Event, (),
                      (cursor, id, session_id, session_alias, action, text, paths, data, at, created_at, updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::Event> {
  static constexpr std::string_view name = "Event";
  static constexpr std::array fields{
      field("cursor", "Its place in the order of the log; compares in byte order."),
      field("id", "Id of the event."),
      field("session_id", "Session that it is about; null for what nobody's session did."),
      field("session_alias", "Alias of that session."),
      field("action", "What happened: one of the known actions or a user's own.").length(1, 40),
      field("text", "What was said, for people.").length(0, limits::kEventTextBytes),
      field("paths", "Paths that it is about.").items(0, limits::kEventPaths).length(1, limits::kTargetBytes),
      field("data", "Figures and ids, by action.").length(0, limits::kEventDataBytes),
      field("at", "When it happened."),
      field("created_at", "Same as `at`."),
      field("updated_at", "Same as `at`: events don't change."),
  };
};
