#pragma once
#include "base/limits.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <optional>
#include <string>

namespace codi::models {

/// One entry of a tenant's audit log: who changed what in the tenant, or used a right that only admins have.
struct AuditEntry {
  EventId id;
  Stamp cursor;
  std::optional<UserId> actor_user_id;
  std::optional<TokenId> actor_token_id;
  std::string action;
  std::string target;
  std::string address;
  json::object data;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (),
                      (id, cursor, actor_user_id, actor_token_id, action, target, address, data, created_at,
                       updated_at))

}  // namespace codi::models

template <>
struct codi::reflect::Fields<codi::models::AuditEntry> {
  static constexpr std::string_view name = "AuditEntry";
  static constexpr std::array fields{
      field("id", "Id of the entry."),
      field("cursor", "Its place in the order of commits."),
      field("actor_user_id", "User who did it; null when nobody was signed in."),
      field("actor_token_id", "API token that the user did it with; null for a login."),
      field("action", "What was done, such as `user.suspended`."),
      field("target", "Id of what it was done to."),
      field("address", "Network address that the request came from."),
      field("data", "What changed; never a secret."),
      field("created_at", "When it happened."),
      field("updated_at", "The same: an entry never changes."),
  };
};
