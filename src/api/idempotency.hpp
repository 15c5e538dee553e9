#pragma once
#include "api/execute.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Answers kept for repeated requests (DRAFT draft-ietf-httpapi-idempotency-key-header): only successes, in the
/// transaction of the change itself, for limits::kIdempotencyKept, sealed with a key that the store does not hold.
namespace codi::api {

/// What a kept answer belongs to.
struct IdempotencyScope {
  std::string caller;  ///< caller_scope(), or the fingerprint of a request without a caller
  std::string_view operation;
  std::string key;          ///< of the Idempotency-Key header
  std::string fingerprint;  ///< of the request
};

/// Names the credential across refreshes of its tokens: the login, the API token, or the session.
std::string caller_scope(auth::Caller const& caller);

/// The id under which an answer is kept.
Uuid idempotency_id(std::string_view caller, std::string_view operation, std::string_view key);

/// The kept answer, nothing when there is none, or API-USR-2005 when the key was used with another request.
Task<Result<std::optional<Answer>>> find_answer(db::Tx& tx, IdempotencyScope scope);

/// Keeps the answer of this transaction; stamps that it is still to get are filled in when it is found again.
void keep_answer(db::Tx& tx, IdempotencyScope const& scope, unsigned status, reflect::Encoded const& encoded);

/// Removes a kept answer (the reaper, when its time has come).
void forget_answer(db::Tx& tx, Uuid id);

}  // namespace codi::api
