#pragma once
#include "db/engine.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
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
    below_->attempt(std::move(options), counted(std::move(body), true), std::move(done));
  }
  void read(db::Body body, db::Done done) override { below_->read(counted(std::move(body), false), std::move(done)); }
  std::unique_ptr<db::Snapshot> snapshot() override { return below_->snapshot(); }
  std::unique_ptr<db::Watch> watch(std::string key, std::optional<std::string> seen,
                                   std::function<void()> fired) override {
    return below_->watch(std::move(key), std::move(seen), std::move(fired));
  }
  [[nodiscard]] bool commits_can_be_unknown() const override { return below_->commits_can_be_unknown(); }
  [[nodiscard]] db::EngineStats stats() const override { return below_->stats(); }

  /// Reads of keys and of ranges so far, in all transactions.
  [[nodiscard]] std::uint64_t reads() const { return record_->reads; }
  /// From now on as an engine across a network, which fetches ahead what it is told of.
  void move_away() { record_->is_far = true; }
  /// Reads since then for which somebody had to wait: those that were not asked for ahead.
  [[nodiscard]] std::uint64_t waits() const { return record_->waits; }
  /// What was asked for ahead since then and not read.
  [[nodiscard]] std::uint64_t in_vain() const { return record_->in_vain; }
  /// Whether a writing transaction so far has read the key so that who changes it is in its way.
  [[nodiscard]] bool has_read_with_conflict(std::string const& key) const {
    std::lock_guard const lock(record_->mutex);
    return record_->conflicting.contains(key);
  }
  /// Whose turn the last writing transaction took.
  [[nodiscard]] std::string last_fairness_key() const {
    std::lock_guard const lock(mutex_);
    return last_fairness_key_;
  }

 private:
  struct Record {
    std::atomic<std::uint64_t> reads = 0;
    std::atomic<std::uint64_t> waits = 0;
    std::atomic<std::uint64_t> in_vain = 0;
    std::atomic<bool> is_far = false;
    std::mutex mutex;
    std::set<std::string> conflicting;
  };

  class Counted final : public db::Transaction {
   public:
    Counted(db::Transaction& below, Record& record, bool writes) : below_(below), record_(record), writes_(writes) {}
    ~Counted() override { record_.in_vain += ahead_.size(); }
    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;
    Task<std::optional<std::string>> get(std::string key, db::Isolation isolation) override {
      ++record_.reads;
      wait_for(name_of(key, isolation));
      if (writes_ && isolation == db::Isolation::serializable) {
        std::lock_guard const lock(record_.mutex);
        record_.conflicting.insert(key);
      }
      return below_.get(std::move(key), isolation);
    }
    Task<db::RangeRows> get_range(db::KeyRange range, db::RangeOptions options) override {
      ++record_.reads;
      wait_for(name_of(range, options));
      return below_.get_range(std::move(range), options);
    }
    void prefetch(std::string_view key, db::Isolation isolation) override {
      if (record_.is_far) ahead_.insert(name_of(key, isolation));
    }
    void prefetch_range(db::KeyRange const& range, db::RangeOptions options) override {
      if (record_.is_far) ahead_.insert(name_of(range, options));
    }
    [[nodiscard]] bool fetches_ahead() const override { return record_.is_far; }
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
    void wait_for(std::string const& name) {
      if (!record_.is_far) return;
      if (auto const asked = ahead_.find(name); asked != ahead_.end())
        ahead_.erase(asked);
      else
        ++record_.waits;
    }
    static std::string name_of(std::string_view key, db::Isolation isolation) {
      return std::string(isolation == db::Isolation::snapshot ? "s" : "k").append(key);
    }
    static std::string name_of(db::KeyRange const& range, db::RangeOptions const& options) {
      return std::to_string(range.begin.size()) + range.begin + range.end + std::to_string(options.limit) +
             (options.reverse ? "r" : "") + (options.isolation == db::Isolation::snapshot ? "s" : "");
    }

    db::Transaction& below_;
    Record& record_;
    bool writes_;
    std::multiset<std::string> ahead_;
  };

  static Task<db::Verdict> run(db::Body body, std::shared_ptr<Record> record, bool writes, db::Transaction& below) {
    Counted counted(below, *record, writes);
    co_return co_await body(counted);
  }
  db::Body counted(db::Body body, bool writes) {
    return [body = std::move(body), record = record_, writes](db::Transaction& below) {
      return run(body, record, writes, below);
    };
  }

  mutable std::mutex mutex_;
  std::string last_fairness_key_;
  std::unique_ptr<db::Engine> below_;
  std::shared_ptr<Record> record_ = std::make_shared<Record>();
};

}  // namespace codi::testing
