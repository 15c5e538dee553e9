#pragma once
#include "api/runtime.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace codi::api {

/// Does what is due: ends sessions and claims whose lease has run out while nobody calls, removes old events,
/// kept answers, dead refresh tokens and invites, marks of transactions. Reads the due index across tenants, then opens
/// each tenant's transaction and checks the facts again. Two reapers on one store do no harm. Starts no thread of its
/// own unless `start` is called.
class Reaper {
 public:
  explicit Reaper(Runtime& runtime) : runtime_(runtime), last_pass_(runtime.clock.now()) {}
  ~Reaper();
  Reaper(Reaper const&) = delete;
  Reaper& operator=(Reaper const&) = delete;

  /// Looks once a `period` from now on, on a thread of its own, until destroyed.
  void start(std::chrono::milliseconds period);

  /// Handles all that is due now; returns how many entries it met. Nothing while the clock is not trusted; see
  /// ClockGuard. Blocking. Throws StorageFailure.
  std::size_t run_once();
  /// When it was last done with all that was due; when it was made, before that. Thread-safe.
  [[nodiscard]] Timestamp last_pass() const { return last_pass_; }

 private:
  struct Reaping;
  void reap_one(std::shared_ptr<Reaping> const& reaping);
  void loop(std::chrono::milliseconds period);
  bool clocks_agree();
  void sweep_marks(Timestamp now);

  Runtime& runtime_;
  std::atomic<Timestamp> last_pass_;
  std::optional<Timestamp> swept_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace codi::api
