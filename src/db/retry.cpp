#include "db/retry.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "db/keys.hpp"
#include "db/tuple.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace codi::db {
namespace {

struct Running {
  Engine& engine;
  WriteOptions options;
  Body body;
  Done done;
  std::string mark;  ///< empty where results are always known
  std::size_t tries = 0;
  std::optional<CommitStamp> applied;  ///< what the mark of an earlier try says
};

Outcome failed(std::string const& what) {
  return {Outcome::Kind::failed, {}, std::make_exception_ptr(StorageFailure(StorageCode::unavailable, what))};
}

std::string marks() { return make_key({}, "system", "txn"); }

std::string draw_mark_key() {
  SystemRandom random;
  return make_key(marks(), make_uuid_v7(SystemClock().now(), random));
}

// The ids begin with their time, so that the oldest stand first.
std::string first_mark_since(Timestamp at) {
  constexpr int kTimeBytes = 6;
  Uuid id;
  for (int i = 0; i < kTimeBytes; ++i)
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(at.ms >> (8 * (kTimeBytes - 1 - i)));
  return make_key(marks(), id);
}

Task<Verdict> clear_marks(Transaction& transaction, KeyRange range) {
  transaction.clear_range(std::move(range));
  co_return Verdict::commit;
}

Task<Verdict> run_marked(std::shared_ptr<Running> running, Transaction& transaction) {
  // The read conflicts with the mark of a try that is still on its way, so that no two of them are applied.
  auto const mark = co_await transaction.get(running->mark);
  if (mark && mark->size() >= CommitStamp{}.size()) {
    CommitStamp stamp;
    std::copy_n(mark->begin(), stamp.size(), stamp.begin());
    running->applied = stamp;
    co_return Verdict::abort;
  }
  auto const verdict = co_await running->body(transaction);
  if (verdict == Verdict::commit) {
    transaction.set_stamped_value(running->mark, std::string(CommitStamp{}.size(), '\0'), 0);
  }
  co_return verdict;
}

void attempt_write(std::shared_ptr<Running> running);

void finish_write(std::shared_ptr<Running> const& running, Outcome outcome) {
  bool const again = outcome.kind == Outcome::Kind::conflict || outcome.kind == Outcome::Kind::unknown;
  if (auto const& applied = running->applied) {
    running->done({Outcome::Kind::committed, *applied, nullptr});
  } else if (!again) {
    running->done(std::move(outcome));
  } else if (running->tries >= limits::kTransactionTries) {
    running->done(failed(outcome.kind == Outcome::Kind::conflict
                             ? "the transaction met a conflict at each of its tries; try again when there is less load"
                             : "the store did not say whether the transaction was applied; look before trying again"));
  } else {
    running->options.carry = std::move(outcome.carry);
    attempt_write(running);
  }
}

void attempt_write(std::shared_ptr<Running> running) {
  ++running->tries;
  auto body = running->mark.empty()
                  ? running->body
                  : Body([running](Transaction& transaction) { return run_marked(running, transaction); });
  auto& engine = running->engine;
  auto options = running->options;
  engine.attempt(std::move(options), std::move(body),
                 [running = std::move(running)](Outcome outcome) { finish_write(running, std::move(outcome)); });
}

void attempt_read(std::shared_ptr<Running> running) {
  ++running->tries;
  auto& engine = running->engine;
  auto body = running->body;
  engine.read(std::move(body), [running = std::move(running)](Outcome outcome) {
    bool const again = outcome.kind == Outcome::Kind::conflict || outcome.kind == Outcome::Kind::unknown;
    if (!again) {
      running->done(std::move(outcome));
    } else if (running->tries >= limits::kTransactionTries) {
      running->done(failed("the store gave no consistent view at any of the read's tries; try again later"));
    } else {
      attempt_read(running);
    }
  });
}

template <class Start>
Outcome wait_for(Start start) {
  // Shared, because set_value still touches the promise when the waiter has already gone on.
  auto const promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  start([promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  auto outcome = future.get();
  if (outcome.kind == Outcome::Kind::failed) std::rethrow_exception(outcome.error);
  return outcome;
}

}  // namespace

void run_write(Engine& engine, WriteOptions options, Body body, Done done) {
  auto mark = engine.commits_can_be_unknown() ? draw_mark_key() : std::string();
  attempt_write(std::make_shared<Running>(
      Running{engine, std::move(options), std::move(body), std::move(done), std::move(mark), 0, std::nullopt}));
}

void run_read(Engine& engine, Body body, Done done) {
  attempt_read(std::make_shared<Running>(Running{engine, {}, std::move(body), std::move(done), {}, 0, std::nullopt}));
}

void forget_marks(Engine& engine, Timestamp now) {
  KeyRange const old{.begin = tuple::range_below(marks()).begin, .end = first_mark_since(now + -limits::kMarkKept)};
  run_write_blocking(engine, [old](Transaction& transaction) { return clear_marks(transaction, old); });
}

Outcome run_write_blocking(Engine& engine, Body body) {
  return wait_for([&](Done done) { run_write(engine, {}, std::move(body), std::move(done)); });
}

Outcome run_read_blocking(Engine& engine, Body body) {
  return wait_for([&](Done done) { run_read(engine, std::move(body), std::move(done)); });
}

}  // namespace codi::db
