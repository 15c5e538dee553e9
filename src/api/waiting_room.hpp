#pragma once
#include "db/engine.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace codi::api {

/// What a request waits for: that the value of a key is another than `seen`, but no longer than `at_most`.
struct WaitFor {
  std::string key;
  std::optional<std::string> seen;
  std::chrono::milliseconds at_most{0};
};

/// Where requests wait that can't be answered yet. One thread wakes those whose key has changed, whose time has come or
/// who are called. Thread-safe.
class WaitingRoom {
 public:
  explicit WaitingRoom(db::Engine& engine) : engine_(engine) {}
  ~WaitingRoom();
  WaitingRoom(WaitingRoom const&) = delete;
  WaitingRoom& operator=(WaitingRoom const&) = delete;

  using Seat = std::uint64_t;
  /// Calls `wake` once, on the room's thread. Nothing when limits::kHeldRequests wait.
  std::optional<Seat> enter(WaitFor what, std::function<void()> wake);
  /// Wakes the one who waits there, if anybody still does.
  void call(Seat seat);
  [[nodiscard]] std::size_t waiting() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Waiter {
    std::function<void()> wake;
    Time until;
    std::unique_ptr<db::Watch> watch = nullptr;
  };

  void loop();
  std::vector<Waiter> take_ready();
  [[nodiscard]] std::optional<Time> next() const;

  db::Engine& engine_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Seat, Waiter> waiters_;
  std::multimap<Time, Seat> times_;
  std::vector<Seat> called_;
  Seat last_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace codi::api
