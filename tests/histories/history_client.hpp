#pragma once
#include "histories/claim_history.hpp"
#include "histories/history_world.hpp"

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace codi::testing {

/// What the clients of one history share. Thread-safe.
class Stage {
 public:
  /// The same clock for all processes of a machine.
  static std::uint64_t tick() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  virtual ~Stage() = default;
  virtual void add(SeenCall call);
  /// A claim that somebody was given, by an id of `all`; empty when there was none yet.
  SeenClaim any_claim(std::uint64_t chosen);
  std::string any_session(std::uint64_t chosen);
  void enter(std::string const& session);
  /// Nobody acts for the session any more, but what it waits for may yet be granted to it.
  virtual void leave(std::string const& session);
  std::vector<std::string> left();
  std::vector<SeenCall> calls();
  std::size_t calls_done();
  std::atomic<bool> stuck = false;  ///< held requests are to be given up

 private:
  std::mutex mutex_;
  std::vector<SeenCall> calls_;
  std::vector<SeenClaim> claims_;
  std::vector<std::string> sessions_;
  std::vector<std::string> left_;
};

/// What the clients of one history do.
struct ClientPlan {
  std::uint64_t seed = 1;
  std::string project;
  std::size_t operations = 15;  ///< of each client
  std::int64_t session_ttl_seconds = 3'600;
  std::int64_t claim_ttl_seconds = 60;  ///< one in all of a history: claiming again with another may shorten a claim
  bool priorities = false;
  bool branches = false;  ///< sessions work on one of two
};

/// One client with a session of its own.
class HistoryClient {
 public:
  HistoryClient(HistoryWorld& world, Stage& stage, ClientPlan plan, std::size_t number);
  void run();

 private:
  using Members = json::object;

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  bool chance(std::uint64_t percent) { return draw(100) < percent; }
  void act();
  void start_session();
  void claim(bool queue, bool wait);
  void on_claim(std::string const& operation, SeenClaim const& claim, Members members);
  void release_one();
  void move();
  void hand_over();
  void cancel();
  void pass_time();
  void reap();
  SeenClaim own();
  Reply send(std::string const& operation, Members members, bool may_give_up = false);
  Reply record(SeenCall call, Members members, bool may_give_up = false);

  HistoryWorld& world_;
  Stage& stage_;
  std::mt19937_64 random_;
  ClientPlan plan_;
  std::size_t number_;
  std::size_t sessions_ = 0;
  std::size_t tags_ = 0;
  std::string session_;
  std::vector<SeenClaim> own_;
  std::vector<std::string> tickets_;
};

}  // namespace codi::testing
