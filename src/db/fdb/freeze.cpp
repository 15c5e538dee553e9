#include "db/fdb/freeze.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "db/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::db::fdb {
namespace {

// FoundationDB's lock: 10 bytes of stamp, then the 16 bytes of an id. While it is there only transactions with the
// option lock_aware are committed.
constexpr std::string_view kLock("\xff/dbLocked");
constexpr std::size_t kStampSize = CommitStamp{}.size();
constexpr std::size_t kIdSize = 16;

std::string record_key() { return make_key({}, "system", "freeze"); }

std::string record_of(std::string const& id, std::uint64_t beats) { return id + std::to_string(beats); }

std::string id_of(std::string const& record) { return record.substr(0, kIdSize); }

Task<bool> is_locked_by(db::Transaction& transaction, std::string id) {
  auto const lock = co_await transaction.get(std::string(kLock));
  co_return lock && lock->size() == kStampSize + kIdSize && lock->substr(kStampSize) == id;
}

Task<Verdict> freeze(db::Transaction& transaction, std::string id) {
  auto const lock = co_await transaction.get(std::string(kLock));
  if (lock && lock->substr(std::min(kStampSize, lock->size())) != id)
    throw StorageFailure(StorageCode::frozen,
                         "the cluster is locked: another backup is running, or somebody has locked it with fdbcli");
  transaction.set_stamped_value(kLock, std::string(kStampSize, '\0') + id, 0);
  transaction.set(record_key(), record_of(id, 0));
  // What was read before the lock must not be written after it.
  transaction.add_write_conflict({.begin = "", .end = std::string(kEndOfKeys)});
  co_return Verdict::commit;
}

Task<Verdict> thaw(db::Transaction& transaction, std::string id) {
  auto const record = co_await transaction.get(record_key());
  if (record && id_of(*record) == id) transaction.clear(record_key());
  if (co_await is_locked_by(transaction, id)) transaction.clear(kLock);
  co_return Verdict::commit;
}

Task<Verdict> read_record(db::Transaction& t, std::optional<std::string>& record) {
  record = co_await t.get(record_key());
  co_return Verdict::commit;
}

Task<Verdict> thaw_dead(db::Transaction& transaction, std::string record, bool& ended) {
  ended = false;
  if (co_await transaction.get(record_key()) != record) co_return Verdict::abort;
  ended = true;
  co_return co_await thaw(transaction, id_of(record));
}

[[noreturn]] void lost() {
  throw StorageFailure(StorageCode::unavailable,
                       fmt::format("the backup took nothing for {} s, so that other servers let writes in again: it is "
                                   "not one moment of the store any more",
                                   std::chrono::seconds(limits::kFreezeLease).count()));
}

Task<Verdict> change_record(db::Transaction& transaction, std::string id, std::uint64_t beats) {
  auto const record = co_await transaction.get(record_key());
  if (!record || id_of(*record) != id) lost();
  transaction.set(record_key(), record_of(id, beats));
  co_return Verdict::commit;
}

Task<Verdict> read_frozen(db::Transaction& transaction, std::string id, KeyRange range, RangeRows& out) {
  auto const record = co_await transaction.get(record_key());
  if (!record || id_of(*record) != id) lost();
  out = co_await transaction.get_range(std::move(range));
  co_return Verdict::commit;
}

std::string draw_id() {
  SystemRandom random;
  std::string out(kIdSize, '\0');
  random.fill(std::as_writable_bytes(std::span(out)));
  return out;
}

}  // namespace

FrozenSnapshot::FrozenSnapshot(Connection& connection)
    : connection_(connection), id_(draw_id()), shown_(connection.clock().monotonic()) {
  connection_.run_blocking([this](db::Transaction& t) { return freeze(t, id_); }, TransactionMode::system);
}

FrozenSnapshot::~FrozenSnapshot() {
  try {
    connection_.run_blocking([this](db::Transaction& t) { return thaw(t, id_); }, TransactionMode::system);
  } catch (StorageFailure const& failure) {
    log::write(log::Level::warn, "store", "not_thawed", {{"detail", failure.what()}});
  }
}

RangeRows FrozenSnapshot::read(KeyRange range) {
  show_life();
  RangeRows out;
  connection_.run_blocking([&](db::Transaction& t) { return read_frozen(t, id_, range, out); },
                           TransactionMode::read_only);
  std::erase_if(out.rows, [](KeyValue const& row) { return row.key == record_key(); });
  return out;
}

void FrozenSnapshot::show_life() {
  auto const now = connection_.clock().monotonic();
  if (now - shown_ < limits::kFreezeLease / 3) return;
  shown_ = now;
  ++beats_;
  connection_.run_blocking([this](db::Transaction& t) { return change_record(t, id_, beats_); },
                           TransactionMode::system);
}

void Thaw::saw_lock() {
  constexpr auto kBetween = std::chrono::seconds(1);
  {
    std::lock_guard const lock(mutex_);
    auto const now = connection_.clock().monotonic();
    if (looking_ || (looked_ && now - *looked_ < kBetween)) return;
    looking_ = true;
    looked_ = now;
  }
  look(*this);
}

Detached Thaw::look(Thaw& thaw) {
  Connection::Stay const stay(thaw.connection_);
  co_await thaw.look_once();
  std::lock_guard const lock(thaw.mutex_);
  thaw.looking_ = false;
}

Task<void> Thaw::look_once() {
  std::optional<std::string> record;
  Body const read = [&record](db::Transaction& t) { return read_record(t, record); };
  try {
    auto const outcome =
        co_await connection_.try_once(connection_.make_transaction(), read, TransactionMode::read_only);
    if (outcome.kind != Outcome::Kind::committed || !record) co_return;
    auto const now = connection_.clock().monotonic();
    if (*record != record_) {
      record_ = *std::move(record);
      since_ = now;
      co_return;
    }
    if (now - since_ < limits::kFreezeLease) co_return;
    bool ended = false;
    Body const end = [this, &ended](db::Transaction& t) { return thaw_dead(t, record_, ended); };
    auto const thawed = co_await connection_.try_once(connection_.make_transaction(), end, TransactionMode::system);
    if (thawed.kind == Outcome::Kind::committed && ended)
      log::write(log::Level::warn, "store", "thawed",
                 {{"detail", "whoever backed the cluster up has shown no sign of life: writes go on"}});
  } catch (StorageFailure const&) {
    co_return;  // the next refused write looks again
  }
}

}  // namespace codi::db::fdb
