#pragma once
#include "http_client.hpp"
#include "latencies.hpp"
#include "plan.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace codi::load {

using Clock = std::chrono::steady_clock;

/// Carries a plan out, on the calling thread.
class Runner {
 public:
  explicit Runner(Plan plan);
  ~Runner();
  Runner(Runner const&) = delete;
  Runner& operator=(Runner const&) = delete;

  /// What was measured. Throws std::exception at the first answer or connection that is not as the plan wants it.
  boost::json::object run();

 private:
  struct Client {
    std::unique_ptr<HttpClient> http;
    Values values;
    Flow const* flow = nullptr;
    std::size_t step = 0;
    std::size_t runs = 0;
    bool watches_room = false;
    Clock::time_point due;  ///< when its flow was to start: a late start counts as waiting
    Clock::time_point step_start;
    Clock::time_point flow_start;
  };
  struct Waiting {
    Clock::time_point due;
    Client* client;
    bool operator<(Waiting const& other) const { return due > other.due; }
  };

  void connect();
  void start_or_wait(Client& client, Clock::time_point now);
  void start_flow(Client& client);
  void send_step(Client& client);
  void watch_room(Client& client, bool on);
  void on_ready(Client& client, bool writable);
  void answered(Client& client, HttpClient::Answer const& answer);
  void start_due(Clock::time_point now);
  void wait_and_serve();
  Flow const& choose();
  [[nodiscard]] bool counts(Clock::time_point start, Clock::time_point end) const {
    return start >= measure_from_ && (plan_.runs > 0 || end <= measure_to_);
  }

  Plan plan_;
  int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::priority_queue<Waiting> waiting_;
  std::mt19937_64 random_{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same choices each time
  std::discrete_distribution<std::size_t> weights_;
  std::size_t turn_ = 0;
  std::size_t client_name_;
  std::size_t n_name_;
  std::size_t active_ = 0;
  std::size_t requests_ = 0;
  Clock::duration between_{};  ///< starts of one client's flows, when they are paced
  Clock::time_point measure_from_;
  Clock::time_point measure_to_;
  std::map<std::string, Latencies> steps_;
  Latencies flows_;
  std::string request_;
  std::string body_;
};

}  // namespace codi::load
