#pragma once
#include "histories/history_runner.hpp"

#include <condition_variable>

namespace codi::testing {

/// What the clients of one history share. Thread-safe.
class Stage {
 public:
  std::uint64_t tick() { return ++ticks_; }
  void add(SeenCall call);
  /// A claim that somebody was given, by an id of `all`; empty when there was none yet.
  SeenClaim any_claim(std::uint64_t chosen);
  std::string any_session(std::uint64_t chosen);
  void enter(std::string const& session);
  /// Nobody acts for the session any more, but what it waits for may yet be granted to it.
  void leave(std::string const& session);
  std::vector<std::string> left();
  std::vector<SeenCall> calls();
  std::size_t calls_done();
  std::atomic<bool> stuck = false;  ///< held requests are to be given up

 private:
  std::atomic<std::uint64_t> ticks_ = 0;
  std::mutex mutex_;
  std::vector<SeenCall> calls_;
  std::vector<SeenClaim> claims_;
  std::vector<std::string> sessions_;
  std::vector<std::string> left_;
};

/// One client with a session of its own.
class HistoryClient {
 public:
  HistoryClient(HistoryRunner& runner, Stage& stage, HistoryPlan const& plan, std::string project, std::size_t number,
                std::int64_t session_ttl_seconds, std::int64_t claim_ttl_seconds, bool priorities);
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
  void cancel();
  void pass_time();
  void reap();
  SeenClaim own();
  api::Runtime& server();
  Reply send(std::string const& operation, Members members, bool may_give_up = false);
  Reply record(SeenCall call, Members members, bool may_give_up = false);

  HistoryRunner& runner_;
  Stage& stage_;
  std::mt19937_64 random_;
  std::string project_;
  std::size_t number_;
  std::size_t operations_;
  std::int64_t session_ttl_seconds_;
  std::int64_t claim_ttl_seconds_;  // one in all of a history: claiming again with another may shorten a claim
  bool priorities_;
  std::size_t sessions_ = 0;
  std::size_t tags_ = 0;
  std::string session_;
  std::vector<SeenClaim> own_;
  std::vector<std::string> tickets_;
};

}  // namespace codi::testing
