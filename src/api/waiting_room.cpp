#include "api/waiting_room.hpp"

#include "base/limits.hpp"

#include <pthread.h>
#include <utility>

namespace codi::api {

WaitingRoom::~WaitingRoom() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<WaitingRoom::Seat> WaitingRoom::enter(WaitFor what, std::function<void()> wake) {
  Seat seat = 0;
  {
    std::lock_guard const lock(mutex_);
    if (waiters_.size() >= limits::kHeldRequests) return std::nullopt;
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { loop(); });
      pthread_setname_np(thread_.native_handle(), "codi-waiting");
    }
    seat = ++last_;
    auto const until = std::chrono::steady_clock::now() + what.at_most;
    waiters_.emplace(seat, Waiter{.wake = std::move(wake), .until = until});
    times_.emplace(until, seat);
  }
  changed_.notify_all();
  // It may fire at once, and on any thread: it only calls.
  auto watch = engine_.watch(std::move(what.key), std::move(what.seen), [this, seat] { call(seat); });
  std::lock_guard const lock(mutex_);
  if (auto const at = waiters_.find(seat); at != waiters_.end()) std::swap(at->second.watch, watch);
  return seat;
}

void WaitingRoom::call(Seat seat) {
  {
    std::lock_guard const lock(mutex_);
    called_.push_back(seat);
  }
  changed_.notify_all();
}

std::size_t WaitingRoom::waiting() const {
  std::lock_guard const lock(mutex_);
  return waiters_.size();
}

std::optional<WaitingRoom::Time> WaitingRoom::next() const {
  return times_.empty() ? std::nullopt : std::optional(times_.begin()->first);
}

std::vector<WaitingRoom::Waiter> WaitingRoom::take_ready() {
  std::vector<Seat> seats = std::exchange(called_, {});
  auto const now = std::chrono::steady_clock::now();
  for (auto it = times_.begin(); it != times_.end() && it->first <= now; ++it) seats.push_back(it->second);
  std::vector<Waiter> out;
  for (auto const seat : seats) {
    auto const at = waiters_.find(seat);
    if (at == waiters_.end()) continue;
    auto [first, last] = times_.equal_range(at->second.until);
    while (first != last && first->second != seat) ++first;
    times_.erase(first);
    out.push_back(std::move(at->second));
    waiters_.erase(at);
  }
  return out;
}

void WaitingRoom::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto ready = take_ready();
    if (!ready.empty()) {
      lock.unlock();
      for (auto& waiter : ready) waiter.wake();
      ready.clear();  // with their watches, without the lock
      lock.lock();
      continue;
    }
    if (stopping_) return;
    auto const something = [this] { return stopping_ || !called_.empty(); };
    if (auto const until = next())
      changed_.wait_until(lock, *until, [&] { return something() || next() < until; });
    else
      changed_.wait(lock, [&] { return something() || next(); });
  }
}

}  // namespace codi::api
