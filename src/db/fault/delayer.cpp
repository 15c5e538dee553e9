#include "db/fault/delayer.hpp"

#include <utility>

namespace codi::db {

Delayer::~Delayer() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Delayer::call_after(std::chrono::microseconds delay, std::function<void()> call) {
  // Told under the lock: the call may be what lets the owner destroy this.
  std::lock_guard const lock(mutex_);
  waiting_.emplace(std::chrono::steady_clock::now() + delay, std::move(call));
  changed_.notify_one();
}

void Delayer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (waiting_.empty()) {
      if (stopping_) return;
      changed_.wait(lock);
      continue;
    }
    auto const due = waiting_.begin()->first;
    if (!stopping_ && due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    auto const call = std::move(waiting_.extract(waiting_.begin()).mapped());
    lock.unlock();
    call();
    lock.lock();
  }
}

}  // namespace codi::db
