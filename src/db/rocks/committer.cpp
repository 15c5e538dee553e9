#include "db/rocks/committer.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "db/rocks/rocks_database.hpp"
#include "db/rocks/rocks_transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <pthread.h>
#include <utility>

namespace codi::db {
namespace {

// So many transactions are run between two looks at whether the disk is free for the next batch: few, so that a batch
// grows only while the disk is busy, and nobody waits for it longer than that.
constexpr std::size_t kTurn = 4;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

std::exception_ptr failure(StorageCode code, std::string const& what) {
  return std::make_exception_ptr(StorageFailure(code, what));
}

void check(rocksdb::Status const& status) {
  if (!status.ok()) throw_status(status);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

CommitStamp make_stamp(std::uint64_t version, std::uint16_t order) {
  CommitStamp stamp;
  std::ranges::copy(encode_version(version), stamp.begin());
  stamp[8] = static_cast<std::uint8_t>(order >> 8);
  stamp[9] = static_cast<std::uint8_t>(order & 0xFF);
  return stamp;
}

}  // namespace

Committer::Committer(rocksdb::DB& db, RowCache& cache, StoreDirectory& directory, Clock const& clock, Settings settings,
                     std::function<void(Layer const&)> committed)
    : db_(db),
      cache_(cache),
      directory_(directory),
      clock_(clock),
      settings_(settings),
      committed_(std::move(committed)),
      db_view_(db, nullptr, rocksdb::kReadAllTier, &cache),
      forming_thread_([this] { form_batches(); }),
      writing_thread_([this] { write_batches(); }) {
  pthread_setname_np(forming_thread_.native_handle(), "codi-commit");
  pthread_setname_np(writing_thread_.native_handle(), "codi-wal");
}

void Committer::stop() {
  {
    std::lock_guard const lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  work_.notify_one();
  forming_thread_.join();
  handed_.notify_one();
  writing_thread_.join();
}

void Committer::submit(WriteOptions const& options, Body body, Done done) {
  std::unique_lock lock(mutex_);
  if (stopping_ || queue_.size() >= limits::kCommitQueue) {
    auto const refusal = stopping_ ? failure(StorageCode::closed, "the store is shutting down")
                                   : failure(StorageCode::unavailable, "too many transactions wait for the store");
    lock.unlock();
    return done({Outcome::Kind::failed, {}, refusal});
  }
  queue_.push(options, {std::move(body), std::move(done), std::chrono::steady_clock::now()});
  lock.unlock();
  work_.notify_one();
}

void Committer::add_to(EngineStats& stats) const {
  stats.commits += commits_;
  stats.failed_syncs += failed_syncs_;
  stats.batch_transactions = batch_transactions_.counts();
  stats.batch_bytes = batch_bytes_.counts();
  stats.sync_seconds = sync_seconds_.counts();
  stats.queue_seconds = queue_seconds_.counts();
  std::lock_guard const lock(mutex_);
  stats.commit_queue += queue_.size();
}

bool Committer::can_take_turn() const {
  if (!forming_) return !queue_.empty();
  return queue_.can_pop() &&
         (forming_->finished.size() < limits::kCommitBatch && forming_->bytes < limits::kCommitBatchBytes);
}

void Committer::form_batches() {
  count_nothing();
  take_short_turns();
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] {
      return can_take_turn() || can_hand_over() || (stopping_ && queue_.empty() && !forming_ && !writing_);
    });
    if (can_hand_over()) {
      auto const batch = std::exchange(forming_, nullptr);
      lock.unlock();
      compose(*batch);
      lock.lock();
      writing_ = batch;
      handed_.notify_one();
    } else if (can_take_turn()) {
      if (!forming_) {
        forming_ = std::make_shared<Batch>();
        forming_->version = ++settings_.last_version;
        forming_->below = writing_;
        queue_.begin_batch(std::chrono::steady_clock::now());
      }
      Items items;
      while (items.size() < kTurn && queue_.can_pop()) items.push_back(queue_.pop());
      bool const is_shared = queue_.is_shared();
      lock.unlock();
      take_turn(std::move(items), is_shared);
      lock.lock();
      if (forming_->finished.empty()) forming_.reset();
    } else {
      formed_all_ = true;
      return;
    }
  }
}

// The other threads of the server may need the processor, those of a tenant's neighbours with them.
void Committer::take_turn(Items items, bool is_shared) {
  for (auto& item : items) {
    queue_seconds_.observe(seconds_since(item.since));
    if (broken_) {
      item.done({Outcome::Kind::failed, {}, failure(StorageCode::unavailable, why_broken())});
    } else {
      run(*forming_, item);
    }
    if (is_shared) std::this_thread::yield();
  }
}

void Committer::run(Batch& batch, CommitQueue::Item& item) {
  static Layer const nothing;
  LayeredView below(batch.below ? batch.below->layer : nothing, db_view_);
  LayeredView view(batch.layer, below);
  Outcome outcome;
  try {
    RocksTransaction transaction(view, clock_, TransactionMode::read_write);
    auto const verdict = run_now(item.body(transaction));
    if (verdict == Verdict::abort) {
      outcome.kind = Outcome::Kind::aborted;
    } else {
      if (transaction.wrote()) {
        outcome.stamp = make_stamp(batch.version, batch.order);
        absorb(batch, transaction.commit(outcome.stamp));
        ++batch.order;
      }
      outcome.kind = Outcome::Kind::committed;
    }
  } catch (...) {
    outcome = {Outcome::Kind::failed, {}, std::current_exception()};
  }
  batch.finished.push_back({std::move(item.done), std::move(outcome)});
}

void Committer::absorb(Batch& batch, Layer layer) {
  auto& entries = batch.layer.entries;
  for (auto const& [begin, end] : layer.cleared.intervals()) {
    entries.erase(entries.lower_bound(begin), entries.lower_bound(end));
    batch.layer.cleared.add(begin, end);
  }
  while (!layer.entries.empty()) {
    auto node = layer.entries.extract(layer.entries.begin());
    batch.bytes += node.key().size() + node.mapped().value.size();
    auto inserted = entries.insert(std::move(node));
    if (!inserted.inserted) inserted.position->second = std::move(inserted.node.mapped());
  }
}

// Each key once and in order: RocksDB's memtable then finds most places next to the one before.
void Committer::compose(Batch& batch) {
  if (batch.order == 0) return;
  auto& writes = batch.writes;
  check(writes.Put(slice(kVersionKey), encode_version(batch.version)));
  for (auto const& [begin, end] : batch.layer.cleared.intervals()) check(writes.DeleteRange(begin, end));
  for (auto const& [key, write] : batch.layer.entries) {
    check(write.kind == Write::Kind::clear ? writes.Delete(key) : writes.Put(key, write.value));
  }
}

void Committer::write_batches() {
  count_nothing();
  take_short_turns();
  std::unique_lock lock(mutex_);
  for (;;) {
    auto const ready = [this] { return writing_ || formed_all_; };
    if (broken_) {
      handed_.wait_for(lock, limits::kStoreRecoveryInterval, ready);
    } else {
      handed_.wait(lock, ready);
    }
    if (writing_) {
      auto const batch = writing_;
      lock.unlock();
      write(*batch);
      lock.lock();
      batch->below.reset();
      writing_.reset();
      lock.unlock();
      work_.notify_one();
      hand_out(*batch);
      lock.lock();
    } else if (formed_all_) {
      return;
    } else {
      lock.unlock();
      try_to_recover();
      lock.lock();
    }
  }
}

void Committer::write(Batch& batch) {
  bool refused = broken_;
  {
    std::lock_guard const lock(mutex_);
    refused = refused || (batch.below && batch.below->failed);
    batch.failed = refused;
  }
  if (refused) return fail_all(batch, why_broken());
  if (batch.order == 0) return;
  auto const status = write_to_log(batch);
  if (!status.ok()) return give_up_on(batch, status);
  commits_ += batch.order;
  batch_transactions_.observe(batch.order);
  batch_bytes_.observe(static_cast<double>(batch.bytes));
  cache_.committed(batch.layer, db_.GetLatestSequenceNumber());
  committed_(batch.layer);
}

rocksdb::Status Committer::write_to_log(Batch& batch) {
  rocksdb::WriteOptions options;
  options.sync = settings_.sync;
  auto const start = std::chrono::steady_clock::now();
  auto status = db_.Write(options, &batch.writes);
  sync_seconds_.observe(seconds_since(start));
  return status;
}

void Committer::give_up_on(Batch& batch, rocksdb::Status const& status) {
  ++failed_syncs_;
  bool const noted = directory_.refuse(batch.version);
  auto why = fmt::format(
      "store directory {} can't be written ({}); writes are refused until it can be, reads go on: free "
      "some space or check the disk",
      directory_.path().string(), status.ToString());
  log::write(log::Level::error, "store", "write_failed",
             {{"metadata", {{"message", why}, {"batch", batch.version}, {"refusal_noted", noted}}}});
  {
    std::lock_guard const lock(mutex_);
    why_broken_ = why;
    batch.failed = true;
    broken_ = true;
  }
  fail_all(batch, why);
}

void Committer::try_to_recover() {
  if (is_too_full()) return;
  auto status = db_.Resume();
  if (status.ok()) {
    rocksdb::WriteOptions past_the_log;
    past_the_log.disableWAL = true;
    status = db_.Put(past_the_log, slice(kRecoveredKey), "");
  }
  if (status.ok()) status = db_.Flush({});
  if (!status.ok()) return report_not_recovered(status);
  broken_ = false;
  not_recovered_ = {};
  log::write(log::Level::info, "store", "write_recovered");
}

// The flush of a recovery would fill what is left of a full disk, time and again.
bool Committer::is_too_full() {
  std::uint64_t in_memory = 0;
  db_.GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &in_memory);
  auto const free = directory_.bytes_free();
  return free && *free < in_memory + limits::kStoreRecoveryBytes;
}

// Once for each kind of trouble, not at every try.
void Committer::report_not_recovered(rocksdb::Status const& status) {
  if (status.code() == not_recovered_.code() && status.subcode() == not_recovered_.subcode()) return;
  not_recovered_ = status;
  auto const* const next = status.IsCorruption()
                               ? "restart the server; if it then refuses the directory, restore a backup"
                               : "it is tried again until they do";
  log::write(log::Level::error, "store", "write_not_recovered",
             {{"metadata",
               {{"message", fmt::format("writes to store directory {} do not work again ({}): {}",
                                        directory_.path().string(), status.ToString(), next)}}}});
}

void Committer::hand_out(Batch& batch) {
  for (auto& [done, outcome] : batch.finished) done(std::move(outcome));
  batch.finished.clear();
}

void Committer::fail_all(Batch& batch, std::string const& why) {
  auto const error = failure(StorageCode::unavailable, why);
  for (auto& finished : batch.finished) finished.outcome = {Outcome::Kind::failed, {}, error};
}

std::string Committer::why_broken() {
  std::lock_guard const lock(mutex_);
  return why_broken_;
}

}  // namespace codi::db
