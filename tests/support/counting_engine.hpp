#pragma once
#include "db/engine.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace codi::testing {

/// An engine that counts what is read from the one below it.
class CountingEngine final : public db::Engine {
 public:
  explicit CountingEngine(std::unique_ptr<db::Engine> below) : below_(std::move(below)) {}

  void attempt(db::WriteOptions options, db::Body body, db::Done done) override {
    {
      std::lock_guard const lock(mutex_);
      last_fairness_key_ = options.fairness_key;
    }
    below_->attempt(std::move(options), counted(std::move(body)), std::move(done));
  }
  void read(db::Body body, db::Done done) override { below_->read(counted(std::move(body)), std::move(done)); }
  std::unique_ptr<db::Snapshot> snapshot() override { return below_->snapshot(); }
  std::unique_ptr<db::Watch> watch(std::string key, std::optional<std::string> seen,
                                   std::function<void()> fired) override {
    return below_->watch(std::move(key), std::move(seen), std::move(fired));
  }
  [[nodiscard]] bool commits_can_be_unknown() const override { return below_->commits_can_be_unknown(); }
  [[nodiscard]] db::EngineStats stats() const override { return below_->stats(); }

  /// Reads of keys and of ranges so far, in all transactions.
  [[nodiscard]] std::uint64_t reads() const { return *reads_; }
  /// Whose turn the last writing transaction took.
  [[nodiscard]] std::string last_fairness_key() const {
    std::lock_guard const lock(mutex_);
    return last_fairness_key_;
  }

 private:
  using Counter = std::shared_ptr<std::atomic<std::uint64_t>>;

  class Counted final : public db::Transaction {
   public:
    Counted(db::Transaction& below, std::atomic<std::uint64_t>& reads) : below_(below), reads_(reads) {}
    Task<std::optional<std::string>> get(std::string key, db::Isolation isolation) override {
      ++reads_;
      return below_.get(std::move(key), isolation);
    }
    Task<db::RangeRows> get_range(db::KeyRange range, db::RangeOptions options) override {
      ++reads_;
      return below_.get_range(std::move(range), options);
    }
    Task<std::uint64_t> estimated_bytes(db::KeyRange range) override {
      return below_.estimated_bytes(std::move(range));
    }
    void set(std::string_view key, std::string_view value) override { below_.set(key, value); }
    void clear(std::string_view key) override { below_.clear(key); }
    void clear_range(db::KeyRange range) override { below_.clear_range(std::move(range)); }
    void add(std::string_view key, std::int64_t delta) override { below_.add(key, delta); }
    void set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) override {
      below_.set_stamped_key(key, offset, value);
    }
    void set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) override {
      below_.set_stamped_value(key, value, offset);
    }
    void add_read_conflict(db::KeyRange range) override { below_.add_read_conflict(std::move(range)); }
    void add_write_conflict(db::KeyRange range) override { below_.add_write_conflict(std::move(range)); }

   private:
    db::Transaction& below_;
    std::atomic<std::uint64_t>& reads_;
  };

  static Task<db::Verdict> run(db::Body body, Counter reads, db::Transaction& below) {
    Counted counted(below, *reads);
    co_return co_await body(counted);
  }
  db::Body counted(db::Body body) {
    return [body = std::move(body), reads = reads_](db::Transaction& below) { return run(body, reads, below); };
  }

  mutable std::mutex mutex_;
  std::string last_fairness_key_;
  std::unique_ptr<db::Engine> below_;
  Counter reads_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace codi::testing
