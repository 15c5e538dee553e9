#include "db/fault/fault_engine.hpp"

#include "db/fault/delayer.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

namespace codi::db {
namespace {

using Kind = Outcome::Kind;

constexpr std::chrono::microseconds kLongestDelay{3'000};

/// Passes everything on, and fails reads while they are turned off.
class FaultTransaction final : public Transaction {
 public:
  FaultTransaction(Transaction& below, std::atomic<bool> const& failing) : below_(below), failing_(failing) {}

  Task<std::optional<std::string>> get(std::string key, Isolation isolation) override {
    check();
    return below_.get(std::move(key), isolation);
  }
  Task<RangeRows> get_range(KeyRange range, RangeOptions options) override {
    check();
    return below_.get_range(std::move(range), options);
  }
  void prefetch(std::string_view key, Isolation isolation) override { below_.prefetch(key, isolation); }
  void prefetch_range(KeyRange const& range, RangeOptions options) override { below_.prefetch_range(range, options); }
  [[nodiscard]] bool fetches_ahead() const override { return below_.fetches_ahead(); }
  Task<std::uint64_t> estimated_bytes(KeyRange range) override { return below_.estimated_bytes(std::move(range)); }
  void set(std::string_view key, std::string_view value) override { below_.set(key, value); }
  void clear(std::string_view key) override { below_.clear(key); }
  void clear_range(KeyRange range) override { below_.clear_range(std::move(range)); }
  void add(std::string_view key, std::int64_t delta) override { below_.add(key, delta); }
  void set_stamped_key(std::string_view key, std::size_t offset, std::string_view value) override {
    below_.set_stamped_key(key, offset, value);
  }
  void set_stamped_value(std::string_view key, std::string_view value, std::size_t offset) override {
    below_.set_stamped_value(key, value, offset);
  }
  void add_read_conflict(KeyRange range) override { below_.add_read_conflict(std::move(range)); }
  void add_write_conflict(KeyRange range) override { below_.add_write_conflict(std::move(range)); }

 private:
  void check() const {
    if (failing_) throw StorageFailure(StorageCode::unavailable, "reads are turned off by a test");
  }
  Transaction& below_;
  std::atomic<bool> const& failing_;
};

/// What will go wrong with one transaction.
enum class Trouble : std::uint8_t { none, unavailable, conflict, unknown_lost, unknown_applied };

struct Fate {
  Trouble trouble = Trouble::none;
  std::chrono::microseconds delay{0};
};

Outcome unavailable(char const* why) {
  return {Kind::failed, {}, std::make_exception_ptr(StorageFailure(StorageCode::unavailable, why))};
}

Task<Verdict> run_through(Body body, Transaction& below, std::atomic<bool> const& reads_fail,
                          std::shared_ptr<bool> lose_commit) {
  FaultTransaction transaction(below, reads_fail);
  auto const verdict = co_await body(transaction);
  if (!lose_commit) co_return verdict;
  *lose_commit = verdict == Verdict::commit;
  co_return Verdict::abort;
}

class FaultEngineOver final : public FaultEngine {
 public:
  FaultEngineOver(std::shared_ptr<Engine> below, FaultOptions options)
      : below_(std::move(below)), options_(options), random_(options.seed) {}

  ~FaultEngineOver() override {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return in_flight_ == 0; });
  }

  void attempt(WriteOptions options, Body body, Done done) override {
    start(true, std::move(options), std::move(body), std::move(done));
  }
  void read(Body body, Done done) override { start(false, {}, std::move(body), std::move(done)); }

  std::unique_ptr<Snapshot> snapshot() override { return below_->snapshot(); }
  std::unique_ptr<Watch> watch(std::string key, std::optional<std::string> seen, std::function<void()> fired) override {
    return below_->watch(std::move(key), std::move(seen), std::move(fired));
  }
  [[nodiscard]] bool commits_can_be_unknown() const override {
    return below_->commits_can_be_unknown() || options_.unknown_applied_permille + options_.unknown_lost_permille > 0;
  }
  [[nodiscard]] EngineStats stats() const override {
    auto out = below_->stats();
    out.conflicts += conflicts_;
    return out;
  }
  void fail_writes(bool failing) override { writes_fail_ = failing; }
  void fail_reads(bool failing) override { reads_fail_ = failing; }

 private:
  void start(bool writes, WriteOptions options, Body body, Done done) {
    auto const fate = draw(writes);
    Done const answer = [this, fate, done = std::move(done)](Outcome outcome) {
      deliver(fate, done, std::move(outcome));
    };
    if (writes && writes_fail_) return answer(unavailable("writes are turned off by a test"));
    if (!writes && reads_fail_) return answer(unavailable("reads are turned off by a test"));
    if (fate.trouble == Trouble::unavailable) return answer(unavailable("trouble made by a test"));

    bool const loses = fate.trouble == Trouble::conflict || fate.trouble == Trouble::unknown_lost;
    auto const lost = loses ? std::make_shared<bool>(false) : nullptr;
    Body through = [this, body = std::move(body), lost](Transaction& transaction) {
      return run_through(body, transaction, reads_fail_, lost);
    };
    Done report = [this, fate, lost, answer](Outcome outcome) { answer(distort(fate, lost, std::move(outcome))); };
    if (writes) {
      below_->attempt(std::move(options), std::move(through), std::move(report));
    } else {
      below_->read(std::move(through), std::move(report));
    }
  }

  // A body that aborts or throws never reaches the commit, which is where conflicts and unknown results come from.
  Outcome distort(Fate const& fate, std::shared_ptr<bool> const& lost, Outcome outcome) {
    if (lost && *lost && outcome.kind == Kind::aborted) {
      return {fate.trouble == Trouble::conflict ? Kind::conflict : Kind::unknown, {}, nullptr};
    }
    if (fate.trouble == Trouble::unknown_applied && outcome.kind == Kind::committed)
      return {Kind::unknown, {}, nullptr};
    return outcome;
  }

  void deliver(Fate const& fate, Done const& done, Outcome outcome) {
    if (outcome.kind == Kind::conflict) ++conflicts_;
    if (fate.delay.count() == 0) {
      done(std::move(outcome));
      return finished();
    }
    delayer_.call_after(fate.delay, [this, done, outcome = std::move(outcome)] {
      done(outcome);
      finished();
    });
  }

  Fate draw(bool writes) {
    std::lock_guard const lock(mutex_);
    ++in_flight_;
    Fate fate;
    auto left = static_cast<unsigned>(random_() % 1'000);
    auto const falls_in = [&left](unsigned permille) {
      bool const here = left < permille;
      left -= std::min(left, permille);
      return here;
    };
    if (falls_in(options_.unavailable_permille)) {
      fate.trouble = Trouble::unavailable;
    } else if (falls_in(options_.conflict_permille)) {
      fate.trouble = Trouble::conflict;
    } else if (writes && falls_in(options_.unknown_lost_permille)) {
      fate.trouble = Trouble::unknown_lost;
    } else if (writes && falls_in(options_.unknown_applied_permille)) {
      fate.trouble = Trouble::unknown_applied;
    }
    if (random_() % 1'000 < options_.delay_permille) {
      fate.delay = std::chrono::microseconds(1 + random_() % static_cast<std::uint64_t>(kLongestDelay.count()));
    }
    return fate;
  }

  void finished() {
    std::lock_guard const lock(mutex_);
    if (--in_flight_ == 0) idle_.notify_all();
  }

  std::shared_ptr<Engine> below_;
  FaultOptions options_;
  std::atomic<bool> writes_fail_ = false;
  std::atomic<bool> reads_fail_ = false;
  std::atomic<std::uint64_t> conflicts_ = 0;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::mt19937_64 random_;
  std::size_t in_flight_ = 0;
  Delayer delayer_;
};

}  // namespace

std::unique_ptr<FaultEngine> make_fault_engine(std::shared_ptr<Engine> below, FaultOptions options) {
  return std::make_unique<FaultEngineOver>(std::move(below), options);
}

}  // namespace codi::db
