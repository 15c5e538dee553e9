#include "db/fdb/connection.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <fstream>
#include <future>
#include <iterator>
#include <limits>
#include <utility>

namespace codi::db::fdb {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void unusable(std::string const& what) { throw StorageFailure(StorageCode::unavailable, what); }

// The addresses in a cluster file, which says `description:id@address:port,…` and may have comments.
std::string addresses_of(fs::path const& file) {
  std::ifstream in(file);
  if (!in) unusable(fmt::format("the cluster file {} can't be read", file.string()));
  std::string line;
  while (std::getline(in, line)) {
    auto const begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    auto const text = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    auto const at = text.find('@');
    if (at != std::string::npos && text.find(':') < at && text.find(':', at) != std::string::npos)
      return text.substr(at + 1);
    break;
  }
  unusable(
      fmt::format("{} is no cluster file of FoundationDB: that is one line with a description, a colon, an id, an @ "
                  "and the addresses of coordinators",
                  file.string()));
}

}  // namespace

Connection::Connection(FdbOptions const& options, std::shared_ptr<Clock const> clock)
    : place_(fmt::format("{} ({})", options.cluster_file.string(), addresses_of(options.cluster_file))),
      library_(Library::open(options.library)),
      clock_(std::move(clock)),
      workers_(std::max<std::size_t>(1, options.threads), std::numeric_limits<std::size_t>::max()) {
  auto const& f = functions();
  if (Error const code = f.create_database(options.cluster_file.c_str(), &database_); code != 0)
    throw LibraryError(f, code);
  auto const watches = static_cast<std::int64_t>(limits::kClusterWatches);
  std::string_view const bytes(reinterpret_cast<char const*>(&watches), sizeof watches);
  if (Error const code = f.database_set_option(database_, DatabaseOption::max_watches, bytes_of(bytes), size_of(bytes));
      code != 0)
    throw LibraryError(f, code);
}

Connection::~Connection() {
  drain();
  functions().database_destroy(database_);
  Library::connection_ended();
}

void Connection::drain() {
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return stays_ == 0; });
}

Connection::Stay::Stay(Connection& connection) : connection_(&connection) {
  std::lock_guard const lock(connection.mutex_);
  ++connection.stays_;
}

Connection::Stay::~Stay() {
  if (connection_ == nullptr) return;
  std::lock_guard const lock(connection_->mutex_);
  if (--connection_->stays_ == 0) connection_->left_.notify_all();
}

std::shared_ptr<OwnedTransaction> Connection::make_transaction() {
  auto out = make_unbounded_transaction();
  out->set_option(TransactionOption::timeout_ms, std::chrono::milliseconds(limits::kClusterTime).count());
  out->set_option(TransactionOption::retry_limit, limits::kTransactionTries);
  return out;
}

std::shared_ptr<OwnedTransaction> Connection::make_unbounded_transaction() {
  auto out = std::make_shared<OwnedTransaction>(functions(), database_);
  out->set_option(TransactionOption::max_retry_delay_ms, std::chrono::milliseconds(limits::kClusterBackoff).count());
  return out;
}

Task<Outcome> Connection::try_once(std::shared_ptr<OwnedTransaction> below, Body const& body, TransactionMode mode) {
  Outcome out;
  Error code = 0;
  bool sent = false;
  try {
    if (mode == TransactionMode::system) {
      below->set_option(TransactionOption::lock_aware);
      below->set_option(TransactionOption::access_system_keys);
    } else if (mode == TransactionMode::read_only) {
      below->set_option(TransactionOption::read_lock_aware);
    }
    FdbTransaction transaction(*below, workers_, *clock_, mode);
    try {
      auto const verdict = co_await body(transaction);
      if (verdict == Verdict::abort) {
        out.kind = Outcome::Kind::aborted;
      } else if (mode == TransactionMode::read_only) {
        out.kind = Outcome::Kind::committed;
      } else {
        auto const began = std::chrono::steady_clock::now();
        out.stamp = co_await transaction.commit();
        counts_.commit_seconds.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
        ++counts_.commits;
        out.kind = Outcome::Kind::committed;
      }
    } catch (LibraryError const& failure) {
      // What the cluster calls too old is so by the engines' rule, or because the cluster has recovered meanwhile.
      bool const is_rule = failure.library_code() == error::kTransactionTooOld && transaction.rules().is_too_old();
      code = is_rule ? 0 : failure.library_code();
      sent = transaction.sent();
      out.error = std::current_exception();
    }
  } catch (...) {
    out.error = std::current_exception();
  }
  if (code == 0) co_return out;
  co_return co_await settle(std::move(below), code, sent, out.error);
}

Task<Outcome> Connection::settle(std::shared_ptr<OwnedTransaction> below, Error code, bool sent,
                                 std::exception_ptr error) {
  auto const& f = functions();
  Outcome out{.kind = Outcome::Kind::failed, .stamp = {}, .error = std::move(error)};
  bool const unknown = sent && (f.error_predicate(Predicate::maybe_committed, code) != 0 || code == error::kTimedOut ||
                                code == error::kCancelled || code == error::kOperationCancelled);
  bool const passes = code != error::kLocked && f.error_predicate(Predicate::retryable, code) != 0;
  if (!unknown && !passes) co_return out;
  ++counts_.retries;
  if (code == error::kNotCommitted) ++counts_.conflicts;
  OwnedFuture const waited(f, f.transaction_on_error(below->get(), code));
  co_await Wait(f, workers_, waited);
  Error const refused = waited.error();
  // One that is over, by its time or its tries, is of no use to the next try.
  if (refused == 0) out.carry = std::move(below);
  if (unknown) {
    out.kind = Outcome::Kind::unknown;
  } else if (refused == 0) {
    out.kind = Outcome::Kind::conflict;
  } else {
    out.error = std::make_exception_ptr(LibraryError(f, refused));
  }
  co_return out;
}

namespace {

Detached run_to_the_end(Connection& connection, Body body, TransactionMode mode,
                        std::shared_ptr<std::promise<void>> ended) {
  Connection::Stay const stay(connection);
  std::exception_ptr error;
  try {
    auto below = connection.make_transaction();
    auto const unclear = std::make_exception_ptr(
        StorageFailure(StorageCode::unavailable, "the cluster did not say what became of a transaction"));
    for (std::size_t tries = 1;; ++tries) {
      auto const outcome = co_await connection.try_once(below, body, mode);
      bool const again = outcome.kind == Outcome::Kind::conflict || outcome.kind == Outcome::Kind::unknown;
      if (outcome.kind == Outcome::Kind::failed) error = outcome.error;
      if (again && tries == limits::kTransactionTries) error = unclear;
      if (!again || error) break;
      if (outcome.kind == Outcome::Kind::unknown) below = connection.make_transaction();
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (error)
    ended->set_exception(error);
  else
    ended->set_value();
}

}  // namespace

void Connection::run_blocking(Body body, TransactionMode mode) {
  // Shared, because set_value still touches the promise when the waiter has already gone on.
  auto const ended = std::make_shared<std::promise<void>>();
  auto future = ended->get_future();
  static_cast<void>(workers_.post([this, body, mode, ended] { run_to_the_end(*this, body, mode, ended); }));
  future.get();
}

}  // namespace codi::db::fdb
