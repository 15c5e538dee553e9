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
    case StorageCode::closed: break;
  }
  return ErrorCode::storage_unavailable;
}

}  // namespace

StorageFailure::StorageFailure(StorageCode code, std::string const& what)
    : Failure(answered_with(code), what), storage_code_(code) {}

}  // namespace codi::db
