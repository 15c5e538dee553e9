#pragma once
#include "latencies.hpp"
#include "subscriber.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace codi::load {

/// What is to be done; docs/benchmarks.md has its JSON.
struct FanOutPlan {
  Subscriber::Peer peer;
  Wire wire = Wire::websocket;
  std::vector<std::string> greetings;  ///< of those who follow, in turn
  std::string publisher_greeting;      ///< of those who publish
  std::string message;                 ///< what is published, with `${at}` where the time goes
  std::size_t subscribers = 1;
  std::size_t publishers = 1;
  double events_per_second = 0;  ///< 0: as many as go, with `window` of them on the way
  std::size_t window = 4;
  double warmup_seconds = 0;
  double seconds = 1;
  std::size_t expect = 0;  ///< messages that come without anything being published: how long they take is measured
  bool hold = false;       ///< says when all are connected, and stays so until its standard input ends
};

/// Throws std::exception where the document is not a plan.
FanOutPlan read_fan_out_plan(boost::json::value const& document);

/// One message to many: publishes, and measures until each subscriber has it. On the calling thread.
class FanOut {
 public:
  explicit FanOut(FanOutPlan plan);
  ~FanOut();
  FanOut(FanOut const&) = delete;
  FanOut& operator=(FanOut const&) = delete;

  boost::json::object run();

 private:
  using Clock = std::chrono::steady_clock;

  void connect();
  void watch(Subscriber& subscriber) const;
  void publish(Clock::time_point due);
  void publish_due(Clock::time_point now);
  void wait_and_receive(std::chrono::nanoseconds at_most);
  void got(std::string_view message);
  void hold();
  boost::json::object measure();
  boost::json::object count();

  FanOutPlan const plan_;
  int epoll_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::vector<std::unique_ptr<Subscriber>> publishers_;
  std::function<void(std::string_view)> const got_;
  std::size_t published_ = 0;
  std::size_t delivered_ = 0;  ///< with those of the warm-up
  std::size_t bytes_ = 0;      ///< of a message as it came
  Clock::time_point next_;
  Clock::time_point measure_from_;
  Clock::time_point measure_to_;
  Latencies latencies_;
};

}  // namespace codi::load
