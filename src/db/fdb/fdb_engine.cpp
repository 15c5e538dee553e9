#include "db/fdb/fdb_engine.hpp"

#include "base/limits.hpp"
#include "db/commit_queue.hpp"
#include "db/fdb/connection.hpp"
#include "db/fdb/fdb_seams.hpp"
#include "db/fdb/freeze.hpp"
#include "db/fdb/size_estimate.hpp"
#include "db/fdb/watches.hpp"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace codi::db {
namespace {

using namespace fdb;
using SteadyClock = std::chrono::steady_clock;

Outcome failed(StorageCode code, char const* what) {
  return {Outcome::Kind::failed, {}, std::make_exception_ptr(StorageFailure(code, what))};
}

class FdbEngine final : public Engine {
 public:
  FdbEngine(FdbOptions const& options, FdbSeams const& seams) : connection_(options, seams.clock) {}

  ~FdbEngine() override {
    watches_.reset();
    connection_.drain();
  }

  /// Throws when the cluster does not answer.
  void greet() {
    Body const body = [](db::Transaction& transaction) -> Task<Verdict> {
      co_await transaction.get("");
      co_return Verdict::commit;
    };
    try {
      connection_.run_blocking(body, TransactionMode::read_only);
    } catch (LibraryError const& failure) {
      throw StorageFailure(
          StorageCode::unavailable,
          fmt::format(
              "the FoundationDB cluster of {} can't be used: {}. Is it running and configured, can this machine "
              "reach its addresses, and is it of the version of the client library ({})?",
              connection_.place(), failure.what(), connection_.client_version()));
    }
  }

  void attempt(WriteOptions options, Body body, Done done) override {
    bool full = false;
    {
      std::lock_guard const lock(mutex_);
      full = queue_.size() >= limits::kCommitQueue;
      if (!full) queue_.push(options, {std::move(body), done, SteadyClock::now(), std::move(options.carry)});
    }
    if (full) return done(failed(StorageCode::unavailable, "too many transactions wait for the cluster"));
    if (auto next = take_next(false)) start(*std::move(next));
  }

  void read(Body body, Done done) override {
    if (reading_ >= limits::kReadQueue)
      return done(failed(StorageCode::unavailable, "too many reads wait for the cluster"));
    ++reading_;
    auto stay = std::make_shared<Connection::Stay>(connection_);
    static_cast<void>(connection_.workers().post(
        [this, stay = std::move(stay), body = std::move(body), done = std::move(done)] { run_read(body, done); }));
  }

  std::unique_ptr<Snapshot> snapshot() override { return std::make_unique<FrozenSnapshot>(connection_); }

  std::unique_ptr<Watch> watch(std::string key, std::optional<std::string> seen, std::function<void()> fired) override {
    return watches_->add(std::move(key), std::move(seen), std::move(fired));
  }

  [[nodiscard]] bool commits_can_be_unknown() const override { return true; }

  [[nodiscard]] EngineStats stats() const override {
    EngineStats out;
    auto const& counts = connection_.counts();
    out.commits = counts.commits;
    out.conflicts = counts.conflicts;
    out.retries = counts.retries;
    out.sync_seconds = counts.commit_seconds.counts();
    out.queue_seconds = queue_seconds_.counts();
    out.read_queue = reading_;
    out.bytes_on_disk = size_.bytes();
    std::lock_guard const lock(mutex_);
    out.commit_queue = queue_.size() + running_;
    return out;
  }

 private:
  // The next that may run; `ended` says that one of those running has ended. What is not taken leaves its place.
  std::optional<CommitQueue::Item> take_next(bool ended) {
    std::lock_guard const lock(mutex_);
    if (ended) --running_;
    if (queue_.empty() || running_ >= limits::kClusterTransactions) return std::nullopt;
    ++running_;
    queue_.begin_batch(SteadyClock::now());
    return queue_.pop();
  }

  void start(CommitQueue::Item item) {
    queue_seconds_.observe(std::chrono::duration<double>(SteadyClock::now() - item.since).count());
    auto stay = std::make_shared<Connection::Stay>(connection_);
    static_cast<void>(connection_.workers().post(
        [this, stay = std::move(stay), item = std::move(item)]() mutable { run_write(std::move(item)); }));
  }

  Detached run_write(CommitQueue::Item item) {
    Connection::Stay const stay(connection_);
    auto outcome = co_await try_once(std::move(item.carry), item.body, TransactionMode::read_write);
    if (failure_code(outcome) == StorageCode::frozen) thaw_.saw_lock();
    item.done(std::move(outcome));
    if (auto next = take_next(true)) start(*std::move(next));
  }

  Detached run_read(Body body, Done done) {
    Connection::Stay const stay(connection_);
    auto outcome = co_await try_once({}, body, TransactionMode::read_only);
    --reading_;
    done(std::move(outcome));
  }

  Task<Outcome> try_once(std::shared_ptr<Carry> carry, Body const& body, TransactionMode mode) {
    auto below = std::static_pointer_cast<OwnedTransaction>(std::move(carry));
    try {
      if (!below) below = connection_.make_transaction();
    } catch (LibraryError const& failure) {
      co_return Outcome{.kind = Outcome::Kind::failed, .stamp = {}, .error = std::current_exception()};
    }
    co_return co_await connection_.try_once(std::move(below), body, mode);
  }

  Connection connection_;
  std::unique_ptr<fdb::Watches> watches_ = std::make_unique<fdb::Watches>(connection_);
  Thaw thaw_{connection_};
  mutable std::mutex mutex_;
  CommitQueue queue_;
  std::size_t running_ = 0;
  std::atomic<std::size_t> reading_ = 0;
  mutable SizeEstimate size_{connection_};
  Histogram<kStoreSeconds.size()> queue_seconds_{kStoreSeconds};
};

}  // namespace

std::unique_ptr<Engine> open_fdb(FdbOptions options) { return open_fdb(std::move(options), FdbSeams{}); }

std::unique_ptr<Engine> open_fdb(FdbOptions options, FdbSeams seams) {
  auto engine = std::make_unique<FdbEngine>(options, seams);
  engine->greet();
  return engine;
}

}  // namespace codi::db
