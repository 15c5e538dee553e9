#pragma once
#include "base/errors.hpp"

#include <boost/json/object.hpp>

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace codi {

namespace json = boost::json;

/// What is wrong with one member of a request.
struct FieldError {
  std::string pointer;  ///< JSON Pointer (RFC 6901) into the body; `/limit` for a query parameter too
  std::string detail;   ///< one sentence for a person
};

/// A refusal that depends on the caller's input. What depends on the infrastructure is thrown instead (see
/// base/failure.hpp).
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string detail = {};                     ///< what happened here, for a person; never a secret
  std::optional<unsigned> status = {};         ///< overrides the table's HTTP status (400 for what can't be parsed)
  std::vector<FieldError> errors = {};         ///< for ErrorCode::validation
  std::vector<std::string> recovery = {};      ///< replaces the table's recovery when not empty
  json::object members = {};                   ///< more members of the problem document, such as `conflicts`
  std::optional<unsigned> retry_after_s = {};  ///< answered as `Retry-After`
  std::optional<RateLimit> limit = {};         ///< of ErrorCode::rate_limited
  bool keep_writes = false;                    ///< set by refuse(): the transaction commits what it wrote
};

/// A value, or the refusal of what the caller sent.
template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::not_found, "no such project")` in a function that returns a Result.
inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
  Error error;
  error.code = code;
  error.detail = std::move(detail);
  return std::unexpected(std::move(error));
}

/// Turns an error into a refusal that leaves a trace: what the operation wrote so far commits, then the error is
/// answered.
inline std::unexpected<Error> refuse(Error error) {
  error.keep_writes = true;
  return std::unexpected(std::move(error));
}

/// A validation error about one field.
inline std::unexpected<Error> invalid(std::string pointer, std::string detail) {
  Error error;
  error.code = ErrorCode::validation;
  error.detail = pointer.empty() ? detail : pointer + ": " + detail;
  error.errors.push_back({std::move(pointer), std::move(detail)});
  return std::unexpected(std::move(error));
}

}  // namespace codi
