#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace codi {

/// Threads for work that must not run on an I/O thread (password hashing, blocking calls), behind a bounded queue.
/// Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue_limit);
  /// Runs what is queued, then joins.
  ~WorkerPool();
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  /// False, and nothing happens, when `queue_limit` jobs are waiting. `job` must not throw.
  [[nodiscard]] bool post(std::function<void()> job);
  [[nodiscard]] std::size_t queued() const;

 private:
  void work();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t const queue_limit_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace codi
