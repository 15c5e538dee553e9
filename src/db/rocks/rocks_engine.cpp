#include "db/rocks/rocks_engine.hpp"

#include "base/limits.hpp"
#include "base/worker_pool.hpp"
#include "db/rocks/committer.hpp"
#include "db/rocks/db_view.hpp"
#include "db/rocks/rocks_database.hpp"
#include "db/rocks/rocks_seams.hpp"
#include "db/rocks/rocks_transaction.hpp"
#include "db/rocks/store_directory.hpp"
#include "db/rocks/watches.hpp"

#include <algorithm>
#include <utility>

namespace codi::db {
namespace {

class RocksSnapshot final : public Snapshot {
 public:
  RocksSnapshot(rocksdb::DB& db, SharedSnapshot::Pointer snapshot, Clock const& clock)
      : db_(db), snapshot_(std::move(snapshot)), clock_(clock) {}

  RangeRows read(KeyRange range) override {
    DbView view(db_, snapshot_.get(), rocksdb::kReadAllTier);
    RocksTransaction transaction(view, clock_, TransactionMode::read_only);
    return run_now(transaction.get_range(std::move(range), {}));
  }

 private:
  rocksdb::DB& db_;
  SharedSnapshot::Pointer snapshot_;
  Clock const& clock_;
};

class RocksEngine final : public Engine {
 public:
  RocksEngine(RocksOptions const& options, RocksSeams const& seams)
      : clock_(seams.clock),
        directory_(options.directory),
        db_(open_database(directory_, options, seams.env)),
        cache_(options.row_cache_bytes, db_->GetLatestSequenceNumber()),
        snapshot_(*db_),
        readers_(std::max<std::size_t>(1, options.reader_threads), limits::kReadQueue),
        committer_(*db_, cache_, directory_, *clock_, {last_version(*db_, directory_), options.sync},
                   [this](Layer const& batch) {
                     snapshot_.expire();
                     watches_->committed(batch);
                   }) {
    directory_.announce();
  }

  // So that the next start finds an empty log: it reads each log three times before it opens the store.
  ~RocksEngine() override {
    committer_.stop();
    db_->Flush({});
  }

  void attempt(WriteOptions options, Body body, Done done) override {
    committer_.submit(options, std::move(body), std::move(done));
  }

  void read(Body body, Done done) override {
    if (auto outcome = try_read(body, rocksdb::kBlockCacheTier)) return done(std::move(*outcome));
    bool const taken =
        readers_.post([this, body = std::move(body), done] { done(*try_read(body, rocksdb::kReadAllTier)); });
    if (!taken) done(failed(StorageCode::unavailable, "too many reads wait for the disk"));
  }

  std::unique_ptr<Snapshot> snapshot() override {
    return std::make_unique<RocksSnapshot>(*db_, snapshot_.get(), *clock_);
  }

  std::unique_ptr<Watch> watch(std::string key, std::optional<std::string> seen, std::function<void()> fired) override {
    auto watch = watches_->add(key, std::move(seen), std::move(fired));
    // It waits already: a change from now on can't be missed, one from before is found here.
    try {
      watches_->check(key, DbView(*db_, nullptr, rocksdb::kBlockCacheTier).get(key));
    } catch (NeedsDisk const&) {
      look_on_disk(std::move(key));
    }
    return watch;
  }

  [[nodiscard]] bool commits_can_be_unknown() const override { return false; }

  [[nodiscard]] EngineStats stats() const override {
    EngineStats out;
    committer_.add_to(out);
    out.read_queue = readers_.queued();
    out.bytes_on_disk = directory_.bytes();
    out.bytes_free = directory_.bytes_free();
    return out;
  }

 private:
  static Outcome failed(StorageCode code, char const* what) {
    return {Outcome::Kind::failed, {}, std::make_exception_ptr(StorageFailure(code, what))};
  }

  // Nothing when the body needs more than `tier` allows.
  std::optional<Outcome> try_read(Body const& body, rocksdb::ReadTier tier) {
    count_nothing();
    auto const snapshot = snapshot_.get();
    DbView view(*db_, snapshot.get(), tier, &cache_);
    Outcome outcome;
    try {
      RocksTransaction transaction(view, *clock_, TransactionMode::read_only);
      auto const verdict = run_now(body(transaction));
      outcome.kind = verdict == Verdict::commit ? Outcome::Kind::committed : Outcome::Kind::aborted;
    } catch (...) {
      outcome = {Outcome::Kind::failed, {}, std::current_exception()};
    }
    if (view.needs_disk()) return std::nullopt;
    return outcome;
  }

  // A watch that can't be looked up is fired: it may fire without a change, but never miss one.
  void look_on_disk(std::string key) {
    auto const look = [this, key] {
      try {
        watches_->check(key, DbView(*db_, nullptr, rocksdb::kReadAllTier).get(key));
      } catch (StorageFailure const&) {
        watches_->fire(key);
      }
    };
    if (!readers_.post(look)) watches_->fire(key);
  }

  std::shared_ptr<Clock const> clock_;
  StoreDirectory directory_;
  std::unique_ptr<rocksdb::DB> db_;
  RowCache cache_;
  SharedSnapshot snapshot_;
  std::shared_ptr<Watches> watches_ = std::make_shared<Watches>();
  WorkerPool readers_;
  Committer committer_;
};

}  // namespace

std::unique_ptr<Engine> open_rocks(RocksOptions options) { return open_rocks(std::move(options), RocksSeams{}); }

std::unique_ptr<Engine> open_rocks(RocksOptions options, RocksSeams seams) {
  return std::make_unique<RocksEngine>(options, seams);
}

}  // namespace codi::db
