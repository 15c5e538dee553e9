#pragma once
#include <optional>
#include <string_view>

#include "auth/caller.hpp"
#include "auth/credential.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/tx.hpp"

namespace codi::auth {

/// The part of the store that lies outside tenants: e-mail -> user, token digest -> caller, tenant slugs, idempotency of calls
/// made before a login. Only this class opens it.
class Directory {
 public:
  /// Who presents the credential, from the store: the login or token, the user, the tenant's state. AUTH-USR-1002 for anything
  /// that does not hold now (expired, revoked, suspended, unknown), always with the same words.
  static Task<Result<Caller>> resolve(db::Transaction& transaction, Presented const& presented, db::RequestFacts const& facts);
};

}  // namespace codi::auth
