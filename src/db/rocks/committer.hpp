#pragma once
#include "base/clock.hpp"
#include "base/histogram.hpp"
#include "db/commit_queue.hpp"
#include "db/engine.hpp"
#include "db/rocks/db_view.hpp"
#include "db/rocks/layer.hpp"
#include "db/rocks/store_directory.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace codi::db {

/// Group commit. One thread runs the transactions one after another, each over the batch in hand, over the batch that
/// is being written, over the database: that order is the serial order. A second thread writes a batch with one fsync
/// of the log while the first forms the next. Every outcome of a batch waits for that fsync, a refusal too, since it
/// may rest on what the batch wrote.
///
/// When a write fails, RocksDB has not touched its memtable (it writes and syncs the log first), so nothing of the
/// batch is visible; but its bytes may lie in the log, whole or torn. So the batch and whatever was formed on top of it
/// are answered as failed, its version is noted as refused (StoreDirectory), and every further write is refused until
/// DB::Resume() works and a flush has put a new log in the old one's place: appending behind a torn record could lose
/// what is acknowledged later. The flush is given a row that bypasses the log, because RocksDB keeps its log when the
/// memtable is empty. It is tried only when what is in memory fits on the disk. Reads go on meanwhile.
class Committer {
 public:
  /// Where the store stands, and whether commits are synced.
  struct Settings {
    std::uint64_t last_version = 0;
    bool sync = true;
  };
  /// `committed` is called with each durable batch before its outcomes are handed out. All references must outlive it.
  Committer(rocksdb::DB& db, RowCache& cache, StoreDirectory& directory, Clock const& clock, Settings settings,
            std::function<void(Layer const&)> committed);
  ~Committer() { stop(); }
  Committer(Committer const&) = delete;
  Committer& operator=(Committer const&) = delete;

  /// Runs what is queued, then stops; what is submitted from then on is answered with StorageCode::closed.
  void stop();
  void submit(WriteOptions const& options, Body body, Done done);
  void add_to(EngineStats& stats) const;

 private:
  struct Finished {
    Done done;
    Outcome outcome;
  };
  struct Batch {
    std::uint64_t version = 0;
    std::uint16_t order = 0;  ///< transactions that wrote, so far
    Layer layer;
    std::size_t bytes = 0;       ///< of keys and values that it was given
    rocksdb::WriteBatch writes;  ///< the layer, as RocksDB takes it
    std::vector<Finished> finished;
    std::shared_ptr<Batch> below;  ///< not yet durable when this one was begun
    bool failed = false;           ///< guarded by mutex_
  };
  using Items = std::vector<CommitQueue::Item>;

  void form_batches();
  void take_turn(Items items, bool is_shared);
  void run(Batch& batch, CommitQueue::Item& item);
  static void absorb(Batch& batch, Layer layer);
  static void compose(Batch& batch);
  [[nodiscard]] bool can_take_turn() const;
  [[nodiscard]] bool can_hand_over() const { return forming_ && !writing_; }

  void write_batches();
  void write(Batch& batch);
  rocksdb::Status write_to_log(Batch& batch);
  void give_up_on(Batch& batch, rocksdb::Status const& status);
  void try_to_recover();
  bool is_too_full();
  void report_not_recovered(rocksdb::Status const& status);
  static void hand_out(Batch& batch);
  static void fail_all(Batch& batch, std::string const& why);
  std::string why_broken();

  rocksdb::DB& db_;
  RowCache& cache_;
  StoreDirectory& directory_;
  Clock const& clock_;
  Settings settings_;
  std::function<void(Layer const&)> committed_;
  DbView db_view_;

  mutable std::mutex mutex_;
  std::condition_variable work_;    ///< for the forming thread
  std::condition_variable handed_;  ///< for the writing thread
  CommitQueue queue_;
  std::shared_ptr<Batch> forming_;  ///< touched by the forming thread only, without the lock while it takes a turn
  std::shared_ptr<Batch> writing_;  ///< null when the writing thread can take the next
  std::string why_broken_;
  bool stopping_ = false;
  bool formed_all_ = false;
  std::atomic<bool> broken_ = false;
  rocksdb::Status not_recovered_;  ///< what was reported last; of the writing thread

  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> failed_syncs_ = 0;
  Histogram<13> batch_transactions_{{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096}};
  Histogram<8> batch_bytes_{{1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24}};
  Histogram<kStoreSeconds.size()> sync_seconds_{kStoreSeconds};
  Histogram<kStoreSeconds.size()> queue_seconds_{kStoreSeconds};
  std::thread forming_thread_;
  std::thread writing_thread_;
};

}  // namespace codi::db
