#pragma once
#include "base/failure.hpp"
#include "base/histogram.hpp"
#include "base/stamp.hpp"
#include "base/task.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The ordered transactional store: FoundationDB's contract, which every engine keeps and tests/conformance checks.
namespace codi::db {

/// Half-open: begin <= key < end, in byte order.
struct KeyRange {
  std::string begin;
  std::string end;
};

/// Behind every key that a transaction may name, as on FoundationDB.
inline constexpr std::string_view kEndOfKeys = "\xff";

/// One row.
struct KeyValue {
  std::string key;
  std::string value;
  bool operator==(KeyValue const&) const = default;
};

/// What a read means for the conflicts of its transaction.
enum class Isolation : std::uint8_t {
  serializable,  ///< the read conflicts with later writes to what it saw
  snapshot,      ///< it does not; sees the transaction's own writes all the same
};

/// How a range is read.
struct RangeOptions {
  std::size_t limit = 0;  ///< rows at most; 0 = as many as fit the engine's batch
  bool reverse = false;   ///< from the end of the range backwards
  Isolation isolation = Isolation::serializable;
};

/// One batch of a range read. `more` says that the range was not exhausted: continue after (before, in reverse) the
/// last key.
struct RangeRows {
  std::vector<KeyValue> rows;
  bool more = false;
};

/// What went wrong in the store.
enum class StorageCode : std::uint8_t {
  unavailable,            ///< the disk or the cluster does not answer; nothing is known to be wrong with the data
  corrupt,                ///< what was read is not what was written, or the store is not ours
  key_too_large,          ///< limits::kKeyBytes
  value_too_large,        ///< limits::kValueBytes
  transaction_too_large,  ///< limits::kTransactionBytes of what it writes and conflicts by
  transaction_too_old,    ///< limits::kTransactionTime passed since its first read
  unreadable,  ///< a key or value of a pending versionstamp of this very transaction was read; the transaction is
               ///< poisoned
  closed,      ///< the engine is shutting down
  frozen,      ///< the store takes no writes for a while: it is being backed up, or its cluster is locked
};

/// A failure of the store, thrown by reads and reported by commits.
class StorageFailure : public Failure {
 public:
  StorageFailure(StorageCode code, std::string const& what);
  [[nodiscard]] StorageCode storage_code() const { return storage_code_; }

 private:
  StorageCode storage_code_;
};

/// One try of a transaction. Used by one coroutine at a time, on whatever thread runs it; keys are whole byte strings.
/// Reads see the writes made before them in the same transaction. Reads throw StorageFailure; writes throw it for
/// sizes.
class Transaction {
 public:
  virtual ~Transaction() = default;

  /// The value of a key; the rows of a range in one batch. The task owns what it is given.
  virtual Task<std::optional<std::string>> get(std::string key, Isolation isolation = Isolation::serializable) = 0;
  virtual Task<RangeRows> get_range(KeyRange range, RangeOptions options = {}) = 0;

  /// Says what get() and get_range() will be asked with just these arguments. An engine across a network fetches it
  /// while other reads go on; it conflicts as if it had been read by then. In vain when it is written to before it is
  /// read.
  virtual void prefetch(std::string_view /*key*/, Isolation /*isolation*/ = Isolation::serializable) {}
  virtual void prefetch_range(KeyRange const& /*range*/, RangeOptions /*options*/ = {}) {}
  /// Whether these two do anything.
  [[nodiscard]] virtual bool fetches_ahead() const { return false; }

  /// About how many bytes the rows of a range take in the store, as they are kept there. May be off by a good part,
  /// and by what is in no file yet; conflicts with nothing.
  virtual Task<std::uint64_t> estimated_bytes(KeyRange range) = 0;

  /// Nothing is sent to the store before the commit.
  virtual void set(std::string_view key, std::string_view value) = 0;
  virtual void clear(std::string_view key) = 0;
  virtual void clear_range(KeyRange range) = 0;
  /// Adds to the value read as a little-endian integer of `delta`'s 8 bytes (missing is 0); conflicts with no other
  /// add.
  virtual void add(std::string_view key, std::int64_t delta) = 0;

  /// Writes under `key` whose 10 bytes from `offset` on are replaced by the commit's stamp. Reading it here poisons the
  /// transaction.
  virtual void set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) = 0;
  /// Writes `value` whose 10 bytes from `offset` on are replaced by the commit's stamp. Reading it here poisons the
  /// transaction.
  virtual void set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) = 0;

  /// As if the range had been read (written) for the purpose of conflicts.
  virtual void add_read_conflict(KeyRange range) = 0;
  virtual void add_write_conflict(KeyRange range) = 0;
};

/// What a body decides at its end.
enum class Verdict : std::uint8_t { commit, abort };

/// A transaction's work. May be called several times, each time with a new transaction, and must then do the same
/// again. It awaits nothing but its transaction. What it throws aborts the transaction and reaches Outcome::error.
using Body = std::function<Task<Verdict>(Transaction&)>;

/// What an engine keeps of one try of a transaction for the next one.
class Carry {
 public:
  Carry() = default;
  virtual ~Carry() = default;
  Carry(Carry const&) = delete;
  Carry& operator=(Carry const&) = delete;
};

/// How a transaction ended.
struct Outcome {
  /// What is known of its writes.
  enum class Kind : std::uint8_t {
    committed,  ///< durable; for read-only bodies: consistent
    aborted,    ///< the body said so; nothing was written
    conflict,   ///< nothing was written; the same body may be tried again at once (the engine has already waited)
    unknown,    ///< it may or may not have been written
    failed,     ///< `error` says why; nothing was written
  };
  Kind kind = Kind::failed;
  CommitStamp stamp{};                ///< of a committed transaction that wrote
  std::exception_ptr error;           ///< of a failed one
  std::shared_ptr<Carry> carry = {};  ///< of one that is tried again: for WriteOptions::carry
};
/// The code of the StorageFailure that a transaction failed with; nothing when it did not fail with one.
std::optional<StorageCode> failure_code(Outcome const& outcome);

/// Gets the outcome of a transaction.
using Done = std::function<void(Outcome)>;

/// What an engine may know about a writing transaction.
struct WriteOptions {
  /// Whose turn it is in the commit queue: engines serve different values round-robin, so that one tenant can't starve
  /// the others. Empty for the system's own.
  std::string fairness_key = {};
  bool is_tenant = false;             ///< the key is that of a tenant, whose neighbours shall not notice it
  std::shared_ptr<Carry> carry = {};  ///< what the try before this one left
};

/// Cancels its watch when destroyed. Thread-safe.
class Watch {
 public:
  virtual ~Watch() = default;
};

/// The whole store as it is at one moment, for as long as this lives. Its engine must outlive it. Blocks; used by one
/// thread at a time. An engine that can't look back so far takes no writes meanwhile (StorageCode::frozen).
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  /// The next rows of `range`, forwards, about limits::kRangeBytes of them. Throws StorageFailure.
  virtual RangeRows read(KeyRange range) = 0;
};

/// The bounds of an engine's histograms of seconds.
inline constexpr std::array kStoreSeconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                          0.025,  0.05,    0.1,    0.25,  0.5,    1.0,   5.0};

/// What a store says about itself, for metrics and readiness.
struct EngineStats {
  std::uint64_t commits = 0;    ///< transactions
  std::uint64_t conflicts = 0;  ///< tries that met another transaction's write
  std::uint64_t retries = 0;    ///< tries that did not count, for conflicts and any other reason that passes
  std::uint64_t failed_syncs = 0;
  std::uint64_t commit_queue = 0;  ///< transactions that wait for their turn
  std::uint64_t read_queue = 0;    ///< reads that wait for a thread that may wait for the disk
  std::uint64_t bytes_on_disk = 0;
  std::optional<std::uint64_t> bytes_free = {};  ///< on the file system that it lies on, if it lies on one
  // A batch is what one sync made durable. Empty where the engine has none.
  HistogramCounts batch_transactions = {};
  HistogramCounts batch_bytes = {};    ///< of keys and values
  HistogramCounts sync_seconds = {};   ///< on a cluster: from the commit to its answer
  HistogramCounts queue_seconds = {};  ///< that a transaction waited for its turn
};

/// A store. Thread-safe. `done` is called exactly once, on a thread of the engine or of the caller, and must not block.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Tries a writing transaction once. A committed one is durable before `done` is called.
  virtual void attempt(WriteOptions options, Body body, Done done) = 0;

  /// Runs a read-only body on a consistent snapshot. On an embedded engine that finds everything in memory this happens
  /// on the calling thread before it returns; else on a reader thread (the body is then run again from its beginning).
  virtual void read(Body body, Done done) = 0;

  /// A snapshot of what is durable now: for backups, which outlast limits::kTransactionTime.
  virtual std::unique_ptr<Snapshot> snapshot() = 0;

  /// Calls `fired` once, soon after the value of `key` is known to differ from `seen` (at once if it already does). May
  /// fire without a change; never misses one. `fired` must not block.
  virtual std::unique_ptr<Watch> watch(std::string key, std::optional<std::string> seen,
                                       std::function<void()> fired) = 0;

  /// True when a commit's result can be unknown, so that transactions must leave a mark to be recognised by (see
  /// retry.hpp).
  [[nodiscard]] virtual bool commits_can_be_unknown() const = 0;

  [[nodiscard]] virtual EngineStats stats() const = 0;
};

}  // namespace codi::db
