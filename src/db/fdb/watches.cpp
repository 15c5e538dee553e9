#include "db/fdb/watches.hpp"

#include <utility>

namespace codi::db::fdb {

// The future is there only while its watch is set: whoever cancels does so under the lock.
struct Watches::Waiting {
  std::string key;
  std::optional<std::string> seen;
  Functions const& functions;
  std::mutex mutex;
  std::function<void()> fired;  ///< empty once it was called or given up
  FutureHandle* future = nullptr;

  void cancel() {
    std::function<void()> dropped;
    std::lock_guard const lock(mutex);
    std::swap(dropped, fired);
    if (future != nullptr) functions.future_cancel(future);
  }
  // False when it was cancelled before.
  bool set(FutureHandle* watch) {
    std::lock_guard const lock(mutex);
    future = fired ? watch : nullptr;
    return static_cast<bool>(fired);
  }
  [[nodiscard]] bool is_cancelled() {
    std::lock_guard const lock(mutex);
    return !fired;
  }
  void fire() {
    std::function<void()> call;
    {
      std::lock_guard const lock(mutex);
      std::swap(call, fired);
    }
    if (call) call();
  }
};

class Watches::Registration final : public Watch {
 public:
  explicit Registration(std::shared_ptr<Waiting> waiting) : waiting_(std::move(waiting)) {}
  ~Registration() override { waiting_->cancel(); }

 private:
  std::shared_ptr<Waiting> waiting_;
};

Watches::~Watches() {
  decltype(all_->waiting) left;
  {
    std::lock_guard const lock(all_->mutex);
    std::swap(left, all_->waiting);
  }
  for (auto const& waiting : left) waiting->cancel();
}

std::unique_ptr<Watch> Watches::add(std::string key, std::optional<std::string> seen, std::function<void()> fired) {
  auto waiting = std::make_shared<Waiting>(std::move(key), std::move(seen), connection_.functions());
  waiting->fired = std::move(fired);
  {
    std::lock_guard const lock(all_->mutex);
    all_->waiting.insert(waiting);
  }
  static_cast<void>(
      connection_.workers().post([stay = std::make_shared<Connection::Stay>(connection_), &connection = connection_,
                                  all = all_, waiting] { follow(connection, all, waiting); }));
  return std::make_unique<Registration>(std::move(waiting));
}

Detached Watches::follow(Connection& connection, std::shared_ptr<All> all, std::shared_ptr<Waiting> waiting) {
  Connection::Stay const stay(connection);
  try {
    co_await wait_for_change(connection, *waiting);
  } catch (StorageFailure const&) {  // NOLINT(bugprone-empty-catch): who asked looks for itself
    // Without a transaction there is nothing to wait with.
  }
  {
    std::lock_guard const lock(all->mutex);
    all->waiting.erase(waiting);
  }
  waiting->fire();
}

namespace {

// What a key is, and a watch that tells when it is no more so; no watch when it is not so already.
struct Look {
  FutureHandle* watch = nullptr;
  bool differs = false;
};

Task<Verdict> look(Functions const& functions, TransactionHandle* library, db::Transaction& transaction,
                   std::string key, std::optional<std::string> seen, Look& found) {
  auto const now = co_await transaction.get(key);
  found.differs = now != seen;
  if (!found.differs) found.watch = functions.transaction_watch(library, bytes_of(key), size_of(key));
  co_return Verdict::commit;
}

}  // namespace

// True when the key has another value than was seen, false when that is not known.
Task<bool> Watches::look_and_watch(Connection& connection, Waiting& waiting) {
  auto const& f = connection.functions();
  auto const below = connection.make_transaction();
  Look found;
  Body const body = [&](db::Transaction& transaction) {
    return look(f, below->get(), transaction, waiting.key, waiting.seen, found);
  };
  // The commit of a transaction that writes nothing sets its watches.
  auto const outcome = co_await connection.try_once(below, body, TransactionMode::read_write);
  bool const committed = outcome.kind == Outcome::Kind::committed;
  bool const differs = committed && found.differs;
  if (found.watch == nullptr) co_return differs;
  OwnedFuture const watch(f, found.watch);
  if (!committed || !waiting.set(watch.get())) co_return false;
  co_await Wait(f, connection.workers(), watch);
  waiting.set(nullptr);
  co_return watch.error() == 0;
}

Task<void> Watches::wait_for_change(Connection& connection, Waiting& waiting) {
  auto const& f = connection.functions();
  auto const pauses = connection.make_unbounded_transaction();
  while (!waiting.is_cancelled()) {
    if (co_await look_and_watch(connection, waiting)) co_return;
    // The library waits longer and longer before it lets a transaction try again: here, before the key is looked at.
    OwnedFuture const pause(f, f.transaction_on_error(pauses->get(), error::kNotCommitted));
    co_await Wait(f, connection.workers(), pause);
  }
}

}  // namespace codi::db::fdb
