#pragma once
#include "histories/claim_history.hpp"
#include "histories/history_client.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace codi::testing {

/// Releases what those hold who have left, until nothing is held and nobody waits, and reads what was written.
class Epilogue {
 public:
  /// `round` of the world's time passes when there is nothing to do.
  Epilogue(HistoryWorld& world, Stage& stage, std::string project, std::chrono::milliseconds round)
      : world_(world), stage_(stage), project_(std::move(project)), round_(round) {}

  /// Returns when no client is at work and all is over. Where nothing happens for long, held requests are given up.
  void wind_up(std::function<bool()> const& at_work);
  void read_into(ClaimHistory& history);

 private:
  Reply call(std::string_view operation, json::object members);
  std::vector<json::object> items(std::string_view operation, json::object const& members = {});
  bool is_over();
  bool release_what_is_left();

  HistoryWorld& world_;
  Stage& stage_;
  std::string project_;
  std::chrono::milliseconds round_;
  std::vector<std::string> waiting_;
  std::size_t rounds_without_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace codi::testing
