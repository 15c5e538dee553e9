#pragma once
#include "base/clock.hpp"
#include "base/worker_pool.hpp"
#include "db/engine.hpp"
#include "db/fdb/library.hpp"
#include "db/fdb/waiting.hpp"
#include "db/transaction_rules.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::db::fdb {

/// An error of the library, on its way through a body to whoever decides what becomes of the transaction.
class LibraryError : public StorageFailure {
 public:
  LibraryError(Functions const& functions, Error code);
  [[nodiscard]] Error library_code() const { return library_code_; }

 private:
  Error library_code_;
};

/// What an error means for who asked.
StorageCode meaning_of(Error code);

/// The library's transaction, which is used again for the next try: it then waits longer each time.
class OwnedTransaction final : public Carry {
 public:
  /// Throws LibraryError.
  OwnedTransaction(Functions const& functions, DatabaseHandle* database);
  ~OwnedTransaction() override;
  OwnedTransaction(OwnedTransaction const&) = delete;
  OwnedTransaction& operator=(OwnedTransaction const&) = delete;

  /// Throws LibraryError.
  void set_option(TransactionOption option);
  void set_option(TransactionOption option, std::int64_t number);
  [[nodiscard]] Functions const& functions() const { return functions_; }
  [[nodiscard]] TransactionHandle* get() const { return transaction_; }

 private:
  Functions const& functions_;
  TransactionHandle* transaction_ = nullptr;
};

/// One try of a transaction on a cluster. Reads conflict with what they saw and no more: of a batch that is not the
/// last of its range, up to its last row.
class FdbTransaction final : public db::Transaction {
 public:
  /// All must outlive it; its coroutines go on in `workers`.
  FdbTransaction(OwnedTransaction& below, WorkerPool& workers, Clock const& clock, TransactionMode mode)
      : functions_(below.functions()), below_(below.get()), workers_(workers), rules_(clock, mode) {}

  Task<std::optional<std::string>> get(std::string key, Isolation isolation) override;
  Task<RangeRows> get_range(KeyRange range, RangeOptions options) override;
  void prefetch(std::string_view key, Isolation isolation) override;
  void prefetch_range(KeyRange const& range, RangeOptions options) override;
  [[nodiscard]] bool fetches_ahead() const override { return true; }
  Task<std::uint64_t> estimated_bytes(KeyRange range) override;
  void set(std::string_view key, std::string_view value) override;
  void clear(std::string_view key) override;
  void clear_range(KeyRange range) override;
  void add(std::string_view key, std::int64_t delta) override;
  void set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) override;
  void set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) override;
  void add_read_conflict(KeyRange range) override;
  void add_write_conflict(KeyRange range) override;

  /// Awaits the commit and answers its stamp, of zeros when nothing was written. Throws LibraryError, and
  /// StorageFailure for what the rules refuse.
  Task<CommitStamp> commit();
  /// True once the commit was sent: an error may then have come after it was applied.
  [[nodiscard]] bool sent() const { return sent_; }
  [[nodiscard]] TransactionRules const& rules() const { return rules_; }

 private:
  [[nodiscard]] Wait ready(OwnedFuture const& future) { return {functions_, workers_, future}; }
  // A read that was asked for before it is needed. Of a key: it is `begin`, and there is no end.
  struct Ahead {
    std::string begin;
    std::string end;
    std::size_t limit = 0;
    bool reverse = false;
    bool is_key = false;
    Isolation isolation = Isolation::serializable;  // of a key
    OwnedFuture future;
  };

  OwnedFuture start_get(std::string_view key, Isolation isolation);
  OwnedFuture start_range(KeyRange const& range, std::size_t limit, RangeOptions options);
  [[nodiscard]] std::size_t rows_wanted(KeyRange const& range, RangeOptions const& options) const;
  // The one that was started for this, if it was; it is nobody else's then.
  std::optional<OwnedFuture> started(std::string_view begin, std::string_view end, std::size_t limit, bool reverse);
  std::optional<OwnedFuture> started(std::string_view key, Isolation isolation);
  // What was started does not know of a write that comes behind it.
  void forget(std::string_view begin, std::string_view end);
  void forget(std::string_view key);
  Task<RangeRows> read_part(KeyRange range, std::size_t limit, RangeOptions options);
  OwnedFuture own(FutureHandle* future) { return {functions_, future}; }
  void check(Error code);
  void add_conflict(KeyRange const& range, ConflictRange kind);

  Functions const& functions_;
  TransactionHandle* below_;
  WorkerPool& workers_;
  TransactionRules rules_;
  std::vector<Ahead> ahead_;
  std::optional<LibraryError> failed_;  ///< what a body may have swallowed
  bool sent_ = false;
};

}  // namespace codi::db::fdb
