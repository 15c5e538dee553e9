#pragma once
#include "base/clock.hpp"
#include "base/worker_pool.hpp"
#include "db/engine.hpp"
#include "db/fdb/fdb_engine.hpp"
#include "db/fdb/fdb_transaction.hpp"
#include "db/fdb/library.hpp"
#include "db/fdb/waiting.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

namespace codi::db::fdb {

/// What was counted of transactions on a cluster.
struct ConnectionCounts {
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> conflicts = 0;
  std::atomic<std::uint64_t> retries = 0;
  Histogram<kStoreSeconds.size()> commit_seconds{kStoreSeconds};
};

/// A cluster as this process reaches it: the database handle, the threads that run transactions, and how one try of a
/// transaction goes. Thread-safe. Whatever works on it holds a Stay; its end waits for all of them.
class Connection {
 public:
  /// Throws StorageFailure as open_fdb() does, without asking the cluster.
  Connection(FdbOptions const& options, std::shared_ptr<Clock const> clock);
  ~Connection();
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  /// Work on the connection that is not done yet.
  class Stay {
   public:
    explicit Stay(Connection& connection);
    ~Stay();
    Stay(Stay&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    Stay(Stay const&) = delete;
    Stay& operator=(Stay const&) = delete;
    Stay& operator=(Stay&&) = delete;

   private:
    Connection* connection_;
  };

  /// Waits until nobody stays.
  void drain();

  /// A new transaction of the library, bounded in time and tries. Throws LibraryError.
  std::shared_ptr<OwnedTransaction> make_transaction();
  /// One that only waits by its retries. Throws LibraryError.
  std::shared_ptr<OwnedTransaction> make_unbounded_transaction();

  /// One try, to an outcome that never throws: waits, as the library says, before it answers `conflict` or `unknown`.
  Task<Outcome> try_once(std::shared_ptr<OwnedTransaction> below, Body const& body, TransactionMode mode);

  /// Tries until it is clear how it ended; after an unknown result again, which `body` must bear. Blocks; never on a
  /// thread of this connection. Throws what failed.
  void run_blocking(Body body, TransactionMode mode);

  [[nodiscard]] Functions const& functions() const { return library_.functions(); }
  /// Where coroutines run and go on; it takes any number of them.
  [[nodiscard]] WorkerPool& workers() { return workers_; }
  [[nodiscard]] Clock const& clock() const { return *clock_; }
  [[nodiscard]] ConnectionCounts const& counts() const { return counts_; }
  /// Of the library.
  [[nodiscard]] std::string client_version() const { return library_.client_version(); }
  /// Where the cluster is, for messages: the cluster file and the addresses in it.
  [[nodiscard]] std::string const& place() const { return place_; }

 private:
  Task<Outcome> settle(std::shared_ptr<OwnedTransaction> below, Error code, bool sent, std::exception_ptr error);

  std::string const place_;
  Library const& library_;
  std::shared_ptr<Clock const> clock_;
  DatabaseHandle* database_ = nullptr;
  ConnectionCounts counts_;
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t stays_ = 0;
  WorkerPool workers_;
};

}  // namespace codi::db::fdb
