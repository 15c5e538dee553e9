#include "db/engine.hpp"

namespace codi::db {
namespace {

ErrorCode answered_with(StorageCode code) {
  switch (code) {
    case StorageCode::key_too_large:
    case StorageCode::value_too_large:
    case StorageCode::transaction_too_large: return ErrorCode::transaction_too_large;
    case StorageCode::transaction_too_old: return ErrorCode::storage_timeout;
    case StorageCode::unreadable: return ErrorCode::internal;
    case StorageCode::unavailable:
    case StorageCode::corrupt:
    case StorageCode::frozen:
    case StorageCode::closed: break;
  }
  return ErrorCode::storage_unavailable;
}

}  // namespace

StorageFailure::StorageFailure(StorageCode code, std::string const& what)
    : Failure(answered_with(code), what), storage_code_(code) {}

std::optional<StorageCode> failure_code(Outcome const& outcome) {
  if (outcome.kind != Outcome::Kind::failed || !outcome.error) return std::nullopt;
  try {
    std::rethrow_exception(outcome.error);
  } catch (StorageFailure const& failure) {
    return failure.storage_code();
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace codi::db
