#include "base/errors.hpp"

#include <array>
#include <cstddef>

namespace codi {
namespace {

using enum ErrorCode;

constexpr std::array kTable{
    ErrorInfo{bad_credentials, "AUTH-USR-1001", 401, "Bad credentials",
              "Check the e-mail address and the password, then log in again."},
    ErrorInfo{
        token_invalid, "AUTH-USR-1002", 401, "Token missing, invalid, expired or revoked",
        "Send `Authorization: Bearer TOKEN` with a current token: refresh it, log in again, or make a new API token."},
    ErrorInfo{not_permitted, "AUTH-USR-1003", 403, "Not permitted",
              "Use a caller with the permission named in the detail, or ask an admin of the tenant."},
    ErrorInfo{rate_limited, "AUTH-SYS-1004", 429, "Too many requests",
              "Wait for the seconds in `Retry-After`, then retry."},
    ErrorInfo{email_taken, "AUTH-USR-1005", 409, "E-mail address already in use",
              "Log in with that address, or register another one."},
    ErrorInfo{registration_closed, "AUTH-USR-1006", 403, "Registration is closed",
              "Ask an admin of a tenant on this server for an invite."},
    ErrorInfo{validation, "API-USR-2001", 422, "Request is not valid",
              "Correct what `errors` points at and send it again."},
    ErrorInfo{not_found, "API-USR-2002", 404, "Not found",
              "Check the identifier; list the collection to see what is there."},
    ErrorInfo{conflict, "API-USR-2003", 409, "Conflict with the resource's state",
              "Read the resource again and decide from its present state."},
    ErrorInfo{precondition_failed, "API-USR-2004", 412, "Precondition failed",
              "Read the resource again and repeat the update with its new ETag."},
    ErrorInfo{idempotency_mismatch, "API-USR-2005", 422, "Idempotency key was used with another request",
              "Use a new key for a new request; repeat a key only with the same body."},
    ErrorInfo{idempotency_in_flight, "API-USR-2006", 409, "A request with this idempotency key is still running",
              "Wait a moment, then repeat the same request with the same key."},
    ErrorInfo{method_not_allowed, "API-USR-2007", 405, "Method not allowed", "Use one of the methods in `Allow`."},
    ErrorInfo{payload_too_large, "API-USR-2008", 413, "Request body too large",
              "Send less at once; limits are in the documentation."},
    ErrorInfo{unsupported_media_type, "API-USR-2009", 415, "Unsupported media type",
              "Send `Content-Type: application/json`."},
    ErrorInfo{cursor_expired, "API-USR-2010", 410, "Cursor expired",
              "History before this cursor is gone: start again without `after`."},
    ErrorInfo{header_too_large, "API-USR-2011", 431, "Request header too large",
              "Send a shorter URL and fewer, shorter headers."},
    ErrorInfo{quota_exceeded, "API-USR-2012", 409, "Quota exceeded",
              "End or release what is not needed any more, or ask the operator of the server for a larger quota."},
    ErrorInfo{internal, "API-SYS-2500", 500, "Internal error",
              "Retry once; if it stays, report the `request_id` to the operator of the server."},
    ErrorInfo{overloaded, "API-SYS-2501", 503, "Server is busy", "Wait for the seconds in `Retry-After`, then retry."},
    ErrorInfo{not_offered, "API-SYS-2502", 501, "Not offered", "Use another server for this, as the detail says."},
    ErrorInfo{claim_conflict, "CLAIM-USR-3001", 409, "Claim conflict",
              "Work on something else, ask the holder named in `conflicts` to release it, or retry after it expires."},
    ErrorInfo{stale_fencing_token, "CLAIM-USR-3002", 409, "Stale fencing token",
              "The claim was lost: stop writing, claim again, and compare your work with what changed meanwhile."},
    ErrorInfo{deadlock, "CLAIM-USR-3003", 409, "Deadlock",
              "Release what the others wait for, or claim without waiting; then try again."},
    ErrorInfo{outside_boundaries, "ROLE-USR-4001", 403, "Outside the role's boundaries",
              "Hand the work to the role that owns the path, or ask it to lend the path."},
    ErrorInfo{gate_failed, "ROLE-USR-4002", 409, "Quality gate failed",
              "Bring what `gates` names to its threshold, report it, and try again; or hand it to who can."},
    ErrorInfo{storage_unavailable, "DB-SYS-5001", 503, "Storage unavailable",
              "Nothing was lost; retry with the same Idempotency-Key after `Retry-After`."},
    ErrorInfo{transaction_too_large, "DB-SYS-5002", 413, "Too much for one transaction",
              "Split the request into smaller ones."},
    ErrorInfo{storage_timeout, "DB-SYS-5003", 503, "Transaction took too long",
              "Retry with the same Idempotency-Key; if it stays, ask for less at once."},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  return true;
}
static_assert(in_enum_order());
static_assert(kTable.size() == static_cast<std::size_t>(storage_timeout) + 1);

}  // namespace

std::span<ErrorInfo const> error_table() { return kTable; }

ErrorInfo const& error_info(ErrorCode code) { return kTable[static_cast<std::size_t>(code)]; }

}  // namespace codi
