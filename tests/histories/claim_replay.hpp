#pragma once
#include "coordination/target.hpp"
#include "histories/claim_history.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace codi::testing {

/// Plays the log of a project again: who holds what after each event, and who waits.
class Replay {
 public:
  explicit Replay(ClaimHistory const& history);

  /// What may not have happened.
  std::vector<std::string> run();

  /// After run(): what it came upon.
  [[nodiscard]] bool was(SeenClaim const& claim) const;
  [[nodiscard]] std::string token_after(std::size_t event, std::string const& claim) const;
  [[nodiscard]] std::optional<std::string> ended_at(std::string const& claim) const;

 private:
  struct Held {
    std::string session;
    std::string path;
    coordination::Target target;
    std::string token;
    bool shared = false;
    bool live = true;
    std::string ended_at = {};  ///< cursor
  };
  struct Waiter {
    std::string session;
    std::vector<coordination::Target> targets;
    bool shared = false;
    std::size_t came = 0;
  };
  struct Life {
    std::string branch = {};
    Timestamp last_sign;
    std::size_t last_act = 0;  ///< the index of its last event that it was alive for
    bool ran_out = false;
    bool ended = false;
  };

  void play(std::size_t index);
  void claim(std::size_t index);
  void change(SeenEvent const& event, std::string const& id, std::string const& path);
  void check_alone(std::size_t index, std::string const& id);
  void check_token(std::string const& id);
  void check_turn(std::size_t index, std::vector<std::string> const& gained, std::optional<std::size_t> came,
                  std::vector<std::string> const& held_before);
  void end(SeenEvent const& event, std::string const& id);
  void expire(SeenEvent const& event);
  void leave_line(SeenEvent const& event);
  void remember(std::size_t index, std::string const& id);
  void check_end();
  bool meet(Held const& held, std::string const& session, coordination::Target const& target) const;
  bool is_over(Held const& held, std::size_t index) const;
  void add(SeenEvent const& event, std::string_view what);

  ClaimHistory const& history_;
  std::map<std::string, Held> claims_;
  std::map<std::string, Waiter> waiters_;
  std::map<std::string, Life> lives_;
  std::set<std::string> states_;
  std::map<std::string, std::string> tokens_;  // by event and claim
  std::map<std::string, Timestamp> promised_;  // until when answers said that a claim lasts
  std::vector<std::string> flaws_;
};

}  // namespace codi::testing
