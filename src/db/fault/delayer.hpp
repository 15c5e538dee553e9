#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace codi::db {

/// Calls things later, on a thread of its own, in the order of their times. Thread-safe.
class Delayer {
 public:
  Delayer() : thread_([this] { work(); }) {}
  /// Calls at once what is still waiting.
  ~Delayer();
  Delayer(Delayer const&) = delete;
  Delayer& operator=(Delayer const&) = delete;

  /// Calls `call` once, `delay` from now.
  void call_after(std::chrono::microseconds delay, std::function<void()> call);

 private:
  using Time = std::chrono::steady_clock::time_point;
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Time, std::function<void()>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace codi::db
