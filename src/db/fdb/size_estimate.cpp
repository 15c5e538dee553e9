#include "db/fdb/size_estimate.hpp"

#include "base/limits.hpp"

namespace codi::db::fdb {
namespace {

Task<Verdict> estimate_all(db::Transaction& transaction, std::uint64_t& found) {
  found = co_await transaction.estimated_bytes({.begin = "", .end = std::string(kEndOfKeys)});
  co_return Verdict::commit;
}

}  // namespace

std::uint64_t SizeEstimate::bytes() {
  std::unique_lock lock(mutex_);
  auto const bytes = bytes_;
  auto const now = connection_.clock().monotonic();
  if (looking_ || (looked_ && now - *looked_ < limits::kClusterSizeLook)) return bytes;
  looking_ = true;
  looked_ = now;
  lock.unlock();
  look(*this);
  return bytes;
}

Detached SizeEstimate::look(SizeEstimate& estimate) {
  Connection::Stay const stay(estimate.connection_);
  std::uint64_t found = 0;
  Body const body = [&found](db::Transaction& transaction) { return estimate_all(transaction, found); };
  bool known = false;
  try {
    auto const outcome = co_await estimate.connection_.try_once(estimate.connection_.make_transaction(), body,
                                                                TransactionMode::read_only);
    known = outcome.kind == Outcome::Kind::committed;
  } catch (StorageFailure const&) {
    known = false;  // asked again later
  }
  std::lock_guard const lock(estimate.mutex_);
  estimate.looking_ = false;
  if (known) estimate.bytes_ = found;
}

}  // namespace codi::db::fdb
