#pragma once
#include "db/tx.hpp"
#include "models/audit.hpp"
#include "models/page.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace codi::db {

/// What an audit entry tells, beside what the transaction knows (time, address).
struct AuditFacts {
  std::optional<UserId> actor_user_id = {};
  std::optional<TokenId> actor_token_id = {};
  std::string action;      ///< `thing.verb_in_the_past`
  std::string target;      ///< id of the thing
  json::object data = {};  ///< what changed; never a secret
};

/// Appends to the tenant's audit log. The keys are stamped: entries of concurrent transactions don't conflict.
void append_audit(Tx& tx, AuditFacts facts);

/// One page of the log, oldest first, after the entry with the cursor `after`.
Task<models::Page<models::AuditEntry>> list_audit(Tx& tx, std::optional<Stamp> after, std::size_t limit);

}  // namespace codi::db
