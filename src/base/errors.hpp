#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace codi {

/// Every way in which codi can refuse or fail, one enumerator a row of the error table (errors.cpp).
enum class ErrorCode : std::uint8_t {
  bad_credentials,
  token_invalid,
  not_permitted,
  rate_limited,
  email_taken,
  registration_closed,
  validation,
  not_found,
  conflict,
  precondition_failed,
  idempotency_mismatch,
  idempotency_in_flight,
  method_not_allowed,
  payload_too_large,
  unsupported_media_type,
  cursor_expired,
  header_too_large,
  quota_exceeded,
  internal,
  overloaded,
  not_offered,
  claim_conflict,
  stale_fencing_token,
  deadlock,
  outside_boundaries,
  gate_failed,
  storage_unavailable,
  transaction_too_large,
  storage_timeout,
};

/// What an ErrorCode::rate_limited is about: requests of one caller, of one address, of one tenant; what a tenant adds
/// to its work log; failed sign-ins.
enum class RateLimit : std::uint8_t { caller, address, tenant, events, sign_in };

/// One row of the error table: the stable public name of an error and what a caller can do about it.
struct ErrorInfo {
  ErrorCode code;
  std::string_view text;      ///< `SERVICE-CATEGORY-NNNN`, stable forever
  unsigned status;            ///< the HTTP status it is answered with unless the error says otherwise
  std::string_view title;     ///< RFC 9457 title: the same for every occurrence
  std::string_view recovery;  ///< what the caller can do next; one sentence
};

/// The whole table, in the order of ErrorCode. `codi errors` and docs/errors.md are printed from it.
std::span<ErrorInfo const> error_table();

/// The row of `code`.
ErrorInfo const& error_info(ErrorCode code);

}  // namespace codi
