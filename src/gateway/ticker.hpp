#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace codi::gateway {

/// A thread that does something again and again until it is destroyed: first at once, then a period after each end.
/// What the work throws is logged, and the next turn comes all the same.
class Ticker {
 public:
  /// `name` stands in the log line of a failure.
  Ticker(std::string name, std::chrono::milliseconds period, std::function<void()> work);
  /// Waits for the turn under way.
  ~Ticker();
  Ticker(Ticker const&) = delete;
  Ticker& operator=(Ticker const&) = delete;

 private:
  void run();
  void turn() const;

  std::string const name_;
  std::chrono::milliseconds const period_;
  std::function<void()> const work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace codi::gateway
